package experiment

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sicgrid/pkg/params"
)

func check(yaml string, sets ...string) (*Parameters, error) {
	doc, err := params.Parse("params/laptop.yaml", []byte(yaml))
	if err != nil {
		return nil, err
	}
	return checkParameters("params/laptop.yaml", doc, sets)
}

// whole is a profile without a base.
func whole(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/whole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryProfileIsValid(t *testing.T) {
	files, _ := filepath.Glob("../../params/*.yaml")
	profiles := slices.DeleteFunc(files, IsSweep)
	if len(profiles) != 7 {
		t.Fatalf("profiles: %v", profiles)
	}
	for _, f := range profiles {
		if _, err := ReadParameters(f, nil); err != nil {
			t.Error(err)
		}
	}
}

// Every line of a profile that holds a number says in a comment what it is.
func TestEveryNumberOfAProfileHasAComment(t *testing.T) {
	files, _ := filepath.Glob("../../params/*.yaml")
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(data), "\n") {
			value, comment, _ := strings.Cut(line, "#")
			_, value, _ = strings.Cut(value, ":")
			if strings.ContainsAny(value, "0123456789") && !strings.Contains(value, "{") && len(strings.TrimSpace(comment)) < 5 {
				t.Errorf("%s:%d: no comment: %s", f, i+1, line)
			}
		}
	}
}

// The paper profile is Table 1 to the letter.
func TestThePaperProfileIsTable1(t *testing.T) {
	p, err := ReadParameters("../../params/paper.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name      string
		got, want float64
	}{
		{"Batch size", float64(p.Batch.Trajectories), 130},
		{"Trajectory length", float64(p.Batch.Length), 60},
		{"Velocity sampling distribution, bound in m", p.Batch.VelocityMax, 0.15},
		{"Number of RNN units", float64(p.Network.Units), 128},
		{"Number of MLP layers", float64(p.Network.Layers), 3},
		{"Spatial length scale, m", p.Loss.SigmaX, 0.05},
		{"Neural length scale", p.Loss.SigmaG, 0.4},
		{"Separation loss coefficient", p.Loss.Separation, 1},
		{"Invariance loss coefficient", p.Loss.Invariance, 0.1},
		{"Capacity loss coefficient", p.Loss.Capacity, 0.5},
		{"Learning rate", p.Optimiser.LearningRate, 2e-5},
		{"Gradient clip value", p.Optimiser.Clip, 0.1},
		{"Weight decay", p.Optimiser.WeightDecay, 0},
		{"Accumulate gradient batches", float64(p.Optimiser.Accumulate), 2},
		{"Number of gradient descent steps", float64(p.Optimiser.Steps), 2e6},
		{"Pairs (all)", float64(p.Batch.Pairs), 0},
	} {
		if row.got != row.want {
			t.Errorf("%s: %v, Table 1 has %v", row.name, row.got, row.want)
		}
	}
	if p.Optimiser.Schedule != "plateau" || !p.Batch.Permute {
		t.Errorf("schedule %s, permute %v: the paper reduces the rate on a plateau and permutes velocities", p.Optimiser.Schedule, p.Batch.Permute)
	}
}

func TestImpossibleParameters(t *testing.T) {
	yaml := whole(t)
	// line is where the file has this text.
	line := func(text string) string {
		before, _, ok := strings.Cut(yaml, text)
		if !ok {
			t.Fatalf("laptop.yaml has no %q", text)
		}
		return "params/laptop.yaml:" + strconv.Itoa(strings.Count(before, "\n")+1) + ": "
	}
	_, sigmaX, _ := strings.Cut(strings.TrimSuffix(line("  sigma_x:"), ": "), ":")
	for _, c := range []struct{ name, old, new, at, want string }{
		{"unknown key", "  sigma_x:", "  sigma_y:", "  sigma_x:", "loss.sigma_y: unknown key, did you mean sigma_x or sigma_g?"},
		{"unknown section", "seed: 1 ", "sed: 1 ", "seed: 1 ", "sed: unknown key, did you mean seed?"},
		{"missing key", "  units: 24 ", "  # ", "network:", "network.units: missing, must be at least 2"},
		{"missing section", "history_every: 100", "# ", "seed: 1 ", "history_every: missing, must be at least 1"},
		{"wrong type", "units: 24 ", "units: many ", "units: 24", `network.units: found "many", must be a whole number`},
		{"a fraction of a unit", "units: 24 ", "units: 64.5 ", "units: 24", "network.units: found 64.5, must be a whole number"},
		{"no units", "units: 24 ", "units: 0 ", "units: 24", "network.units: found 0, must be at least 2"},
		{"no batch", "trajectories: 32", "trajectories: 0", "trajectories: 32", "batch.trajectories: found 0, must be at least 1"},
		{"negative length scale", "sigma_g: 0.4", "sigma_g: -0.4", "sigma_g: 0.4", "loss.sigma_g: found -0.4, must be greater than 0"},
		{"zero length scale", "sigma_x: 0.05", "sigma_x: 0", "sigma_x: 0.05", "loss.sigma_x: found 0, must be greater than 0"},
		{"not a number", "sigma_x: 0.05", "sigma_x: .nan", "sigma_x: 0.05", "loss.sigma_x: found .nan, must be a finite number"},
		{"infinite", "learning_rate: 0.001", "learning_rate: .inf", "learning_rate: 0.001", "optimiser.learning_rate: found .inf, must be a finite number"},
		{"unknown initialisation", "init: identity", "init: identiy", "init: identity", `network.init: found "identiy", must be one of identity, pytorch`},
		{"unknown schedule", "schedule: cosine", "schedule: linear", "schedule: cosine", `optimiser.schedule: found "linear", must be one of cosine, plateau, constant`},
		{"unknown reduction", "reduction: mean", "reduction: median", "reduction: mean", `loss.reduction: found "median", must be one of mean, sum`},
		{"permute is not a truth", "permute: true", "permute: 1", "permute: true", "batch.permute: found 1, must be true or false"},
		{"more pairs than states", "pairs: 512", "pairs: 2000", "pairs: 512", "batch.pairs: found 2000, must be at most 1920, all states of a batch (0 takes all)"},
		{"warm-up longer than training", "warmup_steps: 500", "warmup_steps: 40000", "warmup_steps: 500", "optimiser.warmup_steps: found 40000, must be less than 12000, the steps of the optimiser"},
		{"mask wider than the ring", "ring_width: 0", "ring_width: 30", "ring_width: 0", "network.ring_width: found 30, must be at most 24, the units on the ring (0 links all)"},
		{"long links without a ring", "ring_long: 0 ", "ring_long: 0.1 ", "ring_long: 0 ", "network.ring_long: found 0.1 beside a ring_width of 0, which links all units; must be 0 or stand beside a width"},
		{"no gain at all", "gain_max: 1 ", "gain_max: 0 ", "gain_max: 1 ", "network.gain_max: found 0, must be at least 1"},
		{"negative gain", "gain_max: 1 ", "gain_max: -2 ", "gain_max: 1 ", "network.gain_max: found -2, must be at least 1"},
		{"shuffled gains without gains", "gain_shuffle: 0 ", "gain_shuffle: 1 ", "gain_shuffle: 0 ", "network.gain_shuffle: found 1 beside a gain_max of 1, where all units have one gain; must be 0 or stand beside a greater one"},
		{"shuffled gains without a ring", "gain_max: 1                # greatest gain of a unit on the velocity; 1 = none (ours)\n  gain_shuffle: 0 ", "gain_max: 2\n  gain_shuffle: 3 ", "gain_shuffle: 0 ", "network.gain_shuffle: found 3 beside a ring_width of 0: where all units read all, no order of them is another network; must be 0 or stand beside a width"},
		{"gains of a network joined from copies", "gain_max: 1 ", "gain_max: 2 ", "gain_max: 1 ", "network.gain_max: found 2 for a network that starts from copies of another, must be 1: copies keep no gains"},
		{"too many bins of speed", "isometry_speed_bin: 0 ", "isometry_speed_bin: 0.005 ", "isometry_speed_bin: 0 ", "loss.isometry_speed_bin: found 0.005, must be 0 or at least 0.00937: speeds up to 0.15 m a step fall into at most 16 bins"},
		{"rate that rises", "final_rate: 1e-5", "final_rate: 0.1", "final_rate:", "optimiser.final_rate: found 0.1, must be at most 0.0002, the learning rate"},
		{"beta of 1", "beta2: 0.999", "beta2: 1", "beta2:", "optimiser.beta2: found 1, must be at least 0 and less than 1"},
		{"plateau factor of 1", "factor: 0.5", "factor: 1", "factor: 0.5", "optimiser.factor: found 1, must be greater than 0 and less than 1"},
		{"no bins", "bins: 48", "bins: 0", "bins: 48", "evaluation.bins: found 0, must be at least 2"},
		{"a box smaller than its steps", "boxes_m: [2, 3, 4]", "boxes_m: [2, 0.05]", "boxes_m:", "evaluation.boxes_m[1]: found 0.05 m, must be at least 0.4 m, 4 of the longest steps"},
		{"a box of no size", "boxes_m: [2, 3, 4]", "boxes_m: [0, 4]", "boxes_m:", "evaluation.boxes_m[0]: found 0, must be greater than 0"},
		{"a box twice", "boxes_m: [2, 3, 4]", "boxes_m: [2, 2, 4]", "boxes_m:", "evaluation.boxes_m[1]: found 2 m twice, must be given once"},
		{"no box", "boxes_m: [2, 3, 4]", "boxes_m: []", "boxes_m:", "evaluation.boxes_m: found an empty list, must be a list of at least one value"},
		{"longest step below the shortest", "step_max_m: 0.1 ", "step_max_m: 0.01 ", "step_max_m:", "evaluation.motion.step_max_m: found 0.01, must be greater than 0.02, the shortest step"},
		{"a step beyond the training range", "step_max_m: 0.1 ", "step_max_m: 0.2 ", "step_max_m:", "evaluation.motion.step_max_m: found 0.2, must be at most 0.15, the bound on its components"},
		{"more units than memory", "units: 24 ", "units: 1000000 ", "units: 24", "network.units: found 1000000, would need 1797528032761728 bytes of memory, must be small enough for 68719476736 bytes (64 GiB)"},
		{"more bins than memory", "bins: 48", "bins: 1000000", "bins: 48", "evaluation.bins: found 1000000, would need 2944000000384000 bytes of memory, must be small enough for 68719476736 bytes (64 GiB)"},
		{"a number of 70 bits", "units: 24 ", "units: 999999999999999999999 ", "units: 24", "network.units: found 999999999999999999999, must be a whole number that fits in 64 bits"},
		{"given twice", "  sigma_g: 0.4", "  sigma_x: 0.1\n  sigma_g: 0.4", "sigma_g: 0.4", "loss.sigma_x: found twice, first on line " + sigmaX + ", must be given once"},
		{"variant with an unknown key", "loss: {capacity: 0, capacity_start: 0, capacity_warmup: 0}", "loss: {capacty: 0}", "loss: {capacity: 0, capacity_start: 0, capacity_warmup: 0}", "variants.no-capacity.loss.capacty: unknown key, did you mean capacity?"},
		{"variant with an unknown section", "loss: {capacity: 0, capacity_start: 0, capacity_warmup: 0}", "los: {capacity: 0}", "loss: {capacity: 0, capacity_start: 0, capacity_warmup: 0}", "variants.no-capacity.los: unknown key, did you mean loss?"},
		{"variant with an impossible value", "loss: {capacity: 0, capacity_start: 0, capacity_warmup: 0}", "loss: {capacity: -1}", "loss: {capacity: 0, capacity_start: 0, capacity_warmup: 0}", "variants.no-capacity.loss.capacity: found -1, must be 0 or greater"},
		{"variant that is no mapping", "from-scratch: {} ", "from-scratch: 3 ", "from-scratch: {}", "variants.from-scratch: found 3, must be a mapping with the keys network, batch, loss, optimiser, history_every, stop, attempts, keep, pretraining, weights"},
		{"variant that a figure needs is missing", "  full: ", "  whole: ", "variants:", "variants: found whole, from-scratch, no-capacity, must have full"},
		{"seed twice", "seeds: [1, 2, 3, 4, 5]", "seeds: [1, 2, 1]", "seeds:", "seeds[2]: found 1 twice, must be given once"},
		{"negative seed", "seed: 1 ", "seed: -1 ", "seed: 1 ", "seed: found -1, must be a whole number from 0 to 18446744073709551615"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(yaml, c.old) {
				t.Fatalf("laptop.yaml has no %q", c.old)
			}
			_, err := check(strings.Replace(yaml, c.old, c.new, 1))
			if err == nil {
				t.Fatal("was accepted")
			}
			if want := line(c.at) + c.want; err.Error() != want {
				t.Errorf("\n got %s\nwant %s", err, want)
			}
		})
	}
}

func TestFilesThatAreNoParameters(t *testing.T) {
	keys := "seed, seeds, network, batch, loss, optimiser, history_every, stop, attempts, keep, pretraining, weights, variants, ablate, evaluation, analysis, embedding, ideal, integration, results, figures"
	for _, c := range []struct{ name, yaml, want string }{
		{"empty", "", "params/laptop.yaml:1: found an empty file, must be a mapping with the keys " + keys},
		{"a list", "- 1\n", "params/laptop.yaml:1: found a list, must be a mapping with the keys " + keys},
		{"a word", "seed\n", "params/laptop.yaml:1: found \"seed\", must be a mapping with the keys " + keys},
		{"not YAML", "seed: 1\nnetwork: [64, 64\n", "params/laptop.yaml:2: not valid YAML: sequence end token ']' not found"},
	} {
		if _, err := check(c.yaml); err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
		}
	}
	_, err := ReadParameters("../../params/phone.yaml", nil)
	if want := "../../params/phone.yaml: cannot read parameters: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSetValuesAreCheckedLikeThoseOfTheFile(t *testing.T) {
	yaml := whole(t)
	for set, want := range map[string]string{
		"loss.sigma_g=-1":   "--set loss.sigma_g=-1: found -1, must be greater than 0",
		"loss.sigma_h=1":    "--set loss.sigma_h=1: unknown key, did you mean sigma_x or sigma_g?",
		"network.units=few": `--set network.units=few: found "few", must be a whole number`,
		"network.units=":    "--set network.units=: found nothing, must be a whole number",
		"network=64":        "--set network=64: found 64, must be a mapping with the keys units, hidden, layers, init, init_scale, init_speed, initial_state, ring_width, ring_long, gain_max, gain_shuffle",
		"seed":              "--set seed: must be written key=value, such as loss.sigma_g=0.5",
		"variants.no-capacity.loss.capacity=-0.5": "--set variants.no-capacity.loss.capacity=-0.5: found -0.5, must be 0 or greater",
		"evaluation.boxes_m=[2, 3]":               "",
		"optimiser.steps=100":                     "",
	} {
		_, err := check(yaml, set)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if want != "" && got != want {
			t.Errorf("--set %s\n got %s\nwant %s", set, got, want)
		}
	}
	p, err := check(yaml, "variants.no-capacity.loss.sigma_g=0.7", "loss.sigma_g=0.6")
	if err != nil {
		t.Fatal(err)
	}
	if scratch, without := p.Variant("from-scratch").Loss.SigmaG, p.Variant("no-capacity").Loss.SigmaG; scratch != 0.6 || without != 0.7 {
		t.Errorf("sigma_g of from-scratch %v, of no-capacity %v; want 0.6 and 0.7", scratch, without)
	}
}

// A file beside a profile that is no profile stops nobody who needs another one.
func TestABrokenNeighbourStopsNobody(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"smoke.yaml", "defaults.yaml"} {
		data, err := os.ReadFile("../../params/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"bomb.yaml": strings.Repeat("[", 100_000), "broken.yaml": "seed: [", "other.yaml": "base: nowhere.yaml\n", "wide.yaml": "\xff\xfes\x00",
		"sweep-broken.yaml": "{", "itself.yaml": "base: itself.yaml\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600); err != nil {
		t.Skip(err)
	}
	read := make(chan error, 1)
	go func() {
		_, err := ReadParameters(filepath.Join(dir, "smoke.yaml"), nil)
		read <- err
	}()
	select {
	case err := <-read:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it waits for a neighbour")
	}
}

// A base may be named by its whole path, of a profile as of a sweep.
func TestABaseMayBeAnywhere(t *testing.T) {
	smoke, err := filepath.Abs("../../params/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := (SweepFile{Base: smoke}).BasePath("elsewhere/sweep-x.yaml"); got != smoke {
		t.Errorf("a sweep's base %s is looked for at %s", smoke, got)
	}
	path := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(path, []byte("base: "+smoke+"\nseed: 7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := ReadParameters(path, nil); err != nil || p.Seed != 7 || p.Network.Units != 16 {
		t.Errorf("%+v, %v", p, err)
	}
}
