package manifold

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Embedding is the spectral embedding of a cloud of points.
type Embedding struct {
	Coordinate *mat.Dense // [points, dims]; NaN for points outside the largest component
	Eigenvalue []float64  // lowest non-zero eigenvalues of the normalised Laplacian of that component, ascending
	Components int        // connected components of the neighbour graph
	Embedded   int        // points of the largest component
}

// SpectralOptions of Spectral.
type SpectralOptions struct {
	Neighbours  int // of each point in the graph, at least
	Dimensions  int // of the embedding
	Eigenvalues int // that are returned, one for each dimension at least
	Threads     int
}

// Spectral embeds points [n, D]: their values in the eigenvectors of the lowest eigenvalues of the
// normalised Laplacian of their neighbour graph, divided by the square root of the degree (so that
// they are functions harmonic for the random walk on the graph, as in Belkin and Niyogi 2003). Each
// coordinate has mean 0 and mean square 1 over the points, weighted by degree. Where the graph
// falls into several components the largest is embedded (of equal ones the first). It is an error
// unless each point can have its neighbours and that component more points than eigenvalues.
func Spectral(points *mat.Dense, o SpectralOptions) (*Embedding, error) {
	if o.Dimensions < 1 || o.Eigenvalues < o.Dimensions {
		return nil, fmt.Errorf("spectral embedding: %d dimensions from %d eigenvalues: there must be at least one dimension and an eigenvalue for each", o.Dimensions, o.Eigenvalues)
	}
	g, err := NearestNeighbours(points, o.Neighbours, o.Threads)
	if err != nil {
		return nil, fmt.Errorf("spectral embedding: %w", err)
	}
	_, size := g.Components()
	member := g.largest()
	if len(size) > 1 {
		g = g.part(member)
	}
	values, vectors, err := g.Lowest(o.Eigenvalues, o.Threads)
	if err != nil {
		return nil, fmt.Errorf("spectral embedding: %w", err)
	}
	n, _ := points.Dims()
	e := &Embedding{Coordinate: mat.NewDense(n, o.Dimensions, nil), Eigenvalue: values, Components: len(size), Embedded: len(member)}
	raw := e.Coordinate.RawMatrix().Data
	for i := range raw {
		raw[i] = math.NaN()
	}
	total := math.Sqrt(float64(len(g.to)))
	for at, i := range member {
		scale := total / math.Sqrt(float64(len(g.Neighbours(at))))
		for c := range o.Dimensions {
			e.Coordinate.Set(i, c, vectors.At(at, c)*scale)
		}
	}
	return e, nil
}
