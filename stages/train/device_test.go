package train

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

// frail is a trainer whose device goes away, or whose run is interrupted, after
// some steps.
type frail struct {
	compute.Trainer
	left      int
	interrupt context.CancelFunc // nil: the device is lost
	lost      bool
}

func (f *frail) Train(n int, records []compute.Record) ([]compute.Record, error) {
	if f.left == 0 && f.interrupt == nil {
		f.lost = true
		return records, &compute.DeviceLost{Device: "a GPU", Step: f.Trainer.State().Step, Cause: errors.New("gone")}
	}
	n = min(n, max(f.left, 1))
	if f.left -= n; f.left <= 0 && f.interrupt != nil {
		f.interrupt()
	}
	return f.Trainer.Train(n, records)
}

func (f *frail) State() compute.State {
	s := f.Trainer.State()
	if f.lost {
		s.Step = 0
	}
	return s
}

// A training whose device is lost keeps its checkpoint, says how to go on, and is
// taken up on another device if that is asked for; the record says from which step.
func TestALostDeviceLeavesItsCheckpointToAnother(t *testing.T) {
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	opt := pipeline.Options{Store: s, DAG: "test", Numerics: "none", Code: map[string]codedigest.Stage{"train": {Digest: "cpu"}, "train-vulkan": {Digest: "gpu"}}}
	on := func(ctx context.Context, code, other string, wrap func(compute.Trainer) compute.Trainer) (pipeline.Report, error) {
		backend := compute.Backend{Device: code, Numerics: "bits of " + code, New: func(spec compute.Spec) (compute.Trainer, error) {
			tr, err := cpu.New(spec)
			return wrap(tr), err
		}}
		n := &pipeline.Node{Name: "train/full", Stage: "train", Params: small(), Seed: 1, Outputs: Outputs, Run: pipeline.Bind(small(), On(backend, CheckpointEvery)),
			Numerics: backend.Numerics, Code: code, OtherCode: []string{other}}
		g, err := pipeline.NewGraph(n)
		if err != nil {
			t.Fatal(err)
		}
		return pipeline.Run(ctx, g, opt)
	}
	whole := func(tr compute.Trainer) compute.Trainer { return tr }

	ctx, interrupt := context.WithCancel(t.Context())
	if _, err := on(ctx, "train-vulkan", "train", func(tr compute.Trainer) compute.Trainer { return &frail{Trainer: tr, left: 12, interrupt: interrupt} }); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	_, err = on(t.Context(), "train-vulkan", "train", func(tr compute.Trainer) compute.Trainer { return &frail{Trainer: tr, left: 3} })
	var lost *compute.DeviceLost
	if !errors.As(err, &lost) || lost.Step != 15 || !strings.Contains(err.Error(), "a GPU was lost after step 15 (gone); the checkpoint of step 12 stands: run it again to go on from there, or with --device cpu --adopt") {
		t.Fatalf("error %v", err)
	}
	opt.Adopt = true
	report, err := on(t.Context(), "train", "train-vulkan", whole)
	if err != nil {
		t.Fatal(err)
	}
	action, err := s.Lookup(report.Nodes[0].Key, "bits of train", true)
	if err != nil {
		t.Fatal(err)
	}
	var record struct {
		TrainedOn []leg `json:"trained_on"`
	}
	if err := json.Unmarshal(action.Provenance, &record); err != nil {
		t.Fatal(err)
	}
	if want := []leg{{"bits of train-vulkan", 0}, {"bits of train", 12}}; !reflect.DeepEqual(record.TrainedOn, want) {
		t.Errorf("trained on %v, want %v", record.TrainedOn, want)
	}

	// Both devices being the CPU, it must have ended where an untouched run does.
	opt.Exact, opt.Adopt = true, false
	fresh, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	opt.Store = fresh
	untouched, err := on(t.Context(), "train", "train-vulkan", whole)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range untouched.Nodes[0].Outputs {
		if report.Nodes[0].Outputs[i].Logical != o.Logical {
			t.Errorf("%s differs from that of an untouched run", o.Name)
		}
	}
}

// A device that is lost before the first checkpoint says that there is none.
func TestALostDeviceWithoutACheckpoint(t *testing.T) {
	r := newRun(t, small(), t.TempDir())
	if text := r.goOn(); !strings.HasPrefix(text, "there is no checkpoint yet") {
		t.Error(text)
	}
}
