package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/compute"
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
		provenance, _ := json.Marshal(made{Seconds: seconds})
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
	k, err := readTimes(storeOf(t, "here", map[int]float64{8: 20, 16: 40}), compute.Backend{Numerics: "here"})
	if err != nil {
		t.Fatal(err)
	}
	var timed []int
	k.timed = func(_ compute.Backend, s compute.Spec) (time.Duration, error) {
		timed = append(timed, s.Network.Units)
		if s.Network.Units == 99 {
			return 0, errors.New("does not start")
		}
		return 5 * time.Millisecond, nil
	}
	plan := append(planOf(pipeline.WouldRun, ofUnits(8, 0), ofUnits(8, 1), ofUnits(32, 0), ofUnits(32, 1)), planOf(pipeline.Cached, ofUnits(64, 0))...)
	e, err := k.of(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	if want := 50 * time.Second; e.took != want || e.like != 1 || e.timed != 1 || len(timed) != 1 { // twice 20 s, twice 5 s
		t.Errorf("%s by %d like runs and %d timed kinds (%v), want %s", e.took, e.like, e.timed, timed, want)
	}
	if got := trainingsText(plan, e, 2); got != "5 trainings: 1 are there, 4 to do: about 25 s on 2 jobs, by 1 like run in the store and the first steps of 1 kind of training; what is done is kept if it is interrupted" {
		t.Error(got)
	}
	if e, err = k.of(t.Context(), planOf(pipeline.WouldRun, ofUnits(16, 0), ofUnits(99, 0), ofUnits(99, 0))); err != nil || e.text(1) != "at least about 40 s on 1 job, by 1 like run in the store" {
		t.Errorf("%s, %v", e.text(1), err)
	}
	if e, err = k.of(t.Context(), planOf(pipeline.WouldRun, ofUnits(99, 0))); err != nil || e.text(1) != "no estimate" || len(timed) != 2 {
		t.Errorf("%s, %v, timed %v", e.text(1), err, timed)
	}
	if got := trainingsText(planOf(pipeline.Cached, ofUnits(8, 0)), estimate{}, 2); got != "1 trainings, all of them there" {
		t.Error(got)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := k.of(stopped, plan); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a run that was interrupted", err)
	}
}

// What another device took says nothing of this one.
func TestTimesOfOtherNumericsAreNotBelieved(t *testing.T) {
	k, err := readTimes(storeOf(t, "there", map[int]float64{8: 20}), compute.Backend{Numerics: "here"})
	if err != nil {
		t.Fatal(err)
	}
	k.timed = func(compute.Backend, compute.Spec) (time.Duration, error) { return time.Millisecond, nil }
	if e, err := k.of(t.Context(), planOf(pipeline.WouldRun, ofUnits(8, 0))); err != nil || e.like != 0 || e.timed != 1 || e.took != time.Second {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestStepsOfARealTrainerAreTimed(t *testing.T) {
	spec := benchmark.Step{Units: 8, Hidden: 8, Batch: 4, Length: 10, Pairs: 20, Velocities: 10}.Spec()
	if took, err := timeSteps(onCPU().Backend, spec); err != nil || took <= 0 {
		t.Errorf("a step takes %s, %v", took, err)
	}
}
