package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Controls of Topology: clouds of the same units, each with what it did, but no longer together.
const (
	Rolled   = "rolled"   // each unit's activity is rolled in time by a random shift of its own (Gardner et al. 2022)
	Shuffled = "shuffled" // each unit's activity is put in random order
	Auto     = "auto"     // rolled, unless the units repeat themselves
)

// repeats is the root mean square of a unit's correlation with itself at a later time beyond which it
// is said to repeat itself.
const repeats = 0.3

// repeating reports whether units of [n, D], 100 of them at most, are correlated with themselves at shifts of a tenth to
// nine tenths of the record, so that rolling does not make them independent: two waves of one period
// form a circle whatever their shifts.
func repeating(points *mat.Dense) bool {
	n, dims := points.Dims()
	const shifts, units = 40, 100
	sum, count := 0.0, 0
	column := make([]float64, n)
	for _, c := range spread(dims, units) {
		mat.Col(column, c, points)
		if !standardise(column) {
			continue
		}
		for k := range shifts {
			shift := n/10 + k*(n-2*(n/10))/shifts
			if shift == 0 {
				continue
			}
			r := 0.0
			for i, v := range column {
				r += v * column[(i+shift)%n]
			}
			r /= float64(n)
			sum, count = sum+r*r, count+1
		}
	}
	return count > 0 && math.Sqrt(sum/float64(count)) > repeats
}

// standardise gives values mean 0 and variance 1; false if they are all the same, which become 0.
func standardise(values []float64) bool {
	mean, square := 0.0, 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		square += (v - mean) * (v - mean) / float64(len(values))
	}
	sd := math.Sqrt(square)
	if !(sd > 1e-12*math.Abs(mean)) {
		for i := range values {
			values[i] = 0
		}
		return false
	}
	for i := range values {
		values[i] = (values[i] - mean) / sd
	}
	return true
}

// control returns control number k of points [n, D].
func control(points *mat.Dense, kind string, seed uint64, k int) *mat.Dense {
	random := rand.New(rand.NewPCG(seed, uint64(k)))
	n, dims := points.Dims()
	out := mat.NewDense(n, dims, nil)
	to := make([]int, n)
	for c := range dims {
		if kind == Shuffled {
			copy(to, random.Perm(n))
		} else {
			shift := random.IntN(n)
			for i := range to {
				to[i] = (i + shift) % n
			}
		}
		for i, at := range to {
			out.Set(at, c, points.At(i, c))
		}
	}
	return out
}

// prepared returns points [n, D] as they are compared: square roots, which make the variance of counts
// the same at all rates, then each unit with mean 0 and variance 1, if asked.
func (o TopologyOptions) prepared(points *mat.Dense) (*mat.Dense, error) {
	if !o.SquareRoot && !o.ZScore {
		return points, nil
	}
	n, dims := points.Dims()
	out := mat.NewDense(n, dims, nil)
	column := make([]float64, n)
	for c := range dims {
		mat.Col(column, c, points)
		if o.SquareRoot {
			for i, v := range column {
				if v < 0 {
					return nil, fmt.Errorf("point %d, dimension %d: %g has no square root", i, c, v)
				}
				column[i] = math.Sqrt(v)
			}
		}
		if o.ZScore {
			standardise(column)
		}
		out.SetCol(c, column)
	}
	return out, nil
}
