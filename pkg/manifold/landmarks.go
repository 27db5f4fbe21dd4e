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

// noisy is the thickness beyond which points are averaged with their neighbours. The neighbourhoods
// of a surface that is well sampled have less, those of a cloud without one in more than two
// dimensions more. Averages mend noise, but gather the points of a sound surface in clumps and tear
// holes between.
const noisy = 0.2

// thickness is the mean share of the variance of a point's neighbourhood that lies outside its two
// leading directions: 0 for a surface without noise, (D-2)/D for a cloud that fills its D
// dimensions. A neighbourhood has 1 % of the points [n, D], but 4 D at least.
func thickness(points *mat.Dense) (float64, error) {
	n, dims := points.Dims()
	k := max(4*dims, n/100)
	if dims < 3 || k >= n {
		return 0, nil
	}
	const probes = 100
	near, distance := make([]int32, k), make([]float64, k)
	sum := 0.0
	some := spread(n, probes)
	for _, i := range some {
		nearest(points, i, near, distance)
		patch := mat.NewDense(k, dims, nil)
		for a, j := range near {
			patch.SetRow(a, points.RawRowView(int(j)))
		}
		local, err := Principal(patch)
		if err != nil {
			return 0, err
		}
		for _, r := range local.Ratio[2:] {
			if r == r {
				sum += r / float64(len(some))
			}
		}
	}
	return sum, nil
}

// Averaged returns, for some of the points [n, D], the mean of the point and its k nearest
// neighbours among all, [len(some), D]: noise across the shape falls by the root of k and outliers
// return to the shape, which itself shrinks where it bends within a neighbourhood. To drop the
// sparsest points instead tears holes into sound shapes. Of points at the same distance those of
// lower index are nearer. It is an error unless 1 <= k < n.
func Averaged(points *mat.Dense, some []int, k, threads int) (*mat.Dense, error) {
	if err := check(points); err != nil {
		return nil, fmt.Errorf("local means: %w", err)
	}
	n, dims := points.Dims()
	if k < 1 || k >= n {
		return nil, fmt.Errorf("local means: %d neighbours for each of %d points: allowed are 1 to %d", k, n, n-1)
	}
	out := mat.NewDense(len(some), dims, nil)
	parallel(len(some), threads, func(from, to int) {
		distance, sorted := make([]float64, n), make([]float64, n)
		for i := from; i < to; i++ {
			centre := points.RawRowView(some[i])
			for j := range distance {
				distance[j] = squared(points.RawRowView(j), centre)
			}
			distance[some[i]] = -1
			copy(sorted, distance)
			limit := lowest(sorted, k)
			nearer := 0
			for _, d := range distance {
				if d < limit {
					nearer++
				}
			}
			ties := k + 1 - nearer // of those just at the limit
			row := out.RawRowView(i)
			for j, d := range distance {
				if d > limit || d == limit && ties == 0 {
					continue
				}
				if d == limit {
					ties--
				}
				for c, v := range points.RawRowView(j) {
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

// lowest returns the value that k others are not above and none of the rest below (Hoare's
// selection); it reorders the values.
func lowest(values []float64, k int) float64 {
	from, to := 0, len(values)-1
	for from < to {
		middle := values[from+(to-from)/2]
		i, j := from, to
		for i <= j {
			for values[i] < middle {
				i++
			}
			for values[j] > middle {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			to = j
		case k >= i:
			from = i
		default:
			return values[k]
		}
	}
	return values[k]
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
