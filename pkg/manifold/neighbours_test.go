package manifold

import (
	"cmp"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

func neighbours(t testing.TB, points *mat.Dense, k, threads int) *Graph {
	t.Helper()
	g, err := NearestNeighbours(points, k, threads)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Integer coordinates make many distances equal.
func TestTheGraphJoinsNearestNeighboursWhateverTheThreads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "points")
		k := rapid.IntRange(1, n-1).Draw(t, "k")
		points := mat.NewDense(n, 2, nil)
		for i := range n {
			points.SetRow(i, []float64{float64(rapid.IntRange(0, 4).Draw(t, "x")), float64(rapid.IntRange(0, 4).Draw(t, "y"))})
		}
		near := make([][]int, n)
		for i := range n {
			square := func(j int) float64 {
				dx, dy := points.At(i, 0)-points.At(j, 0), points.At(i, 1)-points.At(j, 1)
				return dx*dx + dy*dy
			}
			var others []int
			for j := range n {
				if j != i {
					others = append(others, j)
				}
			}
			slices.SortStableFunc(others, func(a, b int) int { return cmp.Compare(square(a), square(b)) })
			near[i] = others[:k]
		}
		g, err := NearestNeighbours(points, k, rapid.IntRange(1, 5).Draw(t, "threads"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			for j := range n {
				want := slices.Contains(near[i], j) || slices.Contains(near[j], i)
				if got := slices.Contains(g.Neighbours(i), int32(j)); got != want {
					t.Fatalf("points %d and %d: joined %v, want %v", i, j, got, want)
				}
			}
		}
	})
}

func TestTwoRingsAreTwoComponents(t *testing.T) {
	points := mat.NewDense(300, 2, nil)
	points.Copy(ring(1, 100))
	for i, x := range uniform(2, 200, 1) {
		points.SetRow(100+i, []float64{50 + x[0], x[1]})
	}
	component, size := neighbours(t, points, 8, 2).Components()
	if !slices.Equal(size, []int{100, 200}) {
		t.Fatalf("components of %v points, want 100 and 200", size)
	}
	for i, c := range component {
		if want := min(i/100, 1); c != want {
			t.Fatalf("point %d lies in component %d, want %d", i, c, want)
		}
	}
}
