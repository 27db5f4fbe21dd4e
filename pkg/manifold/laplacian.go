package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

const (
	// residual is the norm of L v - value v below which a unit vector v counts as an eigenvector.
	// The error of the eigenvalue is of the order of its square.
	residual = 1e-9
	// growth is the factor by which one filter favours the eigenvalue 0 over the end of the damped
	// range. The block keeps the weakest wanted direction to 16 - log10(growth) digits.
	growth = 1e6
	// guard is the number of vectors beyond the wanted ones that a block carries at least. They
	// move the damped range away from the wanted eigenvalues, and make room for a multiple one at
	// the end.
	guard = 8
	// work bounds the products of the Laplacian with the block. A closed chain of 100 000 points
	// stays below it.
	work = 1 << 18
)

// Lowest returns the count lowest non-zero eigenvalues of the normalised Laplacian of a connected
// graph, ascending, and their eigenvectors, [points, count], as unit columns whose element of
// largest magnitude is positive. Multiple eigenvalues come as often as they occur; the basis of
// their space is arbitrary but always the same.
//
// A block of vectors, orthogonal to the eigenvector of 0, is filtered by a Chebyshev polynomial of
// the Laplacian that damps everything above the largest value in the block, then turned to the
// eigenvectors of L within its span; and again until the wanted ones hold (Chebyshev-filtered
// subspace iteration, Zhou and Saad 2006). Unlike a Lanczos basis the block stays narrow however
// small the eigenvalues are, and a multiple eigenvalue needs no restarts.
func (g *Graph) Lowest(count, threads int) ([]float64, *mat.Dense, error) {
	n := g.Len()
	if count < 1 || count >= n {
		return nil, nil, fmt.Errorf("graph Laplacian: %d non-zero eigenvalues of a graph of %d points: allowed are 1 to %d", count, n, n-1)
	}
	if _, size := g.Components(); len(size) != 1 {
		return nil, nil, fmt.Errorf("graph Laplacian: the graph has %d components: take the eigenvectors of one", len(size))
	}
	l := newLaplacian(g, min(count+max(guard, count/2), n-1), threads)
	random := rand.New(rand.NewPCG(1, uint64(n)))
	for _, v := range l.block {
		for i := range v {
			v[i] = random.NormFloat64()
		}
	}
	l.orthonormalise()
	values, worst, err := l.rotate(count)
	for spent := 0; err == nil; {
		if worst < residual {
			vectors := mat.NewDense(n, count, nil)
			for c, v := range l.block[:count] {
				positive(v)
				vectors.SetCol(c, v)
			}
			return values[:count], vectors, nil
		}
		damped := min(max(values[len(values)-1], 1e-9), 1.9)
		// The map of [damped, 2] to [-1, 1] takes 0 to t = -(2+damped)/(2-damped), where |T_d(t)| =
		// cosh(d acosh|t|).
		degree := int(math.Ceil(math.Acosh(growth) / math.Acosh((2+damped)/(2-damped))))
		if spent += degree; spent > work {
			break
		}
		l.filter(damped, degree)
		l.orthonormalise()
		values, worst, err = l.rotate(count)
	}
	if err != nil {
		return nil, nil, err
	}
	return nil, nil, fmt.Errorf("graph Laplacian: the %d lowest of %d eigenvalues did not settle (residual %.1g): take more neighbours or fewer points", count, n, worst)
}

// laplacian is the normalised Laplacian of a graph, and the block of vectors that is turned into
// its eigenvectors.
type laplacian struct {
	graph   *Graph
	threads int
	root    []float64   // [n] square roots of the degrees
	zero    []float64   // [n] unit eigenvector of the eigenvalue 0
	block   [][]float64 // [width][n]
	a, b, c []float64   // [n, width], scratch: the block by rows, so that one edge moves contiguous memory
	image   [][]float64 // [width][n], scratch: L times the block
}

func newLaplacian(g *Graph, width, threads int) *laplacian {
	n := g.Len()
	l := &laplacian{graph: g, threads: threads, root: make([]float64, n), zero: make([]float64, n),
		a: make([]float64, n*width), b: make([]float64, n*width), c: make([]float64, n*width)}
	for range width {
		l.block = append(l.block, make([]float64, n))
		l.image = append(l.image, make([]float64, n))
	}
	for i := range n {
		l.root[i] = math.Sqrt(float64(len(g.Neighbours(i))))
	}
	floats.ScaleTo(l.zero, 1/floats.Norm(l.root, 2), l.root)
	return l
}

// The products work with y = D^(-1/2) x, on which L acts as I - D^(-1) W: the mean over the
// neighbours, without a weight for each edge.

func (l *laplacian) toRows(rows []float64) {
	width := len(l.block)
	for c, v := range l.block {
		for i, x := range v {
			rows[i*width+c] = x / l.root[i]
		}
	}
}

func (l *laplacian) fromRows(block [][]float64, rows []float64) {
	width := len(block)
	for c, v := range block {
		for i := range v {
			v[i] = rows[i*width+c] * l.root[i]
		}
	}
}

// product sets out = scale (mean over neighbours of y) + shift y + last out, each [n, width].
func (l *laplacian) product(out, y []float64, scale, shift, last float64) {
	width := len(l.block)
	parallel(l.graph.Len(), l.threads, func(from, to int) {
		sum := make([]float64, width)
		for i := from; i < to; i++ {
			clear(sum)
			near := l.graph.Neighbours(i)
			for _, j := range near {
				floats.Add(sum, y[int(j)*width:(int(j)+1)*width])
			}
			s := scale / float64(len(near))
			row, own := out[i*width:(i+1)*width], y[i*width:(i+1)*width]
			for c := range row {
				row[c] = s*sum[c] + shift*own[c] + last*row[c]
			}
		}
	})
}

// filter replaces the block by T_degree((L - centre)/half) times it, where centre and half map
// [damped, 2] to [-1, 1], by the recurrence T_(d+1)(t) = 2 t T_d(t) - T_(d-1)(t).
func (l *laplacian) filter(damped float64, degree int) {
	centre, half := (2+damped)/2, (2-damped)/2
	before, now := l.a, l.b
	l.toRows(before)
	clear(now)
	l.product(now, before, -1/half, (1-centre)/half, 0)
	for range degree - 1 {
		l.product(before, now, -2/half, 2*(1-centre)/half, -1)
		before, now = now, before
	}
	l.fromRows(l.block, now)
}

// orthonormalise makes the block orthonormal and orthogonal to the eigenvector of 0, by Gram and
// Schmidt, twice.
func (l *laplacian) orthonormalise() {
	for c, v := range l.block {
		floats.Scale(1/floats.Norm(v, 2), v)
		for range 2 {
			floats.AddScaled(v, -floats.Dot(l.zero, v), l.zero)
			for _, w := range l.block[:c] {
				floats.AddScaled(v, -floats.Dot(w, v), w)
			}
			floats.Scale(1/floats.Norm(v, 2), v)
		}
	}
}

// rotate turns the block to the eigenvectors of L within its span (Rayleigh-Ritz), ascending, and
// returns their values and the largest residual among the first count.
func (l *laplacian) rotate(count int) (values []float64, worst float64, err error) {
	width, n := len(l.block), l.graph.Len()
	l.toRows(l.a)
	clear(l.b)
	l.product(l.b, l.a, -1, 1, 0)
	l.fromRows(l.image, l.b)
	inner := mat.NewSymDense(width, nil)
	for i, v := range l.block {
		for j := i; j < width; j++ {
			inner.SetSym(i, j, floats.Dot(v, l.image[j]))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(inner, true) {
		return nil, 0, fmt.Errorf("graph Laplacian: the values within a block of %d vectors were not found", width)
	}
	values = eigen.Values(nil)
	var turn mat.Dense
	eigen.VectorsTo(&turn)
	for _, block := range [][][]float64{l.block, l.image} {
		parallel(n, l.threads, func(from, to int) {
			old, row := make([]float64, width), make([]float64, width)
			for i := from; i < to; i++ {
				for c, v := range block {
					old[c] = v[i]
				}
				clear(row)
				for c, x := range old {
					floats.AddScaled(row, x, turn.RawRowView(c))
				}
				for c, v := range block {
					v[i] = row[c]
				}
			}
		})
	}
	for c, v := range l.block[:count] {
		sum := 0.0
		for i, x := range v {
			r := l.image[c][i] - values[c]*x
			sum += r * r
		}
		worst = max(worst, math.Sqrt(sum))
	}
	return values, worst, nil
}
