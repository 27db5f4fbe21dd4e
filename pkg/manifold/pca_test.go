package manifold

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

func principal(t testing.TB, points *mat.Dense) *PCA {
	t.Helper()
	p, err := Principal(points)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The sum of three waves is a linear map of their three cosines and three sines; the threshold adds
// harmonics.
func TestSixComponentsHoldAnIdealGridCode(t *testing.T) {
	for _, c := range []struct {
		name      string
		threshold float64
		low, high float64
	}{
		{"not rectified", -1.5, 0.999, 1},
		{"rectified at half the trough", -0.75, 0.97, 0.99},
		{"rectified at zero", 0, 0.85, 0.93},
	} {
		t.Run(c.name, func(t *testing.T) {
			ratio := principal(t, gridCode(1, 2000, 128, c.threshold)).Ratio
			if share := floats.Sum(ratio[:6]); share < c.low || share > c.high {
				t.Errorf("six components hold %.4f of the variance, want %g to %g", share, c.low, c.high)
			}
			if ratio[5] < 4*ratio[6] {
				t.Errorf("component 6 holds %.4f, component 7 %.4f of the variance: want a fall by 4", ratio[5], ratio[6])
			}
			if ratio[0] > 2*ratio[5] {
				t.Errorf("component 1 holds %.4f, component 6 %.4f of the variance: want them alike", ratio[0], ratio[5])
			}
		})
	}
}

func TestComponentsRecoverTheAxesOfAnEllipsoid(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 0))
	points := mat.NewDense(20000, 3, nil)
	s := math.Sqrt(0.5)
	for i := range 20000 {
		a, b, c := 3*random.NormFloat64(), 2*random.NormFloat64(), random.NormFloat64()
		points.SetRow(i, []float64{5 + s*(a-b), -1 + s*(a+b), c})
	}
	p := principal(t, points)
	for i, want := range []float64{9, 4, 1} {
		if math.Abs(p.Variance[i]-want) > 0.05*want {
			t.Errorf("variance %d is %.3f, want %g", i+1, p.Variance[i], want)
		}
	}
	for i, want := range [][]float64{{s, s, 0}, {s, -s, 0}, {0, 0, 1}} {
		if c := math.Abs(floats.Dot(p.Direction.RawRowView(i), want)); c < 0.999 {
			t.Errorf("axis %d is %.3f, want %.3f or its opposite", i+1, p.Direction.RawRowView(i), want)
		}
	}
}

func randomPoints(t *rapid.T) *mat.Dense {
	dims := rapid.IntRange(1, 8).Draw(t, "dims")
	n := rapid.IntRange(dims, 40).Draw(t, "points")
	points := mat.NewDense(n, dims, nil)
	for i := range n {
		for j := range dims {
			points.Set(i, j, rapid.Float64Range(-10, 10).Draw(t, "x"))
		}
	}
	return points
}

func TestAllComponentsTogetherAreARotation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := randomPoints(t)
		n, dims := points.Dims()
		p, err := Principal(points)
		if err != nil {
			t.Fatal(err)
		}
		projected, err := p.Project(points, dims)
		if err != nil {
			t.Fatal(err)
		}
		var back mat.Dense
		back.Mul(projected, p.Direction)
		for i := range n {
			for j := range dims {
				if math.Abs(back.At(i, j)+p.Mean[j]-points.At(i, j)) > 1e-9 {
					t.Fatalf("point %d is not restored by its components", i)
				}
			}
		}
		for c := range dims {
			var sum, square float64
			for i := range n {
				sum += projected.At(i, c)
				square += projected.At(i, c) * projected.At(i, c)
			}
			if math.Abs(sum/float64(n)) > 1e-9 || math.Abs(square/float64(n)-p.Variance[c]) > 1e-8 {
				t.Fatalf("component %d has mean %g and variance %g, want 0 and %g", c, sum/float64(n), square/float64(n), p.Variance[c])
			}
			if c > 0 && p.Variance[c] > p.Variance[c-1] {
				t.Fatalf("variances do not descend: %g", p.Variance)
			}
			row := p.Direction.RawRowView(c)
			if largest := max(floats.Max(row), -floats.Min(row)); floats.Max(row) < largest*(1-1e-9) {
				t.Fatalf("component %d has a negative largest loading: %g", c, row)
			}
		}
	})
}

// Of fewer points than dimensions the components are found among the points: 10 states of 20 000 units
// in a moment, where the covariance of the units would take 3.2 GB. They are those of the covariance.
func TestFewPointsOfManyDimensionsHaveTheComponentsOfTheirCovariance(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	wide, tall := mat.NewDense(10, 20000, nil), mat.NewDense(10, 12, nil)
	for i := range 10 {
		for j := range 20000 {
			wide.Set(i, j, random.NormFloat64())
		}
		for j := range 12 {
			tall.Set(i, j, random.NormFloat64())
		}
	}
	if p := principal(t, wide); len(p.Variance) != 10 || p.Variance[9] > 1e-9*p.Variance[0] {
		t.Errorf("variances %v of ten points, want nine and none", p.Variance)
	}
	p := principal(t, tall)
	direct := &PCA{Mean: means(tall)}
	sums, err := direct.covariance(context.Background(), tall, 1)
	if err != nil {
		t.Fatal(err)
	}
	values, _, err := eigen(context.Background(), mat.NewSymDense(12, sums))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 9 {
		if want := values[11-i]; math.Abs(p.Variance[i]-want) > 1e-9 {
			t.Errorf("component %d: variance %g, want %g", i+1, p.Variance[i], want)
		}
		for j := range i + 1 {
			want := 0.0
			if i == j {
				want = 1
			}
			if got := floats.Dot(p.Direction.RawRowView(i), p.Direction.RawRowView(j)); math.Abs(got-want) > 1e-9 {
				t.Errorf("directions %d and %d have the inner product %g, want %g", i+1, j+1, got, want)
			}
		}
	}
	projected, err := p.Project(tall, 9)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := squared(projected.RawRowView(0), projected.RawRowView(5)), squared(tall.RawRowView(0), tall.RawRowView(5)); math.Abs(got-want) > 1e-9 {
		t.Errorf("nine components put two of ten points %g apart, want %g", got, want)
	}
}

// Six strong directions among 500 hold as much variance by iteration as by the eigenvectors.
func TestLeadingComponentsByIterationHoldTheVariance(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	hidden := hexagonalTorus(1, 450)
	points := mat.NewDense(450, 500, nil)
	loading := mat.NewDense(6, 500, nil)
	for i := range loading.RawMatrix().Data {
		loading.RawMatrix().Data[i] = random.NormFloat64()
	}
	points.Mul(hidden, loading)
	for i := range points.RawMatrix().Data {
		points.RawMatrix().Data[i] += 0.1 * random.NormFloat64()
	}
	variance := func(cloud *mat.Dense) float64 { return floats.Sum(principal(t, cloud).Variance) }
	exact, err := principal(t, points).Project(points, 6)
	if err != nil {
		t.Fatal(err)
	}
	found, err := leading(context.Background(), points, 6)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := variance(found), variance(exact); math.Abs(got-want) > 1e-3*want {
		t.Errorf("variance %g by iteration, want %g", got, want)
	}
}

// The factorisation of a large matrix cannot be stopped: it is left behind.
func TestComponentsEndWithTheirContext(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	points := mat.NewDense(700, 700, nil)
	for i := range points.RawMatrix().Data {
		points.RawMatrix().Data[i] = random.NormFloat64()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := decompose(ctx, points, 1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that the context has ended", err)
	}
}

func TestCoincidingPointsHaveNoVarianceRatio(t *testing.T) {
	p := principal(t, mat.NewDense(4, 2, []float64{1, 2, 1, 2, 1, 2, 1, 2}))
	for i := range 2 {
		if p.Variance[i] != 0 || !math.IsNaN(p.Ratio[i]) {
			t.Errorf("component %d of coinciding points: variance %g, ratio %g, want 0 and NaN", i+1, p.Variance[i], p.Ratio[i])
		}
	}
}

func TestBadPointsAreRefusedInOneLine(t *testing.T) {
	bad := mat.NewDense(2, 2, []float64{1, 2, 3, math.NaN()})
	for name, try := range map[string]func() error{
		"none":      func() error { _, err := Principal(nil); return err },
		"empty":     func() error { _, err := Principal(&mat.Dense{}); return err },
		"nan":       func() error { _, err := Principal(bad); return err },
		"graph nan": func() error { _, err := NearestNeighbours(bad, 1, 1); return err },
		"too many components": func() error {
			_, err := principal(t, hexagonalTorus(1, 20)).Project(hexagonalTorus(1, 20), 7)
			return err
		},
		"other dimensions": func() error {
			_, err := principal(t, hexagonalTorus(1, 20)).Project(ring(1, 20), 2)
			return err
		},
		"no neighbours":       func() error { _, err := NearestNeighbours(ring(1, 20), 0, 1); return err },
		"too many neighbours": func() error { _, err := NearestNeighbours(ring(1, 20), 20, 1); return err },
		"few points":          func() error { _, err := Spectral(ring(1, 20), SpectralOptions{5, 2, 20, 1}); return err },
		"few eigenvalues":     func() error { _, err := Spectral(ring(1, 20), SpectralOptions{5, 3, 2, 1}); return err },
		"no dimensions":       func() error { _, err := Spectral(ring(1, 20), SpectralOptions{5, 0, 2, 1}); return err },
	} {
		if err := try(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want an error of one line", name, err)
		}
	}
}
