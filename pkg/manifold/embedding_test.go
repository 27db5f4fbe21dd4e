package manifold

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func embed(t testing.TB, points *mat.Dense, dims int) *Embedding {
	t.Helper()
	e, err := Spectral(points, SpectralOptions{15, dims, 12, 2})
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := points.Dims(); e.Components != 1 || e.Embedded != n {
		t.Fatalf("%d of %d points in the largest of %d components, want one component", e.Embedded, n, e.Components)
	}
	return e
}

// isHexagonalTorus is the spectral sign of a hexagonal torus: six alike, then a gap.
func isHexagonalTorus(eigenvalue []float64) bool {
	return eigenvalue[5] < 1.5*eigenvalue[0] && eigenvalue[6] > 2*eigenvalue[5]
}

func TestAHexagonalTorusHasASixFoldLowestEigenvalue(t *testing.T) {
	for seed := range uint64(3) {
		e := embed(t, hexagonalTorus(seed, 3000), 3).Eigenvalue
		if !isHexagonalTorus(e) {
			t.Errorf("seed %d: eigenvalues %.4f, want six within 1.5 and the seventh above twice the sixth", seed, e)
		}
	}
}

func TestAnIdealGridCodeIsAHexagonalTorus(t *testing.T) {
	for _, threshold := range []float64{-1.5, 0, 0.75} {
		states := gridCode(2, 4000, 128, threshold)
		pc, err := principal(t, states).Project(states, 6)
		if err != nil {
			t.Fatal(err)
		}
		if e := embed(t, pc, 3).Eigenvalue; !isHexagonalTorus(e) {
			t.Errorf("threshold %g: eigenvalues %.4f, want six within 1.5 and the seventh above twice the sixth", threshold, e)
		}
	}
}

func TestASquareTorusHasAFourFoldLowestEigenvalue(t *testing.T) {
	e := embed(t, squareTorus(1, 3000), 3).Eigenvalue
	if e[3] > 1.3*e[0] || e[4] < 1.6*e[3] || e[7] > 1.3*e[4] {
		t.Errorf("eigenvalues %.4f, want four alike and four of twice their size", e)
	}
	if isHexagonalTorus(e) {
		t.Error("a square torus passes for a hexagonal one")
	}
}

func TestARingIsEmbeddedAsACircleInItsOrder(t *testing.T) {
	points := ring(1, 1500)
	e := embed(t, points, 2)
	if e.Eigenvalue[1] > 1.2*e.Eigenvalue[0] || e.Eigenvalue[2] < 3*e.Eigenvalue[1] {
		t.Errorf("eigenvalues %.3g, want two alike and the next four times as large", e.Eigenvalue)
	}
	// A rotation or reflection takes the embedded angle to the true one; both are tried by the mean
	// of exp(i difference).
	var mean [2][2]float64
	for i := range 1500 {
		x, y := e.Coordinate.At(i, 0), e.Coordinate.At(i, 1)
		if r := math.Hypot(x, y); math.Abs(r-math.Sqrt2) > 0.15 {
			t.Fatalf("point %d lies at radius %.3f, want sqrt 2", i, r)
		}
		angle, truth := math.Atan2(y, x), math.Atan2(points.At(i, 1), points.At(i, 0))
		for turn, d := range []float64{angle - truth, angle + truth} {
			mean[turn][0] += math.Cos(d) / 1500
			mean[turn][1] += math.Sin(d) / 1500
		}
	}
	if best := max(math.Hypot(mean[0][0], mean[0][1]), math.Hypot(mean[1][0], mean[1][1])); best < 0.98 {
		t.Errorf("the angles of circle and ring agree to %.3f, want 0.98", best)
	}
}

func TestASheetIsNeitherTorusNorRing(t *testing.T) {
	e := embed(t, sheet(1, 3000), 3).Eigenvalue
	if isHexagonalTorus(e) {
		t.Errorf("a sheet passes for a hexagonal torus: %.4f", e)
	}
	// Sides a and b with free edges: (pi m/a)^2 + (pi n/b)^2.
	for i, want := range []float64{1, 1.5625, 2.5625, 4} {
		if got := e[i] / e[0]; math.Abs(got-want) > 0.15*want {
			t.Errorf("eigenvalue %d is %.3f times the lowest, want %.3f", i+1, got, want)
		}
	}
}

func TestTheLargestComponentIsEmbedded(t *testing.T) {
	points := mat.NewDense(500, 2, nil)
	for i, x := range uniform(2, 200, 1) {
		points.SetRow(i, []float64{50 + x[0], x[1]})
	}
	circle := ring(1, 300)
	for i := range 300 {
		points.SetRow(200+i, circle.RawRowView(i))
	}
	e, err := Spectral(points, SpectralOptions{10, 2, 4, 2})
	if err != nil {
		t.Fatal(err)
	}
	if e.Components != 2 || e.Embedded != 300 {
		t.Errorf("%d points of %d components embedded, want 300 of 2", e.Embedded, e.Components)
	}
	alone, err := Spectral(circle, SpectralOptions{10, 2, 4, 2})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		for c := range 2 {
			got := e.Coordinate.At(i, c)
			if i < 200 && !math.IsNaN(got) {
				t.Fatalf("point %d lies outside the largest component but has coordinate %g", i, got)
			}
			if i >= 200 && got != alone.Coordinate.At(i-200, c) {
				t.Fatalf("point %d of the ring is embedded elsewhere than in the ring alone", i)
			}
		}
	}
}

func TestCoincidingPointsAreNoFault(t *testing.T) {
	e, err := Spectral(mat.NewDense(100, 3, nil), SpectralOptions{5, 2, 4, 2})
	if err != nil {
		t.Fatal(err)
	}
	if e.Components != 1 {
		t.Errorf("100 coinciding points fall into %d components", e.Components)
	}
}

func BenchmarkSpectral8000(b *testing.B) {
	points := hexagonalTorus(1, 8000)
	for b.Loop() {
		if _, err := Spectral(points, SpectralOptions{15, 3, 12, 2}); err != nil {
			b.Fatal(err)
		}
	}
}
