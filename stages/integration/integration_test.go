package integration

import (
	"context"
	"math"
	"testing"

	"sicgrid/pkg/walk"
)

var params = Params{BoxM: 2, Walks: 30, Steps: 300, Places: 60, ReachM: 1, SigmaX: 0.05, VelocityMax: 0.15, Motion: walk.DefaultMotion()}

// grid is a hexagonal code of two modules that follows every step, and adds bias metres along x to
// each.
type grid struct{ bias float64 }

func (g grid) Run(velocity [][]float32, visit func(walk, step int, state []float32)) {
	for w, v := range velocity {
		x, y := 0.0, 0.0
		for s := 0; s < len(v)/2; s++ {
			x, y = x+float64(v[2*s])+g.bias, y+float64(v[2*s+1])
			var state []float32
			for _, period := range []float64{0.8, 1.3} {
				for a := range 3 {
					si, co := math.Sincos(2 * math.Pi * float64(a) / 3)
					ks, kc := math.Sincos(4 * math.Pi / (math.Sqrt(3) * period) * (co*x + si*y))
					state = append(state, float32(kc/math.Sqrt(6)), float32(ks/math.Sqrt(6)))
				}
			}
			visit(w, s, state)
		}
	}
}

func measure(t *testing.T, g grid) *measured {
	t.Helper()
	m, err := params.measure(context.Background(), g, 1, func(int64, int64, string) {})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAGridCodeThatIntegratesExactly(t *testing.T) {
	m := measure(t, grid{})
	if len(m.lags) != 299 || len(m.ranges) != 4 {
		t.Fatalf("%d lags and %d radii, want 299 and 4", len(m.lags), len(m.ranges))
	}
	pairs := int64(0)
	for _, l := range m.lags {
		pairs += l.Pairs
		if l.Pairs > 0 && !(l.Same < 0.5) {
			t.Errorf("lag %d: the same place has states %g apart", l.Lag, l.Same)
		}
	}
	if pairs < 1000 {
		t.Errorf("%d pairs at the same place", pairs)
	}
	for _, e := range m.errors {
		if !(e.Median < 0.05) || !(e.Chance > 0.3) {
			t.Errorf("step %d: decoded %g m off, chance %g m", e.Step, e.Median, e.Chance)
		}
	}
	for _, c := range m.returns {
		if !(c.Loop < 1e-4) || !(c.AtRest < 1e-4) {
			t.Errorf("%d steps: loop %g, still %g", c.Steps, c.Loop, c.AtRest)
		}
	}
	if s := m.summary; s.Range != 1 || !(s.Apart < 1e-4) || !(s.Moved > 0.2) || !(s.Relative < 0.05) {
		t.Errorf("summary %+v", s)
	}
}

func TestABiasedOneDriftsAwayAndIsDecodedWrongly(t *testing.T) {
	m := measure(t, grid{0.002})
	last, first := m.errors[len(m.errors)-1], m.errors[0]
	if !(first.Median < 0.05) || !(last.Median > 0.3) {
		t.Errorf("decoded %g m off after %d steps and %g after %d, want 0.6", first.Median, first.Step, last.Median, last.Step)
	}
	if c := m.returns[len(m.returns)-1]; !(c.Loop > 0.3) || !(c.AtRest > 0.3) {
		t.Errorf("after %d steps: loop %g, still %g", c.Steps, c.Loop, c.AtRest)
	}
}
