package figure2

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/ideal/idealtable"
)

// codeLine is the line of two modules of 0.4 and 0.57 m up to reach metres.
func codeLine(reach float64) []idealtable.Place {
	var line []idealtable.Place
	for x := 0.0; x <= reach; x += 0.01 {
		line = append(line, placeAt("", x))
	}
	return line
}

func placeAt(kind string, x float64) idealtable.Place {
	phase := func(period float64) float64 { return 2 * math.Pi * math.Mod(x/period, 1) }
	return idealtable.Place{Kind: kind, X: x, Phi1: phase(0.4), Phi2: phase(0.57)}
}

func codeData() Data {
	d := Data{Smallest: 0.4, Thickness: 0.6, Line: codeLine(6), Near: []idealtable.Place{placeAt("", 3), placeAt("phase", 3.01), placeAt("phase", 5), placeAt("place", 3.2)}}
	for m := int32(1); m <= 3; m++ {
		d.Capacity = append(d.Capacity, idealtable.Growth{Modules: m, Range: math.NaN(), Low: math.Pow(8, float64(m-1)), Median: math.Pow(10, float64(m-1)), High: math.Pow(12, float64(m-1))})
		for _, r := range []float64{1, 10, 100} {
			d.Separation = append(d.Separation, idealtable.Growth{Modules: m, Range: r, Low: 1 / r, Median: 2 / r, High: 3 / r})
		}
	}
	for u := 0.0; u < 1; u += 0.02 {
		far := 1 - math.Exp(-u/0.1)
		d.Distance = append(d.Distance, idealtable.Distance{Displacement: u, Mean: far, Low: 0.9 * far, High: 1.1 * far})
	}
	for route := range int32(2) {
		d.Routes = append(d.Routes, idealtable.Leg{Route: route}, idealtable.Leg{Route: route, X: 0.2 * float64(route), Y: 0.1, Phi1: 1, Phi2: 6},
			idealtable.Leg{Route: route, X: 0.3, Y: 0.3, Phi1: 2, Phi2: 0.5})
	}
	return d
}

func TestFigure2ShowsTheProperties(t *testing.T) {
	files, err := Draw(codeData(), figuretest.Params)
	d := figuretest.Open(t, "figure-2", files, err)
	for _, letter := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		d.Want(t, letter)
	}
	d.Want(t, "near in phase, far in space", "capacity", "separation", "half the smallest period", "end in the same phases")
	var shown struct {
		Slope float64 `json:"capacity_factor_per_module"`
		Gap   float64 `json:"route_end_gap_rad"`
		Half  float64 `json:"displacement_of_half_plateau_m"`
	}
	if err := json.Unmarshal(d.Numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if math.Abs(shown.Slope-10) > 1e-9 || shown.Gap > 1e-9 || shown.Half < 0.05 || shown.Half > 0.09 {
		t.Errorf("numbers %+v, want a factor of 10, no gap and half the plateau at 0.07 m", shown)
	}
	if _, err := Draw(Data{}, figuretest.Params); err == nil {
		t.Error("an empty code was drawn")
	}
}

func TestFigure2ReadsItsInputs(t *testing.T) {
	code := codeData()
	meta := map[string]string{"box_m": "2", "period_1": "0.4", "period_2": "0.57", "thickness_rad": "0.6"}
	in := map[string]pipeline.Ref{"line": figuretest.Table("line", code.Line, meta), "near": figuretest.Table("near", code.Near, meta), "capacity": figuretest.Table("capacity", code.Capacity, meta),
		"separation": figuretest.Table("separation", code.Separation, meta), "distance": figuretest.Table("distance", code.Distance, meta), "routes": figuretest.Table("routes", code.Routes, meta)}
	files, err := figuretest.Draw(t, figuretest.Params, Run, in)
	figuretest.Open(t, "figure-2", files, err).Want(t, "capacity")
	delete(meta, "period_1")
	in["line"] = figuretest.Table("other line", code.Line, meta)
	if _, err := figuretest.Draw(t, figuretest.Params, Run, in); err == nil || !strings.Contains(err.Error(), `metadata period_1 "" is not a number`) {
		t.Errorf("error %v", err)
	}
}
