package main

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/store"
	"sicgrid/pkg/store/remote"
	"sicgrid/stages/experiment"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/layout"
	"sicgrid/stages/session"
)

// outputsOf reads every output of a report's nodes.
func outputsOf(t testing.TB, s *session.Session, report pipeline.Report, do func(n *pipeline.Node, output string, data []byte)) {
	t.Helper()
	for _, n := range report.Nodes {
		for _, o := range n.Outputs {
			data, err := s.Options.Store.Get(o.Object)
			if err != nil {
				t.Fatal(err)
			}
			do(n.Node, o.Name, data)
		}
	}
}

// withSweep is the session of a sweep of one small network over the smoke profile.
func withSweep(t *testing.T) *session.Session {
	t.Helper()
	dir := t.TempDir()
	laySmallSweep(t, dir, "one", "1", 40, "0.3")
	return sessionOf(t, filepath.Join(dir, "smoke.yaml"), "one")
}

func TestEveryTableOfTheSmokeProfileFitsItsLayout(t *testing.T) {
	s := smokeSession(t)
	_, report := digests(t, s)
	swept := withSweep(t)
	_, more := digests(t, swept)
	wantFit(t, s, report, 30)
	wantFit(t, swept, more, 15)
}

// wantFit holds every table of a report to its layout, of at least so many kinds.
func wantFit(t *testing.T, s *session.Session, report pipeline.Report, kinds int) {
	t.Helper()
	seen := map[string]bool{}
	outputsOf(t, s, report, func(n *pipeline.Node, output string, data []byte) {
		rec, err := artifact.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		defer rec.Release()
		seen[n.Stage+" "+output] = true
		if err := n.Check(output, rec); err != nil {
			t.Errorf("%s %s: %v", n.Name, output, err)
		}
		if err := experiment.CheckTable(n.Stage, output, rec); err != nil {
			t.Errorf("%s %s, without its sizes: %v", n.Name, output, err)
		}
		if experiment.CheckTable(n.Stage, "no such output", rec) == nil {
			t.Errorf("%s: an output that there is not", n.Name)
		}
	})
	if len(seen) < kinds {
		t.Errorf("only %d kinds of tables", len(seen))
	}
}

// remade is what a report made of its stages.
func remade(report pipeline.Report) (ran, fetched int) {
	return report.Count(pipeline.Ran), report.Count(pipeline.Fetched)
}

// A figure that somebody has drawn otherwise, under digests that fit, is neither fetched nor laid
// out.
func TestAForgedFigureIsNotLaidOut(t *testing.T) {
	ctx := context.Background()
	var drawn []sheet.File
	first := smokeSession(t, "table-1")
	_, report := digests(t, first)
	outputsOf(t, first, report, func(n *pipeline.Node, _ string, data []byte) {
		if n.Stage == experiment.FigureStage {
			drawn = must(artifact.Rows[sheet.File](must(artifact.Read(data))))
		}
	})
	laid := must(first.Layout().Files(resultsOf(report)))
	forge := func(how string) []sheet.File {
		out := slices.Clone(drawn)
		for i := range out {
			switch {
			case how == "a script" && strings.HasSuffix(out[i].Name, ".svg"):
				out[i].Data = bytes.Replace(out[i].Data, []byte("<title>"), []byte("<script>alert(1)</script><title>"), 1)
			case how == "an empty drawing" && strings.HasSuffix(out[i].Name, ".png"):
				out[i].Data = nil
			case how == "numbers that are none" && out[i].Name == sheet.NumbersFile:
				out[i].Data = []byte("{")
			}
		}
		switch how {
		case "a file of another figure":
			out = append(out, sheet.File{Name: "figure-4.svg", Data: out[0].Data})
		case "a file elsewhere":
			out = append(out, sheet.File{Name: "../../../.profile", Data: []byte("evil")})
		case "no drawing":
			out = out[1:]
		}
		return out
	}
	forgeries := []string{"a script", "an empty drawing", "numbers that are none", "a file of another figure", "a file elsewhere", "no drawing"}
	for _, how := range forgeries {
		theirs := smokeSession(t, "table-1")
		for _, n := range theirs.Graph.Nodes() {
			if n.Stage == experiment.FigureStage {
				n.Run = func(_ context.Context, task *pipeline.Task) error {
					return pipeline.Emit(task, "figure", forge(how), nil)
				}
			}
		}
		digests(t, theirs)
		far, err := remote.Make(ctx, "file://"+t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		var actions []*store.Action
		if err := theirs.Options.Store.Walk(nil, func(a *store.Action, _ string, err error) error {
			actions = append(actions, a)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := far.Push(ctx, theirs.Options.Store, actions, nil); err != nil {
			t.Fatal(err)
		}
		ours := smokeSession(t, "table-1")
		ours.Options.Remote = far
		_, report := digests(t, ours)
		if ran, fetched := remade(report); ran != 1 || fetched != 0 {
			t.Errorf("%s: %d stages ran and %d were fetched, want the drawing", how, ran, fetched)
		}
		files, err := ours.Layout().Files(resultsOf(report))
		if err != nil {
			t.Errorf("%s: %v", how, err)
		}
		for _, f := range files {
			i := slices.IndexFunc(laid, func(l layout.File) bool { return l.Path == f.Path })
			if i < 0 || filepath.Ext(f.Path) != ".json" && !bytes.Equal(laid[i].Data, f.Data) {
				t.Errorf("%s: lays out %s otherwise", how, f.Path)
			}
		}
		pulled := smokeSession(t, "table-1")
		got, err := far.Pull(ctx, pulled.Options.Store, pipeline.Accept(pulled.Options.Store, experiment.CheckTable), nil)
		if err != nil || got.Records != 0 || len(got.Problems) != 1 {
			t.Errorf("%s: pull: %+v, %v", how, got, err)
		}
		// And one that is in a store already is a failure, not a file.
		if _, err := theirs.Layout().Files(resultsOf(must(pipeline.Run(ctx, theirs.Graph, theirs.Options)))); err == nil || !strings.Contains(err.Error(), "is not laid out") {
			t.Errorf("%s: laid out from a store: %v", how, err)
		}
	}
	t.Logf("%d forged figures: none fetched, none laid out, nothing lost", len(forgeries))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
