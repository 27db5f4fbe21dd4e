package gridcell

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The accuracy is that of the root mean square over cells of random orientation and phase, with
// noise of a tenth of the peak in every bin.
func TestPeriodAndOrientationAreRecovered(t *testing.T) {
	for _, c := range []struct {
		periodM, boxM float64
		bins          int
		noise         float64
		percent, deg  float64
	}{
		{0.5, 2, 64, 0, 0.05, 0.05},
		{0.5, 2, 64, 0.1, 0.2, 0.1},
		{0.7, 2, 64, 0.1, 0.2, 0.1},
		{0.7, 3, 48, 0.1, 0.2, 0.1},
		{1.0, 3, 64, 0.1, 0.2, 0.1},
		{0.5, 4, 48, 0.1, 0.2, 0.1},
		{1.4, 4, 64, 0.1, 0.2, 0.1},
		{1.0, 2, 64, 0.1, 0.4, 0.2}, // two periods: less to go by
		{1.4, 2, 64, 0.1, 1.0, 0.4},
	} {
		rng := source(1)
		const n = 40
		var period, orientation float64
		for range n {
			o := 60 * rng.Float64()
			m := IdealGrid(IdealHexagonal(c.periodM, o).WaveVectors(), rng.Float64(), rng.Float64(), c.bins, c.boxM)
			p := FindPeaks(autocorrelogram(t, noisy(m, c.noise, rng)))
			if p == nil {
				t.Fatalf("period %g m in %g m: no six peaks", c.periodM, c.boxM)
			}
			e, d := 100*(p.PeriodM/c.periodM-1), OrientationDifference(p.OrientationDeg, o)
			period, orientation = period+e*e/n, orientation+d*d/n
		}
		if period, orientation = math.Sqrt(period), math.Sqrt(orientation); !(period < c.percent && orientation < c.deg) {
			t.Errorf("period %g m in %g m, %d bins, noise %g: off by %.3f %% and %.3f degrees, want %g and %g",
				c.periodM, c.boxM, c.bins, c.noise, period, orientation, c.percent, c.deg)
		}
	}
}

func TestShearIsRecovered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ratio := rapid.Float64Range(1, 1.28).Draw(t, "ratio")
		l := IdealHexagonal(0.55, rapid.Float64Range(0, 60).Draw(t, "orientation")).
			Stretched(ratio, rapid.Float64Range(0, 180).Draw(t, "axis"))
		rng := source(rapid.Uint64().Draw(t, "seed"))
		a, err := NewAutocorrelogram(noisy(IdealGrid(l.WaveVectors(), rng.Float64(), rng.Float64(), 48, 2.4), 0.05, rng))
		if err != nil {
			t.Fatal(err)
		}
		p := FindPeaks(a)
		if p == nil {
			t.Fatal("no six peaks")
		}
		if !(math.Abs(p.EllipseRatio-ratio) < 0.02) {
			t.Fatalf("ellipse ratio %.4f, want %.4f", p.EllipseRatio, ratio)
		}
		if p.Misfit > 0.03 {
			t.Fatalf("the peaks miss a lattice by %.3f periods", p.Misfit)
		}
		if d := lagDistance(p.Lags, l.Nearest()); d > 0.01 {
			t.Fatalf("a peak is %.4f m off the lattice", d)
		}
	})
}

func TestEllipseRatiosOfKnownLattices(t *testing.T) {
	for name, c := range map[string]struct {
		l    Lattice
		want float64
	}{
		"hexagonal": {IdealHexagonal(0.6, 10), 1},
		"square":    {IdealRhombic(0.6, 10, 90), math.Sqrt(3)},
		// Half diagonals a sin 37, a cos 37 against those of a hexagon's rhombus.
		"rhombus of 74 degrees": {IdealRhombic(0.6, 10, 74), math.Sqrt(3) * math.Tan(37*math.Pi/180)},
	} {
		p := &Peaks{Lags: c.l.Nearest()}
		p.describe()
		near(t, name, p.EllipseRatio, c.want, 1e-9)
		near(t, name+": misfit", p.Misfit, 0, 1e-9)
	}
}

func TestOrientationIsModuloSixty(t *testing.T) {
	for _, o := range []float64{0, 1, 29.5, 59.9, 60, 83, 180} {
		p := &Peaks{Lags: IdealHexagonal(0.5, o).Nearest()}
		p.describe()
		if !(p.OrientationDeg >= 0 && p.OrientationDeg < 60) {
			t.Errorf("orientation %g degrees: %g, want it in [0, 60)", o, p.OrientationDeg)
		}
		near(t, "orientation", OrientationDifference(p.OrientationDeg, o), 0, 1e-9)
	}
}

func TestOneFieldHasNoPeriod(t *testing.T) {
	m := IdealFields([][2]float64{{0.2, -0.1}}, 0.15, 48, 2)
	if p := FindPeaks(autocorrelogram(t, m)); p != nil {
		t.Errorf("a place cell has period %.3f m", p.PeriodM)
	}
}
