package figure4

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ambiguity/ambiguitytable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/figuretest"
)

// The parameters of the tests.
var params = Params{Look: Look{CorrelationLook: figuretest.CorrelationParams.CorrelationLook, CellsPerModule: 5, MaxModules: 6}, RateColours: "jet", Network: "all loss terms"}

func TestFigure4NamesEveryModule(t *testing.T) {
	files, err := Draw(of(figuretest.ThreeModules()), params)
	d := figuretest.Open(t, "figure-4", files, err)
	d.Want(t, "module 1", "module 2", "module 3", "λ = 0.51 m", "λ = 0.83 m", "λ = 1.40 m", "n = 21", "n = 19",
		"rate / peak", "correlation", "1 m", "period (m)", "orientation (deg)", "grid score", "no module (10)", "median")
	for _, letter := range []string{"a", "b", "c"} {
		d.Want(t, letter)
	}
	if n := d.Count("unit "); n != 3*(params.CellsPerModule+1) {
		t.Errorf("%d pictures named by their unit, want a row of %d and an autocorrelogram for each module", n, params.CellsPerModule)
	}
	if d.Count("not hexagonal") != 1 {
		t.Error("the third module alone is not hexagonal")
	}
	var shown struct {
		Box      float64 `json:"box_m"`
		Score    float64 `json:"grid_expanding_median"`
		Above    float64 `json:"above_0_3"`
		Inactive int     `json:"inactive"`
		Modules  []struct {
			Period    float64 `json:"period_m"`
			N         int     `json:"n"`
			Hexagonal bool    `json:"hexagonal"`
		} `json:"modules"`
	}
	if err := json.Unmarshal(d.Numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Box != 4 || shown.Inactive != 5 || len(shown.Modules) != 3 || shown.Modules[1].Period != 0.83 || shown.Modules[0].N != 21 || !shown.Modules[0].Hexagonal {
		t.Errorf("numbers %+v", shown)
	}
	if math.Abs(shown.Score-0.9) > 0.1 || math.Abs(shown.Above-49./59) > 0.1 {
		t.Errorf("median score %g, share above 0.3 %g", shown.Score, shown.Above)
	}
}

func TestFigure4SaysThatThereIsNoModule(t *testing.T) {
	net := of(figuretest.Ideal(2, 5, figuretest.Noise(20)))
	files, err := Draw(net, params)
	d := figuretest.Open(t, "figure-4", files, err)
	d.Want(t, "no module", "found in this box;", "active units", "of median", "spatial information", "0.5 m")
	if d.Count(" bit") < params.CellsPerModule {
		t.Error("no example cells")
	}
	files, err = Draw(of(figuretest.Ideal(2, 8)), params)
	d = figuretest.Open(t, "figure-4", files, err)
	d.Want(t, "no active unit")
	if !bytes.Contains(d.Numbers, []byte(`"grid_expanding_median": null`)) || !bytes.Contains(d.Numbers, []byte(`"modules": []`)) {
		t.Errorf("numbers %s", d.Numbers)
	}
}

// The paper's values stand beside ours, and modules that may share a torus are named.
func TestFigure4SaysWhichModulesAreIndependent(t *testing.T) {
	net := figuretest.Ideal(4, 0, figuretest.Grid(8, 0.5, 10, 1), figuretest.Grid(8, 0.7, 46, 1), figuretest.Grid(8, 0.7*math.Sqrt(3), 16, 1))
	net.Summary.Independent, net.Summary.Generators = 2, 4
	shown := of(net)
	shown.Told = ambiguitytable.Row{Cell: 1.21, Places: 300, Right: 0.94, Chance: 0.12}
	files, err := Draw(shown, params)
	d := figuretest.Open(t, "figure-4", files, err)
	d.Want(t, "beyond the coarsest cell 94 % of places are told apart; by guessing 12 %", "independent: 2 of 3 hexagonal modules; generators of all waves: 4 (one torus: 2)", "coincide: modules 2 and 3 (× 1.732, 30°)", "the paper's", "paper's", "Examples: of the half")
	for _, want := range []string{"0.51, 0.83 and 1.40 m", "Coincide: modules 2 and 3"} {
		if !strings.Contains(d.Legend.Caption, want) {
			t.Errorf("the caption lacks %q: %s", want, d.Legend.Caption)
		}
	}
	net.Modules = net.Modules[:1]
	if lines := of(net).independence(); lines != nil {
		t.Errorf("of one module it says %q", lines)
	}
}

// A map of a smaller box has a scale bar of its own.
func TestFigure4ShowsTheFirstCellOfAModuleWithFinerBins(t *testing.T) {
	small := figuretest.Ideal(2, 4, figuretest.Grid(58, 0.95, 12, 1.2), figuretest.Noise(2))
	in := inputs(figuretest.OneModule())
	in["finer"] = figuretest.Table("finer", small.Maps, map[string]string{"box_m": "2"})
	finer := params
	finer.FinerBoxM = 2
	files, err := figuretest.Draw(t, finer, Run, in)
	d := figuretest.Open(t, "figure-4", files, err)
	d.Want(t, "in 2 m", "0.5 m", "1 m")
	if n := d.Count("unit "); n < params.CellsPerModule+2 {
		t.Errorf("%d pictures are named by their unit", n)
	}
}

// inputs are those of the figure, of a network that was not asked what it tells apart.
func inputs(n figuretest.Network) map[string]pipeline.Ref {
	in := figuretest.Inputs("", n)
	in["ambiguity"] = figuretest.Table("ambiguity", []ambiguitytable.Row{{}}, map[string]string{"box_m": fmt.Sprint(n.BoxM)})
	return in
}

// of is what the figure shows of a network.
func of(n figuretest.Network) Data {
	return Data{BoxM: n.BoxM, Units: n.Units, Maps: n.Maps, Autocorrelograms: n.Autocorrelograms, Modules: n.Modules, Summary: n.Summary}
}

func TestBadTablesAreRefused(t *testing.T) {
	missing, ragged, unequal := figuretest.ThreeModules(), figuretest.ThreeModules(), figuretest.ThreeModules()
	missing.Maps = missing.Maps[:10]
	ragged.Maps[3].Mean = ragged.Maps[3].Mean[:100*7]
	unequal.Maps[3].Mean = unequal.Maps[3].Mean[:32*32]
	correlogram := figuretest.ThreeModules()
	correlogram.Autocorrelograms[0].Values = correlogram.Autocorrelograms[0].Values[:5]
	for _, c := range []struct {
		net  figuretest.Network
		want string
	}{
		{missing, "figure-4: unit 10: no ratemap"},
		{ragged, "figure-4: ratemap of unit 3: 700 values are not a square of bins"},
		{unequal, "figure-4: ratemap of unit 3: 32 bins a side, others have 48"},
		{correlogram, "figure-4: autocorrelogram of unit 0: 5 values are not a square of bins"},
	} {
		if _, err := Draw(of(c.net), params); err == nil || err.Error() != c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

// What cannot be measured is said in the figure, which is drawn all the same.
func TestFigure4SaysWhatIsWrongWithItsNetwork(t *testing.T) {
	for name, net := range figuretest.Faulty() {
		want := "no module"
		if name == "walks that do not cover the box" {
			want = "ratemaps in a box of 12 m; no walk came to 90 % of it"
		}
		files, err := Draw(of(net), params)
		figuretest.Open(t, "figure-4", files, err).Want(t, want)
	}
}

func TestFigure4IsDrawnOfNetworksOfAnySize(t *testing.T) {
	for name, net := range figuretest.OfAnySize() {
		t.Run(name, func(t *testing.T) {
			files, err := Draw(of(net), params)
			figuretest.Open(t, "figure-4", files, err)
		})
	}
}

func TestFigure4HasTheSameBytesWhateverGOMAXPROCS(t *testing.T) {
	figuretest.SameBytes(t, func() ([]sheet.File, error) { return Draw(of(figuretest.ThreeModules()), params) })
}

func TestFigure4ReadsItsInputs(t *testing.T) {
	files, err := figuretest.Draw(t, params, Run, inputs(figuretest.OneModule()))
	figuretest.Open(t, "figure-4", files, err).Want(t, "module 1", "n = 58", "ratemaps in a box of 4 m")
}

func TestInputsOfTwoBoxesAreRefused(t *testing.T) {
	in := inputs(figuretest.OneModule())
	in["units"] = figuretest.Table("other units", figuretest.OneModule().Units, map[string]string{"box_m": "2"})
	_, err := figuretest.Draw(t, params, Run, in)
	if err == nil || !strings.Contains(err.Error(), `input "units": box of 2 m, other inputs are of 4 m`) {
		t.Errorf("error %v", err)
	}
}
