package figure4

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/spectra/spectratable"
)

// The parameters of the tests.
var params = Params{Look: Look{CorrelationLook: figuretest.CorrelationParams.CorrelationLook, CellsPerModule: 5, MaxModules: 6}, RateColours: "jet", Network: "all loss terms"}

func TestFigure4NamesEveryModule(t *testing.T) {
	files, err := Draw(Data(figuretest.ThreeModules()), params)
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
	net := Data(figuretest.Ideal(2, 5, figuretest.Noise(20)))
	files, err := Draw(net, params)
	d := figuretest.Open(t, "figure-4", files, err)
	d.Want(t, "no module", "found in this box;", "the active units", "of highest", "spatial information", "0.5 m")
	if d.Count(" bit") < params.CellsPerModule {
		t.Error("no example cells")
	}
	files, err = Draw(Data(figuretest.Ideal(2, 8)), params)
	d = figuretest.Open(t, "figure-4", files, err)
	d.Want(t, "no active unit")
	if !bytes.Contains(d.Numbers, []byte(`"grid_expanding_median": null`)) || !bytes.Contains(d.Numbers, []byte(`"modules": []`)) {
		t.Errorf("numbers %s", d.Numbers)
	}
}

func TestExampleCellsAreGoodAndSpreadInPhase(t *testing.T) {
	// Nine good cells of one phase, one good cell of the opposite phase, ten bad ones.
	var cells []spectratable.Unit
	for i := range 20 {
		u := spectratable.Unit{Unit: int32(i), Score: 1 + 0.01*float64(i), Module: 0}
		if i == 3 {
			u.Phi1, u.Phi2 = math.Pi, math.Pi
		}
		if i >= 10 {
			u.Score = -0.5
			u.Phi1 = math.Pi / 2
		}
		cells = append(cells, u)
	}
	cells[19].Score = math.NaN()
	picked := exampleCells(cells, 4)
	if picked[0].Unit != 9 || picked[1].Unit != 3 {
		t.Errorf("units %d and %d first, want the best (9) and the one of the opposite phase (3)", picked[0].Unit, picked[1].Unit)
	}
	seen := map[int32]bool{}
	for _, u := range picked {
		if u.Score < 1 || seen[u.Unit] {
			t.Errorf("unit %d picked", u.Unit)
		}
		seen[u.Unit] = true
	}
	if got := exampleCells(cells[:2], 4); len(got) != 2 {
		t.Errorf("%d cells of two", len(got))
	}
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
		if _, err := Draw(Data(c.net), params); err == nil || err.Error() != c.want {
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
		files, err := Draw(Data(net), params)
		figuretest.Open(t, "figure-4", files, err).Want(t, want)
	}
}

func TestFigure4IsDrawnOfNetworksOfAnySize(t *testing.T) {
	for name, net := range figuretest.OfAnySize() {
		t.Run(name, func(t *testing.T) {
			files, err := Draw(Data(net), params)
			figuretest.Open(t, "figure-4", files, err)
		})
	}
}

func TestFigure4HasTheSameBytesWhateverGOMAXPROCS(t *testing.T) {
	figuretest.SameBytes(t, func() ([]sheet.File, error) { return Draw(Data(figuretest.ThreeModules()), params) })
}

func TestFigure4ReadsItsInputs(t *testing.T) {
	files, err := figuretest.Draw(t, params, Run, figuretest.Inputs("", figuretest.OneModule()))
	figuretest.Open(t, "figure-4", files, err).Want(t, "module 1", "n = 58", "ratemaps in a box of 4 m")
}

func TestInputsOfTwoBoxesAreRefused(t *testing.T) {
	in := figuretest.Inputs("", figuretest.OneModule())
	in["units"] = figuretest.Table("other units", figuretest.OneModule().Units, map[string]string{"box_m": "2"})
	_, err := figuretest.Draw(t, params, Run, in)
	if err == nil || !strings.Contains(err.Error(), `input "units": box of 2 m, other inputs are of 4 m`) {
		t.Errorf("error %v", err)
	}
}
