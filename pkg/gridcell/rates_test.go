package gridcell

import (
	"math"
	"strings"
	"testing"
)

func TestRatesAreMeansOverTheSamplesOfABin(t *testing.T) {
	nan := math.NaN()
	r := Recording{Units: 2, Position: []float64{
		-0.9, -0.9, -0.6, -0.8, 0.9, 0.9, nan, 0, 0.1, -0.9, 1, -1, // the last on the wall
	}, Activity: []float64{1, 10, 3, 20, 5, 0, 7, 7, nan, 1, 2, 4}}
	maps, used, err := Rates(r, 2, 2, 0)
	if err != nil || used != 4 || len(maps) != 2 {
		t.Fatalf("%d maps of %d samples, %v; want 2 of 4", len(maps), used, err)
	}
	for u, want := range [][]float64{{2, 2, nan, 5}, {15, 4, nan, 0}} { // row 0 lowest y
		for b, w := range want {
			if got := maps[u].Values[b]; got != w && !(math.IsNaN(got) && math.IsNaN(w)) {
				t.Errorf("unit %d, bin %d: %g, want %g", u, b, got, w)
			}
		}
	}
}

// A walk over an ideal cell gives its map back, and with it its score, period and orientation.
func TestARecordedGridCellIsFound(t *testing.T) {
	rng := source(3)
	l := IdealHexagonal(0.6, 25)
	const n = 60000
	r := Recording{Units: 6, Position: make([]float64, 2*n), Activity: make([]float64, 6*n)}
	for i := range n {
		x, y := 2*rng.Float64()-1, 2*rng.Float64()-1
		r.Position[2*i], r.Position[2*i+1] = x, y
		for u := range 6 {
			rate := 0.0
			for _, k := range l.WaveVectors() {
				rate += math.Cos(k[0]*(x-0.1*float64(u)) + k[1]*y)
			}
			// Spikes: at most one a sample, most of the time none.
			if rng.Float64() < 0.1*math.Max(0, rate+1.5)/4.5 {
				r.Activity[6*i+u] = 1
			}
		}
	}
	maps, _, err := Rates(r, 40, 2, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	a := analyze(t, maps)
	if len(a.Modules) != 1 || len(a.Modules[0].Units) != 6 {
		t.Fatalf("modules %+v, want one of six units", a.Modules)
	}
	near(t, "period", a.Modules[0].PeriodM, 0.6, 0.01)
	near(t, "orientation", OrientationDifference(a.Modules[0].OrientationDeg, 25), 0, 1)
}

func TestSmoothingKeepsConstantsAndUnvisitedBins(t *testing.T) {
	r := Recording{Units: 1, Position: []float64{-0.9, -0.9, 0.9, 0.9, 0.3, 0.3, -0.3, 0.9}, Activity: []float64{3, 3, 3, 3}}
	maps, _, err := Rates(r, 10, 2, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, v := range maps[0].Values {
		if !math.IsNaN(v) {
			seen++
			near(t, "rate", v, 3, 1e-12)
		}
	}
	if seen != 4 {
		t.Errorf("%d bins have a rate, want the 4 visited", seen)
	}
}

func TestRecordingsThatDoNotFitAreRefused(t *testing.T) {
	ok := Recording{Units: 1, Position: []float64{0, 0}, Activity: []float64{1}}
	for want, try := range map[string]func() error{
		"0 units": func() error { _, _, err := Rates(Recording{Position: []float64{0, 0}}, 4, 2, 0); return err },
		"2 coordinates and 3 activities": func() error {
			_, _, err := Rates(Recording{Units: 1, Position: []float64{0, 0}, Activity: []float64{1, 2, 3}}, 4, 2, 0)
			return err
		},
		"0 x 0 bins":       func() error { _, _, err := Rates(ok, 0, 2, 0); return err },
		"box side -1 m":    func() error { _, _, err := Rates(ok, 4, -1, 0); return err },
		"smoothing by 3 m": func() error { _, _, err := Rates(ok, 4, 2, 3); return err },
		"sample 0 at (0, 1.5) m lies outs": func() error {
			_, _, err := Rates(Recording{Units: 1, Position: []float64{0, 1.5}, Activity: []float64{1}}, 4, 2, 0)
			return err
		},
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
}
