package manifold

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// PCA holds the principal components of a cloud of points of D dimensions: K of them, as many as
// there are points or dimensions, whichever are fewer.
type PCA struct {
	Mean      []float64  // [D]
	Direction *mat.Dense // [K, D], row i is component i: unit length, its loading of largest magnitude positive; zero beyond the span of fewer points than dimensions
	Variance  []float64  // [K], population variance along each component, descending
	Ratio     []float64  // [K], share of the total variance; NaN if all points coincide
}

// Principal returns the principal components of points [n, D], from the eigenvectors of their
// covariance, or, of fewer points than dimensions, from those of their inner products; the work
// grows as n D K + K^3, the memory as K^2. It is an error if there are no points or one is not
// finite.
func Principal(points *mat.Dense) (*PCA, error) {
	return decompose(context.Background(), points, 1)
}

// decompose is Principal, which ends with ctx.
func decompose(ctx context.Context, points *mat.Dense, threads int) (*PCA, error) {
	if err := check(points); err != nil {
		return nil, fmt.Errorf("principal components: %w", err)
	}
	n, dims := points.Dims()
	p := &PCA{Mean: means(points)}
	of := p.covariance
	if n < dims {
		of = p.products
	}
	sums, err := of(ctx, points, threads)
	if err != nil {
		return nil, fmt.Errorf("principal components: %w", err)
	}
	count := min(n, dims)
	ascending, vectors, err := eigen(ctx, mat.NewSymDense(count, sums))
	if err != nil {
		return nil, fmt.Errorf("principal components of %d points in %d dimensions: %w", n, dims, err)
	}
	p.Direction, p.Variance, p.Ratio = mat.NewDense(count, dims, nil), make([]float64, count), make([]float64, count)
	total := 0.0
	for i := range count {
		p.Variance[i] = max(0, ascending[count-1-i])
		total += p.Variance[i]
	}
	column := make([]float64, count)
	for i, v := range p.Variance {
		p.Ratio[i] = v / total
		row := p.Direction.RawRowView(i)
		mat.Col(column, count-1-i, vectors)
		if n >= dims {
			copy(row, column)
		} else if v > 1e-12*total { // the sum of the points with these weights, brought to unit length
			for j, w := range column {
				for l, x := range points.RawRowView(j) {
					row[l] += w * (x - p.Mean[l])
				}
			}
			floats.Scale(1/floats.Norm(row, 2), row)
		}
		positive(row)
	}
	return p, ctx.Err()
}

// means returns the mean of each dimension.
func means(points *mat.Dense) []float64 {
	n, dims := points.Dims()
	mean := make([]float64, dims)
	for i := range n {
		for j, v := range points.RawRowView(i) {
			mean[j] += v
		}
	}
	for j := range mean {
		mean[j] /= float64(n)
	}
	return mean
}

// covariance [D, D] is that of the points; its upper triangle is filled. Sums run over the points
// in their order, so that no blocking of a matrix product enters the last bit.
func (p *PCA) covariance(ctx context.Context, points *mat.Dense, threads int) ([]float64, error) {
	n, dims := points.Dims()
	sums := make([]float64, dims*dims)
	centred := make([]float64, dims)
	for i := range n {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for j, v := range points.RawRowView(i) {
			centred[j] = v - p.Mean[j]
		}
		for j, v := range centred {
			row := sums[j*dims : (j+1)*dims]
			for l := j; l < dims; l++ {
				row[l] += v * centred[l]
			}
		}
	}
	for j := range sums {
		sums[j] /= float64(n)
	}
	return sums, nil
}

// products [n, n] are the inner products of the centred points over n; their upper triangle is
// filled. They have the eigenvalues of the covariance, but for zeros.
func (p *PCA) products(ctx context.Context, points *mat.Dense, threads int) ([]float64, error) {
	n, dims := points.Dims()
	centred := mat.NewDense(n, dims, nil)
	for i := range n {
		floats.SubTo(centred.RawRowView(i), points.RawRowView(i), p.Mean)
	}
	sums := make([]float64, n*n)
	parallel(n, threads, func(from, to int) {
		for i := from; i < to && ctx.Err() == nil; i++ {
			for j := i; j < n; j++ {
				sums[i*n+j] = floats.Dot(centred.RawRowView(i), centred.RawRowView(j)) / float64(n)
			}
		}
	})
	return sums, ctx.Err()
}

// eigen returns the eigenvalues of a symmetric matrix, ascending, and its eigenvectors as columns,
// or ctx's error as soon as that ends: the factorisation itself cannot be stopped, and is left
// behind.
func eigen(ctx context.Context, of *mat.SymDense) ([]float64, *mat.Dense, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	var found mat.EigenSym
	done := make(chan bool, 1)
	go func() { done <- found.Factorize(of, true) }()
	select {
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case ok := <-done:
		if !ok {
			return nil, nil, errors.New("their covariance has no eigenvectors: are the values extreme?")
		}
	}
	var vectors mat.Dense
	found.VectorsTo(&vectors)
	return found.Values(nil), &vectors, nil
}

// leading returns about the leading components of points [n, D], [n, count], in directions that
// span them, but in no order: by power iteration with a block of vectors from a fixed start (Halko,
// Martinsson and Tropp 2011). The work grows as n D count, so that controls of thousands of units
// take seconds; where the spectrum is flat, as theirs is, any of the directions are as good as
// others.
func leading(ctx context.Context, points *mat.Dense, count int) (*mat.Dense, error) {
	const rounds, more = 8, 8
	n, dims := points.Dims()
	centred := mat.NewDense(n, dims, nil)
	mean := means(points)
	for i := range n {
		floats.SubTo(centred.RawRowView(i), points.RawRowView(i), mean)
	}
	random := rand.New(rand.NewPCG(1, uint64(dims)))
	width := min(count+more, min(n, dims))
	block := mat.NewDense(width, dims, nil) // its rows are the vectors
	for i := range block.RawMatrix().Data {
		block.RawMatrix().Data[i] = random.NormFloat64()
	}
	along := make([]float64, width)
	for range rounds {
		next := mat.NewDense(width, dims, nil)
		for i := range n {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			row := centred.RawRowView(i)
			for v := range width {
				floats.AddScaled(next.RawRowView(v), floats.Dot(row, block.RawRowView(v)), row)
			}
		}
		orthonormalise(next)
		block = next
	}
	projected := mat.NewDense(n, width, nil)
	for i := range n {
		for v := range along {
			along[v] = floats.Dot(centred.RawRowView(i), block.RawRowView(v))
		}
		projected.SetRow(i, along)
	}
	p, err := decompose(ctx, projected, 1)
	if err != nil {
		return nil, err
	}
	return p.Project(projected, min(count, width))
}

// orthonormalise makes the rows orthonormal, by Gram and Schmidt, twice; what depends on those
// before becomes 0.
func orthonormalise(rows *mat.Dense) {
	count, _ := rows.Dims()
	for i := range count {
		row := rows.RawRowView(i)
		before := floats.Norm(row, 2)
		for range 2 {
			for j := range i {
				floats.AddScaled(row, -floats.Dot(row, rows.RawRowView(j)), rows.RawRowView(j))
			}
		}
		if after := floats.Norm(row, 2); after > 1e-12*before {
			floats.Scale(1/after, row)
		} else {
			clear(row)
		}
	}
}

// Project returns the first components coordinates of points [n, D] as [n, components]. It is an
// error if components lies outside 1 to K or the points have other dimensions than those of the
// components.
func (p *PCA) Project(points *mat.Dense, components int) (*mat.Dense, error) {
	if err := check(points); err != nil {
		return nil, fmt.Errorf("projection: %w", err)
	}
	n, dims := points.Dims()
	if dims != len(p.Mean) || components < 1 || components > len(p.Variance) {
		return nil, fmt.Errorf("projection: points of %d dimensions to %d components: there are %d, found in %d dimensions", dims, components, len(p.Variance), len(p.Mean))
	}
	out := mat.NewDense(n, components, nil)
	for i := range n {
		point, row := points.RawRowView(i), out.RawRowView(i)
		for c := range row {
			for j, d := range p.Direction.RawRowView(c) {
				row[c] += d * (point[j] - p.Mean[j])
			}
		}
	}
	return out, nil
}

// positive turns v around if its element of largest magnitude (the first of them) is negative.
func positive(v []float64) {
	largest := 0
	for i, x := range v {
		if math.Abs(x) > math.Abs(v[largest]) {
			largest = i
		}
	}
	if v[largest] < 0 {
		for i := range v {
			v[i] = -v[i]
		}
	}
}

func check(points *mat.Dense) error {
	if points == nil || points.IsEmpty() {
		return errors.New("there are no points")
	}
	n, _ := points.Dims()
	for i := range n {
		for j, v := range points.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("point %d, dimension %d: %g is not finite", i, j, v)
			}
		}
	}
	return nil
}
