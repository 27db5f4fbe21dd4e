package manifold

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// roll is a sheet of 1 x 0.8 bent round a cylinder of radius 0.2 without being stretched, and where
// on the sheet each point is.
func roll(n int) (points, flat *mat.Dense) {
	flat = sheet(1, n)
	points = mat.NewDense(n, 3, nil)
	for i := range n {
		const radius = 0.2
		s := flat.At(i, 0)
		points.SetRow(i, []float64{radius * math.Cos(s/radius), radius * math.Sin(s/radius), flat.At(i, 1)})
	}
	return points, flat
}

// misfit is the share of the variance of a that no rotation, reflection and shift of b explains
// (Procrustes).
func misfit(a, b *mat.Dense) float64 {
	n, dims := a.Dims()
	centred := func(m *mat.Dense) *mat.Dense {
		out := mat.DenseCopyOf(m)
		for c := range dims {
			mean := mat.Sum(m.ColView(c)) / float64(n)
			for i := range n {
				out.Set(i, c, m.At(i, c)-mean)
			}
		}
		return out
	}
	x, y := centred(a), centred(b)
	var cross, turn, turned mat.Dense
	cross.Mul(y.T(), x)
	var svd mat.SVD
	svd.Factorize(&cross, mat.SVDThin)
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	turn.Mul(&u, v.T())
	turned.Mul(y, &turn)
	turned.Sub(&turned, x)
	return math.Pow(mat.Norm(&turned, 2)/mat.Norm(x, 2), 2)
}

func isomap(t testing.TB, points *mat.Dense, dims, landmarks int) *Geodesic {
	t.Helper()
	e, err := Isomap(points, IsomapOptions{10, dims, landmarks, 2})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestIsomapUnrollsARolledSheet(t *testing.T) {
	points, flat := roll(1200) // 0.8 of a turn
	for _, landmarks := range []int{1200, 100} {
		e := isomap(t, points, 2, landmarks)
		if m := misfit(flat, e.Coordinate); m > 0.01 {
			t.Errorf("%d landmarks: %.3f of the variance of the sheet is lost, want 0.01 at most", landmarks, m)
		}
		if e.Residual > 0.01 {
			t.Errorf("%d landmarks: residual variance %.3f, want 0.01 at most", landmarks, e.Residual)
		}
	}
	straight, err := principal(t, points).Project(points, 2)
	if err != nil {
		t.Fatal(err)
	}
	if m := misfit(flat, straight); m < 0.1 {
		t.Errorf("principal components lose %.3f of the variance: the sheet is not rolled", m)
	}
}

func TestIsomapOfARingIsACircle(t *testing.T) {
	e := isomap(t, ring(1, 800), 2, 100)
	var radius []float64
	for i := range 800 {
		radius = append(radius, math.Hypot(e.Coordinate.At(i, 0), e.Coordinate.At(i, 1)))
	}
	if least, most := slices.Min(radius), slices.Max(radius); least < 0.9*most {
		t.Errorf("radii from %.3f to %.3f, want a circle", least, most)
	}
	if e.Residual < 0.005 {
		t.Errorf("residual variance %.4f: a ring does not unroll into a plane", e.Residual)
	}
}

func TestIsomapEmbedsTheLargestComponentForAnyNumberOfThreads(t *testing.T) {
	far := mat.NewDense(330, 2, nil)
	random := rand.New(rand.NewPCG(1, 9))
	for i := range 330 {
		offset := 0.0
		if i < 30 {
			offset = 100
		}
		far.SetRow(i, []float64{random.Float64() + offset, random.Float64()})
	}
	var first []float64
	for _, threads := range []int{1, 2, 5} {
		e, err := Isomap(far, IsomapOptions{8, 2, 50, threads})
		if err != nil {
			t.Fatal(err)
		}
		if e.Embedded != 300 || !math.IsNaN(e.Coordinate.At(3, 0)) || math.IsNaN(e.Coordinate.At(30, 0)) {
			t.Fatalf("%d points embedded, want the 300 of the largest component", e.Embedded)
		}
		if raw := e.Coordinate.RawMatrix().Data[60:]; first == nil {
			first = raw
		} else if !slices.Equal(raw, first) {
			t.Errorf("%d threads give other coordinates than 1", threads)
		}
	}
}

func TestWhatIsomapCannotEmbedIsRefusedInOneLine(t *testing.T) {
	line := mat.NewDense(20, 2, nil)
	for i := range 20 {
		line.Set(i, 0, float64(i))
	}
	for want, try := range map[string]func() error{
		"20 neighbours for each of 20 points": func() error { _, err := Isomap(line, IsomapOptions{20, 1, 20, 1}); return err },
		"2 dimensions from 2 landmarks":       func() error { _, err := Isomap(line, IsomapOptions{3, 2, 2, 1}); return err },
		"spread in 1 directions":              func() error { _, err := Isomap(line, IsomapOptions{3, 2, 20, 1}); return err },
		"from 1 different points":             func() error { _, err := Isomap(mat.NewDense(9, 2, nil), IsomapOptions{3, 2, 9, 1}); return err },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, want)
		}
	}
}

func BenchmarkIsomap4000(b *testing.B) {
	points := hexagonalTorus(1, 4000)
	for b.Loop() {
		if _, err := Isomap(points, IsomapOptions{15, 3, 200, 2}); err != nil {
			b.Fatal(err)
		}
	}
}
