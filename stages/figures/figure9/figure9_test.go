package figure9

import (
	"math"
	"testing"

	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/ideal/idealtable"
)

// codeLine is the line of two modules of 0.4 and 0.57 m up to reach metres.
func codeLine(reach float64) (line []idealtable.Place) {
	for x := 0.0; x <= reach; x += 0.01 {
		line = append(line, idealtable.Place{X: x, Phi1: 2 * math.Pi * math.Mod(x/0.4, 1), Phi2: 2 * math.Pi * math.Mod(x/0.57, 1)})
	}
	return line
}

func TestFigure9ShowsBothEquations(t *testing.T) {
	d := Data{Periods: [2]float64{0.4, 0.57}, Line: codeLine(6)}
	for m := range int32(2) {
		for _, preferred := range []float64{0, math.Pi} {
			for x := 0.0; x < 1.2; x += 0.01 {
				phase := 2 * math.Pi * math.Mod(x/d.Periods[m], 1)
				d.Tuning = append(d.Tuning, idealtable.Rate{Module: m, Preferred: preferred, X: x, Phase: phase, Rate: math.Max(0, math.Cos(phase+preferred))})
			}
		}
	}
	files, err := Draw(d, figuretest.Params)
	figuretest.Open(t, "figure-9", files, err).Want(t, "equation 9", "equation 10", "module 1, λ = 0.40 m", "module 2, λ = 0.57 m", "φi = π", "the torus, cut open")
	if _, err := Draw(Data{}, figuretest.Params); err == nil {
		t.Error("nothing was drawn")
	}
}
