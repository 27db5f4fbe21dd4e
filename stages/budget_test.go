package main

import (
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
	"sicgrid/stages/train"
)

func TestABudgetCountsTrainingsAndTimesEachKindOnce(t *testing.T) {
	kind := func(capacity float64) train.Params {
		return train.Params{Loss: sic.Loss{Capacity: capacity}, Optimiser: sic.Optimiser{Steps: 1000}}
	}
	node := func(p any, stage string, state pipeline.State) pipeline.NodeStatus {
		return pipeline.NodeStatus{Node: &pipeline.Node{Name: stage, Stage: stage, Params: p}, State: state}
	}
	nodes := []pipeline.NodeStatus{
		node(kind(0), "train", pipeline.Cached), node(kind(0), "train", pipeline.WouldRun), node(kind(0), "train", pipeline.WouldRun),
		node(kind(1), "train", pipeline.WouldRun), node(kind(2), "train", pipeline.Pinned), node(1, "ratemaps", pipeline.WouldRun),
	}
	timed := 0
	got, err := plan(t.Context(), nodes, compute.Backend{}, func(_ compute.Backend, s compute.Spec) (time.Duration, error) {
		timed++
		return time.Duration(1+s.Loss.Capacity) * time.Millisecond, nil
	})
	if err != nil || timed != 2 {
		t.Fatalf("%d kinds timed, %v", timed, err)
	}
	if want := (budget{5, 2, 4 * time.Second}); got != want { // two of 1 s and one of 2 s
		t.Errorf("budget %+v, want %+v", got, want)
	}
	if text := got.text(2); !strings.Contains(text, "5 trainings: 2 are there, 3 to do in about 2 s on 2 cores") {
		t.Error(text)
	}
	if text := (budget{3, 3, 0}).text(2); text != "3 trainings, all of them there" {
		t.Error(text)
	}
	if text := (budget{9, 0, 10 * time.Hour}).text(4); !strings.Contains(text, "about 2 h 30 min on 4 cores") {
		t.Error(text)
	}
}

func TestStepsOfARealTrainerAreTimed(t *testing.T) {
	spec := benchmark{Units: 8, Hidden: 8, Batch: 4, Length: 10, Pairs: 20, Velocities: 10}.spec()
	if took, err := timeSteps(onCPU().Backend, spec); err != nil || took <= 0 || took > time.Second {
		t.Errorf("a step takes %s, %v", took, err)
	}
}
