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
)

// The tables as the stages before write them carry more columns than the figures read.
type (
	WideUnit struct {
		Unit        int32   `col:"unit"`
		Active      bool    `col:"active"`
		Peak        float64 `col:"peak"`
		Score       float64 `col:"grid_expanding"`
		Square      float64 `col:"score90"`
		Ring        float64 `col:"grid_ring"`
		Period      float64 `col:"period_m" unit:"m"`
		Orientation float64 `col:"orientation_deg" unit:"deg"`
		Module      int32   `col:"module"`
		Phi1        float64 `col:"phi1" unit:"rad"`
		Phi2        float64 `col:"phi2" unit:"rad"`
		Phi3        float64 `col:"phi3" unit:"rad"`
		Drift       float64 `col:"drift"`
	}
	WideMap struct {
		Unit int32     `col:"unit"`
		Mean []float32 `col:"mean" shape:"ny,nx"`
		Late []float32 `col:"late" shape:"ny,nx"`
	}
)

// Wide are units as the spectra stage writes them.
func Wide(units []sheet.Unit) []WideUnit {
	out := make([]WideUnit, len(units))
	for i, u := range units {
		out[i] = WideUnit{Unit: u.Unit, Active: u.Active, Peak: u.Peak, Score: u.Score, Period: u.Period,
			Orientation: u.Orientation, Module: u.Module, Phi1: u.Phi1, Phi2: u.Phi2, Phi3: u.Phi3}
	}
	return out
}

// WideMaps are maps as the ratemaps stage writes them.
func WideMaps(maps []sheet.RateMap) []WideMap {
	out := make([]WideMap, len(maps))
	for i, m := range maps {
		out[i] = WideMap{m.Unit, m.Mean, m.Mean}
	}
	return out
}

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
		prefix + "maps":             Table(prefix+"maps", WideMaps(net.Maps), meta),
		prefix + "units":            Table(prefix+"units", Wide(net.Units), meta),
		prefix + "modules":          Table(prefix+"modules", net.Modules, meta),
		prefix + "autocorrelograms": Table(prefix+"autocorrelograms", net.Autocorrelograms, meta),
		prefix + "summary":          Table(prefix+"summary", []sheet.Summary{net.Summary}, meta),
	}
	maps.DeleteFunc(in, func(role string, _ pipeline.Ref) bool {
		return len(outputs) > 0 && !slices.Contains(outputs, strings.TrimPrefix(role, prefix))
	})
	return in
}
