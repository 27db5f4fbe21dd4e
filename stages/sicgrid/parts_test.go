package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/experiment"
	"sicgrid/stages/train"
	"sicgrid/stages/train/traintable"
)

// joinedProfile is the smoke profile whose full network is joined from two parts and then hardly trained at all.
func joinedProfile(t *testing.T, changes ...string) string {
	t.Helper()
	data, err := os.ReadFile("../../params/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	full := "  full: {}"
	if !strings.Contains(string(data), full) {
		t.Fatal("the smoke profile's full network is not the profile's own")
	}
	text := strings.Replace(string(data), full, `  full:
    optimiser: {learning_rate: 1e-9, final_rate: 1e-9}
    parts: {scales: [0.5, 1.5], attempts: 2, keep: {by: isotropy, reach_m: 1, within: 1}, steps: 40, learning_rate: 1e-3, sigma_g: 0.3, conformal_isometry: 0.2}`, 1)
	return strings.NewReplacer(changes...).Replace(text)
}

func wireJoined(t *testing.T, text string, targets ...string) *session {
	t.Helper()
	path := filepath.Join(t.TempDir(), "smoke.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return sessionOf(t, path, targets...)
}

// wantNodes fails unless these are all nodes of the session, sorted by name.
func wantNodes(t *testing.T, s *session, want ...string) {
	t.Helper()
	var names []string
	for _, n := range s.graph.Nodes() {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Fatalf("nodes %v, want %v", names, want)
	}
}

// Each part is a training of its own, at its scale and without the capacity loss, of which the better attempt is kept; the network
// starts from both side by side.
func TestANetworkStartsFromItsParts(t *testing.T) {
	s := wireJoined(t, joinedProfile(t), "train/full")
	want := []string{"best/full/part-1", "best/full/part-2", "train/full",
		"train/full/part-1/attempt-1", "train/full/part-1/attempt-2", "train/full/part-2/attempt-1", "train/full/part-2/attempt-2"}
	wantNodes(t, s, want...)
	seeds := map[uint64]bool{}
	for _, name := range want {
		n := s.graph.Node(name)
		p, ok := n.Params.(train.Params)
		if !ok {
			continue
		}
		if seeds[n.Seed] && name != "train/full" {
			t.Errorf("%s has a seed that another has", name)
		}
		seeds[n.Seed] = name != "train/full"
		for i, scale := range []float64{0.5, 1.5} {
			if !strings.Contains(name, []string{"part-1", "part-2"}[i]) {
				continue
			}
			if p.Network.Units != 8 || p.Network.Hidden != 8 || p.Loss.Capacity != 0 || p.Loss.SigmaG != 0.3 || p.Optimiser.Steps != 40 || math.Abs(p.Loss.SigmaX-0.05*scale) > 1e-12 ||
				math.Abs(p.Batch.VelocityMax-0.15*scale) > 1e-12 || math.Abs(p.Loss.ConformalIsometry-0.2*scale*scale) > 1e-12 {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}

	// All attempts at a network start from the same parts, and have seeds of their own.
	several := wireJoined(t, joinedProfile(t, "    optimiser: {learning_rate", "    attempts: 3\n    optimiser: {learning_rate"), "train/full")
	parts, attempts := map[uint64]string{}, map[uint64]bool{}
	for _, n := range several.graph.Nodes() {
		switch {
		case n.Stage == experiment.TrainStage && strings.Contains(n.Name, "/part-"):
			if parts[n.Seed] != "" {
				t.Errorf("%s has the seed of %s", n.Name, parts[n.Seed])
			}
			parts[n.Seed] = n.Name
		case n.Stage == experiment.TrainStage:
			attempts[n.Seed] = true
			if from := n.Inputs[train.PartRole(1)].Node; from == nil || from.Name != "best/full/part-2" {
				t.Errorf("%s starts from %v", n.Name, from)
			}
		}
	}
	if len(parts) != 2*2 || len(attempts) != 3 {
		t.Errorf("%d trainings of parts and %d of the network, want 4 and 3: %v", len(parts), len(attempts), parts)
	}

	digests, report := s.digests(t)
	again := wireJoined(t, joinedProfile(t), "train/full")
	again.options.Jobs = 1
	if twice, _ := again.digests(t); !slices.Equal(slices.Sorted(slices.Values(digests)), slices.Sorted(slices.Values(twice))) {
		t.Error("one job and several do not give the same digests")
	}
	between, within := 0.0, 0.0
	for i, b := range tensorOf(t, s, report, "train/full", "mlp.2.bias") {
		if row, column := i/16, i%16; (row < 8) == (column < 8) {
			within = max(within, math.Abs(float64(b)))
		} else {
			between = max(between, math.Abs(float64(b)))
		}
	}
	if between > 1e-5 || within < 0.1 {
		t.Errorf("weights between the parts reach %v, within them %v", between, within)
	}
}

// tensorOf is a tensor of the weights that a node of a run made.
func tensorOf(t *testing.T, s *session, report pipeline.Report, node, name string) []float32 {
	t.Helper()
	n := report.Nodes[slices.IndexFunc(report.Nodes, func(n pipeline.NodeReport) bool { return n.Node.Name == node })]
	data, err := s.options.Store.Get(n.Outputs[slices.IndexFunc(n.Outputs, func(o pipeline.Output) bool { return o.Name == "weights" })].Object)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := artifact.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	tensors, err := artifact.Rows[traintable.Tensor](rec)
	if err != nil {
		t.Fatal(err)
	}
	return tensors[slices.IndexFunc(tensors, func(x traintable.Tensor) bool { return x.Name == name })].Values
}

// Copies are trained on from one network, on walks of their own length, turned as the profile says, and joined.
func TestANetworkStartsFromCopiesOfOne(t *testing.T) {
	s := wireJoined(t, joinedProfile(t, "scales: [0.5, 1.5]", "lengths: [5, 20], further_steps: 35, turns_deg: [0, 90]"), "train/full")
	wantNodes(t, s, "best/full/part", "train/full", "train/full/part-1", "train/full/part/attempt-1", "train/full/part/attempt-2")
	further := s.graph.Node("train/full/part-1").Params.(train.Params)
	if b := further.Batch; b.Length != 5 || b.Trajectories != 32 || further.Optimiser.Steps != 35 || further.Loss.Capacity != 0 || further.Loss.SigmaG != 0.3 || further.Network.Units != 8 {
		t.Errorf("trained further as %+v", further)
	}
	_, report := s.digests(t)
	const layer = "mlp.0.weight"
	one, copied, joined := tensorOf(t, s, report, "best/full/part", layer), tensorOf(t, s, report, "train/full/part-1", layer), tensorOf(t, s, report, "train/full", layer)
	moved := 0.0
	for i := range one {
		moved = max(moved, math.Abs(float64(copied[i]-one[i])))
	}
	if moved == 0 || moved > 0.2 {
		t.Errorf("the weights of the copy moved by %v: it must start from the network and be trained on", moved)
	}
	for unit := range 8 {
		for _, c := range []struct{ got, want float32 }{
			{joined[2*unit], copied[2*unit]}, {joined[2*unit+1], copied[2*unit+1]},
			{joined[16+2*unit], -one[2*unit+1]}, {joined[16+2*unit+1], one[2*unit]}, // by 90 degrees
		} {
			if math.Abs(float64(c.got-c.want)) > 1e-5 {
				t.Errorf("hidden unit %d of a part has the weight %v, want %v", unit, c.got, c.want)
			}
		}
	}
}

func TestImpossiblePartsAreRefusedInOneLine(t *testing.T) {
	for _, c := range []struct{ change, to, want string }{
		{"scales: [0.5, 1.5]", "scales: [0.5, 1, 1.5]", "network.units: found 16, must be a multiple of 3, the number of parts"},
		{"scales: [0.5, 1.5]", "scales: [0.5, 0]", "parts.scales[1]: found 0, must be greater than 0"},
		{"scales: [0.5, 1.5]", "scales: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", "found 16 parts, must leave each at least 2 of the 16 units"},
		{"scales: [0.5, 1.5]", "scales: []", "parts.scales: found an empty list, must be a list of at least one value"},
		{"scales: [0.5, 1.5], ", "", "parts: found neither lengths nor scales, must have one"},
		{"scales: [0.5, 1.5]", "scales: [0.5, 1.5], lengths: [5, 20], further_steps: 40, turns_deg: [0, 1]", "parts.lengths: found lengths beside scales, must be one or the other"},
		{"scales: [0.5, 1.5]", "lengths: [5, 20], further_steps: 40, turns_deg: [0]", "parts.turns_deg: found 1 angles, must be as many as there are lengths, 2"},
		{"scales: [0.5, 1.5]", "lengths: [5, 20], further_steps: 30, turns_deg: [0, 1]", "parts.further_steps: found 30, must be more than 30, the optimiser's warm-up"},
		{"scales: [0.5, 1.5]", "lengths: [101, 20], further_steps: 40, turns_deg: [0, 1]", "parts.lengths[0]: found 101, which leaves 101 states in a batch, must leave at least 150, batch.pairs"},
		{"scales: [0.5, 1.5]", "lengths: [0, 20], further_steps: 40, turns_deg: [0, 1]", "parts.lengths[0]: found 0, must be from 1 to 10000"},
		{"scales: [0.5, 1.5]", "lengths: [5, 20], further_steps: 40, turns_deg: [0, -1]", "parts.turns_deg[1]: found -1, must be from 0 to 360"},
		{"steps: 40, learning_rate", "steps: 30, learning_rate", "parts.steps: found 30, must be more than 30, the optimiser's warm-up"},
		{"steps: 40, learning_rate: 1e-3", "steps: 40, learning_rate: 1e-10", "parts.learning_rate: found 1e-10, must be at least 1e-09, the optimiser's final rate"},
		{"within: 1}", "within: 0.5}", "parts.keep.within: found 0.5, must be at least 1"},
		{"attempts: 2", "attempts: 0", "parts.attempts: found 0, must be from 1 to 100"},
	} {
		path := filepath.Join(t.TempDir(), "joined.yaml")
		if err := os.WriteFile(path, []byte(joinedProfile(t, c.change, c.to, "pairs: 64 ", "pairs: 150 ")), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := experiment.ReadParameters(path, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\nwant %s", c.to, err, c.want)
		}
	}
}
