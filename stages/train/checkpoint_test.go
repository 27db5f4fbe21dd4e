package train

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/train/saved"
)

func small() Params {
	return Params{Recipe: Recipe{
		Network: sic.Network{Units: 6, Hidden: 5, Layers: 3, Init: sic.InitIdentity, InitScale: 0.2, InitialState: sic.InitialStateLearned},
		Batch:   sic.Batch{Trajectories: 3, Length: 8, VelocityMax: 0.15, Permute: true},
		Loss:    sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, ConformalIsometry: 0.3, Reduction: loss.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 50, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Clip: 0.1, Accumulate: 1,
			Schedule: sic.SchedulePlateau, Window: 4, Patience: 0, Factor: 0.5, Threshold: 1e-3},
		HistoryEvery: 7,
	}}
}

func newRun(t testing.TB, p Params, dir string) *run {
	t.Helper()
	trainer, err := cpu.New(compute.Spec{Network: p.Network, Batch: p.Batch, Loss: p.Loss, Optimiser: p.Optimiser, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trainer.Close)
	return &run{Params: p, trainer: trainer, dir: dir}
}

// advance trains n steps as the stage does.
func (r *run) advance(t testing.TB, n int) {
	t.Helper()
	records, err := r.trainer.Train(n, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		r.note(record)
	}
}

// A run that is taken up from a checkpoint, wherever it was cut, ends in the same
// parameters and the same history as one that was never touched.
func TestResumedRunEndsWhereAnUntouchedOneDoes(t *testing.T) {
	whole := newRun(t, small(), t.TempDir())
	whole.advance(t, 50)
	for cut := range 50 {
		dir := t.TempDir()
		first := newRun(t, small(), dir)
		first.advance(t, cut)
		first.save()
		second := newRun(t, small(), dir)
		if err := second.resume(); err != nil {
			t.Fatal(err)
		}
		if second.step != cut {
			t.Fatalf("resumed at step %d, cut at %d", second.step, cut)
		}
		second.advance(t, 50-cut)
		if !slices.Equal(second.trainer.State().Params, whole.trainer.State().Params) {
			t.Fatalf("cut at %d: other parameters", cut)
		}
		if !reflect.DeepEqual(second.history, whole.history) {
			t.Fatalf("cut at %d: history\n%v\nwant\n%v", cut, second.history, whole.history)
		}
	}
}

// files reads every file of a checkpoint.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// A checkpoint is the list and four objects, and those before it are gone.
func TestACheckpointReplacesTheOneBefore(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, small(), dir)
	for range 3 {
		r.advance(t, 9)
		r.save()
		if n := len(files(t, dir)); n != 5 {
			t.Errorf("%d files after step %d", n, r.step)
		}
		if step := saved.Step(dir); step != r.step {
			t.Errorf("whoever asks is told step %d after step %d", step, r.step)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, checkpointFile), []byte(`{"Step":50}`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if step := saved.Step(dir) + saved.Step(filepath.Join(dir, "nowhere")); step != 0 {
		t.Errorf("step %d of no checkpoint", step)
	}
}

// Weights and moments that are larger than a file may be are split, and come back
// to the bit.
// Whoever looks at a training sees its losses and weights as of the checkpoint, and of one that is
// replaced meanwhile, or damaged, nothing.
func TestATrainingCanBeLookedAt(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, small(), dir)
	r.advance(t, 23)
	r.save()
	seen := saved.Look(dir)
	history, err := seen.History()
	if err != nil || seen.Step != 23 || !reflect.DeepEqual(history, r.history) {
		t.Errorf("step %d, %d rows of %d, %v", seen.Step, len(history), len(r.history), err)
	}
	weights, err := seen.Weights()
	if err != nil || !slices.Equal(weights, r.trainer.State().Params) {
		t.Errorf("other weights: %v", err)
	}
	r.advance(t, 7)
	r.save()
	if _, err := seen.Weights(); err != saved.ErrReplaced {
		t.Errorf("of a checkpoint that is replaced: %v", err)
	}
	for name, data := range files(t, dir) {
		if name != checkpointFile {
			data[0] ^= 1
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := saved.Look(dir).Weights(); err != saved.ErrReplaced {
		t.Errorf("of a damaged one: %v", err)
	}
	if saved.Look(t.TempDir()) != nil {
		t.Error("there is a checkpoint in an empty folder")
	}
}

func TestLargeWeightsAreSplit(t *testing.T) {
	p := small()
	p.Network.Units, p.Network.Hidden = 192, 128 // 19 MB of weights
	p.Batch.Trajectories, p.Batch.Length = 1, 2
	dir := t.TempDir()
	r := newRun(t, p, dir)
	r.advance(t, 2)
	r.save()
	found := files(t, dir)
	if len(found) != 1+3*2+1 {
		t.Errorf("%d files", len(found))
	}
	for name, data := range found {
		if len(data) > 15<<20 {
			t.Errorf("%s has %d bytes", name, len(data))
		}
	}
	again := newRun(t, p, dir)
	if err := again.resume(); err != nil || again.step != 2 {
		t.Fatalf("resumed at step %d, %v", again.step, err)
	}
	want, got := r.trainer.State(), again.trainer.State()
	if !slices.Equal(got.Params, want.Params) || !slices.Equal(got.Moments.First, want.Moments.First) || !slices.Equal(got.Moments.Second, want.Moments.Second) {
		t.Error("another state")
	}
}

// A checkpoint in one file, as earlier versions wrote it, is as good as none.
func TestACheckpointOfOneFileIsNone(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, small(), dir)
	r.advance(t, 9)
	state := r.trainer.State()
	old := fmt.Appendf(nil, `{"Step":9,"Parameters":%d,"Plateau":{},"History":null,"Sum":{},"Legs":null}`+"\n", len(state.Params))
	old = slices.Concat(old, encode(state.Params), encode(state.Moments.First), encode(state.Moments.Second))
	sum := sha256.Sum256(old)
	if err := os.WriteFile(filepath.Join(dir, checkpointFile), append(old, sum[:]...), 0o644); err != nil {
		t.Fatal(err)
	}
	fresh := newRun(t, small(), dir)
	if err := fresh.resume(); err != nil || fresh.step != 0 {
		t.Fatalf("resumed at step %d, %v", fresh.step, err)
	}
	r.save()
	if err := fresh.resume(); err != nil || fresh.step != 9 {
		t.Errorf("a new one in its place: resumed at step %d, %v", fresh.step, err)
	}
}

// A run that is killed while it writes a checkpoint has the one before: objects
// without a list of theirs change nothing, and the next save removes them.
func TestACheckpointHalfWrittenLeavesTheOneBefore(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, small(), dir)
	r.advance(t, 9)
	list, err := os.ReadFile(r.save())
	if err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	r.advance(t, 9)
	r.save()
	for name, data := range before { // as if the second list and the sweep had not come
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	again := newRun(t, small(), dir)
	if err := again.resume(); err != nil || again.step != 9 {
		t.Fatalf("resumed at step %d, %v", again.step, err)
	}
	again.save()
	now, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	if n := len(files(t, dir)); n != 5 || err != nil || string(now) != string(list) {
		t.Errorf("%d files, list\n%s, want\n%s", n, now, list)
	}
}

// A checkpoint that is damaged anywhere is as good as none: the run starts over.
func TestDamagedCheckpointIsNone(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, small(), dir)
	r.advance(t, 9)
	r.save()
	whole := files(t, dir)
	if c, err := readCheckpoint(dir); err != nil || c == nil || c.Step != 9 {
		t.Fatalf("the whole checkpoint: %v, %v", c, err)
	}
	names := slices.Sorted(maps.Keys(whole))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "file")
		bad := slices.Clone(whole[name])
		defer os.WriteFile(filepath.Join(dir, name), whole[name], 0o644)
		switch rapid.SampledFrom([]string{"flip", "truncate", "extend", "empty", "remove", "another"}).Draw(t, "damage") {
		case "flip":
			bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		case "truncate":
			bad = bad[:rapid.IntRange(0, len(bad)-1).Draw(t, "length")]
		case "extend":
			bad = append(bad, rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "tail")...)
		case "empty":
			bad = nil
		case "another":
			other := rapid.SampledFrom(names).Filter(func(n string) bool { return n != name }).Draw(t, "other")
			bad = whole[other]
		}
		if err := os.WriteFile(filepath.Join(dir, name), bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if string(bad) == string(whole[name]) { // only "remove" has left it so
			os.Remove(filepath.Join(dir, name))
		}
		fresh := run{Params: small(), trainer: r.trainer, dir: dir}
		if err := fresh.resume(); err != nil || fresh.step != 0 {
			t.Fatalf("resumed at step %d, %v", fresh.step, err)
		}
	})
}

// The history's rows are means over the steps since the row before, and the last
// row ends at the last step.
func TestHistoryRowsAreMeans(t *testing.T) {
	r := run{Params: small()}
	for step := 1; step <= 50; step++ {
		r.note(compute.Record{Step: step, Rate: float64(step), Terms: sic.Terms{Total: float64(step)}})
	}
	if n := len(r.history); n != 8 {
		t.Fatalf("%d rows for 50 steps by 7", n)
	}
	if h := r.history[1]; h.Step != 14 || h.Total != 11 || h.LearningRate != 14 {
		t.Errorf("second row %+v", h)
	}
	if h := r.history[7]; h.Step != 50 || h.Total != 50 {
		t.Errorf("last row %+v", h)
	}
}
