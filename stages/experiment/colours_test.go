package experiment

import (
	"maps"
	"slices"
	"testing"
)

// One switch changes the colours of the ratemaps in every figure that has some, and nothing but
// figures is made anew by it.
func TestTheColoursOfRatemapsAreOneSwitchThatRedrawsFiguresAlone(t *testing.T) {
	identities := func(sets ...string) map[string]string {
		p, err := ReadParameters("../../params/smoke.yaml", sets)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, n := range Wire(p, Device{}).Nodes {
			if out[n.Name], err = identity(n); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	jet, viridis := identities(), identities("figures.rate_colours=viridis")
	var redrawn []string
	for _, name := range slices.Sorted(maps.Keys(jet)) {
		if jet[name] != viridis[name] {
			redrawn = append(redrawn, name)
		}
	}
	if want := []string{"figure-1", "figure-4", "figure-5", "figure-7", "figure-8", "figure-training", "results"}; !slices.Equal(redrawn, want) {
		t.Errorf("what is made anew is %v, want %v", redrawn, want)
	}
}
