package torus

import (
	"math"
	"testing"
)

// A path is cut where it leaves the sheet, and comes back on the other side at the same height.
func TestPathsAreCutAtTheSidesOfTheSheet(t *testing.T) {
	const turn = 2 * math.Pi
	pieces := wrapped([][2]float64{{6, 1}, {0.2, 1.4}, {0.4, 1.6}})
	if len(pieces) != 2 || len(pieces[0]) != 2 || len(pieces[1]) != 3 {
		t.Fatalf("pieces %v", pieces)
	}
	out, in := pieces[0][1], pieces[1][0]
	if out[0] != turn || math.Abs(in[0]) > 1e-9 || math.Abs(out[1]-in[1]) > 1e-9 || out[1] < 1 || out[1] > 1.4 {
		t.Errorf("leaves at %v, comes back at %v", out, in)
	}
	if n := len(wrapped([][2]float64{{1, 1}, {2, 2}, {3, 1}})); n != 1 {
		t.Errorf("a path that stays is cut into %d", n)
	}
}
