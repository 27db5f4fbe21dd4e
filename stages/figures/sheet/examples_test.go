package sheet

import (
	"math"
	"sicgrid/stages/spectra/spectratable"
	"slices"
	"testing"
)

func numbersOf(units []spectratable.Unit) (out []int32) {
	for _, u := range units {
		out = append(out, u.Unit)
	}
	return out
}

func TestExamplesAreTypicalOfWhatTheNetworkHas(t *testing.T) {
	nan := math.NaN()
	bar := []float32{1, 1, 0, 0}      // half of the box: one bit
	spot := []float32{1, 0, 0, 0}     // a quarter: two bits
	even := []float32{1, 1, 1, 1}     // no bit
	hole := []float32{0, 0, 0, nan32} // fires nowhere
	for _, c := range []struct {
		name  string
		units []spectratable.Unit // numbered in order, active
		by    string
		want  []int32
	}{
		{"two modules take turns, each nearest its median first, and others come after them",
			[]spectratable.Unit{{Score: 1.4, Module: -1}, {Score: 1.2, Module: 1}, {Score: 1.3, Module: 1}, {Score: 0.5, Module: 0}, {Score: 1.26, Module: 1}}, "grid score", []int32{3, 4, 2, 1, 0}},
		{"grid cells without a module", []spectratable.Unit{{Score: 0.2, Square: 0.9, Module: -1}, {Score: 0.9, Square: -1, Module: -1}, {Score: nan, Square: nan, Module: -1}, {Score: 0.4, Square: -1, Module: -1}},
			"grid score", []int32{3, 0, 1, 2}},
		{"square cells", []spectratable.Unit{{Score: -0.5, Square: 0.6, Module: -1}, {Score: 0.4, Square: nan, Module: -1}, {Score: -0.7, Square: 0.9, Module: -1}, {Score: -0.7, Square: 0.7, Module: -1}},
			"90° score", []int32{3, 0, 2, 1}},
		{"neither", []spectratable.Unit{{Score: nan, Square: nan, Module: -1}, {Score: 0.1, Square: 0.2, Module: -1}, {Score: nan, Square: nan, Module: -1}, {Score: nan, Square: nan, Module: -1}},
			"spatial information", []int32{0, 1, 2, 3}},
	} {
		maps := [][]float32{bar, spot, even, hole, spot}
		net := Network{Maps: map[int32][]float32{}}
		for i, u := range c.units {
			u.Unit, u.Active = int32(i), true
			net.Units, net.Maps[u.Unit] = append(net.Units, u), maps[i]
		}
		net.Units = append(net.Units, spectratable.Unit{Unit: 9, Score: 1.5, Square: 1.5, Module: -1}) // not active
		units, by := net.Examples()
		if got := numbersOf(units); by.Name != c.by || !slices.Equal(got, c.want) {
			t.Errorf("%s: units %v by %s, want %v by %s", c.name, got, by.Name, c.want, c.by)
		}
	}
}

// A unit of the highest score that is of another kind than its module leads no row, and the phases
// of those that do lie far apart.
func TestTypicalUnitsAreNoOutliersAndSpreadOverTheCell(t *testing.T) {
	units := []spectratable.Unit{{Unit: 0, Score: 1.45, Superlattice: 7}}
	for i := range int32(12) { // pairs of one phase
		phase := float64(i/2) * math.Pi / 3
		units = append(units, spectratable.Unit{Unit: i + 1, Score: 1.3 + 0.001*float64(i), Phi1: phase, Phi2: -phase})
	}
	typical := Typical(units, Score)
	if got := numbersOf(typical); got[0] != 7 || slices.Index(got, 0) < 7 || len(got) != len(units) {
		t.Errorf("units in the order %v, want 7, of median score, first and 0, of the highest, in the second half", got)
	}
	for i, u := range typical[:4] {
		for _, v := range typical[:i] {
			if phaseDistance(u, v) < 0.5 {
				t.Errorf("units %d and %d have nearly one phase", u.Unit, v.Unit)
			}
		}
	}
}

func TestWhatIsUnusualOfAUnitIsSaid(t *testing.T) {
	for want, u := range map[string]spectratable.Unit{
		"":         {Peak: 1, Modulation: 1, Superlattice: 1},
		"√7":       {Peak: 1, Modulation: 1, Superlattice: 7},
		"flat":     {Peak: 1, Modulation: 0.49, Superlattice: 7},
		"constant": {Peak: 1, Modulation: 0.01},
	} {
		if got := Oddity(u); got != want {
			t.Errorf("%+v is %q, want %q", u, got, want)
		}
	}
	if got := Oddity(spectratable.Unit{}); got != "" {
		t.Errorf("a silent unit is %q", got)
	}
}

var nan32 = float32(math.NaN())

func TestAFieldOfAQuarterOfTheBoxTellsTwoBits(t *testing.T) {
	for _, c := range []struct {
		rates []float32
		want  float64
	}{{[]float32{0, 3, 0, 0}, 2}, {[]float32{5, 5, 0, 0, nan32}, 1}, {[]float32{2, 2, 2}, 0}} {
		if got := information(c.rates); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %g bits, want %g", c.rates, got, c.want)
		}
	}
	if got := information([]float32{0, nan32}); !math.IsNaN(got) {
		t.Errorf("%g bits where nothing fires", got)
	}
}
