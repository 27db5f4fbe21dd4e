package manifold

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// The shapes whose spectra are known: flat tori and rings embedded isometrically by the cosines and
// sines of their lowest wave vectors, a flat sheet, and the states of an ideal module of grid
// cells.

// waves returns [n, 2 len(k)] points cos(k.x), sin(k.x) at positions x.
func waves(positions [][2]float64, k [][2]float64) *mat.Dense {
	out := mat.NewDense(len(positions), 2*len(k), nil)
	for i, x := range positions {
		for a, q := range k {
			phase := q[0]*x[0] + q[1]*x[1]
			out.Set(i, 2*a, math.Cos(phase))
			out.Set(i, 2*a+1, math.Sin(phase))
		}
	}
	return out
}

func hexagonalWaves(period float64) [][2]float64 {
	k := 4 * math.Pi / (math.Sqrt(3) * period)
	var out [][2]float64
	for a := range 3 {
		angle := 2 * math.Pi * float64(a) / 3
		out = append(out, [2]float64{k * math.Cos(angle), k * math.Sin(angle)})
	}
	return out
}

func uniform(seed uint64, n int, side float64) [][2]float64 {
	random := rand.New(rand.NewPCG(seed, 0))
	out := make([][2]float64, n)
	for i := range out {
		out[i] = [2]float64{side * random.Float64(), side * random.Float64()}
	}
	return out
}

func hexagonalTorus(seed uint64, n int) *mat.Dense {
	// Positions uniform over many lattice cells are uniform on the torus.
	return waves(uniform(seed, n, 100), hexagonalWaves(1))
}

func squareTorus(seed uint64, n int) *mat.Dense {
	return waves(uniform(seed, n, 1), [][2]float64{{2 * math.Pi, 0}, {0, 2 * math.Pi}})
}

func ring(seed uint64, n int) *mat.Dense {
	return waves(uniform(seed, n, 1), [][2]float64{{2 * math.Pi, 0}})
}

// sheet has sides 1 and 0.8, so that no symmetry makes two eigenvalues equal.
func sheet(seed uint64, n int) *mat.Dense {
	out := mat.NewDense(n, 2, nil)
	for i, x := range uniform(seed, n, 1) {
		out.SetRow(i, []float64{x[0], 0.8 * x[1]})
	}
	return out
}

// gridCode returns the unit-norm states [n, units] of an ideal module: each unit is the sum of
// three plane waves 60 degrees apart (-1.5 to 3) above the threshold, with phases uniform over the
// unit cell, at positions uniform in a box of 4 periods.
func gridCode(seed uint64, n, units int, threshold float64) *mat.Dense {
	positions, offsets := uniform(seed, n, 4), uniform(seed+1, units, 100)
	k := hexagonalWaves(1)
	out := mat.NewDense(n, units, nil)
	for i, x := range positions {
		norm := 0.0
		for u, o := range offsets {
			rate := 0.0
			for _, q := range k {
				rate += math.Cos(q[0]*(x[0]-o[0]) + q[1]*(x[1]-o[1]))
			}
			rate = max(0, rate-threshold)
			norm += rate * rate
			out.Set(i, u, rate)
		}
		for u := range units {
			out.Set(i, u, out.At(i, u)/math.Sqrt(norm))
		}
	}
	return out
}
