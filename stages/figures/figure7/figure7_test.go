package figure7

import (
	"maps"
	"math"
	"slices"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/figuretest"
)

func TestFigure7SetsVariantsSideBySide(t *testing.T) {
	var d Data
	d.BoxM = 2
	for name, net := range map[string]figuretest.Network{
		"full": figuretest.Ideal(2, 2, figuretest.Grid(10, 0.5, 10, 1.2), figuretest.Grid(8, 0.8, 10, 1)), "no-separation": figuretest.Ideal(2, 0, figuretest.Noise(9)), "sigma-g-01": figuretest.Ideal(2, 6),
	} {
		d.Rows = append(d.Rows, Ablation{name, net.Units, net.Modules, net.Maps, net.Summary})
	}
	slices.SortFunc(d.Rows, func(a, b Ablation) int { return len(b.Units) - len(a.Units) })
	p := Params{Look{figuretest.Params, 5}, "jet", []string{"full", "no-separation", "sigma-g-01"}, figuretest.Titles}
	files, err := Draw(d, p)
	f := figuretest.Open(t, "figure-7", files, err)
	f.Want(t, "all loss terms", "without separation", "σg = 0.1", "no active unit", "2 modules", "18 of 20 units active", "grid score", "period (m)")
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
		files, err := Draw(Data{net.BoxM, []Ablation{{"full", net.Units, net.Modules, net.Maps, net.Summary}}}, Params{Look{figuretest.Params, 5}, "jet", []string{"full"}, figuretest.Titles})
		figuretest.Open(t, "figure-7", files, err).Want(t, want)
	}
}

func TestALongTitleTakesTwoLines(t *testing.T) {
	net := figuretest.OneModule()
	d := Data{net.BoxM, []Ablation{{"scratch", net.Units, net.Modules, net.Maps, net.Summary}, {"full", net.Units, net.Modules, net.Maps, net.Summary}}}
	p := Params{Look{figuretest.Params, 5}, "jet", []string{"scratch", "full"}, sheet.Titles{"scratch": "all loss terms, from random initialisation", "full": "all loss terms"}}
	files, err := Draw(d, p)
	f := figuretest.Open(t, "figure-7", files, err)
	if f.Want(t, "initialisation"); f.Count("all loss terms, from random initialisation") != 0 {
		t.Error("a title runs into the maps")
	}
}
