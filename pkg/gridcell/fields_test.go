package gridcell

import (
	"math"
	"testing"
)

func TestAPlaceFieldHasTheAreaOfItsGaussian(t *testing.T) {
	for _, sigma := range []float64{0.1, 0.15, 0.2} {
		fields := Fields(IdealFields([][2]float64{{0.2, -0.1}}, sigma, 96, 2))
		want := 2 * math.Pi * sigma * sigma * math.Log(5) // where exp(-r²/2σ²) = 1/5
		if len(fields) != 1 {
			t.Fatalf("σ %g m: %d fields, want one", sigma, len(fields))
		}
		if f := fields[0]; math.Abs(f.AreaM2/want-1) > 0.03 || math.Hypot(f.X-0.2, f.Y+0.1) > 0.02 {
			t.Errorf("σ %g m: field of %.4f m² at (%.2f, %.2f), want %.4f at (0.2, -0.1)", sigma, f.AreaM2, f.X, f.Y, want)
		}
	}
}

func TestFieldsAreCountedAndSortedByPeak(t *testing.T) {
	m := IdealFields([][2]float64{{-0.6, -0.6}, {0.6, 0.6}, {0.6, -0.6}}, 0.12, 48, 2)
	second := IdealFields([][2]float64{{0.6, 0.6}}, 0.12, 48, 2)
	for i := range m.Values {
		m.Values[i] += second.Values[i]
	}
	fields := Fields(m)
	if len(fields) != 3 || fields[0].X < 0.5 || fields[0].Y < 0.5 || fields[0].Peak < fields[1].Peak {
		t.Errorf("fields %+v, want three, that at (0.6, 0.6) first", fields)
	}
}

func TestOnlyAUnitWithOneFieldAndNoSixPeaksIsPlaceLike(t *testing.T) {
	rng := source(3)
	place := IdealFields([][2]float64{{0.1, 0.3}}, 0.15, 48, 2)
	background := Map{Values: make([]float64, 48*48), NX: 48, NY: 48, BoxM: 2}
	for i, v := range place.Values {
		background.Values[i] = 5 + v
	}
	constant := Map{Values: make([]float64, 48*48), NX: 48, NY: 48, BoxM: 2}
	for i := range constant.Values {
		constant.Values[i] = 0.3
	}
	rounded := Map{Values: make([]float64, 48*48), NX: 48, NY: 48, BoxM: 2}
	for i, v := range place.Values {
		rounded.Values[i] = float64(float32(0.3) * (1 + 2e-7*float32(v)))
	}
	unvisited := Map{Values: make([]float64, 48*48), NX: 48, NY: 48, BoxM: 2}
	for i := range unvisited.Values {
		unvisited.Values[i] = math.NaN()
	}
	k := IdealHexagonal(0.5, 10).WaveVectors()
	for _, c := range []struct {
		name string
		m    Map
		want bool
	}{
		{"a place field", place, true},
		{"a place field on a background", background, true},
		{"a noisy place field", noisy(place, 0.05, rng), true},
		{"a place field with unvisited bins", holed(place, 0.1, rng), true},
		{"a place field in a corner", IdealFields([][2]float64{{0.95, 0.95}}, 0.15, 48, 2), true},
		{"two place fields", IdealFields([][2]float64{{-0.5, 0}, {0.5, 0}}, 0.12, 48, 2), false},
		{"a hexagonal grid", IdealGrid(k, 0, 0, 48, 2), false},
		{"a square grid", IdealFields(IdealRhombic(0.5, 5, 90).Points(0, 0, 2, 0.5), 0.1, 48, 2), false},
		{"bands", IdealBands(k[0], 0, 48, 2), false},
		{"a constant unit", constant, false},
		{"a constant unit with rounding that has one field", rounded, false},
		{"noise", noisy(constant, 0.1, rng), false},
		{"nothing visited", unvisited, false},
	} {
		sac, err := NewAutocorrelogram(c.m)
		if err != nil {
			t.Fatal(err)
		}
		if got := PlaceLike(Fields(c.m), FindPeaks(sac), StandardModuleRule().MaxMisfit); got != c.want {
			t.Errorf("%s: place-like %v, want %v (%d fields)", c.name, got, c.want, len(Fields(c.m)))
		}
	}
}
