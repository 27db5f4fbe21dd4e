package plot

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
)

// gridSweep is a sweep of designs over two variants, three seeds each; the score of a run depends on its place.
func gridSweep(designs []SweepDesign, parameters []string, points [][]string, of [][]int32, variants ...string) (SweepData, SweepParams) {
	p := SweepParams{Figure: "swept", DPI: 200, RateColours: "jet", Parameters: parameters, Designs: designs, Own: points[0]}
	d := SweepData{BoxM: 4}
	for i, values := range points {
		for _, v := range variants {
			for seed := range int64(3) {
				run := int32(len(d.Runs))
				r := SweepRun{Run: run, Point: int32(i), Designs: of[i], Variant: v, Seed: 11 + seed, Purpose: "finding", Steps: 100,
					Explained: 0.5 + 0.1*float64(seed), Score: 0.1*float64(i) + 0.2*float64(seed), Modules: int32(i+int(seed)) % 4, Success: seed == 2}
				if i == 1 && seed == 0 {
					r.Stopped, r.Score = "died: of this test", math.NaN()
				}
				d.Runs, d.Values = append(d.Runs, r), append(d.Values, values)
				d.Examples = append(d.Examples, SweepExample{Run: run, Unit: 3, Map: make([]float32, 16)})
			}
			d.Points = append(d.Points, SweepPoint{Point: int32(i), Variant: v, Purpose: "finding", Rule: "several", N: 3, Successes: 1, Low: 0.0084, High: 0.9057})
		}
	}
	return d, p
}

func twoPlanes() (SweepData, SweepParams) {
	designs := []SweepDesign{{"scales", "grid", []string{"loss.sigma_g", "loss.capacity"}}, {"isometry", "grid", []string{"loss.conformal_isometry", "network.init_scale"}}}
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
	return gridSweep(designs, []string{"loss.sigma_g", "loss.capacity", "loss.conformal_isometry", "network.init_scale"}, points, of, "full")
}

func TestThePhaseDiagramHasEveryPointOfBothPlanes(t *testing.T) {
	d, p := twoPlanes()
	files, err := DrawPhaseDiagram(d, p)
	f := open(t, "swept", files, err)
	f.want(t, "a", "b", "modules found, seed by seed", "grid score, median", "map of the unit of median score", "weight of capacity", "weight of isometry",
		"scale of initialisation", "all loss terms", "Box of 4 m", "0 1 2", "1 ended")
	if n := f.count("no run"); n > 0 {
		t.Errorf("%d cells without a run", n)
	}
	if pl := d.plane(p, 1, "full"); pl.own != [2]int{1, 1} || len(pl.x) != 4 || len(pl.y) != 4 || len(pl.cells[1][1]) != 3 {
		t.Errorf("second plane %v by %v, own %v: the point that both planes share is in both", pl.y, pl.x, pl.own)
	}
	var shown struct {
		Runs []struct {
			Values []string `json:"values"`
			Score  *float64 `json:"grid_expanding_median"`
		} `json:"runs"`
	}
	if err := json.Unmarshal(f.numbers, &shown); err != nil || len(shown.Runs) != 93 || shown.Runs[3].Score != nil || len(shown.Runs[0].Values) != 4 {
		t.Errorf("numbers of %d runs, %v", len(shown.Runs), err)
	}
	gone := d
	gone.Examples = nil // every network silent
	files, err = DrawPhaseDiagram(gone, p)
	f = open(t, "swept", files, err)
	f.want(t, "silent")
}

func TestRobustnessHasAColumnForEveryParameter(t *testing.T) {
	keys := []string{"loss.sigma_x", "loss.sigma_g", "loss.separation", "loss.invariance", "loss.capacity"}
	own := []string{"0.05", "0.4", "1", "0.1", "0.5"}
	var designs []SweepDesign
	points, of := [][]string{own}, [][]int32{{0, 1, 2, 3, 4}}
	for i, key := range keys {
		designs = append(designs, SweepDesign{key, "grid", []string{key}})
		for _, v := range []string{"0.028", "0.9"} {
			values := append([]string(nil), own...)
			values[i] = v
			points, of = append(points, values), append(of, []int32{int32(i)})
		}
	}
	for _, variants := range [][]string{{"full"}, {"full", "no-capacity"}} {
		d, p := gridSweep(designs, keys, points, of, variants...)
		files, err := DrawRobustness(d, p)
		f := open(t, "swept", files, err)
		f.want(t, "grid score, median", "modules found", "explained by position", "weight of separation", "weight of invariance", "weight of capacity", "Box of 4 m")
		if n := f.count("0.028"); n != 15 {
			t.Errorf("%d ticks of 0.028, want one in each of 15 panels", n)
		}
	}
	d, p := gridSweep(designs, keys, points, of, "full")
	p.Designs[0].Parameters = keys[:2]
	if _, err := DrawRobustness(d, p); err == nil {
		t.Error("a design of two parameters is drawn as one")
	}
}

func TestTheOverviewHasARowForEverySetting(t *testing.T) {
	designs := []SweepDesign{{"tried", "list", []string{"optimiser.accumulate"}}, {"chance", "random", []string{"loss.sigma_g", "network.init"}}}
	points := [][]string{{"1", "0.4", "identity"}, {"2", "0.4", "identity"}, {"1", "0.2", "pytorch"}, {"1", "0.7", "identity"}}
	d, p := gridSweep(designs, []string{"optimiser.accumulate", "loss.sigma_g", "network.init"}, points, [][]int32{{0}, {0}, {1}, {1}}, "full", "no-capacity")
	d.Points[0].Name, d.Points[2].Name = "as it is", "two batches a step, with a name that is much longer than there is room for in a line of the figure"
	files, err := DrawSweep(d, p)
	f := open(t, "swept", files, err)
	f.want(t, "all loss terms, seeds for finding", "without the capacity term, seeds for finding", "as it is", "two batches a step", "1 of 3 (1–91 %)", "…")
	if panels := d.drawn(p); len(panels) != 1 || len(panels[0].values) != 12 {
		t.Errorf("panels of what was drawn: %+v; words have none", panels)
	}
	// Of very many settings the best are shown.
	points, of := drawnPoints(100)
	d, p = gridSweep([]SweepDesign{{"chance", "random", []string{"loss.sigma_g"}}}, []string{"loss.sigma_g"}, points, of, "full")
	d.Points[77].Successes = 3
	files, err = DrawSweep(d, p)
	f = open(t, "swept", files, err)
	f.want(t, "the best 60 of 100 settings", "3 of 3")
}

// drawnPoints are n points of one random design.
func drawnPoints(n int) (points [][]string, of [][]int32) {
	for i := range n {
		points, of = append(points, []string{fmt.Sprintf("%.4f", 0.2*math.Pow(20, float64(i)/float64(n)))}), append(of, []int32{0})
	}
	return points, of
}
