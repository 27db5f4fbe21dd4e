package figure5

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/batch/batchtable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/trajectories/trajectoriestable"
)

// batchStates are states of three walks of the same velocities.
func batchStates() (states []batchtable.State) {
	for k := range int32(3) {
		var x, y float32
		for s := range int32(30) {
			turn := float64((s*(2*k+1) + k) % 30)
			vx, vy := float32(0.1*math.Cos(turn)), float32(0.1*math.Sin(1.7*turn))
			x, y = x+vx, y+vy
			states = append(states, batchtable.State{Trajectory: k, Step: s, VX: vx, VY: vy, X: x, Y: y})
		}
	}
	return states
}

// generalising is a network of one module that states and places of three boxes are shown of.
func generalising() Data {
	d := Data{ReachM: 1.5, WalkBox: 2, Summary: distancestable.Summary{Plateau: 0.8, Reach90: 0.1, Same: 0.1, SigmaX: 0.05}, Batch: batchStates()}
	for _, box := range []float64{2, 3, 4} {
		net := figuretest.Ideal(box, 3, figuretest.Grid(12, 0.8, 10, 1.2), figuretest.Noise(4))
		d.Boxes = append(d.Boxes, InBox{box, net.Units, net.Modules, net.Maps})
	}
	for b := range 30 {
		x := 1.5 * (float64(b) + 0.5) / 30
		row := distancestable.Density{Distance: x, Counts: make([]int32, 20), Mean: 0.8 * (1 - math.Exp(-x/0.05))}
		row.Counts[int(row.Mean/math.Sqrt2*20)] = 9
		d.Density = append(d.Density, row)
	}
	d.Density[29].Mean = math.NaN()
	for l := range 5 {
		d.Lags = append(d.Lags, distancestable.Lag{Lag: float64(15 + 30*l), Mean: make([]float64, 30), Same: 0.1})
	}
	for q := range 101 {
		d.Training = append(d.Training, batchtable.Quantile{Share: float64(q) / 100, Pairs: 0.012 * float64(q), FromStart: 0.02 * float64(q)})
	}
	for w := range int32(4) {
		row := trajectoriestable.Walk{Walk: w}
		for s := range 60 {
			a := float64(s)/9 + float64(w)
			row.Velocity = append(row.Velocity, 0.03, 0.04)
			row.Position = append(row.Position, float32(math.Sin(a)), float32(math.Cos(a)))
		}
		d.Walks = append(d.Walks, row)
	}
	return d
}

var params = Params{figuretest.MapParams, "all loss terms", []float64{2, 3, 4}}

func TestFigure5ShowsTheSameCellsInEveryBox(t *testing.T) {
	d := generalising()
	files, err := Draw(d, params)
	f := figuretest.Open(t, "figure-5", files, err)
	f.Want(t, "training pairs", "training, from start", "distance of states", "time between (steps)", "training: permuted", "2 m", "3 m", "4 m", "modules", "0.80 m")
	var shown struct {
		Median float64 `json:"training_pairs_median_m"`
		Start  float64 `json:"training_from_start_90_m"`
		Boxes  []struct {
			BoxM float64 `json:"box_m"`
		} `json:"boxes"`
		Cells []int32 `json:"cells"`
	}
	if err := json.Unmarshal(f.Numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if math.Abs(shown.Median-0.6) > 1e-9 || math.Abs(shown.Start-1.8) > 1e-9 || len(shown.Boxes) != 3 {
		t.Errorf("numbers %+v", shown)
	}
	// The cells are of the module, the best first.
	if len(shown.Cells) != cellsShown || slices.ContainsFunc(shown.Cells, func(u int32) bool { return d.Boxes[2].Units[u].Module < 0 }) {
		t.Errorf("cells %v, want five of the module", shown.Cells)
	}
	f.Want(t, "Typical units of each module in turn (grid score near its median, phases far apart) in the box of 4 m; below each its period and grid score", "pairs of states", "mean", "the paper's", "steps of many batches", "1 m")
}

func TestFigure5OfASilentNetworkSaysSo(t *testing.T) {
	d := generalising()
	for i := range d.Boxes {
		net := figuretest.Ideal(d.Boxes[i].BoxM, 4)
		d.Boxes[i] = InBox{d.Boxes[i].BoxM, net.Units, nil, net.Maps}
	}
	d.Lags = nil
	files, err := Draw(d, params)
	figuretest.Open(t, "figure-5", files, err).Want(t, "no active unit", "no module", "walks too short")
	if _, err := Draw(Data{}, params); err == nil {
		t.Error("nothing was drawn")
	}
}

func TestFigure5ReadsEveryBox(t *testing.T) {
	d := generalising()
	in := map[string]pipeline.Ref{}
	for _, b := range d.Boxes {
		role := fmt.Sprintf("%gm/", b.BoxM)
		maps.Copy(in, figuretest.Inputs(role, figuretest.Network{BoxM: b.BoxM, Units: b.Units, Modules: b.Modules, Maps: b.Maps}, "maps", "units", "modules"))
	}
	two := map[string]string{"box_m": "2", "reach_m": "1.5"}
	in["density"], in["lags"] = figuretest.Table("density", d.Density, two), figuretest.Table("lags", d.Lags, two)
	in["decorrelation"] = figuretest.Table("decorrelation", []distancestable.Summary{d.Summary}, two)
	in["training"], in["batch"] = figuretest.Table("training", d.Training, nil), figuretest.Table("batch", d.Batch, nil)
	in["walks"] = figuretest.Table("walks", d.Walks, two)
	files, err := figuretest.Draw(t, params, Run, in)
	figuretest.Open(t, "figure-5", files, err).Want(t, "4 m", "training pairs")
}

func TestFigure5SaysWhatIsWrongWithItsNetwork(t *testing.T) {
	networks := figuretest.Faulty()
	for name, want := range map[string]string{"walks that do not cover the box": "90 % unvisited", "fewer than six units": "no module", "no module": "no module", "all units silent": "no active unit"} {
		d, net := generalising(), networks[name]
		for i := range d.Boxes {
			d.Boxes[i] = InBox{d.Boxes[i].BoxM, net.Units, net.Modules, net.Maps}
		}
		files, err := Draw(d, params)
		figuretest.Open(t, "figure-5", files, err).Want(t, want)
	}
}
