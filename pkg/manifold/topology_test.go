package manifold

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// blurred adds normal noise of this standard deviation to every coordinate.
func blurred(points *mat.Dense, sd float64) *mat.Dense {
	random := rand.New(rand.NewPCG(7, 7))
	out := mat.DenseCopyOf(points)
	raw := out.RawMatrix().Data
	for i := range raw {
		raw[i] += sd * random.NormFloat64()
	}
	return out
}

// fewControls are enough for shapes that are plain, and keep the tests fast.
func fewControls() TopologyOptions {
	o := StandardTopology()
	o.Controls, o.Threads = 5, 2
	return o
}

func shapeOf(t *testing.T, points *mat.Dense, o TopologyOptions) *Shape {
	t.Helper()
	s, err := Topology(context.Background(), points, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestShapesHaveTheirBettiNumbersWithAndWithoutNoise(t *testing.T) {
	for _, c := range []struct {
		name   string
		points *mat.Dense
		noise  float64
		want   []int
	}{
		{"hexagonal torus", hexagonalTorus(1, 2500), 0.2, []int{1, 2, 1}},
		{"square torus", squareTorus(1, 2000), 0.1, []int{1, 2, 1}},
		{"square torus of radii 1 and 0.5", stretched(squareTorus(2, 2000), 1, 1, 0.5, 0.5), 0.03, []int{1, 2, 1}},
		{"torus of two radii", torusOfRevolution(1, 2000, 2, 1), 0.05, []int{1, 2, 1}},
		{"ring", ring(1, 1500), 0.2, []int{1, 1, 0}},
		{"sheet", sheet(1, 1500), 0.05, []int{1, 0, 0}},
		{"sphere", sphere(1, 1500), 0.1, []int{1, 0, 1}},
		{"two rings far apart", twoRings(), 0.05, []int{2, 2, 0}},
		{"ideal grid code of 64 units", gridCode(1, 2500, 64, 0), 0.03, []int{1, 2, 1}},
	} {
		for _, noise := range []float64{0, c.noise} {
			if s := shapeOf(t, blurred(c.points, noise), fewControls()); !slices.Equal(s.Verdict.Numbers, c.want) {
				t.Errorf("%s with noise %g: %+v, want %v", c.name, noise, s.Verdict, c.want)
			}
		}
	}
}

// stretched multiplies each dimension by its factor.
func stretched(points *mat.Dense, factors ...float64) *mat.Dense {
	n, _ := points.Dims()
	for i := range n {
		for j, f := range factors {
			points.Set(i, j, f*points.At(i, j))
		}
	}
	return points
}

// Averages find a torus under noise: max-min landmarks of noisy points are the outliers. A sound shape
// is left alone: averages would gather its points in clumps.
func TestOnlyNoisyPointsAreAveraged(t *testing.T) {
	noisy := blurred(hexagonalTorus(1, 3000), 0.3)
	if s := shapeOf(t, noisy, fewControls()); s.Averaged != 60 || !slices.Equal(s.Verdict.Numbers, []int{1, 2, 1}) {
		t.Errorf("averaged over %d: %+v, want 60 and 1 2 1", s.Averaged, s.Verdict)
	}
	o := fewControls()
	o.Average = 0
	if s := shapeOf(t, noisy, o); s.Verdict.Numbers != nil {
		t.Errorf("without averages: %+v, want undetermined", s.Verdict)
	}
	if s := shapeOf(t, torusOfRevolution(1, 2000, 2, 1), fewControls()); s.Averaged != 0 || s.Thickness > 0.05 {
		t.Errorf("a torus without noise is %.3f thick and averaged over %d, want 0.05 at most and 0", s.Thickness, s.Averaged)
	}
}

// Few points in order are periodic, so that rolling makes ellipses of a circle: its controls are
// shuffled.
func TestACircleOfFewPointsInOrderIsACircle(t *testing.T) {
	for _, n := range []int{60, 100, 150, 200} {
		points := mat.NewDense(n, 2, nil)
		for i := range n {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			points.SetRow(i, []float64{cos, sin})
		}
		s := shapeOf(t, points, fewControls())
		if !slices.Equal(s.Verdict.Numbers, []int{1, 1, 0}) || s.Control != Shuffled {
			t.Errorf("%d points: %+v, controls %s: want 1 1 0 and shuffled", n, s.Verdict, s.Control)
		}
	}
}

// Twice the loop around a Klein bottle bounds, so that it and the void count over Z/2 alone.
func TestTheFieldTellsAKleinBottleFromATorus(t *testing.T) {
	for _, c := range []struct {
		name   string
		points *mat.Dense
		field  int
		want   []int
	}{
		{"torus", squareTorus(1, 1500), 2, []int{1, 2, 1}}, {"torus", squareTorus(1, 1500), 3, []int{1, 2, 1}}, {"torus", squareTorus(1, 1500), 47, []int{1, 2, 1}},
		{"Klein bottle", kleinBottle(1, 2000), 2, []int{1, 2, 1}}, {"Klein bottle", kleinBottle(1, 2000), 3, []int{1, 1, 0}}, {"Klein bottle", kleinBottle(1, 2000), 47, []int{1, 1, 0}},
	} {
		o := fewControls()
		o.Field = c.field
		if s := shapeOf(t, c.points, o); !slices.Equal(s.Verdict.Numbers, c.want) {
			t.Errorf("%s over Z/%d: %+v, want %v", c.name, c.field, s.Verdict, c.want)
		}
	}
}

func TestTopologyOfAlmostNothing(t *testing.T) {
	for name, points := range map[string]*mat.Dense{"one point": mat.NewDense(1, 3, nil), "coinciding points": mat.NewDense(50, 3, nil)} {
		s := shapeOf(t, points, fewControls())
		if s.Verdict.Numbers != nil || s.Verdict.Reason != "all states coincide" || s.Landmarks != 1 {
			t.Errorf("%s: %+v of %d landmarks, want none of one", name, s.Verdict, s.Landmarks)
		}
	}
	o := fewControls()
	o.Components, o.MaxPoints, o.Landmarks, o.Dimension, o.Controls = 9, 500, 20, 1, 0
	s := shapeOf(t, hexagonalTorus(1, 1001), o)
	if s.Points != 334 || s.Landmarks != 20 || len(s.Intervals) != 2 || s.Verdict.Reason != "there are no controls to compare with" {
		t.Errorf("%+v: want every third of 1001 points, 20 landmarks, two dimensions and no controls", s)
	}
}

func TestTopologyEndsWithItsContextAndSaysHowFarItIs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := fewControls()
	o.Progress = func(done, total int) {
		if total != 5 {
			t.Errorf("%d of %d controls, want 5", done, total)
		}
		if done == 2 {
			cancel()
		}
	}
	if _, err := Topology(ctx, squareTorus(1, 500), o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the context was cancelled", err)
	}
}

func TestTheVerdictDoesNotDependOnTheThreads(t *testing.T) {
	var first *Shape
	for _, threads := range []int{1, 3} {
		o := fewControls()
		o.Threads = threads
		s := shapeOf(t, blurred(hexagonalTorus(1, 1000), 0.3), o)
		if first == nil {
			first = s
		}
		if !slices.EqualFunc(first.Longest, s.Longest, slices.Equal) || first.Verdict.Reason != s.Verdict.Reason {
			t.Errorf("%d threads: controls %v, %+v; one thread: %v, %+v", threads, s.Longest, s.Verdict, first.Longest, first.Verdict)
		}
	}
}

func TestImpossibleTopologyOptionsAreRefused(t *testing.T) {
	for want, change := range map[string]func(*TopologyOptions){
		"components is 0": func(o *TopologyOptions) { o.Components = 0 }, "max_points is 1": func(o *TopologyOptions) { o.MaxPoints = 1 },
		"average is 1": func(o *TopologyOptions) { o.Average = 1 }, "landmarks is 501": func(o *TopologyOptions) { o.Landmarks = 501 },
		"dimension is 3": func(o *TopologyOptions) { o.Dimension = 3 }, "field is 9": func(o *TopologyOptions) { o.Field = 9 },
		"controls is -1": func(o *TopologyOptions) { o.Controls = -1 }, `control is "mixed"`: func(o *TopologyOptions) { o.Control = "mixed" },
		"dimension 0: -": func(o *TopologyOptions) { o.SquareRoot = true },
	} {
		o := fewControls()
		change(&o)
		if _, err := Topology(context.Background(), ring(1, 10), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
