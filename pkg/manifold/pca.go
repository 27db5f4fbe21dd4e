package manifold

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// PCA holds the principal components of a cloud of points of D dimensions.
type PCA struct {
	Mean      []float64  // [D]
	Direction *mat.Dense // [D, D], row i is component i: unit length, its loading of largest magnitude positive
	Variance  []float64  // [D], population variance along each component, descending
	Ratio     []float64  // [D], share of the total variance; NaN if all points coincide
}

// Principal returns all principal components of points [n, D], from the eigenvectors of their
// covariance; the work grows as n D^2 + D^3. It is an error if there are no points or one is not
// finite.
func Principal(points *mat.Dense) (*PCA, error) {
	if err := check(points); err != nil {
		return nil, fmt.Errorf("principal components: %w", err)
	}
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
	// Sums run over the points in their order, so that no blocking of a matrix product enters the
	// last bit.
	sums := make([]float64, dims*dims)
	centred := make([]float64, dims)
	for i := range n {
		for j, v := range points.RawRowView(i) {
			centred[j] = v - mean[j]
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
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(dims, sums), true) {
		return nil, fmt.Errorf("principal components: the covariance of %d dimensions has no eigenvectors: are the values extreme?", dims)
	}
	ascending := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)

	p := &PCA{Mean: mean, Direction: mat.NewDense(dims, dims, nil), Variance: make([]float64, dims), Ratio: make([]float64, dims)}
	total := 0.0
	for i := range dims {
		p.Variance[i] = max(0, ascending[dims-1-i])
		total += p.Variance[i]
		row := p.Direction.RawRowView(i)
		mat.Col(row, dims-1-i, &vectors)
		positive(row)
	}
	for i, v := range p.Variance {
		p.Ratio[i] = v / total
	}
	return p, nil
}

// Project returns the first components coordinates of points [n, D] as [n, components]. It is an
// error if components lies outside 1 to D or the points have other dimensions than those of the
// components.
func (p *PCA) Project(points *mat.Dense, components int) (*mat.Dense, error) {
	if err := check(points); err != nil {
		return nil, fmt.Errorf("projection: %w", err)
	}
	n, dims := points.Dims()
	if dims != len(p.Mean) || components < 1 || components > dims {
		return nil, fmt.Errorf("projection: points of %d dimensions to %d components: the components were found in %d dimensions", dims, components, len(p.Mean))
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
