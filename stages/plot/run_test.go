package plot

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

// The tables as the stages before write them carry more columns than the figures read.
type (
	wideUnit struct {
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
	wideMap struct {
		Unit int32     `col:"unit"`
		Mean []float32 `col:"mean" shape:"ny,nx"`
		Late []float32 `col:"late" shape:"ny,nx"`
	}
)

func wide(units []Unit) []wideUnit {
	out := make([]wideUnit, len(units))
	for i, u := range units {
		out[i] = wideUnit{Unit: u.Unit, Active: u.Active, Peak: u.Peak, Score: u.Score, Period: u.Period,
			Orientation: u.Orientation, Module: u.Module, Phi1: u.Phi1, Phi2: u.Phi2, Phi3: u.Phi3}
	}
	return out
}

func wideMaps(maps []RateMap) []wideMap {
	out := make([]wideMap, len(maps))
	for i, m := range maps {
		out[i] = wideMap{m.Unit, m.Mean, m.Mean}
	}
	return out
}

// table is a source of one output.
func table[T any](name string, rows []T, meta map[string]string) pipeline.Ref {
	n := &pipeline.Node{Name: name, Stage: "source", Params: map[string]string{"name": name}, Outputs: []string{"rows"}, Run: func(_ context.Context, t *pipeline.Task) error {
		return pipeline.Emit(t, "rows", rows, meta)
	}}
	return n.Ref("rows")
}

// run runs one figure stage on its inputs and returns its files.
func run(t *testing.T, n *pipeline.Node) ([]File, error) {
	t.Helper()
	s, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	g, err := pipeline.NewGraph(n)
	if err != nil {
		t.Fatal(err)
	}
	code := codedigest.Stage{Digest: "code"}
	report, err := pipeline.Run(context.Background(), g, pipeline.Options{Store: s, DAG: "test", Numerics: "here",
		Code: map[string]codedigest.Stage{"source": code, "plot": code}})
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
	files, err := artifact.Rows[File](rec)
	if err != nil {
		t.Fatal(err)
	}
	return files, nil
}

// network4 are the inputs of one network under the given prefix of their roles.
func network4(prefix string, net Figure4Data) map[string]pipeline.Ref {
	meta := map[string]string{"box_m": fmt.Sprint(net.BoxM)}
	return map[string]pipeline.Ref{
		prefix + "maps":             table(prefix+"maps", wideMaps(net.Maps), meta),
		prefix + "units":            table(prefix+"units", wide(net.Units), meta),
		prefix + "modules":          table(prefix+"modules", net.Modules, meta),
		prefix + "autocorrelograms": table(prefix+"autocorrelograms", net.Autocorrelograms, meta),
		prefix + "summary":          table(prefix+"summary", []Summary{net.Summary}, meta),
	}
}

// only keeps those inputs.
func only(in map[string]pipeline.Ref, roles ...string) map[string]pipeline.Ref {
	out := map[string]pipeline.Ref{}
	for _, r := range roles {
		out[r] = in[r]
	}
	return out
}

func TestStagesDrawWhatTheirInputsHold(t *testing.T) {
	net := oneModule()
	node := func(name string, inputs map[string]pipeline.Ref, params any, run func(context.Context, *pipeline.Task) error) *pipeline.Node {
		return &pipeline.Node{Name: name, Stage: "plot", Params: params, Inputs: inputs, Outputs: Outputs, Run: run}
	}
	files, err := run(t, node("figure-4", network4("", net), params4, pipeline.Bind(params4, Figure4)))
	open(t, "figure-4", files, err).want(t, "module 1", "n = 58", "ratemaps in a box of 4 m")

	six := idealFigure6(net, 200)
	in := only(network4("", net), "maps", "units", "modules", "summary")
	box := map[string]string{"box_m": "4"}
	embedded := map[string]string{"box_m": "4", "module": "0", "neighbours": "20"}
	in["spectrum"] = table("spectrum", six.Spectra, box)
	in["pca"] = table("pca", six.PCA, embedded)
	in["points"] = table("points", six.States, embedded)
	in["eigenvalues"] = table("eigenvalues", six.Eigenvalues, embedded)
	in["intervals"] = table("intervals", six.Intervals, embedded)
	in["topology"] = table("topology", []Topology{six.Topology}, embedded)
	files, err = run(t, node("figure-6", in, params6, pipeline.Bind(params6, Figure6)))
	open(t, "figure-6", files, err).want(t, "mean of module 1 (n = 58)", "coloured by k1·x")

	in = only(network4("full/", threeModules()), "full/maps", "full/units")
	for role, ref := range only(network4("no-capacity/", net), "no-capacity/maps", "no-capacity/units") {
		in[role] = ref
	}
	files, err = run(t, node("figure-8", in, params8, pipeline.Bind(params8, Figure8)))
	open(t, "figure-8", files, err).want(t, "64 units: 59 active", "64 units: 60 active")

	p := SeedsParams{DPI: 200, Seeds: []uint64{1, 2}, Variants: []string{"full"}}
	in = only(network4("seed-1/full/", threeModules()), "seed-1/full/units", "seed-1/full/modules", "seed-1/full/summary")
	for role, ref := range only(network4("seed-2/full/", net), "seed-2/full/units", "seed-2/full/modules", "seed-2/full/summary") {
		in[role] = ref
	}
	files, err = run(t, node("seeds", in, p, pipeline.Bind(p, Seeds)))
	open(t, "seeds", files, err).want(t, "seed 1", "seed 2", "0.95")
}

func TestInputsOfTwoBoxesAreRefused(t *testing.T) {
	in := network4("", oneModule())
	in["units"] = table("other units", wide(oneModule().Units), map[string]string{"box_m": "2"})
	_, err := run(t, &pipeline.Node{Name: "figure-4", Stage: "plot", Params: params4, Inputs: in, Outputs: Outputs, Run: pipeline.Bind(params4, Figure4)})
	if err == nil || !strings.Contains(err.Error(), `input "units": box of 2 m, other inputs are of 4 m`) {
		t.Errorf("error %v", err)
	}
}
