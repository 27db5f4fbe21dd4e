package gridcell

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// Stretched returns the lattice stretched by sqrt(ratio) along the axis (degrees) and compressed by
// as much across it: a circle becomes an ellipse with this ratio of axes and the same area.
func (l Lattice) Stretched(ratio, axisDeg float64) Lattice {
	s, c := math.Sincos(axisDeg * math.Pi / 180)
	f := math.Sqrt(ratio)
	turn := func(v [2]float64) [2]float64 {
		along, across := (c*v[0]+s*v[1])*f, (-s*v[0]+c*v[1])/f
		return [2]float64{c*along - s*across, s*along + c*across}
	}
	return Lattice{A: turn(l.A), B: turn(l.B)}
}

// Nearest returns the three lattice points of the upper half plane nearest to the origin, by
// direction: what FindPeaks should find.
func (l Lattice) Nearest() [3][2]float64 {
	var p [3][2]float64
	copy(p[:], upperHalf(threeShortest(l.A, l.B)))
	return p
}

// IdealBands returns the map of an ideal band cell: one plane wave in [0, 1].
func IdealBands(k [2]float64, phase float64, bins int, boxM float64) Map {
	return ideal(bins, boxM, func(x, y float64) float64 {
		return (1 + math.Cos(k[0]*x+k[1]*y-phase)) / 2
	})
}

// Points returns the lattice points shifted by (x0, y0) that lie within marginM of the box.
func (l Lattice) Points(x0, y0, boxM, marginM float64) [][2]float64 {
	half := boxM/2 + marginM
	b1, b2 := reciprocal(l.A, l.B)
	// A box corner is at most this many basis vectors away.
	far := math.Hypot(half+math.Abs(x0), half+math.Abs(y0)) / (2 * math.Pi)
	n, m := int(far*math.Hypot(b1[0], b1[1]))+1, int(far*math.Hypot(b2[0], b2[1]))+1
	var points [][2]float64
	for i := -n; i <= n; i++ {
		for j := -m; j <= m; j++ {
			x := x0 + float64(i)*l.A[0] + float64(j)*l.B[0]
			y := y0 + float64(i)*l.A[1] + float64(j)*l.B[1]
			if math.Abs(x) <= half && math.Abs(y) <= half {
				points = append(points, [2]float64{x, y})
			}
		}
	}
	return points
}

// PeriodM returns the period of the hexagonal lattice with the mean wavenumber, 4π/(√3 ‖k‖), in
// metres.
func (k WaveVectors) PeriodM() float64 {
	var mean float64
	for _, v := range k {
		mean += math.Hypot(v[0], v[1]) / 3
	}
	return 4 * math.Pi / (math.Sqrt(3) * mean)
}

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

// population returns n ideal cells of one lattice with phases uniform on its unit cell, and where
// each has a field.
func population(n int, l Lattice, bins int, boxM, noise float64, rng *rand.Rand) (maps []Map, centres [][2]float64) {
	for range n {
		u, v := rng.Float64(), rng.Float64()
		x, y := u*l.A[0]+v*l.B[0], u*l.A[1]+v*l.B[1]
		maps = append(maps, noisy(IdealGrid(l.WaveVectors(), x, y, bins, boxM), noise, rng))
		centres = append(centres, [2]float64{x, y})
	}
	return maps, centres
}

// irregular returns n cells with many fields at random places, no two nearer than apart: as
// regularly spaced as chance makes them, with no lattice.
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
