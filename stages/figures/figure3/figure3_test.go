package figure3

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/batch/batchtable"
	"sicgrid/stages/figures/sheet/figuretest"
)

// threeWalks is a batch of four walks of the same velocities.
func threeWalks() Data {
	d := Data{SigmaX: 0.05, Summary: batchtable.Summary{Near: 100, Far: 9900, Trajectories: 4, Length: 30}}
	for k := range int32(4) {
		var x, y float32
		for s := range int32(30) {
			turn := float64((s*(2*k+1) + k) % 30)
			vx, vy := float32(0.1*math.Cos(turn)), float32(0.1*math.Sin(1.7*turn))
			x, y = x+vx, y+vy
			d.States = append(d.States, batchtable.State{Trajectory: k, Step: s, VX: vx, VY: vy, X: x, Y: y})
		}
	}
	return d
}

func paramsOf(units, layers int) Params {
	return Params{Params: figuretest.Params, Units: units, Layers: layers}
}

func TestFigure3ShowsARealBatch(t *testing.T) {
	files, err := Draw(threeWalks(), paramsOf(40, 3))
	d := figuretest.Open(t, "figure-3", files, err)
	d.Want(t, "separation pushes apart", "99.0 % of the pairs", "invariance pulls together", "1.0 % of the pairs", "40 × 40", "3 layers", "permutation 3", "they cross at")
	if !bytes.Contains(d.Numbers, []byte(`"near_pairs": 100`)) {
		t.Errorf("numbers %s", d.Numbers)
	}
	one := Data{SigmaX: 0.05, Summary: batchtable.Summary{Trajectories: 1, Length: 2, Far: 2}, States: threeWalks().States[:2]}
	files, err = Draw(one, paramsOf(2, 2))
	figuretest.Open(t, "figure-3", files, err)
	if _, err := Draw(Data{SigmaX: 0.05}, paramsOf(40, 3)); err == nil {
		t.Error("an empty batch was drawn")
	}
}

func TestFigure3ReadsItsInputs(t *testing.T) {
	batch := threeWalks()
	files, err := figuretest.Draw(t, paramsOf(40, 3), Run, map[string]pipeline.Ref{
		"states": figuretest.Table("states", batch.States, map[string]string{"sigma_x": fmt.Sprint(batch.SigmaX)}), "summary": figuretest.Table("summary", []batchtable.Summary{batch.Summary}, nil)})
	figuretest.Open(t, "figure-3", files, err).Want(t, "40 × 40")
}
