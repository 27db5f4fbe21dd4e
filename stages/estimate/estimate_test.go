package estimate

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
	"sicgrid/stages/sicgrid/benchmark"
	"sicgrid/stages/train"
)

// ofUnits is a training of 1000 steps.
func ofUnits(units int, capacity float64) train.Params {
	return train.Params{Recipe: train.Recipe{Network: sic.Network{Units: units}, Loss: sic.Loss{Capacity: capacity}, Optimiser: sic.Optimiser{Steps: 1000}}}
}

// storeOf has a record of each training, which took so many seconds under the numerics.
func storeOf(t *testing.T, numerics string, took map[int]float64) *store.Store {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for units, seconds := range took {
		parts, _ := json.Marshal(map[string]any{"stage": experiment.TrainStage, "params": ofUnits(units, 0)})
		provenance, _ := json.Marshal(Made{Seconds: seconds})
		key := strings.Repeat("0", 60) + "00" + string("0123456789"[units/10]) + string("0123456789"[units%10])
		if err := s.PutAction(&store.Action{Format: pipeline.FormatVersion, Key: key, Numerics: numerics, Parts: parts, Provenance: provenance}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// planOf is a plan with a node for each training.
func planOf(state pipeline.State, all ...train.Params) (nodes []pipeline.NodeStatus) {
	for _, p := range all {
		nodes = append(nodes, pipeline.NodeStatus{Node: &pipeline.Node{Name: "train", Stage: experiment.TrainStage, Params: p}, State: state})
	}
	return nodes
}

// What earlier runs took is believed first; of what is like none the first steps are timed, once
// for each kind.
func TestTimesComeFromEarlierRunsAndElseFromFirstSteps(t *testing.T) {
	k, err := Read(storeOf(t, "here", map[int]float64{8: 20, 16: 40}), compute.Backend{Numerics: "here"})
	if err != nil {
		t.Fatal(err)
	}
	var timed []int
	k.Timed = func(_ compute.Backend, s compute.Spec) (time.Duration, error) {
		timed = append(timed, s.Network.Units)
		if s.Network.Units == 99 {
			return 0, errors.New("does not start")
		}
		return 5 * time.Millisecond, nil
	}
	plan := append(planOf(pipeline.WouldRun, ofUnits(8, 0), ofUnits(8, 1), ofUnits(32, 0), ofUnits(32, 1)), planOf(pipeline.Cached, ofUnits(64, 0))...)
	e, err := k.Of(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if want := 50 * time.Second; e.took != want || e.like != 1 || e.timed != 1 || len(timed) != 1 { // twice 20 s, twice 5 s
		t.Errorf("%s by %d like runs and %d timed kinds (%v), want %s", e.took, e.like, e.timed, timed, want)
	}
	if got := Trainings(plan, e, 2); got != "5 trainings: 1 are there, 4 to do: about 25 s on 2 jobs, by 1 like run in the store and the first steps of 1 kind of training; what is done is kept if it is interrupted" {
		t.Error(got)
	}
	if e, err = k.Of(t.Context(), planOf(pipeline.WouldRun, ofUnits(16, 0), ofUnits(99, 0), ofUnits(99, 0))); err != nil || e.Text(1) != "at least about 40 s on 1 job, by 1 like run in the store" {
		t.Errorf("%s, %v", e.Text(1), err)
	}
	if e, err = k.Of(t.Context(), planOf(pipeline.WouldRun, ofUnits(99, 0))); err != nil || e.Text(1) != "no estimate" || len(timed) != 2 {
		t.Errorf("%s, %v, timed %v", e.Text(1), err, timed)
	}
	if got := Trainings(planOf(pipeline.Cached, ofUnits(8, 0)), Estimate{}, 2); got != "1 trainings, all of them there" {
		t.Error(got)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := k.Of(stopped, plan); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a run that was interrupted", err)
	}
}

// What another device took says nothing of this one.
func TestTimesOfOtherNumericsAreNotBelieved(t *testing.T) {
	k, err := Read(storeOf(t, "there", map[int]float64{8: 20}), compute.Backend{Numerics: "here"})
	if err != nil {
		t.Fatal(err)
	}
	k.Timed = func(compute.Backend, compute.Spec) (time.Duration, error) { return time.Millisecond, nil }
	if e, err := k.Of(t.Context(), planOf(pipeline.WouldRun, ofUnits(8, 0))); err != nil || e.like != 0 || e.timed != 1 || e.took != time.Second {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestStepsOfARealTrainerAreTimed(t *testing.T) {
	spec := benchmark.Step{Units: 8, Hidden: 8, Batch: 4, Length: 10, Pairs: 20, Velocities: 10}.Spec()
	backend := compute.Backend{New: func(s compute.Spec) (compute.Trainer, error) { return cpu.New(s) }}
	if took, err := Steps(backend, spec, timedFor); err != nil || took <= 0 {
		t.Errorf("a step takes %s, %v", took, err)
	}
}

// All stages of a plan count; of a training that was interrupted, what is left of it.
func TestAnEstimateCountsAllStages(t *testing.T) {
	k, err := Read(storeOf(t, "here", map[int]float64{8: 20}), compute.Backend{Numerics: "here"})
	if err != nil {
		t.Fatal(err)
	}
	k.add("spectra"+`{"bins":48}`, 3)
	k.add("spectra", 3)
	k.add("spectra", 5)
	k.Resumes = func(n pipeline.NodeStatus) int { return 250 }
	stage := func(stage, params string) pipeline.NodeStatus {
		return pipeline.NodeStatus{Node: &pipeline.Node{Name: stage, Stage: stage, Params: json.RawMessage(params)}, State: pipeline.WouldRun}
	}
	plan := append(planOf(pipeline.WouldRun, ofUnits(8, 0)), stage("spectra", `{"bins": 48}`), stage("spectra", `{"bins": 24}`))
	e, err := k.Of(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Text(1); got != "about 22 s on 1 job, by 1 like run in the store" { // 750 steps of 20 ms, 3 s, and the median of 3 and 5
		t.Error(got)
	}
	if e, err = k.Of(t.Context(), append(plan, stage("embed", `{}`))); err != nil || e.Text(1) != "at least about 22 s on 1 job, by 1 like run in the store" {
		t.Error(e.Text(1), err)
	}
	k.Timed = func(compute.Backend, compute.Spec) (time.Duration, error) {
		return AtMost(time.Millisecond, func() (time.Duration, error) { time.Sleep(time.Minute); return 0, nil })
	}
	if e, err = k.Of(t.Context(), planOf(pipeline.WouldRun, ofUnits(9, 0))); err != nil || e.Text(1) != "at least about 1 s on 1 job" {
		t.Error(e.Text(1), err)
	}
}

func TestASumIsOneLine(t *testing.T) {
	for _, c := range []struct {
		rest            Remainder
		stages, figures int
		want            string
	}{
		{Remainder{}, 58, 0, "all 58 stages are up to date"},
		{Remainder{}, 58, 2, "all 58 stages are up to date; 2 files to restore"},
		{Remainder{ToRun: 1, text: "no estimate"}, 1, 0, "1 of 1 stage to run: no estimate"},
		{Remainder{ToRun: 65, Trainings: 60, text: "about 14 min on 2 jobs", Resumes: []Resumption{{"train/full", 261047, 2000000}}}, 105, 0,
			"65 of 105 stages to run, among them 60 trainings: about 14 min on 2 jobs; train/full resumes at step 261 047 of 2 000 000"},
		{Remainder{ToRun: 9, Trainings: 5, text: "about 1 s on 2 jobs", Resumes: make([]Resumption, 5)}, 9, 0,
			"9 of 9 stages to run, among them 5 trainings: about 1 s on 2 jobs;  resumes at step 0 of 0;  resumes at step 0 of 0;  resumes at step 0 of 0; 2 more resume"},
	} {
		if got := c.rest.Words(c.stages, c.figures); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
