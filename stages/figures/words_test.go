// Package figures_test tests what holds over several figures.
package figures_test

import (
	"encoding/json"
	"testing"

	"sicgrid/stages/figures/figure4"
	"sicgrid/stages/figures/figure8"
	"sicgrid/stages/figures/sheet/figuretest"
)

// Inactive units are the silent and the weak ones, whichever figure counts them.
func TestOneWordCountsTheSameUnitsInEveryFigure(t *testing.T) {
	net := figuretest.ThreeModules() // with 5 silent units
	net.Units[7].Active = false      // fires
	net.Summary.Active--
	four, err := figure4.Draw(figure4.Data{BoxM: net.BoxM, Units: net.Units, Maps: net.Maps, Modules: net.Modules, Summary: net.Summary}, figure4.Params{Look: figure4.Look{CorrelationLook: figuretest.CorrelationParams.CorrelationLook, CellsPerModule: 5, MaxModules: 6}, RateColours: "jet"})
	if err != nil {
		t.Fatal(err)
	}
	eight, err := figure8.Draw(figure8.Data{BoxM: net.BoxM, Networks: []figure8.Network{{Name: "full", Units: net.Units, Maps: net.Maps}}},
		figure8.Params{Look: figure8.Look{Params: figuretest.Params, Columns: 16}, RateColours: "jet"})
	if err != nil {
		t.Fatal(err)
	}
	var one map[string]any
	var all struct {
		Networks []map[string]any `json:"networks"`
	}
	if err := json.Unmarshal(four[2].Data, &one); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(eight[2].Data, &all); err != nil {
		t.Fatal(err)
	}
	other := all.Networks[0]
	if one["inactive"] != 6.0 || other["silent"] != 5.0 || other["weak"] != 1.0 || one["active"] != other["active"] {
		t.Errorf("figure 4: %v inactive, %v active; figure 8: %v silent, %v weak, %v active", one["inactive"], one["active"], other["silent"], other["weak"], other["active"])
	}
	for _, numbers := range []map[string]any{one, other} {
		if _, said := numbers["dead"]; said {
			t.Error("a figure counts dead units, which says neither")
		}
	}
}
