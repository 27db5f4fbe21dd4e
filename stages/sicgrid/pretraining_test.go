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
	"sicgrid/stages/session"
	"sicgrid/stages/train"
	"sicgrid/stages/train/traintable"
)

// joinedProfile is the smoke profile whose full network is joined from two copies of a small one
// and then hardly trained at all.
func joinedProfile(t *testing.T, changes ...string) string {
	t.Helper()
	data, err := os.ReadFile("../../params/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data) + `
variants:
  full:
    optimiser: {learning_rate: 1e-9, final_rate: 1e-9}
    pretraining: {lengths: [5, 20], rotations_deg: [0, 90], finetune_steps: 35, separate: false, attempts: 2, keep: {reach_m: 1, within: 1}, steps: 40, learning_rate: 1e-3, sigma_g: 0.3, conformal_isometry: 0.2, capacity: 0, length: 0}
`
	return strings.NewReplacer(changes...).Replace(text)
}

func wireJoined(t *testing.T, text string, targets ...string) *session.Session {
	t.Helper()
	return sessionOf(t, writeJoined(t, text), targets...)
}

// writeJoined writes a profile beside what it is based on.
func writeJoined(t *testing.T, text string) (path string) {
	t.Helper()
	dir := t.TempDir()
	if err := layProfiles(dir); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "joined.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantNodes fails unless these are all nodes of the session, sorted by name.
func wantNodes(t *testing.T, s *session.Session, want ...string) {
	t.Helper()
	var names []string
	for _, n := range s.Graph.Nodes() {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Fatalf("nodes %v, want %v", names, want)
	}
}

// tensorOf is a tensor of the weights that a node of a run made.
func tensorOf(t *testing.T, s *session.Session, report pipeline.Report, node, name string) []float32 {
	t.Helper()
	n := report.Nodes[slices.IndexFunc(report.Nodes, func(n pipeline.NodeReport) bool { return n.Node.Name == node })]
	data, err := s.Options.Store.Get(n.Outputs[slices.IndexFunc(n.Outputs, func(o pipeline.Output) bool { return o.Name == "weights" })].Object)
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

// Copies of one network are finetuned on walks of their own length, rotated as the profile says,
// and joined; the number of jobs changes nothing.
func TestANetworkStartsFromCopiesOfOne(t *testing.T) {
	s := wireJoined(t, joinedProfile(t), "train/full")
	wantNodes(t, s, "select/full/pretraining", "train/full", "train/full/finetuning-1", "train/full/pretraining/attempt-1", "train/full/pretraining/attempt-2")
	finetuned := s.Graph.Node("train/full/finetuning-1").Params.(train.Params)
	if b := finetuned.Batch; b.Length != 5 || b.Trajectories != 32 || finetuned.Optimiser.Steps != 35 || finetuned.Loss.Capacity != 0 || finetuned.Loss.SigmaG != 0.3 || finetuned.Network.Units != 8 {
		t.Errorf("finetuned as %+v", finetuned)
	}
	made, report := digests(t, s)
	const layer = "mlp.0.weight"
	one, copied, joined := tensorOf(t, s, report, "select/full/pretraining", layer), tensorOf(t, s, report, "train/full/finetuning-1", layer), tensorOf(t, s, report, "train/full", layer)
	moved := 0.0
	for i := range one {
		moved = max(moved, math.Abs(float64(copied[i]-one[i])))
	}
	if moved == 0 || moved > 0.2 {
		t.Errorf("the weights of the copy moved by %v: it must start from the network and be finetuned", moved)
	}
	for unit := range 8 {
		for _, c := range []struct{ got, want float32 }{
			{joined[2*unit], copied[2*unit]}, {joined[2*unit+1], copied[2*unit+1]},
			{joined[16+2*unit], -one[2*unit+1]}, {joined[16+2*unit+1], one[2*unit]}, // by 90 degrees
		} {
			if math.Abs(float64(c.got-c.want)) > 1e-5 {
				t.Errorf("hidden unit %d of a copy has the weight %v, want %v", unit, c.got, c.want)
			}
		}
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
		t.Errorf("weights between the copies reach %v, within them %v", between, within)
	}

	again := wireJoined(t, joinedProfile(t), "train/full")
	again.Options.Jobs = 1
	if twice, _ := digests(t, again); !slices.Equal(slices.Sorted(slices.Values(made)), slices.Sorted(slices.Values(twice))) {
		t.Error("one job and several do not give the same digests")
	}
}

// Separate networks have random initialisations of their own, are trained on walks of their own
// length from the first step, attempts at each of them too, and are joined.
func TestANetworkStartsFromSeparateOnes(t *testing.T) {
	s := wireJoined(t, joinedProfile(t, "separate: false", "separate: true"), "train/full")
	wantNodes(t, s, "select/full/pretraining-1", "select/full/pretraining-2", "train/full",
		"train/full/pretraining-1/attempt-1", "train/full/pretraining-1/attempt-2", "train/full/pretraining-2/attempt-1", "train/full/pretraining-2/attempt-2")
	seeds := map[uint64]bool{}
	for _, n := range s.Graph.Nodes() {
		if n.Stage != experiment.TrainStage || n.Name == "train/full" {
			continue
		}
		seeds[n.Seed] = true
		want, part := 5, n.Params.(train.Params)
		if strings.Contains(n.Name, "-2/") {
			want = 20
		}
		if len(n.Inputs) != 0 || part.Batch.Length != want || part.Optimiser.Steps != 40 || part.Network.Units != 8 || part.Loss.Capacity != 0 {
			t.Errorf("%s is trained as %+v, from %v", n.Name, part, n.Inputs)
		}
	}
	if len(seeds) != 4 {
		t.Errorf("%d seeds of four trainings", len(seeds))
	}
	_, report := digests(t, s)
	const layer = "mlp.0.weight"
	joined := tensorOf(t, s, report, "train/full", layer)
	for i, node := range []string{"select/full/pretraining-1", "select/full/pretraining-2"} {
		own := tensorOf(t, s, report, node, layer)
		for unit := range 8 {
			x, y := own[2*unit], own[2*unit+1]
			if i == 1 { // rotated by 90 degrees
				x, y = -y, x
			}
			if got := joined[16*i+2*unit:]; math.Abs(float64(got[0]-x)) > 1e-5 || math.Abs(float64(got[1]-y)) > 1e-5 {
				t.Errorf("hidden unit %d of network %d has the weights %v, want %v, %v", unit, i+1, got[:2], x, y)
			}
		}
	}
}

// All attempts at a network start from the same copies, and have seeds of their own.
func TestAttemptsStartFromTheSameCopies(t *testing.T) {
	s := wireJoined(t, joinedProfile(t, "    optimiser: {learning_rate", "    attempts: 3\n    optimiser: {learning_rate"), "train/full")
	attempts := map[uint64]bool{}
	for _, n := range s.Graph.Nodes() {
		if !strings.HasPrefix(n.Name, "train/full/attempt-") {
			continue
		}
		attempts[n.Seed] = true
		if from := n.Inputs[train.PartRole(1)].Node; from == nil || from.Name != "select/full/pretraining" {
			t.Errorf("%s starts from %v", n.Name, from)
		}
	}
	if len(attempts) != 3 {
		t.Errorf("%d seeds of attempts, want 3", len(attempts))
	}
}

func TestImpossiblePretrainingIsRefusedInOneLine(t *testing.T) {
	const lengths, rotations, finetuned = "lengths: [5, 20]", "rotations_deg: [0, 90]", "finetune_steps: 35"
	for _, c := range []struct{ change, to, want string }{
		{lengths, "lengths: [5, 20, 20]", "network.units: found 16, must be a multiple of 3, the number of copies"},
		{lengths, "lengths: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", "found 16 copies, must leave each at least 2 of the 16 units"},
		{lengths, "lengths: []", "pretraining.lengths: found an empty list, must be a list of at least one value"},
		{lengths + ", ", "", "pretraining: found no lengths, must have one a copy"},
		{rotations, "rotations_deg: [0]", "pretraining.rotations_deg: found 1 angles, must be as many as there are lengths, 2"},
		{rotations, "rotations_deg: [0, -1]", "pretraining.rotations_deg[1]: found -1, must be from 0 to 360"},
		{finetuned, "finetune_steps: 30", "pretraining.finetune_steps: found 30, must be more than 30, the optimiser's warm-up"},
		{lengths, "lengths: [101, 20]", "pretraining.lengths[0]: found 101, which leaves 101 states in a batch, must leave at least 150, batch.pairs"},
		{lengths, "lengths: [0, 20]", "pretraining.lengths[0]: found 0, must be from 1 to 10000"},
		{"steps: 40, learning_rate", "steps: 30, learning_rate", "pretraining.steps: found 30, must be more than 30, the optimiser's warm-up"},
		{"steps: 40, learning_rate: 1e-3", "steps: 40, learning_rate: 1e-10", "pretraining.learning_rate: found 1e-10, must be at least 1e-09, the optimiser's final rate"},
		{"within: 1}", "within: 0.5}", "pretraining.keep.within: found 0.5, must be at least 1"},
		{"separate: false, attempts: 2, keep: {reach_m: 1, within: 1}, steps: 40, learning_rate: 1e-3, sigma_g: 0.3, conformal_isometry: 0.2, capacity: 0, length: 0",
			"separate: true, attempts: 2, keep: {reach_m: 1, within: 1}, steps: 40, learning_rate: 1e-3, sigma_g: 0.3, conformal_isometry: 0.2, capacity: 0, length: 9",
			"pretraining.length: found 9 for networks that are trained separately, must be 0"},
		{"attempts: 2", "attempts: 0", "pretraining.attempts: found 0, must be from 1 to 100"},
	} {
		_, err := experiment.ReadParameters(writeJoined(t, joinedProfile(t, c.change, c.to, "pairs: 64 ", "pairs: 150 ")), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v\nwant %s", c.to, err, c.want)
		}
	}
}
