package experiment

import (
	"slices"
	"testing"
)

// TestAttemptsDifferInTheirSeedsAlone wires three attempts a network: the first is the training
// that one attempt would be, and what follows reads the choice among them.
func TestAttemptsDifferInTheirSeedsAlone(t *testing.T) {
	wired := func(sets ...string) map[string][]uint64 {
		p, err := ReadParameters("../../params/smoke.yaml", sets)
		if err != nil {
			t.Fatal(err)
		}
		seeds := map[string][]uint64{}
		d := Wire(p, Device{})
		for _, n := range d.Nodes {
			seeds[n.Name] = append(seeds[n.Name], n.Seed)
			if n.Name == "ratemaps/full/2m" {
				seeds["read by ratemaps: "+n.Inputs["weights"].Node.Name] = nil
			}
		}
		for _, n := range d.Targets["train/full"] {
			seeds["group"] = append(seeds["group"], n.Seed)
		}
		return seeds
	}
	one, three := wired(), wired("attempts=3")
	seed := one["train/full"]
	if len(seed) != 1 {
		t.Fatalf("one attempt: train/full has seeds %v", seed)
	}
	if want := []uint64{seed[0], seed[0] + 1000, seed[0] + 2000}; !slices.Equal(three["group"], want) {
		t.Errorf("the attempts' seeds are %v, want %v", three["group"], want)
	}
	if _, ok := three["read by ratemaps: select/full"]; !ok {
		t.Error("with three attempts the ratemaps do not read the choice")
	}
	if _, ok := one["read by ratemaps: train/full"]; !ok {
		t.Error("with one attempt the ratemaps do not read the training")
	}
	if got := wired("attempts=3", "variants.no-capacity.attempts=1"); got["train/no-capacity"] == nil || got["select/no-capacity"] != nil {
		t.Error("a variant cannot have attempts of its own")
	}
}
