package gridcell

import (
	"math"
	"testing"
)

func TestARingIsToldFromADiscAndFromACloud(t *testing.T) {
	points := func(radius func(i int) float64) (x, y []float64) {
		for i := range 4000 {
			s, c := math.Sincos(float64(i) * 2.399963)
			x, y = append(x, radius(i)*c), append(y, radius(i)*s)
		}
		return x, y
	}
	if v, least := Ring(points(func(int) float64 { return 2.7 })); v > 1e-6 || math.Abs(least-1) > 1e-6 {
		t.Errorf("circle: variation %g, innermost %g; want 0 and 1", v, least)
	}
	// A filled disc: radii with density 2r have mean 2/3 and variance 1/18.
	x, y := points(func(i int) float64 { return math.Sqrt((float64(i) + 0.5) / 4000) })
	if v, least := Ring(x, y); math.Abs(v-math.Sqrt(1.0/18)/(2.0/3)) > 0.01 || least > 0.05 {
		t.Errorf("disc: variation %g, innermost %g; want 0.354 and about 0", v, least)
	}
	// A band from 0.8 to 1.2: uniform in radius, variance 0.4²/12.
	x, y = points(func(i int) float64 { return 0.8 + 0.4*float64(i%100)/99 })
	x, y = append(x, math.NaN()), append(y, 0)
	if v, least := Ring(x, y); math.Abs(v-0.4/math.Sqrt(12)) > 0.01 || math.Abs(least-0.8) > 0.01 {
		t.Errorf("band: variation %g, innermost %g; want 0.115 and 0.8", v, least)
	}
	if v, least := Ring(nil, nil); !math.IsNaN(v) || !math.IsNaN(least) {
		t.Errorf("no point: %g, %g; want NaN", v, least)
	}
}

func TestUnitsThatShareALatticeAreCounted(t *testing.T) {
	periods := []float64{1, 1.01, 0.99, 1.04, 0.96, 1, 1, 1, 1.06, 1}
	orientations := []float64{0.5, 59.5, 1, 59, 0, 2, 58, 0, 0, 5} // around 0 modulo 60
	if got := Shared(periods, orientations, 0.05, 3); got != 0.8 {
		t.Errorf("share %g, want 0.8: one period is 6 %% off, one orientation 5 degrees", got)
	}
	if got := Shared([]float64{1, math.NaN()}, []float64{10, 10}, 0.05, 3); got != 0.5 {
		t.Errorf("a unit without a period: share %g, want 0.5", got)
	}
	if got := Shared(nil, nil, 0.05, 3); !math.IsNaN(got) {
		t.Errorf("no unit: %g, want NaN", got)
	}
}
