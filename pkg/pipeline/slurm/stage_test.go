package slurm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

// stopped runs a process of a node that is asked to stop when its stage has come so far.
func stopped(t *testing.T, f folder, done int64) error {
	t.Helper()
	const node = "train/full"
	if err := f.newArray(&submitted{Stage: "train", Nodes: map[int]string{0: node}, BeatMS: 60_000}); err != nil {
		t.Fatal(err)
	}
	arrays, err := f.arrays()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLURM_ARRAY_TASK_ID", "0")
	dir := t.TempDir() // where Slurm is putting the job back by itself
	if err := os.WriteFile(filepath.Join(dir, "squeue"), []byte("#!/bin/sh\necho COMPLETING\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	ctx, stop := context.WithCancel(context.Background())
	return Stage(ctx, string(f), arrays[len(arrays)-1].Number, func(string) (*pipeline.Graph, pipeline.Options, error) {
		p := &pipeline.Node{Name: node, Stage: "train", Outputs: []string{"out"}}
		p.Run = func(ctx context.Context, task *pipeline.Task) error {
			task.Progress(done, 100, "")
			stop()
			return ctx.Err()
		}
		g, err := pipeline.NewGraph(p)
		if err != nil {
			return nil, pipeline.Options{}, err
		}
		s, err := store.Open(filepath.Join(string(f), "store"))
		return g, pipeline.Options{Store: s, DAG: "test", Numerics: "here", Code: map[string]codedigest.Stage{"train": {Digest: "1"}}}, err
	})
}

// A stage that is stopped again and again is failed when it gets no further, and not while it does,
// however little and with whatever pauses.
func TestAStageThatGetsNoFurtherIsFailed(t *testing.T) {
	f := folder(t.TempDir())
	if err := f.make(); err != nil {
		t.Fatal(err)
	}
	for i, done := range []int64{10, 10, 5, 0, 11, 11, 11, 2, 12, 12, 12, 12} {
		if err := stopped(t, f, done); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "without getting any further") {
			t.Fatalf("process %d, stopped at %d: %v", i, done, err)
		}
	}
	err := stopped(t, f, 12)
	if r := f.record("train/full"); err == nil || !strings.Contains(err.Error(), "4 times in a row without getting any further: give jobs of this stage more minutes") || !r.failed() {
		t.Errorf("the fourth that got no further: %v, its record %+v", err, r)
	}
}
