package manifold

import (
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

func betti(t *testing.T, points *mat.Dense, o TopologyOptions) []int {
	t.Helper()
	s, err := Topology(points, o)
	if err != nil {
		t.Fatal(err)
	}
	got, _, _, ok := s.Betti()
	if !ok {
		t.Fatal("no range of scales")
	}
	return got
}

func TestShapesAreFoundUnderNoise(t *testing.T) {
	for _, c := range []struct {
		name   string
		points *mat.Dense
		noise  float64
		want   []int
	}{
		{"hexagonal torus", hexagonalTorus(1, 4000), 0.2, []int{1, 2, 1}},
		{"square torus", squareTorus(1, 4000), 0.1, []int{1, 2, 1}},
		{"ring", ring(1, 4000), 0.2, []int{1, 1, 0}},
		{"sheet", sheet(1, 4000), 0.05, []int{1, 0, 0}},
		{"ideal grid code of 64 units", gridCode(1, 4000, 64, 0), 0.03, []int{1, 2, 1}},
	} {
		for _, noise := range []float64{0, c.noise} {
			if got := betti(t, blurred(c.points, noise), StandardTopology()); !slices.Equal(got, c.want) {
				t.Errorf("%s with noise %g: Betti numbers %v, want %v", c.name, noise, got, c.want)
			}
		}
	}
}

// The averages are what finds them: max-min landmarks of noisy points are the outliers.
func TestWithoutAveragesNoiseHidesTheTorus(t *testing.T) {
	o := StandardTopology()
	o.Average = 0
	if got := betti(t, blurred(hexagonalTorus(1, 4000), 0.3), o); slices.Equal(got, []int{1, 2, 1}) {
		t.Error("the torus is in plain sight")
	}
	o.Average = 0.02
	if got := betti(t, blurred(hexagonalTorus(1, 4000), 0.3), o); !slices.Equal(got, []int{1, 2, 1}) {
		t.Errorf("averaged: Betti numbers %v, want 1 2 1", got)
	}
}

func TestTopologyOfAlmostNothing(t *testing.T) {
	for name, points := range map[string]*mat.Dense{"one point": mat.NewDense(1, 3, nil), "coinciding points": mat.NewDense(50, 3, nil)} {
		s, err := Topology(points, StandardTopology())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, _, _, ok := s.Betti(); ok || s.Landmarks != 1 {
			t.Errorf("%s: %d landmarks have Betti numbers, want one without", name, s.Landmarks)
		}
	}
	s, err := Topology(hexagonalTorus(1, 1001), TopologyOptions{Components: 9, MaxPoints: 500, Landmarks: 20, Dimension: 1})
	if err != nil || s.Points != 334 || s.Landmarks != 20 || len(s.Intervals) != 2 {
		t.Errorf("%+v, %v: want every third of 1001 points, 20 landmarks and two dimensions", s, err)
	}
}

func TestImpossibleTopologyOptionsAreRefused(t *testing.T) {
	for want, change := range map[string]func(*TopologyOptions){
		"components is 0": func(o *TopologyOptions) { o.Components = 0 }, "max_points is 1": func(o *TopologyOptions) { o.MaxPoints = 1 },
		"average is 1": func(o *TopologyOptions) { o.Average = 1 }, "landmarks is 501": func(o *TopologyOptions) { o.Landmarks = 501 },
		"dimension is 3": func(o *TopologyOptions) { o.Dimension = 3 },
	} {
		o := StandardTopology()
		change(&o)
		if _, err := Topology(ring(1, 10), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
