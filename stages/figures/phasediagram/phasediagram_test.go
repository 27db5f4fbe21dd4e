package phasediagram

import (
	"encoding/json"
	"testing"

	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/figures/sheet/sweepdata"
)

func twoPlanes() (sweepdata.Data, sweepdata.Params) {
	designs := []sweepdata.Design{{Name: "scales", Kind: "grid", Parameters: []string{"loss.sigma_g", "loss.capacity"}}, {Name: "isometry", Kind: "grid", Parameters: []string{"loss.conformal_isometry", "network.init_scale"}}}
	var points [][]string
	var of [][]int32
	for _, g := range []string{"0.4", "0.3", "0.5", "0.6"} {
		for _, c := range []string{"0.5", "0", "0.2", "1"} {
			points, of = append(points, []string{g, c, "0.3", "0.1"}), append(of, []int32{0})
		}
	}
	of[0] = []int32{0, 1}
	for _, i := range []string{"0.1", "0.3", "0.6", "1"} {
		for _, s := range []string{"0.05", "0.1", "0.3", "1"} {
			if i != "0.3" || s != "0.1" {
				points, of = append(points, []string{"0.4", "0.5", i, s}), append(of, []int32{1})
			}
		}
	}
	return figuretest.Sweep(designs, []string{"loss.sigma_g", "loss.capacity", "loss.conformal_isometry", "network.init_scale"}, points, of, "full")
}

func TestThePhaseDiagramHasEveryPointOfBothPlanes(t *testing.T) {
	d, p := twoPlanes()
	files, err := Draw(d, p)
	f := figuretest.Open(t, "swept", files, err)
	f.Want(t, "a", "b", "modules found, seed by seed", "grid score, median", "map of the unit of median score", "weight of capacity", "weight of isometry",
		"scale of initialisation", "all loss terms", "Box of 4 m", "0 1 2", "1 ended")
	if n := f.Count("no run"); n > 0 {
		t.Errorf("%d cells without a run", n)
	}
	if pl := planeOf(d, p, 1, "full"); pl.own != [2]int{1, 1} || len(pl.x) != 4 || len(pl.y) != 4 || len(pl.cells[1][1]) != 3 {
		t.Errorf("second plane %v by %v, own %v: the point that both planes share is in both", pl.y, pl.x, pl.own)
	}
	var shown struct {
		Runs []struct {
			Values []string `json:"values"`
			Score  *float64 `json:"grid_expanding_median"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(f.Numbers, &shown); err != nil || len(shown.Runs) != 93 || shown.Runs[3].Score != nil || len(shown.Runs[0].Values) != 4 {
		t.Errorf("numbers of %d runs, %v", len(shown.Runs), err)
	}
	gone := d
	gone.Examples = nil // every network silent
	files, err = Draw(gone, p)
	f = figuretest.Open(t, "swept", files, err)
	f.Want(t, "silent")
}
