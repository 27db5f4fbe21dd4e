package train

import (
	"math"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/stages/train/traintable"
)

// trained runs the stage and returns its history, the reason of an early end and the weights.
func trained(t *testing.T, p Params) (history []traintable.Losses, stopped string, weights []traintable.Tensor) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	backend := compute.Backend{Device: "cpu", Numerics: "none", New: func(s compute.Spec) (compute.Trainer, error) { return cpu.New(s) }}
	n := &pipeline.Node{Name: "train/full", Stage: "train", Params: p, Seed: 1, Outputs: Outputs, Run: pipeline.Bind(p, On(backend, CheckpointEvery))}
	g, err := pipeline.NewGraph(n)
	if err != nil {
		t.Fatal(err)
	}
	report, err := pipeline.Run(t.Context(), g, pipeline.Options{Store: s, DAG: "test", Numerics: "none", Code: map[string]codedigest.Stage{"train": {Digest: "cpu"}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range report.Nodes[0].Outputs {
		data, err := s.Get(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		rec, err := artifact.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		stopped = artifact.Meta(rec)["stopped"]
		if i == 0 {
			weights, err = artifact.Rows[traintable.Tensor](rec)
		} else {
			history, err = artifact.Rows[traintable.Losses](rec)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return history, stopped, weights
}

// Each threshold ends a training at the first row that is past it, never before
// from_step, and the weights are those of that step.
func TestATrainingThatHasFailedEndsEarlyAndSaysWhy(t *testing.T) {
	whole, stopped, _ := trained(t, small())
	if stopped != "" || whole[len(whole)-1].Step != 50 {
		t.Fatalf("without a rule it stopped at step %d: %s", whole[len(whole)-1].Step, stopped)
	}
	for name, c := range map[string]struct {
		rule Stop
		step int64
		why  string
	}{
		"unformed":              {Stop{Unformed: 1e-9}, 7, "unformed: invariance loss "},
		"unformed, from a step": {Stop{Unformed: 1e-9, FromStep: 20}, 21, "unformed: invariance loss "},
		"below the threshold":   {Stop{Unformed: 1e9, Died: 0.99, Diverged: 100}, 50, ""},
	} {
		p := small()
		p.Stop = c.rule
		history, stopped, weights := trained(t, p)
		last := history[len(history)-1]
		if last.Step != c.step || !strings.HasPrefix(stopped, c.why) || (c.why == "") != (stopped == "") {
			t.Errorf("%s: ended at step %d, %q; want step %d, %q", name, last.Step, stopped, c.step, c.why)
		}
		if !slices.Equal(history, whole[:len(history)]) {
			t.Errorf("%s: the rows before the end differ from those of a training without a rule", name)
		}
		short := small()
		short.Optimiser.Steps = int(c.step)
		if _, _, want := trained(t, short); !slices.Equal(weights[0].Values, want[0].Values) {
			t.Errorf("%s: the weights are not those of step %d", name, c.step)
		}
	}
}

// A network whose every unit is silent has died.
func TestADeadNetworkEndsEarly(t *testing.T) {
	r := run{Params: small()}
	r.Stop = Stop{Died: 0.5}
	for step := 1; step <= 7; step++ {
		record := compute.Record{Step: step}
		record.Terms.Dead = r.Batch.States()
		r.note(record)
	}
	if r.history[0].Dead != 1 || r.verdict() != "died: 1 of the states are dead, more than 0.5" {
		t.Errorf("dead share %v, verdict %q", r.history[0].Dead, r.verdict())
	}
}

// Numbers that run away fail a training, or end it where the rule says so.
func TestDivergenceIsAFaultOrAnEarlyEnd(t *testing.T) {
	p := small()
	p.Optimiser.LearningRate, p.Optimiser.Clip = 1e30, 0
	p.Optimiser.Schedule = "constant"
	p.Stop.Diverged = 10
	history, stopped, weights := trained(t, p)
	if !strings.HasPrefix(stopped, "diverged: ") || len(history) == 0 && !strings.Contains(stopped, "step 1 ") {
		t.Errorf("stopped %q after %d rows", stopped, len(history))
	}
	for _, x := range weights {
		for _, v := range x.Values {
			if math.IsNaN(float64(v)) {
				t.Fatalf("the weights %s of a diverged training are not numbers", x.Name)
			}
		}
	}
}

// A training that is cut in the very step at which it is to end ends there when it is taken up.
func TestAnEarlyEndIsNotPassedByAResume(t *testing.T) {
	p := small()
	p.Stop.Unformed = 1e-9
	r := newRun(t, p, t.TempDir())
	r.advance(t, 7)
	r.save()
	again := newRun(t, p, r.dir)
	if err := again.resume(); err != nil {
		t.Fatal(err)
	}
	if again.step != 7 || again.verdict() == "" {
		t.Errorf("resumed at step %d, verdict %q", again.step, again.verdict())
	}
}
