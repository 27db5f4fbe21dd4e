package gridcell

import (
	"math"
	"testing"
)

// A linear code x, y in two units is an isometry; one stretched along x by a has the tensor
// diag(a², 1).
func TestIsometryOfLinearCodes(t *testing.T) {
	for _, a := range []float64{1, 2, 5} {
		maps := []Map{ideal(20, 2, func(x, _ float64) float64 { return a * x }), ideal(20, 2, func(_, y float64) float64 { return y })}
		got, err := MetricIsometry(maps)
		if err != nil {
			t.Fatal(err)
		}
		scale := (a*a + 1) / 2
		near(t, "anisotropy", got.Anisotropy, math.Pow(a*a-1, 2)/2/(scale*scale), 1e-9)
		near(t, "spread", got.Spread, 0, 1e-9)
		near(t, "scale", got.Scale, math.Sqrt(scale), 1e-9)
		if got.Places != 18*18 {
			t.Errorf("%d places, want those with four neighbours", got.Places)
		}
	}
	band, err := MetricIsometry([]Map{ideal(20, 2, func(x, y float64) float64 { return x + y })})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "anisotropy of a code of one direction", band.Anisotropy, 2, 1e-9)
}

// A module of many phases is conformal; stretched it is not. Places near unvisited bins are left
// out.
func TestAModuleIsConformalAndAShearedOneIsNot(t *testing.T) {
	hexagonal, _ := population(60, IdealHexagonal(0.6, 20), 48, 2, 0, source(4))
	sheared, _ := population(60, IdealHexagonal(0.6, 20).Stretched(1.4, 30), 48, 2, 0, source(4))
	a, err := MetricIsometry(hexagonal)
	if err != nil {
		t.Fatal(err)
	}
	b, err := MetricIsometry(sheared)
	if err != nil {
		t.Fatal(err)
	}
	if !(a.Anisotropy < 0.05 && b.Anisotropy > 3*a.Anisotropy) {
		t.Errorf("anisotropy %.3f of a hexagonal module, %.3f of a sheared one", a.Anisotropy, b.Anisotropy)
	}
	hexagonal[7].Values[5*48+5] = math.NaN()
	if c, _ := MetricIsometry(hexagonal); c.Places != a.Places-5 {
		t.Errorf("%d places with an unvisited bin, %d without: want 5 fewer", c.Places, a.Places)
	}
}

func TestIsometryOfNothing(t *testing.T) {
	dead, err := MetricIsometry([]Map{constant(0, 9, 1), constant(1, 9, 1)})
	if err != nil || !math.IsNaN(dead.Anisotropy) || dead.Places != 0 {
		t.Errorf("%+v, %v: want NaN of no place", dead, err)
	}
	if _, err := MetricIsometry(nil); err == nil {
		t.Error("no maps: no error")
	}
	if _, err := MetricIsometry([]Map{constant(0, 9, 1), constant(0, 8, 1)}); err == nil {
		t.Error("maps of two shapes: no error")
	}
}
