package experiment

import (
	"strings"
	"testing"
)

const someDigest = "weights.sha256=\"2df8fb0b872c2df8fb0b872c2df8fb0b872c2df8fb0b872c2df8fb0b872c2df8\""

// Weights that cannot be asked for are refused when the profile is read.
func TestWeightsOfOthersAreCheckedBeforeAnythingRuns(t *testing.T) {
	for want, sets := range map[string][]string{
		"found no file":      {"weights.from=x"},
		"must be 64 digits":  {"weights.file=w.npz", "weights.sha256=abc"},
		"found a from of 0":  {"weights.file=w.npz", someDigest},
		"found a from of 6":  {"weights.file=w.npz", someDigest, `weights.from="a\nb\u202e"`},
		"found a from of 30": {"weights.file=w.npz", someDigest, "weights.from=" + strings.Repeat("a", 300)},
	} {
		if _, err := ReadParameters("../../params/smoke.yaml", sets); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", sets, err, want)
		}
	}
}

// A network of others takes the place of all trainings of that name, whatever the profile says of
// attempts and copies, and what follows reads it.
func TestANetworkOfOthersTakesThePlaceOfTrainings(t *testing.T) {
	p, err := ReadParameters("../../params/laptop.yaml", []string{"weights.file=w.npz", someDigest, "weights.from=somebody", "network.units=25"})
	if err != nil {
		t.Fatal(err)
	}
	d := Wire(p, Device{})
	for _, n := range d.Nodes {
		if n.Stage == TrainStage || n.Stage == selectStage {
			t.Fatalf("%s is still there", n.Name)
		}
		if n.Name == "ratemaps/full/2m" && n.Inputs["weights"].Node.Stage != ImportStage {
			t.Errorf("its ratemaps are of %s", n.Inputs["weights"].Node.Name)
		}
	}
	n := d.Node("train/full")
	if from := Foreign(n); from == nil || from.From != "somebody" || from.File != "../../params/w.npz" {
		t.Errorf("from %+v", from)
	}
	if title := p.titles()["full"]; title != "trained elsewhere: somebody" {
		t.Errorf("the title is %q", title)
	}
}
