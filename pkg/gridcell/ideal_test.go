package gridcell

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// noisy adds Gaussian noise of standard deviation sd to each bin.
func noisy(m Map, sd float64, rng *rand.Rand) Map {
	for i := range m.Values {
		m.Values[i] += sd * rng.NormFloat64()
	}
	return m
}

// holed marks a share of the bins, drawn at random, as unvisited.
func holed(m Map, share float64, rng *rand.Rand) Map {
	for i := range m.Values {
		if rng.Float64() < share {
			m.Values[i] = math.NaN()
		}
	}
	return m
}

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

func constant(v float64, bins int, boxM float64) Map {
	return ideal(bins, boxM, func(_, _ float64) float64 { return v })
}

// population returns n ideal cells of one lattice with phases uniform on its unit cell, and where each
// has a field.
func population(n int, l Lattice, bins int, boxM, noise float64, rng *rand.Rand) (maps []Map, centres [][2]float64) {
	for range n {
		u, v := rng.Float64(), rng.Float64()
		x, y := u*l.A[0]+v*l.B[0], u*l.A[1]+v*l.B[1]
		maps = append(maps, noisy(IdealGrid(l.WaveVectors(), x, y, bins, boxM), noise, rng))
		centres = append(centres, [2]float64{x, y})
	}
	return maps, centres
}

// irregular returns n cells with many fields at random places, no two nearer than apart: as regularly
// spaced as chance makes them, with no lattice.
func irregular(n int, apart, sigma float64, bins int, boxM float64, rng *rand.Rand) []Map {
	maps := make([]Map, n)
	half := boxM/2 + sigma
	for i := range maps {
		var fields [][2]float64
	draw:
		for range 400 {
			f := [2]float64{(2*rng.Float64() - 1) * half, (2*rng.Float64() - 1) * half}
			for _, g := range fields {
				if math.Hypot(f[0]-g[0], f[1]-g[1]) < apart {
					continue draw
				}
			}
			fields = append(fields, f)
		}
		maps[i] = noisy(IdealFields(fields, sigma, bins, boxM), 0.05, rng)
	}
	return maps
}

func analyze(t testing.TB, maps []Map) *Analysis {
	t.Helper()
	o := StandardOptions()
	o.Threads = 2
	a, err := Analyze(context.Background(), maps, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func autocorrelogram(t testing.TB, m Map) *Autocorrelogram {
	t.Helper()
	a, err := NewAutocorrelogram(m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// squareCell has one field per point of a square lattice: two plane waves.
func squareCell(period, orientation float64, bins int, boxM float64) Map {
	l := IdealRhombic(period, orientation, 90)
	b1, b2 := reciprocal(l.A, l.B)
	return ideal(bins, boxM, func(x, y float64) float64 {
		return math.Cos(b1[0]*x+b1[1]*y) + math.Cos(b2[0]*x+b2[1]*y)
	})
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %.6g, want %.6g within %g", what, got, want, tolerance)
	}
}
