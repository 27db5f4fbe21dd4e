package main

import (
	"bytes"
	"strings"
	"testing"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/experiment"
	"sicgrid/stages/session"
)

// A store of another machine is computed again here: every stage but the figures has measures, and
// they agree, since it is the same machine after all. With another weight in the loss they do not.
func TestMeasuresOfOtherNumericsAreCompared(t *testing.T) {
	s := smokeSession(t, "embed/no-capacity/2m", "distances", "batch", "ideal", "figure-1")
	s.Options.Numerics = "elsewhere"
	for _, n := range s.Graph.Nodes() {
		n.Numerics = ""
	}
	digests(t, s)
	s.Options.Numerics = cpu.Numerics()
	results, err := pipeline.Rerun(t.Context(), s.Graph, s.Options, nil)
	if err != nil {
		t.Fatal(err)
	}
	var answer verification
	for _, r := range results {
		if r.Node.Stage == experiment.FigureStage {
			if r.Skipped == "" {
				t.Errorf("%s: %+v", r.Node.Name, r)
			}
			continue
		}
		if r.Err != nil || r.Fault() || len(r.Measures) == 0 || r.Numerics != "elsewhere" {
			t.Errorf("%s: %+v", r.Node.Name, r)
		}
		for _, c := range r.Measures {
			if c.Stored != c.Recomputed && c.Stored == c.Stored {
				t.Errorf("%s: %s", r.Node.Name, c)
			}
		}
		answer.Recomputed = append(answer.Recomputed, recomputed{r})
	}
	var text bytes.Buffer
	if err := answer.print(&text, false, 0); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"agrees   train/no-capacity: 7 of 7 measures and verdicts agree; it was made by other numerics elsewhere, so bits are not compared",
		"(the same verdict)", "Betti 1 ", "median grid score ",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, text.String())
		}
	}

	// What another network gives is no agreement.
	other, err := (&session.Request{Params: "../../params/smoke.yaml", Sets: []string{"loss.sigma_g=2"}}).Wire([]string{"train/full"})
	if err != nil {
		t.Fatal(err)
	}
	first, there := s.DAG.Node("train/full"), other.DAG.Node("train/full")
	first.Run = there.Run
	g, err := pipeline.NewGraph(first)
	if err != nil {
		t.Fatal(err)
	}
	results, err = pipeline.Rerun(t.Context(), g, s.Options, nil)
	if err != nil || len(results) != 1 || !results[0].Fault() || results[0].Err != nil {
		t.Errorf("another loss: %+v, %v", results, err)
	}
}
