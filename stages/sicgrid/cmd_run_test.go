package main

import (
	"strings"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/layout"
)

// A run beside others on one store says how much of it they have made.
func TestTheSummarySaysWhatAnotherRunMade(t *testing.T) {
	n := &pipeline.Node{Name: "train/full", Stage: "train"}
	var out strings.Builder
	summarise(&out, pipeline.Report{Nodes: []pipeline.NodeReport{
		{Node: n, State: pipeline.Ran, Reason: "first time"},
		{Node: n, State: pipeline.Cached, Reason: pipeline.MadeMeanwhile},
		{Node: n, State: pipeline.Cached, Reason: pipeline.MadeMeanwhile},
		{Node: n, State: pipeline.Cached, Reason: "unchanged"},
	}}, layout.Done{}, "")
	if want := "1 ran, 3 cached, 2 of them made by another run in 0s\n"; out.String() != want {
		t.Errorf("summary %q, want %q", out.String(), want)
	}
}
