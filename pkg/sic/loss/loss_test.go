package loss

import (
	"encoding/json"
	"math"
	"testing"
)

// The weights of isometry and capacity as they rise: 0 until the start, a line, then whole.
func TestWeightsRise(t *testing.T) {
	p := Params{Separation: 1, Capacity: 0.2, ConformalIsometry: 0.4, CapacityStart: 10, CapacityWarmup: 20, IsometryWarmup: 8}
	for step, want := range map[int][2]float64{1: {0, 0.05}, 4: {0, 0.2}, 8: {0, 0.4}, 10: {0, 0.4}, 15: {0.05, 0.4}, 30: {0.2, 0.4}, 1000: {0.2, 0.4}} {
		if w := p.Weights(step); w[Separation] != 1 || math.Abs(w[Capacity]-want[0]) > 1e-15 || math.Abs(w[ConformalIsometry]-want[1]) > 1e-15 {
			t.Errorf("step %d: weights %v, want 1 for separation, %v for capacity and isometry", step, w, want)
		}
	}
	p.CapacityWarmup = 0
	if before, from := p.Weights(9)[Capacity], p.Weights(10)[Capacity]; before != 0 || from != 0.2 {
		t.Errorf("capacity %v before its start and %v from it on, want 0 and 0.2", before, from)
	}
	if p.CapacityStart = 0; p.Weights(1)[Capacity] != 0.2 {
		t.Errorf("capacity %v in the first step, want 0.2", p.Weights(1)[Capacity])
	}
}

// The table has a row for every term, whose key is the name of its weight among the parameters.
func TestTableNamesTheWeights(t *testing.T) {
	for i, term := range Table {
		var p Params
		*term.Weight(&p) = 0.25
		data, err := json.Marshal(p)
		var named map[string]any
		if err == nil {
			err = json.Unmarshal(data, &named)
		}
		if err != nil || named[term.Key] != 0.25 {
			t.Errorf("term %d: %q is %v in %s (%v)", i, term.Key, named[term.Key], data, err)
		}
	}
}
