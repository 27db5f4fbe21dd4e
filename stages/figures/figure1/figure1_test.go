package figure1

import (
	"math"
	"testing"

	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/ideal/idealtable"
	"sicgrid/stages/spectra/spectratable"
)

func TestFigure1SaysThatItsCellsAreIdealised(t *testing.T) {
	net := figuretest.Ideal(2, 0, figuretest.Grid(12, 0.4, 8, 1.3), figuretest.Grid(12, 0.6, 8, 1.3))
	for _, modules := range [][]spectratable.Module{net.Modules, nil} {
		d := Data{BoxM: 2, PerModule: 12, Maps: net.Maps, Units: net.Units, Modules: modules, Autocorrelograms: net.Autocorrelograms}
		for i := range 500 {
			a := float64(i) / 20
			d.Walk = append(d.Walk, idealtable.Step{X: float32(math.Sin(a)), Y: float32(math.Cos(1.3 * a)), Spikes: int32(i % 7 / 6)})
		}
		files, err := Draw(d, figuretest.CorrelationParams)
		f := figuretest.Open(t, "figure-1", files, err)
		f.Want(t, "Idealised cells", "no network, no recording", "autocorrelogram", "spikes on a walk of 500 steps")
		if modules == nil {
			f.Want(t, "no module was found")
		} else {
			f.Want(t, "offsets in the unit cell", "period (m)")
		}
	}
	if _, err := Draw(Data{BoxM: 2, PerModule: 12}, figuretest.CorrelationParams); err == nil {
		t.Error("no cells were drawn")
	}
}
