package pathint

import (
	"math"
	"testing"
)

// hexagonal are two wave vectors of a lattice of this period.
func hexagonal(period, degrees float64) (k [2][2]float64) {
	for i := range k {
		s, c := math.Sincos((degrees + 120*float64(i)) * math.Pi / 180)
		length := 4 * math.Pi / (math.Sqrt(3) * period)
		k[i] = [2]float64{length * c, length * s}
	}
	return k
}

// modules is a code of several lattices, each with the cosines and sines of its three waves.
func modules(lattices ...[2][2]float64) func(x, y float64) []float32 {
	return func(x, y float64) (state []float32) {
		for _, k := range lattices {
			for _, w := range [][2]float64{k[0], k[1], {-k[0][0] - k[1][0], -k[0][1] - k[1][1]}} {
				s, c := math.Sincos(w[0]*x + w[1]*y)
				state = append(state, float32(c), float32(s))
			}
		}
		return state
	}
}

// One lattice tells places beyond its cell as often as guessing does, and so do two that share a
// torus, the finer one being a harmonic; two that do not tell nearly all.
func TestPlacesBeyondTheCellAreToldByIndependentModulesAlone(t *testing.T) {
	const places = 400
	coarse := hexagonal(1, 7)
	for _, c := range []struct {
		name        string
		state       func(x, y float64) []float32
		step        func(x, y, vx, vy float64) (float64, float64)
		independent bool
	}{
		{"one lattice", modules(coarse), exact, false},
		{"and its harmonic", modules(coarse, hexagonal(1/math.Sqrt(3), 37)), exact, false},
		{"and an independent one", modules(coarse, hexagonal(0.62, 15)), exact, true},
		{"which drift a little", modules(coarse, hexagonal(0.62, 15)), biased, true},
	} {
		got := BeyondCell(code{c.step, c.state}, [2][2]float64{coarse[0], coarse[1]}, places, 0.05, 3)
		// A disc of 1.5 periods takes 8.2 cells; of those places in it, some have more equivalents
		// within it than others.
		if got.Places != places || got.Chance < 0.1 || got.Chance > 0.16 {
			t.Errorf("%s: %+v, want a chance of about 1/8.2", c.name, got)
		}
		spread := math.Sqrt(got.Chance * (1 - got.Chance) / places)
		if c.independent && got.Right < 0.9 || !c.independent && math.Abs(got.Right-got.Chance) > 4*spread {
			t.Errorf("%s: %.3f right, by guessing %.3f", c.name, got.Right, got.Chance)
		}
	}
}
