package figuretest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/spectra/spectratable"
)

// Table is a source of one output.
func Table[T any](name string, rows []T, meta map[string]string) pipeline.Ref {
	n := &pipeline.Node{Name: name, Stage: "source", Params: map[string]string{"name": name}, Outputs: []string{"rows"}, Run: func(_ context.Context, t *pipeline.Task) error {
		return pipeline.Emit(t, "rows", rows, meta)
	}}
	return n.Ref("rows")
}

// Draw runs one figure's stage on its inputs, through a store, and returns its files.
func Draw[P any](t *testing.T, p P, run func(context.Context, P, *pipeline.Task) error, in map[string]pipeline.Ref) ([]sheet.File, error) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	n := &pipeline.Node{Name: "figure", Stage: "figure", Params: p, Inputs: in, Outputs: sheet.Outputs, Run: pipeline.Bind(p, run)}
	g, err := pipeline.NewGraph(n)
	if err != nil {
		t.Fatal(err)
	}
	code := codedigest.Stage{Digest: "code"}
	report, err := pipeline.Run(context.Background(), g, pipeline.Options{Store: s, DAG: "test", Numerics: "here",
		Code: map[string]codedigest.Stage{"source": code, "figure": code}})
	if err != nil {
		return nil, err
	}
	data, err := s.Get(report.Of(n.Name).Outputs[0].Object)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := artifact.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	files, err := artifact.Rows[sheet.File](rec)
	if err != nil {
		t.Fatal(err)
	}
	return files, nil
}

// Inputs are these tables of a network, or all, under the given prefix of their roles.
func Inputs(prefix string, net Network, outputs ...string) map[string]pipeline.Ref {
	meta := map[string]string{"box_m": fmt.Sprint(net.BoxM)}
	in := map[string]pipeline.Ref{
		prefix + "maps":             Table(prefix+"maps", net.Maps, meta),
		prefix + "units":            Table(prefix+"units", net.Units, meta),
		prefix + "modules":          Table(prefix+"modules", net.Modules, meta),
		prefix + "autocorrelograms": Table(prefix+"autocorrelograms", net.Autocorrelograms, meta),
		prefix + "summary":          Table(prefix+"summary", []spectratable.Summary{net.Summary}, meta),
	}
	maps.DeleteFunc(in, func(role string, _ pipeline.Ref) bool {
		return len(outputs) > 0 && !slices.Contains(outputs, strings.TrimPrefix(role, prefix))
	})
	return in
}
