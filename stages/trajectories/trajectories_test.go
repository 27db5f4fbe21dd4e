package trajectories

import (
	"context"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/pkg/walk"
	"sicgrid/stages/trajectories/trajectoriestable"
)

// run runs the stage in a fresh store and returns what a later stage reads.
func run(t *testing.T, p Params, seed uint64) (rows []trajectoriestable.Walk, meta map[string]string, err error) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	walks := &pipeline.Node{Name: "walks", Stage: "trajectories", Params: p, Seed: seed, Outputs: Outputs, Run: pipeline.Bind(p, Run)}
	reader := &pipeline.Node{Name: "reader", Stage: "reader", Inputs: map[string]pipeline.Ref{"walks": walks.Ref("walks")}, Outputs: []string{"none"},
		Run: func(_ context.Context, task *pipeline.Task) error {
			var err error
			if rows, meta, err = pipeline.Read[trajectoriestable.Walk](task, "walks"); err != nil {
				return err
			}
			return pipeline.Emit(task, "none", []trajectoriestable.Walk{}, nil)
		}}
	g, err := pipeline.NewGraph(reader)
	if err != nil {
		t.Fatal(err)
	}
	_, err = pipeline.Run(context.Background(), g, pipeline.Options{Store: s, DAG: "test", Numerics: "test",
		Code: map[string]codedigest.Stage{"trajectories": {Digest: "1"}, "reader": {Digest: "1"}}})
	return rows, meta, err
}

func params() Params {
	return Params{BoxM: 2, Bins: 12, SamplesPerBin: 50, Steps: 100, Motion: walk.DefaultMotion()}
}

func TestEnoughWalksAreWrittenWithTheirSizes(t *testing.T) {
	rows, meta, err := run(t, params(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 72 { // 50 samples in each of 144 bins
		t.Errorf("%d walks of 100 steps, want 72", len(rows))
	}
	for key, want := range map[string]string{"box_m": "2", "steps": "100", "walks": "72"} {
		if meta[key] != want {
			t.Errorf("metadata %s is %q, want %q", key, meta[key], want)
		}
	}
	for i, w := range rows {
		if int(w.Walk) != i || len(w.Velocity) != 200 || len(w.Position) != 200 {
			t.Fatalf("row %d is walk %d with %d and %d values, want 200 and 200", i, w.Walk, len(w.Velocity), len(w.Position))
		}
	}
}

func TestTheSeedDecidesTheWalks(t *testing.T) {
	first := func(seed uint64) []float32 {
		rows, _, err := run(t, params(), seed)
		if err != nil {
			t.Fatal(err)
		}
		return rows[0].Velocity
	}
	a := first(1)
	if !slices.Equal(a, first(1)) {
		t.Error("one seed gives two walks")
	}
	if slices.Equal(a, first(2)) {
		t.Error("two seeds give the same walk")
	}
}

func TestABoxOfFewStepsIsRefusedInOneLine(t *testing.T) {
	p := params()
	p.BoxM = 0.3
	_, _, err := run(t, p, 1)
	if err == nil || !strings.Contains(err.Error(), "box_m: found 0.3 m, must be at least 0.4 m, 4 of the longest steps") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line about the box", err)
	}
}
