package report

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/train"
)

// smoke is everything that the smoke profile makes but several seeds, made once; tests that spoil it take a copy.
var smoke = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sicgrid-report-")
	if err != nil {
		return "", err
	}
	s, err := smokeSource(dir)
	if err != nil {
		return "", err
	}
	g, err := pipeline.NewGraph(append(s.DAG.Targets["all"], s.DAG.Node(experiment.TrainingName))...)
	if err != nil {
		return "", err
	}
	_, err = pipeline.Run(context.Background(), g, s.Options)
	return dir, err
})

// smokeSource is the smoke profile, with some settings, and a store in a folder.
func smokeSource(dir string, sets ...string) (s Source, err error) {
	if s.Parameters, err = experiment.ReadParameters("../../params/smoke.yaml", sets); err != nil {
		return s, err
	}
	const code = "train"
	s.DAG = experiment.Wire(s.Parameters, experiment.Device{
		Backend: compute.Backend{Device: "cpu", Numerics: cpu.Numerics(), New: func(s compute.Spec) (compute.Trainer, error) { return cpu.New(s) }}, Code: code, Close: func() {}, CheckpointEvery: checkpointEvery,
	})
	s.Options = pipeline.Options{DAG: "smoke", Numerics: cpu.Numerics(), Code: map[string]codedigest.Stage{},
		Provenance: func() map[string]any { return map[string]any{"commit": "0123456789abcdef", "profile": "smoke"} }}
	for _, n := range s.DAG.Nodes {
		name := n.Code
		if name == "" {
			name = n.Stage
		}
		s.Options.Code[name] = codedigest.Stage{Digest: "of " + name}
	}
	if s.Options.Store, err = store.Open(filepath.Join(dir, "store")); err != nil {
		return s, err
	}
	s.Flags, s.Commit = " --params params/smoke.yaml", "0123456789abcdef"
	s.Graph, err = pipeline.NewGraph(append(s.DAG.Targets["all"], s.DAG.Node(experiment.ResultsName), s.DAG.Node(experiment.TrainingName))...)
	return s, err
}

// checkpointEvery is how often trainings are saved.
var checkpointEvery = train.CheckpointEvery

// made is the smoke profile with everything made, in a store of the test's own.
func made(t *testing.T, sets ...string) Source {
	t.Helper()
	from, err := smoke()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	s, err := smokeSource(dir, sets...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pageOf collects a source and writes its page.
func pageOf(t *testing.T, s Source) (*Page, string) {
	t.Helper()
	p, err := Collect(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := p.Write(&text); err != nil {
		t.Fatal(err)
	}
	return p, text.String()
}

// actionOf is the record of what a node made.
func actionOf(t *testing.T, s Source, node string) *store.Action {
	t.Helper()
	status, err := pipeline.Status(s.Graph, s.Options)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range status {
		if n.Node.Name == node && n.Action != nil {
			return n.Action
		}
	}
	t.Fatalf("%s has not been made", node)
	return nil
}

// replace puts other rows in the place of an output, and other provenance in its record, as
// whoever pushes to a shared store could.
func replace[T any](t *testing.T, s Source, node, output string, provenance string, change func(rows []T)) {
	t.Helper()
	action := *actionOf(t, s, node)
	action.Outputs = append([]store.Output{}, action.Outputs...)
	for i, o := range action.Outputs {
		if o.Name != output {
			continue
		}
		data, err := s.Options.Store.Get(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		rec, err := artifact.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := artifact.Rows[T](rec)
		if err != nil {
			t.Fatal(err)
		}
		change(rows)
		if rec, err = artifact.FromRows(rows, artifact.Meta(rec)); err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := artifact.Write(&text, rec); err != nil {
			t.Fatal(err)
		}
		object, size, err := s.Options.Store.Put(func(w io.Writer) error { _, err := w.Write(text.Bytes()); return err })
		if err != nil {
			t.Fatal(err)
		}
		action.Outputs[i].Object, action.Outputs[i].Bytes = object, size
	}
	if provenance != "" {
		action.Provenance = []byte(provenance)
	}
	if err := s.Options.Store.RemoveAction(action.Key, action.Numerics); err != nil {
		t.Fatal(err)
	}
	if err := s.Options.Store.PutAction(&action); err != nil {
		t.Fatal(err)
	}
}

// redraw replaces a file of a figure.
func redraw(t *testing.T, s Source, figure, file, text string) {
	t.Helper()
	replace(t, s, figure, "figure", "", func(rows []sheet.File) {
		for i := range rows {
			if rows[i].Name == file {
				rows[i].Data = []byte(text)
			}
		}
	})
}
