package gridcell

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// idealIn is ideal with any bins: nx, ny of them in a box of x, y metres.
func idealIn(nx, ny int, x, y float64, rate func(x, y float64) float64) Map {
	m := Map{Values: make([]float64, nx*ny), NX: nx, NY: ny, BoxM: x, BoxYM: y}
	for j := range ny {
		for i := range nx {
			m.Values[j*nx+i] = rate(m.X(i), m.Y(j))
		}
	}
	return m
}

// waves is the rate of an ideal grid cell with a field at (x0, y0).
func waves(k WaveVectors, x0, y0 float64) func(x, y float64) float64 {
	return func(x, y float64) float64 {
		var sum float64
		for _, v := range k {
			sum += math.Cos(v[0]*(x-x0) + v[1]*(y-y0))
		}
		return (sum + 1.5) / 4.5
	}
}

// What a lattice measures does not depend on the bins that it is seen in.
func TestOblongBinsMeasureAsSquareOnes(t *testing.T) {
	for _, c := range []struct {
		nx, ny int
		x, y   float64
	}{{60, 40, 1.5, 1.5}, {40, 60, 1.5, 1.5}, {48, 48, 2, 1.4}, {64, 32, 1.6, 1.6}, {45, 30, 1.5, 1}} {
		rng := source(21)
		l := IdealHexagonal(0.4, 17)
		var maps []Map
		for range 10 {
			maps = append(maps, noisy(idealIn(c.nx, c.ny, c.x, c.y, waves(l.WaveVectors(), rng.Float64(), rng.Float64())), 0.05, rng))
		}
		a := analyze(t, maps)
		name := fmt.Sprintf("%d x %d bins in %g x %g m", c.nx, c.ny, c.x, c.y)
		if len(a.Modules) != 1 || len(a.Modules[0].Units) != len(maps) || !a.Modules[0].Hexagonal {
			t.Errorf("%s: modules %+v, want one hexagonal one of all units", name, a.Modules)
			continue
		}
		for i, u := range a.Units {
			near(t, name+": period", u.PeriodM, 0.4, 0.004)
			near(t, name+": orientation", OrientationDifference(u.OrientationDeg, 17), 0, 0.5)
			near(t, name+": ellipse", u.EllipseRatio, 1, 0.03)
			if !(u.Expanding > 1.25 && u.Corrected > 1.25 && u.Ring > 1.2) {
				t.Errorf("%s: unit %d scores %.2f, corrected %.2f, ring %.2f", name, i, u.Expanding, u.Corrected, u.Ring)
			}
		}
		want := l.WaveVectors()
		for i, k := range a.Modules[0].Waves {
			near(t, name+": wave", math.Hypot(k[0]-want[i][0], k[1]-want[i][1]), 0, 0.01*math.Hypot(want[i][0], want[i][1]))
		}
	}
}

// Exchanging the axes of map and box mirrors the lattice and changes nothing else.
func TestExchangedAxesMirrorTheLattice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		orientation, rng := rapid.Float64Range(0, 60).Draw(t, "orientation"), source(rapid.Uint64().Draw(t, "seed"))
		m := noisy(idealIn(40, 24, 1.5, 1.2, waves(IdealHexagonal(0.4, orientation).WaveVectors(), 0.1, 0.2)), 0.05, rng)
		turned := Map{Values: make([]float64, len(m.Values)), NX: m.NY, NY: m.NX, BoxM: m.BoxYM, BoxYM: m.BoxM}
		for j := range m.NY {
			for i := range m.NX {
				turned.Values[i*m.NY+j] = m.Values[j*m.NX+i]
			}
		}
		a, _ := NewAutocorrelogram(m)
		b, _ := NewAutocorrelogram(turned)
		p, q := FindPeaks(a), FindPeaks(b)
		if p == nil || q == nil {
			t.Fatalf("peaks %v and %v", p, q)
		}
		if math.Abs(p.PeriodM-q.PeriodM) > 1e-5 || OrientationDifference(p.OrientationDeg, 90-q.OrientationDeg) > 1e-3 || math.Abs(p.EllipseRatio-q.EllipseRatio) > 1e-5 {
			t.Fatalf("period %g, orientation %g, ellipse %g became %g, %g, %g", p.PeriodM, p.OrientationDeg, p.EllipseRatio, q.PeriodM, q.OrientationDeg, q.EllipseRatio)
		}
		if s, u := ScoreOf(a).Expanding, ScoreOf(b).Expanding; math.Abs(s-u) > 1e-6 {
			t.Fatalf("score %g became %g", s, u)
		}
	})
}

// Few bins a period along one axis alone.
func TestCoarseOblongBins(t *testing.T) {
	rng := source(22)
	for _, c := range []struct{ nx, ny int }{{30, 20}, {20, 40}, {24, 60}} {
		l := IdealHexagonal(0.3, 50)
		var maps []Map
		for range 8 {
			maps = append(maps, noisy(idealIn(c.nx, c.ny, 1.5, 1.5, waves(l.WaveVectors(), rng.Float64(), rng.Float64())), 0.05, rng))
		}
		a := analyze(t, maps)
		if len(a.Modules) != 1 || len(a.Modules[0].Units) != len(maps) {
			t.Errorf("%d x %d bins: modules %+v, want one of all units", c.nx, c.ny, a.Modules)
		}
		for _, u := range a.Units {
			near(t, "period", u.PeriodM, 0.3, 0.003)
			near(t, "orientation", OrientationDifference(u.OrientationDeg, 50), 0, 0.7)
			near(t, "ellipse", u.EllipseRatio, 1, 0.04)
		}
	}
}

// Of a lattice whose period is most of the shorter side one of the six nearest peaks may lie where too
// little overlaps, and one √3 periods out along the longer side where more does: it is none of the six.
func TestThePeakThatAnOblongBoxHidesIsOneOfTheSix(t *testing.T) {
	rng := source(71)
	none := 0
	for _, c := range []struct {
		nx, ny int
		share  float64 // of the shorter side
	}{{24, 12, 0.72}, {24, 8, 0.72}, {20, 10, 0.8}, {40, 20, 0.8}, {50, 25, 0.85}} {
		period := 0.5 * c.share
		for range 12 {
			l := IdealHexagonal(period, 60*rng.Float64())
			u := analyze(t, []Map{idealIn(c.nx, c.ny, 1, 0.5, waves(l.WaveVectors(), rng.Float64(), rng.Float64()))}).Units[0]
			if math.IsNaN(u.PeriodM) && u.Missing != "" {
				none++
				continue
			}
			if math.Abs(u.PeriodM/period-1) > 0.06 || !(u.EllipseRatio < 1.25) {
				t.Errorf("%d x %d bins in 1 x 0.5 m: a lattice of %.3f m reads %.3f m, ellipse %.2f", c.nx, c.ny, period, u.PeriodM, u.EllipseRatio)
			}
		}
	}
	if none > 12 {
		t.Errorf("%d of 60 lattices have no period", none)
	}
}
