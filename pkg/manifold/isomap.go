package manifold

import (
	"container/heap"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Geodesic is an Isomap embedding of a cloud of points.
type Geodesic struct {
	Coordinate *mat.Dense // [points, dims], in units of the points' distances; NaN outside the largest component
	Embedded   int        // points of the largest component of the neighbour graph
	// Residual is 1 - R^2 of the linear correlation between the geodesic distances of the landmarks
	// to all points and the distances in the embedding (the residual variance of Tenenbaum et al.
	// 2000): 0 for a shape that unrolls into a flat one.
	Residual float64
}

// IsomapOptions of Isomap.
type IsomapOptions struct {
	Neighbours int // of each point in the graph, at least
	Dimensions int // of the embedding
	Landmarks  int // whose geodesic distances place the points; at most all points are taken
	Threads    int
}

// Isomap embeds points [n, D] so that straight distances are close to geodesic ones: the lengths of
// the shortest ways over the neighbour graph, whose edges are as long as they are (Tenenbaum, de
// Silva and Langford 2000). With fewer landmarks than points it is Landmark Isomap (de Silva and
// Tenenbaum 2003): classical scaling of max-min landmarks, and every other point placed by its
// distances to those. The axes are those of the landmarks' scaling, descending by variance. Where
// the graph falls into several components the largest is embedded (of equal ones the first). It is
// an error unless every point can have its neighbours and 1 <= dimensions < landmarks, both at most
// the points of that component, and the geodesic distances spread in as many directions as
// dimensions.
func Isomap(points *mat.Dense, o IsomapOptions) (*Geodesic, error) {
	g, err := NearestNeighbours(points, o.Neighbours, o.Threads)
	if err != nil {
		return nil, fmt.Errorf("isomap: %w", err)
	}
	member := g.largest()
	n := len(member)
	dims, landmarks, threads := o.Dimensions, min(o.Landmarks, n), o.Threads
	if dims < 1 || dims >= landmarks {
		return nil, fmt.Errorf("isomap: %d dimensions from %d landmarks among %d connected points: there must be more landmarks than dimensions, and one dimension at least", dims, landmarks, n)
	}
	_, width := points.Dims()
	own := mat.NewDense(n, width, nil)
	for at, i := range member {
		own.SetRow(at, points.RawRowView(i))
	}
	if n < g.Len() {
		g = g.part(member)
	}
	of, err := Landmarks(own, landmarks)
	if err != nil {
		return nil, fmt.Errorf("isomap: %w", err)
	}
	if dims >= len(of) {
		return nil, fmt.Errorf("isomap: %d dimensions from %d different points", dims, len(of))
	}
	way := make([][]float64, len(of)) // [landmarks][n] geodesic distances
	parallel(len(of), threads, func(from, to int) {
		for l := from; l < to; l++ {
			way[l] = g.shortest(own, of[l])
		}
	})
	axis, mean, err := scaling(way, of, dims)
	if err != nil {
		return nil, fmt.Errorf("isomap: %w", err)
	}
	placed := mat.NewDense(n, dims, nil)
	parallel(n, threads, func(from, to int) {
		for i := from; i < to; i++ {
			row := placed.RawRowView(i)
			for l := range of {
				gap := way[l][i]*way[l][i] - mean[l]
				for c := range row {
					row[c] -= axis[c][l] * gap / 2
				}
			}
		}
	})
	all, _ := points.Dims()
	e := &Geodesic{Coordinate: mat.NewDense(all, dims, nil), Embedded: n, Residual: residualVariance(way, of, placed)}
	raw := e.Coordinate.RawMatrix().Data
	for i := range raw {
		raw[i] = math.NaN()
	}
	for at, i := range member {
		e.Coordinate.SetRow(i, placed.RawRowView(at))
	}
	return e, nil
}

// scaling is classical multidimensional scaling of the landmarks. It returns, for each dimension,
// the eigenvector of their centred inner products over the root of its eigenvalue: half the inner
// product of that with the centred squared distances of a point, times -1, is the point's
// coordinate. mean has the mean squared distance of each landmark.
func scaling(way [][]float64, of []int, dims int) (axis [][]float64, mean []float64, err error) {
	m := len(of)
	mean = make([]float64, m)
	total := 0.0
	square := func(a, b int) float64 {
		d := (way[a][of[b]] + way[b][of[a]]) / 2 // the same but for the order in which edges were added up
		return d * d
	}
	for a := range m {
		for b := range m {
			mean[a] += square(a, b) / float64(m)
		}
		total += mean[a] / float64(m)
	}
	inner := mat.NewSymDense(m, nil)
	for a := range m {
		for b := range a + 1 {
			inner.SetSym(a, b, -(square(a, b)-mean[a]-mean[b]+total)/2)
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(inner, true) {
		return nil, nil, errors.New("the scaling of the landmarks was not found")
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	for c := range dims {
		value := values[m-1-c]
		if !(value > 1e-12*values[m-1]) {
			return nil, nil, fmt.Errorf("the geodesic distances spread in %d directions, fewer than %d dimensions", c, dims)
		}
		v := mat.Col(nil, m-1-c, &vectors)
		positive(v)
		for l := range v {
			v[l] /= math.Sqrt(value)
		}
		axis = append(axis, v)
	}
	return axis, mean, nil
}

// residualVariance is 1 - R^2 between way [landmarks][n] and the distances of placed points.
func residualVariance(way [][]float64, of []int, placed *mat.Dense) float64 {
	var n, sx, sy, sxx, syy, sxy float64
	for l, i := range of {
		centre := placed.RawRowView(i)
		for j, x := range way[l] {
			y := math.Sqrt(squared(placed.RawRowView(j), centre))
			n, sx, sy, sxx, syy, sxy = n+1, sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
		}
	}
	cov, vx, vy := sxy-sx*sy/n, sxx-sx*sx/n, syy-sy*sy/n
	return 1 - cov*cov/(vx*vy)
}

// largest returns the points of the largest connected component, of equal ones the first.
func (g *Graph) largest() []int {
	component, size := g.Components()
	largest := 0
	for c, s := range size {
		if s > size[largest] {
			largest = c
		}
	}
	var member []int
	for i, c := range component {
		if c == largest {
			member = append(member, i)
		}
	}
	return member
}

// shortest returns the lengths of the shortest ways from one point to all others of a connected
// graph, by Dijkstra's algorithm.
func (g *Graph) shortest(points *mat.Dense, from int) []float64 {
	way := make([]float64, g.Len())
	for i := range way {
		way[i] = math.Inf(1)
	}
	way[from] = 0
	open := &frontier{{int32(from), 0}}
	for open.Len() > 0 {
		at := heap.Pop(open).(reached)
		if at.way > way[at.point] {
			continue
		}
		here := points.RawRowView(int(at.point))
		for _, j := range g.Neighbours(int(at.point)) {
			if w := at.way + math.Sqrt(squared(here, points.RawRowView(int(j)))); w < way[j] {
				way[j] = w
				heap.Push(open, reached{j, w})
			}
		}
	}
	return way
}

type reached struct {
	point int32
	way   float64
}

// frontier is a heap of points by the length of the way to them.
type frontier []reached

func (f frontier) Len() int           { return len(f) }
func (f frontier) Less(i, j int) bool { return f[i].way < f[j].way }
func (f frontier) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)        { *f = append(*f, x.(reached)) }
func (f *frontier) Pop() any {
	q := *f
	x := q[len(q)-1]
	*f = q[:len(q)-1]
	return x
}
