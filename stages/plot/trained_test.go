package plot

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"sicgrid/pkg/pipeline"
)

// generalising is a network of one module that states and places of three boxes are shown of.
func generalising() Figure5Data {
	d := Figure5Data{ReachM: 1.5, WalkBox: 2, Summary: Decorrelation{0.8, 0.1, 0.1, 0.05}, Batch: threeWalks().States}
	for _, box := range []float64{2, 3, 4} {
		net := idealNetwork(box, 3, lump{12, 0.8, 10, 1.2}, lump{4, 0, 0, 0})
		d.Boxes = append(d.Boxes, InBox{box, net.Units, net.Modules, net.Maps})
	}
	for b := range 30 {
		x := 1.5 * (float64(b) + 0.5) / 30
		row := Density{Distance: x, Counts: make([]int32, 20), Mean: 0.8 * (1 - math.Exp(-x/0.05))}
		row.Counts[int(row.Mean/math.Sqrt2*20)] = 9
		d.Density = append(d.Density, row)
	}
	d.Density[29].Mean = math.NaN()
	for l := range 5 {
		d.Lags = append(d.Lags, Lag{float64(15 + 30*l), make([]float64, 30), 0.1})
	}
	for q := range 101 {
		d.Training = append(d.Training, Quantile{float64(q) / 100, 0.012 * float64(q), 0.02 * float64(q)})
	}
	for w := range int32(4) {
		row := WalkRow{Walk: w}
		for s := range 60 {
			a := float64(s)/9 + float64(w)
			row.Velocity = append(row.Velocity, 0.03, 0.04)
			row.Position = append(row.Position, float32(math.Sin(a)), float32(math.Cos(a)))
		}
		d.Walks = append(d.Walks, row)
	}
	return d
}

var params5 = Figure5Params{DPI: 200, BoxesM: []float64{2, 3, 4}, RateColours: "jet"}

func TestFigure5ShowsTheSameCellsInEveryBox(t *testing.T) {
	d := generalising()
	files, err := DrawFigure5(d, params5)
	f := open(t, "figure-5", files, err)
	f.want(t, "training pairs", "training, from start", "distance of states", "time between (steps)", "training: permuted", "2 m", "3 m", "4 m", "modules", "0.80 m")
	var shown struct {
		Median float64 `json:"training_pairs_median_m"`
		Start  float64 `json:"training_from_start_90_m"`
		Boxes  []struct {
			BoxM float64 `json:"box_m"`
		} `json:"boxes"`
		Cells []int32 `json:"cells"`
	}
	if err := json.Unmarshal(f.numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if math.Abs(shown.Median-0.6) > 1e-9 || math.Abs(shown.Start-1.8) > 1e-9 || len(shown.Boxes) != 3 {
		t.Errorf("numbers %+v", shown)
	}
	// The cells are of the module, the best first.
	if len(shown.Cells) != cellsShown || slices.ContainsFunc(shown.Cells, func(u int32) bool { return d.Boxes[2].Units[u].Module < 0 }) {
		t.Errorf("cells %v, want five of the module", shown.Cells)
	}
	f.want(t, "Units of highest grid score, one of each module in turn, in the box of 4 m; below each its period and grid score")
}

func TestFigure5OfADeadNetworkSaysSo(t *testing.T) {
	d := generalising()
	for i := range d.Boxes {
		net := idealNetwork(d.Boxes[i].BoxM, 4)
		d.Boxes[i] = InBox{d.Boxes[i].BoxM, net.Units, nil, net.Maps}
	}
	d.Lags = nil
	files, err := DrawFigure5(d, params5)
	open(t, "figure-5", files, err).want(t, "no active unit", "no module", "walks too short")
	if _, err := DrawFigure5(Figure5Data{}, params5); err == nil {
		t.Error("nothing was drawn")
	}
}

func TestFigure7SetsVariantsSideBySide(t *testing.T) {
	var d Figure7Data
	d.BoxM = 2
	for name, net := range map[string]Figure4Data{
		"full": idealNetwork(2, 2, lump{10, 0.5, 10, 1.2}, lump{8, 0.8, 10, 1}), "no-separation": idealNetwork(2, 0, lump{9, 0, 0, 0}), "sigma-g-01": idealNetwork(2, 6),
	} {
		d.Rows = append(d.Rows, Ablation{name, net.Units, net.Modules, net.Maps, net.Summary})
	}
	slices.SortFunc(d.Rows, func(a, b Ablation) int { return len(b.Units) - len(a.Units) })
	p := Figure7Params{DPI: 200, RateColours: "jet", Cells: 5, Variants: []string{"full", "no-separation", "sigma-g-01"}}
	files, err := DrawFigure7(d, p)
	f := open(t, "figure-7", files, err)
	f.want(t, "all loss terms", "without separation", "σg = 0.1", "no active unit", "2 modules", "18 of 20 units active", "grid score", "period (m)")
	if n := d.Rows[0].numbers(); len(n.Modules) != 2 || math.Abs(float64(n.Periods[0])-0.5) > 0.03 || math.Abs(float64(n.Periods[2])-0.8) > 0.03 {
		t.Errorf("numbers %+v, want two modules and quartiles of 0.5 and 0.8 m", n)
	}
	in := map[string]pipeline.Ref{}
	for _, r := range d.Rows {
		net := Figure4Data{BoxM: 2, Units: r.Units, Modules: r.Modules, Maps: r.Maps, Summary: r.Summary}
		for role, ref := range only(network4(r.Name+"/", net), r.Name+"/maps", r.Name+"/units", r.Name+"/modules", r.Name+"/summary") {
			in[role] = ref
		}
	}
	files, err = run(t, &pipeline.Node{Name: "figure-7", Stage: "plot", Params: p, Inputs: in, Outputs: Outputs, Run: pipeline.Bind(p, Figure7)})
	open(t, "figure-7", files, err).want(t, "2 modules")
	if _, err := DrawFigure7(Figure7Data{BoxM: 2}, p); err == nil {
		t.Error("no variant was drawn")
	}
}

func TestFigure5ReadsEveryBox(t *testing.T) {
	d := generalising()
	in := map[string]pipeline.Ref{}
	for _, b := range d.Boxes {
		role := fmt.Sprintf("%gm/", b.BoxM)
		for name, ref := range only(network4(role, Figure4Data{BoxM: b.BoxM, Units: b.Units, Modules: b.Modules, Maps: b.Maps}), role+"maps", role+"units", role+"modules") {
			in[name] = ref
		}
	}
	two := map[string]string{"box_m": "2", "reach_m": "1.5"}
	in["density"], in["lags"] = table("density", d.Density, two), table("lags", d.Lags, two)
	in["decorrelation"] = table("decorrelation", []Decorrelation{d.Summary}, two)
	in["training"], in["batch"] = table("training", d.Training, nil), table("batch", d.Batch, nil)
	in["walks"] = table("walks", d.Walks, two)
	files, err := run(t, &pipeline.Node{Name: "figure-5", Stage: "plot", Params: params5, Inputs: in, Outputs: Outputs, Run: pipeline.Bind(params5, Figure5)})
	open(t, "figure-5", files, err).want(t, "4 m", "training pairs")
}
