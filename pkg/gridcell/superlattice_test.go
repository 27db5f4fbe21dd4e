package gridcell

import (
	"fmt"
	"math"
	"testing"

	"sicgrid/pkg/ndarray"
)

// alternating returns a cell whose fields are of height 1 on the superlattice of the point (i, j)
// and of height low elsewhere on the lattice of this period.
func alternating(i, j int, low, periodM, orientationDeg float64, bins int, boxM float64) Map {
	l := IdealHexagonal(periodM, orientationDeg)
	a, b := l.A, l.B
	c := [2]float64{b[0] - a[0], b[1] - a[1]} // b turned by 60 degrees
	at := func(p, q float64, x, y [2]float64) [2]float64 { return [2]float64{p*x[0] + q*y[0], p*x[1] + q*y[1]} }
	wide := Lattice{at(float64(i), float64(j), a, b), at(float64(i), float64(j), b, c)}
	sigma := 0.16 * periodM
	m := IdealFields(l.Points(0.03, 0.05, boxM, 4*sigma), sigma, bins, boxM)
	for k, v := range IdealFields(wide.Points(0.03, 0.05, boxM, 4*sigma), sigma, bins, boxM).Values {
		m.Values[k] = low*m.Values[k] + (1-low)*v
	}
	return m
}

func TestSuperlatticesAreNamed(t *testing.T) {
	rng := source(51)
	for _, c := range []struct {
		i, j, index int
		low         float64
	}{{1, 1, 3, 0.4}, {2, 0, 4, 0.4}, {2, 1, 7, 0.35}, {1, 2, 7, 0.35}} {
		for _, noise := range []float64{0, 0.1} {
			m := noisy(alternating(c.i, c.j, c.low, 0.4, 10, 64, 3), noise, rng)
			u := analyze(t, []Map{m}).Units[0]
			name := fmt.Sprintf("superlattice of %d, %d with noise %g", c.i, c.j, noise)
			if u.Superlattice.Index != c.index {
				t.Errorf("%s: index %d of strength %.2f, want %d", name, u.Superlattice.Index, u.Superlattice.Strength, c.index)
			}
			near(t, name+": period", u.PeriodM, 0.4, 0.01)
			if noise == 0 { // its points are copies of each other
				own := (1 - u.Superlattice.Strength)
				near(t, name+": correlation at the period", FindPeaks(autocorrelogram(t, m)).Heights[0], own, 0.1)
			}
		}
	}
}

func TestPlainLatticesHaveNoSuperlattice(t *testing.T) {
	rng := source(52)
	for range 20 {
		period := 0.35 + 0.4*rng.Float64()
		l := IdealHexagonal(period, 60*rng.Float64()).Stretched(1+0.2*rng.Float64(), 180*rng.Float64())
		m := noisy(IdealGrid(l.WaveVectors(), rng.Float64(), rng.Float64(), 48, 2.5), 0.15, rng)
		u := analyze(t, []Map{m}).Units[0]
		if u.Superlattice.Index != 1 || !(u.Superlattice.Strength < 0.1) {
			t.Errorf("period %.2f m: superlattice %+v, want none", period, u.Superlattice)
		}
	}
	for name, m := range map[string]Map{
		"a dead unit": constant(0, 48, 2), "one field": IdealFields([][2]float64{{0, 0.2}}, 0.2, 48, 2),
		"too few bins": IdealGrid(IdealHexagonal(0.2, 17).WaveVectors(), 0, 0, 48, 2.4),
	} {
		if s := analyze(t, []Map{m}).Units[0].Superlattice; s.Index != 0 || !math.IsNaN(s.Strength) {
			t.Errorf("%s: superlattice %+v, want not measured", name, s)
		}
	}
}

// A cell whose true fields stand beside faint ones has the period of the true ones: side peaks of a
// sixth of the lattice's are none of its points.
func TestSidePeaksAreNoLattice(t *testing.T) {
	for _, low := range []float64{0.1, 0.15} {
		m := alternating(1, 1, low, 0.5, 10, 48, 2.4)
		u := analyze(t, []Map{m}).Units[0]
		near(t, "period", u.PeriodM, 0.5*math.Sqrt(3), 0.01)
		near(t, "orientation", OrientationDifference(u.OrientationDeg, 40), 0, 0.5)
		near(t, "ellipse ratio", u.EllipseRatio, 1, 0.03)
		if u.Superlattice.Index > 1 {
			t.Errorf("superlattice %+v of the lattice of the strong fields", u.Superlattice)
		}
	}
}

// Two units of a network (from random initialisation, 48 bins in 2 m), whose lattice is that of all
// its others: in a box of 4 m it has the period 1.169 m and the orientation 6.5 degrees.
func TestSidePeaksOfANetworkAreNoLattice(t *testing.T) {
	a, err := ndarray.ReadNpy("testdata/weak_peaks.npy")
	if err != nil {
		t.Fatal(err)
	}
	const bins = 48
	for i := range 2 {
		m := Map{Values: a.Values[i*bins*bins : (i+1)*bins*bins], NX: bins, NY: bins, BoxM: 2}
		u := analyze(t, []Map{m}).Units[0]
		near(t, "period", u.PeriodM, 1.169, 0.01)
		near(t, "orientation", u.OrientationDeg, 6.5, 0.5)
		near(t, "ellipse ratio", u.EllipseRatio, 1, 0.05)
		near(t, "corrected score", u.Corrected, u.Expanding, 0.05)
		for _, h := range FindPeaks(autocorrelogram(t, m)).Heights {
			near(t, "height of a peak", h, 1, 0.05)
		}
	}
}

func TestPeriodsUpToNearTheSideOfTheBoxAreMeasured(t *testing.T) {
	rng := source(53)
	for _, share := range []float64{0.7, 0.8, 0.85, 0.9} {
		for range 10 {
			o, period := 60*rng.Float64(), 2*share
			l := IdealHexagonal(period, o)
			for name, m := range map[string]Map{
				"cosines":      IdealGrid(l.WaveVectors(), rng.Float64(), rng.Float64(), 40, 2),
				"sharp fields": sharp(l, rng.Float64(), rng.Float64(), 0.16*period, 40, 2),
			} {
				u := analyze(t, []Map{m}).Units[0]
				name = fmt.Sprintf("%s, period %g of the box, %.0f degrees", name, share, o)
				near(t, name+": period", u.PeriodM/period, 1, map[bool]float64{true: 0.02, false: 0.03}[share < 0.9])
				near(t, name+": orientation", OrientationDifference(u.OrientationDeg, o), 0, 1.5)
			}
		}
	}
}

// Two high peaks 60 degrees apart whose third is hidden are a lattice; two whose third would be
// seen, or that are 90 degrees apart, are none.
func TestAHiddenPeakFollowsFromTwo(t *testing.T) {
	a := autocorrelogram(t, IdealGrid(IdealHexagonal(0.9, 10).WaveVectors(), 0, 0, 40, 1))
	at := func(length, degrees float64) [2]float64 {
		s, c := math.Sincos(degrees * math.Pi / 180)
		return [2]float64{length * c, length * s}
	}
	for _, c := range []struct {
		u, v   [2]float64
		height float64
		want   bool
	}{
		{at(0.95, 60), at(0.95, 120), 0.9, true},
		{at(0.95, 60), at(0.95, 120), 0.2, false}, // low
		{at(0.5, 60), at(0.5, 120), 0.9, false},   // the third has half the overlap
		{at(0.95, 45), at(0.95, 135), 0.9, false}, // a square
		{at(0.6, 60), at(0.95, 120), 0.9, false},
	} {
		p := &Peaks{Lags: [3][2]float64{c.u, c.v}, Heights: [3]float64{c.height, c.height}}
		if got := closed(a, p, 2); (got != nil) != c.want {
			t.Errorf("peaks at %.2f and %.2f of height %g: lattice %+v, want one: %v", c.u, c.v, c.height, got, c.want)
		}
	}
}
