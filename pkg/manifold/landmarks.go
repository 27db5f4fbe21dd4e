package manifold

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Landmarks returns count of the points [n, D], chosen max-min (de Silva and Carlsson 2004): the
// first is the point farthest from the mean, each further one is farthest from those before it; of
// equally far points the one of lowest index. They cover the shape evenly whatever the density of
// the points, but outliers come first: see Averaged. Fewer than count come back if the others
// coincide with those. It is an error unless 1 <= count <= n.
func Landmarks(points *mat.Dense, count int) ([]int, error) {
	if err := check(points); err != nil {
		return nil, fmt.Errorf("landmarks: %w", err)
	}
	n, dims := points.Dims()
	if count < 1 || count > n {
		return nil, fmt.Errorf("landmarks: %d of %d points: allowed are 1 to %d", count, n, n)
	}
	mean := make([]float64, dims)
	for i := range n {
		for j, v := range points.RawRowView(i) {
			mean[j] += v / float64(n)
		}
	}
	gap := make([]float64, n) // squared distance to the nearest landmark
	for i := range gap {
		gap[i] = squared(points.RawRowView(i), mean)
	}
	var chosen []int
	for len(chosen) < count {
		next := 0
		for i, d := range gap {
			if d > gap[next] {
				next = i
			}
		}
		if len(chosen) > 0 && gap[next] == 0 {
			break
		}
		if len(chosen) == 0 {
			for i := range gap {
				gap[i] = math.Inf(1)
			}
		}
		chosen = append(chosen, next)
		centre := points.RawRowView(next)
		for i := range gap {
			gap[i] = min(gap[i], squared(points.RawRowView(i), centre))
		}
	}
	return chosen, nil
}

// Averaged replaces every point [n, D] by the mean of itself and its k nearest neighbours: noise
// across the shape falls by the root of k and outliers return to the shape, which itself shrinks
// where it bends within a neighbourhood. To drop the sparsest points instead tears holes into sound
// shapes. It is an error unless 1 <= k < n.
func Averaged(points *mat.Dense, k, threads int) (*mat.Dense, error) {
	if err := check(points); err != nil {
		return nil, fmt.Errorf("local means: %w", err)
	}
	n, dims := points.Dims()
	if k < 1 || k >= n {
		return nil, fmt.Errorf("local means: %d neighbours for each of %d points: allowed are 1 to %d", k, n, n-1)
	}
	out := mat.NewDense(n, dims, nil)
	parallel(n, threads, func(from, to int) {
		near, distance := make([]int32, k), make([]float64, k)
		for i := from; i < to; i++ {
			nearest(points, i, near, distance)
			row := out.RawRowView(i)
			copy(row, points.RawRowView(i))
			for _, j := range near {
				for c, v := range points.RawRowView(int(j)) {
					row[c] += v
				}
			}
			for c := range row {
				row[c] /= float64(k + 1)
			}
		}
	})
	return out, nil
}

// Distances returns the Euclidean distances [m, m], row-major, of m of the points to each other.
func Distances(points *mat.Dense, of []int) []float64 {
	m := len(of)
	out := make([]float64, m*m)
	for a, i := range of {
		for b, j := range of[:a] {
			d := math.Sqrt(squared(points.RawRowView(i), points.RawRowView(j)))
			out[a*m+b], out[b*m+a] = d, d
		}
	}
	return out
}

func squared(a, b []float64) float64 {
	d := 0.0
	for c, v := range a {
		d += (v - b[c]) * (v - b[c])
	}
	return d
}
