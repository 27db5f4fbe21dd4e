package manifold

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// dense returns all eigenvalues of the normalised Laplacian and its matrix, by its definition.
func dense(t rapid.TB, g *Graph) ([]float64, *mat.SymDense) {
	t.Helper()
	n := g.Len()
	l := mat.NewSymDense(n, nil)
	for i := range n {
		l.SetSym(i, i, 1)
		for _, j := range g.Neighbours(i) {
			l.SetSym(i, int(j), -1/math.Sqrt(float64(len(g.Neighbours(i))*len(g.Neighbours(int(j))))))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(l, false) {
		t.Fatal("no eigenvalues")
	}
	return eigen.Values(nil), l
}

// agree compares the lowest count eigenpairs of g with the dense solution.
func agree(t testing.TB, g *Graph, count int) {
	t.Helper()
	values, vectors, err := g.Lowest(count, 2)
	if err != nil {
		t.Fatal(err)
	}
	want, l := dense(t, g)
	for c, v := range values {
		if math.Abs(v-want[c+1]) > 1e-11 {
			t.Errorf("eigenvalue %d is %.13f, want %.13f", c+1, v, want[c+1])
		}
		var image mat.VecDense
		image.MulVec(l, vectors.ColView(c))
		image.AddScaledVec(&image, -v, vectors.ColView(c))
		if r := mat.Norm(&image, 2); r > 1e-8 {
			t.Errorf("eigenvector %d: |L v - value v| = %g", c+1, r)
		}
		for d := range c + 1 {
			dot := mat.Dot(vectors.ColView(c), vectors.ColView(d))
			if c == d {
				dot--
			}
			if math.Abs(dot) > 1e-11 {
				t.Errorf("eigenvectors %d and %d are not orthonormal", c+1, d+1)
			}
		}
	}
}

func TestLowestEigenpairsAgreeWithTheDenseOnes(t *testing.T) {
	for name, points := range map[string]*mat.Dense{
		"hexagonal torus": hexagonalTorus(3, 300), "square torus": squareTorus(3, 300), "ring": ring(3, 300), "sheet": sheet(3, 300),
	} {
		t.Run(name, func(t *testing.T) {
			g := neighbours(t, points, 12, 1)
			if _, size := g.Components(); len(size) > 1 {
				t.Fatalf("the sample has %d components", len(size))
			}
			agree(t, g, 12)
		})
	}
}

// A regular lattice on the torus has exactly equal eigenvalues, which a single Krylov sequence
// would find once.
func TestExactlyMultipleEigenvaluesComeWithTheirMultiplicity(t *testing.T) {
	const side = 18
	lattice := func(neighbours [][2]int) *Graph {
		g := &Graph{start: []int{0}}
		for i := range side * side {
			for j := range side * side {
				for _, d := range neighbours {
					if (i%side+d[0]+side)%side == j%side && (i/side+d[1]+side)%side == j/side {
						g.to = append(g.to, int32(j))
					}
				}
			}
			g.start = append(g.start, len(g.to))
		}
		return g
	}
	for _, c := range []struct {
		name         string
		neighbours   [][2]int
		multiplicity int
	}{
		{"triangular", [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, -1}, {-1, 1}}, 6},
		{"square", [][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := lattice(c.neighbours)
			agree(t, g, 14)
			values, _, err := g.Lowest(14, 1)
			if err != nil {
				t.Fatal(err)
			}
			if values[c.multiplicity-1]-values[0] > 1e-11 || values[c.multiplicity] < 1.5*values[0] {
				t.Errorf("eigenvalues %.4f, want the first %d equal and no more", values, c.multiplicity)
			}
		})
	}
}

// The eigenvalues of a closed chain are 1 - cos(2 pi j/n), each twice; here they are as small as
// 1e-6.
func TestAClosedChainHasItsKnownEigenvalues(t *testing.T) {
	const n = 4000
	g := &Graph{start: []int{0}}
	for i := range n {
		before, after := (i+n-1)%n, (i+1)%n
		g.to = append(g.to, int32(min(before, after)), int32(max(before, after)))
		g.start = append(g.start, len(g.to))
	}
	values, _, err := g.Lowest(6, 2)
	if err != nil {
		t.Fatal(err)
	}
	for c, v := range values {
		if want := 1 - math.Cos(2*math.Pi*float64(c/2+1)/n); math.Abs(v-want) > 1e-6*want {
			t.Errorf("eigenvalue %d is %g, want %g", c+1, v, want)
		}
	}
}

func TestSmallGraphsHaveAllTheirEigenpairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := mat.NewDense(rapid.IntRange(2, 30).Draw(t, "points"), 2, nil)
		n, _ := points.Dims()
		for i := range n {
			points.SetRow(i, []float64{rapid.Float64Range(0, 1).Draw(t, "x"), rapid.Float64Range(0, 1).Draw(t, "y")})
		}
		g, err := NearestNeighbours(points, rapid.IntRange(1, n-1).Draw(t, "k"), 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, size := g.Components(); len(size) > 1 {
			if _, _, err := g.Lowest(1, 1); err == nil {
				t.Fatal("the eigenvectors of several components are given as those of one")
			}
			return
		}
		count := rapid.IntRange(1, n-1).Draw(t, "eigenvalues")
		values, _, err := g.Lowest(count, rapid.IntRange(1, 3).Draw(t, "threads"))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := dense(t, g)
		for c, v := range values {
			if math.Abs(v-want[c+1]) > 1e-10 {
				t.Fatalf("eigenvalue %d of %d is %g, want %g", c+1, n, v, want[c+1])
			}
		}
	})
}

func TestEigenpairsAreTheSameForAnyNumberOfThreads(t *testing.T) {
	g := neighbours(t, hexagonalTorus(5, 700), 12, 3)
	values, vectors, err := g.Lowest(8, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, threads := range []int{2, 3, 7} {
		again, turned, err := g.Lowest(8, threads)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%b", again) != fmt.Sprintf("%b", values) || !mat.Equal(vectors, turned) {
			t.Errorf("%d threads give other bits than one", threads)
		}
	}
}
