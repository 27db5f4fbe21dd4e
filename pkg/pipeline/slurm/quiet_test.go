package slurm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

// A run with nothing to do costs the scheduler nothing, however many stages it has: none of Slurm's
// commands is called.
func TestTwoThousandCachedStagesAskSlurmNothing(t *testing.T) {
	const stages = 2000
	type row struct {
		Value int64 `col:"value"`
	}
	var targets []*pipeline.Node
	for i := range stages {
		n := node("train", fmt.Sprint(i))
		n.Seed = uint64(i)
		n.Run = func(_ context.Context, task *pipeline.Task) error {
			return pipeline.Emit(task, "out", []row{{0}}, nil)
		}
		targets = append(targets, n)
	}
	g, err := pipeline.NewGraph(targets...)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	opt := pipeline.Options{Store: s, DAG: "test", Numerics: "here", Code: map[string]codedigest.Stage{"train": {Digest: "1"}}}
	if _, err := pipeline.Run(t.Context(), g, opt); err != nil {
		t.Fatal(err)
	}
	called := filepath.Join(t.TempDir(), "called")
	dir := t.TempDir()
	for _, c := range []string{"sbatch", "squeue", "scancel", "scontrol"} {
		if err := os.WriteFile(filepath.Join(dir, c), []byte("#!/bin/sh\necho "+c+" >> "+called+"\nexit 1\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	e := &Executor{Dir: t.TempDir(), Cluster: &Cluster{PollSeconds: 1, PatienceSecs: 5}, Stages: []string{"train"}}
	begun := time.Now()
	report, err := e.Run(t.Context(), g, opt)
	if err != nil || len(report.Nodes) != stages {
		t.Fatalf("%d stages: %v", len(report.Nodes), err)
	}
	t.Logf("%d cached stages looked at in %v", stages, time.Since(begun).Round(time.Millisecond))
	if calls, err := os.ReadFile(called); !os.IsNotExist(err) {
		t.Errorf("called %q (%v), want nothing", strings.Fields(string(calls)), err)
	}
	opt.Force = []string{"train/0"} // and that the calls would have been noticed
	if _, err := e.Run(t.Context(), g, opt); err == nil {
		t.Error("a stage was made without Slurm")
	}
	if calls, err := os.ReadFile(called); err != nil {
		t.Errorf("with one stage to run Slurm is not called: %q, %v", calls, err)
	}
}
