package gridcell

import (
	"fmt"
	"math"
	"testing"
)

// sharp returns a cell with Gaussian fields of standard deviation sigma (m) on a lattice.
func sharp(l Lattice, x0, y0, sigma float64, bins int, boxM float64) Map {
	return IdealFields(l.Points(x0, y0, boxM, 4*sigma), sigma, bins, boxM)
}

// Modules of few bins a period have their true period, orientation and circle.
func TestCoarseMapsHaveTheirTruePeriod(t *testing.T) {
	for _, c := range []struct {
		bins                       int
		boxM, periodM, orientation float64
	}{
		{20, 2.2, 0.35, 10}, // 3.2 bins
		{20, 2.2, 0.45, 25}, // 4.1
		{48, 4, 0.38, 12},   // 4.6
		{48, 4, 0.34, 40},   // 4.1
		{32, 3, 0.50, 33},   // 5.3
		{12, 1, 0.42, 50},   // 5.0
		{16, 1, 0.41, 5},    // 6.6
	} {
		for _, kind := range []string{"cosines", "noise", "sharp fields", "a tenth unvisited"} {
			rng, l := source(31), IdealHexagonal(c.periodM, c.orientation)
			var maps []Map
			for range 12 {
				x, y := c.periodM*rng.Float64(), c.periodM*rng.Float64()
				m := IdealGrid(l.WaveVectors(), x, y, c.bins, c.boxM)
				switch kind {
				case "noise":
					m = noisy(m, 0.1, rng)
				case "sharp fields":
					m = sharp(l, x, y, 0.14*c.periodM, c.bins, c.boxM)
				case "a tenth unvisited":
					m = holed(m, 0.1, rng)
				}
				maps = append(maps, m)
			}
			name := fmt.Sprintf("%.1f bins a period, %d bins, %s", c.periodM/c.boxM*float64(c.bins), c.bins, kind)
			a := analyze(t, maps)
			if len(a.Modules) != 1 || len(a.Modules[0].Units) != len(maps) {
				t.Errorf("%s: %d modules %+v, want one of all units", name, len(a.Modules), a.Modules)
				continue
			}
			for _, u := range a.Units {
				near(t, name+": period", u.PeriodM/c.periodM, 1, 0.02)
				near(t, name+": orientation", OrientationDifference(u.OrientationDeg, c.orientation), 0, 1.5)
				near(t, name+": ellipse", u.EllipseRatio, 1, 0.08)
			}
		}
	}
}

func TestCoarseShearIsRecovered(t *testing.T) {
	rng := source(32)
	for range 20 {
		l := IdealHexagonal(0.4, 60*rng.Float64()).Stretched(1+0.25*rng.Float64(), 180*rng.Float64())
		want := &Peaks{Lags: l.Nearest()}
		want.describe()
		u := analyze(t, []Map{noisy(IdealGrid(l.WaveVectors(), rng.Float64(), rng.Float64(), 24, 2.2), 0.05, rng)}).Units[0]
		near(t, "period", u.PeriodM, want.PeriodM, 0.005)
		near(t, "ellipse ratio", u.EllipseRatio, want.EllipseRatio, 0.03)
	}
}

// A unit without a period says why.
func TestWhatHasNoPeriodSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		m    Map
		want Missing
	}{
		"a lattice of 2.8 bins": {IdealGrid(IdealHexagonal(0.28, 17).WaveVectors(), 0, 0, 24, 2.4), TooCoarse},
		"a dead unit":           {constant(0, 24, 2), Flat},
		"a constant unit":       {constant(3, 24, 2), Flat},
		"never visited":         {constant(math.NaN(), 24, 2), Unvisited},
		"one field":             {IdealFields([][2]float64{{0.2, 0.1}}, 0.15, 24, 2), NoPeaks},
	} {
		u := analyze(t, []Map{c.m}).Units[0]
		if u.Missing != c.want || !math.IsNaN(u.PeriodM) || !math.IsNaN(u.OrientationDeg) || !math.IsNaN(u.EllipseRatio) {
			t.Errorf("%s: period %g m, %q; want none, %q", name, u.PeriodM, u.Missing, c.want)
		}
	}
	if u := analyze(t, []Map{IdealGrid(IdealHexagonal(0.4, 17).WaveVectors(), 0, 0, 24, 2.4)}).Units[0]; u.Missing != "" {
		t.Errorf("a unit with the period %g m has none because of %q", u.PeriodM, u.Missing)
	}
}

// Fits to few bins find no lattice where there is none.
func TestCoarseIrregularFieldsAreNoModule(t *testing.T) {
	for seed := range uint64(2) {
		for _, bins := range []int{16, 20, 26} { // 3.6 to 5.9 bins from field to field
			if a := analyze(t, irregular(60, 0.45, 0.12, bins, 2, source(40+seed))); len(a.Modules) != 0 {
				t.Errorf("%d bins, population %d: %d modules of %d units, want none", bins, seed, len(a.Modules), len(a.Modules[0].Units))
			}
		}
	}
	rng := source(44)
	var noise []Map
	for range 40 {
		noise = append(noise, noisy(constant(1, 24, 2), 1, rng))
	}
	if a := analyze(t, noise); len(a.Modules) != 0 {
		t.Errorf("noise: %d modules", len(a.Modules))
	}
}
