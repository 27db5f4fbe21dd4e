package overview

import (
	"fmt"
	"math"
	"testing"

	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/figures/sheet/sweepdata"
	"sicgrid/stages/outcome/outcometable"
	"sicgrid/stages/sweep/sweeptable"
)

func TestTheOverviewHasARowForEverySetting(t *testing.T) {
	designs := []sweepdata.Design{{Name: "tried", Kind: "list", Parameters: []string{"optimiser.accumulate"}}, {Name: "chance", Kind: "random", Parameters: []string{"loss.sigma_g", "network.init"}}}
	points := [][]string{{"1", "0.4", "identity"}, {"2", "0.4", "identity"}, {"1", "0.2", "pytorch"}, {"1", "0.7", "identity"}}
	d, p := figuretest.Sweep(designs, []string{"optimiser.accumulate", "loss.sigma_g", "network.init"}, points, [][]int32{{0}, {0}, {1}, {1}}, "full", "no-capacity")
	d.Points[0].Name, d.Points[2].Name = "as it is", "two batches a step, with a name that is much longer than there is room for in a line of the figure"
	files, err := Draw(d, p)
	f := figuretest.Open(t, "swept", files, err)
	f.Want(t, "all loss terms, seeds for finding", "without the capacity term, seeds for finding", "as it is", "two batches a step", "1 of 3 (1–91 %)", "…")
	if panels := scatters(d, p); len(panels) != 1 || len(panels[0].values) != 12 {
		t.Errorf("panels of what was drawn: %+v; words have none", panels)
	}
	// Of very many settings the best are shown.
	points, of := drawnPoints(100)
	d, p = figuretest.Sweep([]sweepdata.Design{{Name: "chance", Kind: "random", Parameters: []string{"loss.sigma_g"}}}, []string{"loss.sigma_g"}, points, of, "full")
	d.Points[77].Successes = 3
	files, err = Draw(d, p)
	f = figuretest.Open(t, "swept", files, err)
	f.Want(t, "the best 60 of 100 settings", "3 of 3")
}

// Ten seeds that come to one result are ten discs, none of which hides another.
func TestDiscsOfOneRowDoNotOverlap(t *testing.T) {
	var runs []sweeptable.Run
	for i := range 10 {
		runs = append(runs, sweeptable.Run{Row: outcometable.Row{Modules: 3, Score: 1.3 + 0.001*float64(i), Explained: -0.3}})
	}
	d := sweepdata.Data{Runs: runs}
	for k, p := range panelsOf(d) {
		at, off := p.places(runs)
		for i := range runs {
			if at[i] < p.x || at[i] > p.x+p.w {
				t.Errorf("panel %d: a disc at %g mm is outside of %g to %g", k, at[i], p.x, p.x+p.w)
			}
			for j := range i {
				if math.Hypot(at[i]-at[j], off[i]-off[j]) < sweepdata.MarkWidth*(1-1e-6) {
					t.Errorf("panel %d: discs %d and %d overlap", k, i, j)
				}
			}
		}
	}
}

// drawnPoints are n points of one random design.
func drawnPoints(n int) (points [][]string, of [][]int32) {
	for i := range n {
		points, of = append(points, []string{fmt.Sprintf("%.4f", 0.2*math.Pow(20, float64(i)/float64(n)))}), append(of, []int32{0})
	}
	return points, of
}
