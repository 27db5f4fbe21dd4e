package figure7

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/figuretest"
)

// paramsOf are those of a first network and its ablations.
func paramsOf(variants ...string) Params {
	return Params{Look: Look{Params: figuretest.Params, Cells: 5}, RateColours: "jet", Reference: variants[0], Variants: variants, Titles: figuretest.Titles}
}

func rowOf(name string, net figuretest.Network) Ablation {
	return Ablation{Name: name, Units: net.Units, Modules: net.Modules, Maps: net.Maps, Summary: net.Summary}
}

func TestFigure7SetsVariantsSideBySide(t *testing.T) {
	var d Data
	d.BoxM = 2
	for name, net := range map[string]figuretest.Network{
		"full": figuretest.Ideal(2, 2, figuretest.Grid(10, 0.5, 10, 1.2), figuretest.Grid(8, 0.8, 10, 1)), "no-separation": figuretest.Ideal(2, 0, figuretest.Noise(9)), "sigma-g-01": figuretest.Ideal(2, 6),
	} {
		d.Rows = append(d.Rows, rowOf(name, net))
	}
	slices.SortFunc(d.Rows, func(a, b Ablation) int { return len(b.Units) - len(a.Units) })
	p := paramsOf("full", "no-separation", "sigma-g-01")
	files, err := Draw(d, p)
	f := figuretest.Open(t, "figure-7", files, err)
	f.Want(t, "all loss terms", "without separation", "σg = 0.1", "no active unit", "2 modules", "18 of 20 units active", "grid score", "period (m)", "module 2", "outline: row a")
	f.Want(t, "0 % (100 %) in modules") // beside what it is an ablation of
	if n := d.Rows[0].numbers(); len(n.Modules) != 2 || math.Abs(float64(n.Periods[0])-0.5) > 0.03 || math.Abs(float64(n.Periods[2])-0.8) > 0.03 {
		t.Errorf("numbers %+v, want two modules and quartiles of 0.5 and 0.8 m", n)
	}
	in := map[string]pipeline.Ref{}
	for _, r := range d.Rows {
		net := figuretest.Network{BoxM: 2, Units: r.Units, Modules: r.Modules, Maps: r.Maps, Summary: r.Summary}
		maps.Copy(in, figuretest.Inputs(r.Name+"/", net, "maps", "units", "modules", "summary"))
	}
	files, err = figuretest.Draw(t, p, Run, in)
	figuretest.Open(t, "figure-7", files, err).Want(t, "2 modules")
	if _, err := Draw(Data{BoxM: 2}, p); err == nil {
		t.Error("no variant was drawn")
	}
}

func TestFigure7SaysWhatIsWrongWithItsNetwork(t *testing.T) {
	networks := figuretest.Faulty()
	for name, want := range map[string]string{"walks that do not cover the box": "8 of 8 units active", "fewer than six units": "4 of 4 units active", "no module": "0 modules", "all units silent": "no active unit"} {
		net := networks[name]
		files, err := Draw(Data{net.BoxM, []Ablation{rowOf("full", net)}}, paramsOf("full"))
		figuretest.Open(t, "figure-7", files, err).Want(t, want)
	}
}

func TestALongTitleTakesTwoLines(t *testing.T) {
	net := figuretest.OneModule()
	d := Data{net.BoxM, []Ablation{rowOf("scratch", net), rowOf("full", net)}}
	p := paramsOf("scratch", "full")
	p.Titles = sheet.Titles{"scratch": "all loss terms, from random initialisation", "full": "all loss terms"}
	files, err := Draw(d, p)
	f := figuretest.Open(t, "figure-7", files, err)
	if f.Want(t, "initialisation"); f.Count("all loss terms, from random initialisation") != 0 {
		t.Error("a title runs into the maps")
	}
}

// Other seeds stand beside the profile's own, and networks of another recipe below the ablations.
func TestFigure7ShowsSeedsAndOtherRecipes(t *testing.T) {
	net := figuretest.OneModule()
	p := paramsOf("full", "no-separation")
	p.Seeds, p.Others = []uint64{101, 102}, []string{"sigma-g-01"}
	in := map[string]pipeline.Ref{}
	for _, v := range p.rows() {
		maps.Copy(in, figuretest.Inputs(v+"/", net, "maps", "units", "modules", "summary"))
		for i, seed := range p.Seeds {
			other := net
			other.Summary.Score = float64(i)
			maps.Copy(in, figuretest.Inputs(sheet.SeedRole(v, seed), other, "summary"))
		}
	}
	files, err := figuretest.Draw(t, p, Run, in)
	f := figuretest.Open(t, "figure-7", files, err)
	f.Want(t, "of seeds", "another recipe, at another size")
	if !strings.Contains(string(f.Numbers), "\"grid_expanding_median_of_seeds\": [\n        0,\n        1\n") {
		t.Errorf("numbers %s", f.Numbers)
	}
	if got := f.Legend.Panels[2]; got.Shows != "σ_g = 0.1 (another recipe)" || !slices.Contains(got.Tables, "sigma-g-01/seed-102/summary") {
		t.Errorf("panel %+v", got)
	}
}

// A network without any modulation is in grey, not in the colour of a peak.
func TestConstantMapsAreSaidToBe(t *testing.T) {
	net := figuretest.Ideal(2, 0, figuretest.Noise(6))
	for i := range net.Units {
		net.Units[i].Modulation = 0.01
	}
	files, err := Draw(Data{BoxM: 2, Rows: []Ablation{rowOf("full", net)}}, paramsOf("full"))
	if n := figuretest.Open(t, "figure-7", files, err).Count("constant"); n < 5 {
		t.Errorf("%d maps are said to be constant", n)
	}
}
