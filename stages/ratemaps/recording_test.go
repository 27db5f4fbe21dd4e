package ratemaps

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// A place falls into the bin that holds it: row 0 lowest y, column 0 lowest x,
// and a place on the far wall into the last.
func TestBinOfAPlace(t *testing.T) {
	g := grid{bins: 4, box: 2}
	for _, c := range []struct {
		x, y float32
		want int
	}{{-1, -1, 0}, {0.99, -0.99, 3}, {-0.99, 0.99, 12}, {1, 1, 15}, {0.01, -0.01, 6}} {
		if got := g.bin(c.x, c.y); got != c.want {
			t.Errorf("(%v, %v) in bin %d, want %d", c.x, c.y, got, c.want)
		}
	}
}

// A unit whose activity is a function of place has that function as its map, in
// both halves; bins that no walk reached are NaN.
func TestMapIsTheMeanActivity(t *testing.T) {
	g := grid{bins: 4, box: 2}
	r := newRecording(g, 2, 100)
	for step := range 100 {
		for bin := range 15 { // the last bin stays empty
			x, y := float32(bin%4)*0.5-0.75, float32(bin/4)*0.5-0.75
			r.add(x, y, step, []float32{float32(bin), float32(step)})
		}
	}
	maps := r.maps()
	for bin := range 15 {
		if maps[0].Mean[bin] != float32(bin) || maps[0].Early[bin] != float32(bin) || maps[0].Late[bin] != float32(bin) {
			t.Fatalf("bin %d: %v %v %v", bin, maps[0].Mean[bin], maps[0].Early[bin], maps[0].Late[bin])
		}
	}
	if e, l := maps[1].Early[3], maps[1].Late[3]; e != 24.5 || l != 74.5 {
		t.Errorf("halves of a unit that counts steps: %v and %v", e, l)
	}
	if last := float64(maps[0].Mean[15]); !math.IsNaN(last) || r.samples()[15] != 0 || r.samples()[0] != 100 {
		t.Errorf("empty bin %v, samples %v", last, r.samples())
	}
}

// Position explains all the variance of a code of position, none of noise, and
// nothing can be said of a state that never changes.
func TestExplainedVariance(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	record := func(state func(bin int) []float32) float64 {
		r := newRecording(grid{bins: 3, box: 3}, 3, 2000)
		for step := range 2000 {
			bin := rng.IntN(9)
			r.add(float32(bin%3)-1, float32(bin/3)-1, step, state(bin))
		}
		return r.explained()
	}
	if got := record(func(bin int) []float32 { return []float32{float32(bin), float32(bin % 3), 1} }); math.Abs(got-1) > 1e-9 {
		t.Errorf("a code of position: %v", got)
	}
	if got := record(func(int) []float32 { return []float32{rng.Float32(), rng.Float32(), 0} }); got > 0.03 {
		t.Errorf("noise: %v", got)
	}
	if got := record(func(int) []float32 { return []float32{0.5, 0.5, 0} }); !math.IsNaN(got) {
		t.Errorf("a constant state: %v", got)
	}
}

// However the walks are dealt out to tasks, merging their recordings gives the
// recording of all of them.
func TestMergeIsRecordingTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grid{bins: 3, box: 1}
		whole, parts := newRecording(g, 1, 10), []*recording{newRecording(g, 1, 10), newRecording(g, 1, 10)}
		for i := range rapid.IntRange(1, 60).Draw(t, "states") {
			x := float32(rapid.IntRange(-50, 50).Draw(t, "x")) / 100
			state := []float32{float32(rapid.IntRange(0, 8).Draw(t, "activity"))}
			whole.add(x, -x, i%10, state)
			parts[i%2].add(x, -x, i%10, state)
		}
		parts[0].merge(parts[1])
		for bin, n := range whole.samples() {
			a, b := whole.maps()[0].Mean[bin], parts[0].maps()[0].Mean[bin]
			if parts[0].samples()[bin] != n || (a != b && !(a != a && b != b)) {
				t.Fatalf("bin %d: %v of %d, merged %v of %d", bin, a, n, b, parts[0].samples()[bin])
			}
		}
	})
}
