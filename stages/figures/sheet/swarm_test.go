package sheet

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestMarksOfASwarmDoNotTouch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SliceOfN(rapid.Float64Range(0, 20), 0, 30).Draw(t, "places")
		off := Swarm(at, 1.5)
		for i := range at {
			if math.IsInf(off[i], 0) {
				t.Fatalf("mark %d has no place", i)
			}
			for j := range i {
				if math.Hypot(at[i]-at[j], off[i]-off[j]) < 1.5*(1-1e-6) {
					t.Fatalf("marks %d and %d touch", i, j)
				}
			}
		}
	})
	if off := Swarm([]float64{1, 9, math.NaN(), 5}, 1.5); Widest(off) != 0 {
		t.Errorf("marks that stand apart are moved by %v", off)
	}
	if off := Swarm([]float64{3, 3, 3}, 2); Widest(off) != 2 {
		t.Errorf("three marks of one place are moved by %v", off)
	}
}
