package train

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/sic"
)

func small() Params {
	return Params{
		Network: sic.Network{Units: 6, Hidden: 5, Layers: 3, Init: sic.InitIdentity, InitScale: 0.2, InitialState: sic.InitialStateLearned},
		Batch:   sic.Batch{Trajectories: 3, Length: 8, VelocityMax: 0.15, Permute: true},
		Loss:    sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, ConformalIsometry: 0.3, Reduction: sic.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 50, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Clip: 0.1, Accumulate: 1,
			Schedule: sic.SchedulePlateau, Window: 4, Patience: 0, Factor: 0.5, Threshold: 1e-3},
		HistoryEvery: 7,
	}
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

// A checkpoint that is damaged anywhere is as good as none: the run starts over.
func TestDamagedCheckpointIsNone(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, small(), dir)
	r.advance(t, 9)
	path := r.save()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if h, _, err := parseCheckpoint(good); err != nil || h.Step != 9 {
		t.Fatalf("the whole checkpoint: step %d, %v", h.Step, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := slices.Clone(good)
		switch rapid.SampledFrom([]string{"flip", "truncate", "extend", "empty"}).Draw(t, "damage") {
		case "flip":
			bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		case "truncate":
			bad = bad[:rapid.IntRange(0, len(bad)-1).Draw(t, "length")]
		case "extend":
			bad = append(bad, rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "tail")...)
		case "empty":
			bad = nil
		}
		if err := os.WriteFile(filepath.Join(dir, checkpointFile), bad, 0o644); err != nil {
			t.Fatal(err)
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
