// Package ambiguity is the stage that asks whether a trained network tells places from one another
// at which its coarsest hexagonal module has the same phase: what several modules are for. Modules
// that share a torus do not; the definition is that of package pathint.
package ambiguity

import (
	"context"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pathint"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ambiguity/ambiguitytable"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/weights"
)

// Params are the parameters of the test.
type Params struct {
	Places int     `json:"places"`  // that are decoded
	SigmaX float64 `json:"sigma_x"` // m: the length of a step on the way to them, and between templates
}

// Output is the name of the table that the stage writes.
const Output = "ambiguity"

// Outputs of the stage.
var Outputs = []string{Output}

// Run reads the network and its modules in one box.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	network, params, err := weights.Read(t)
	if err != nil {
		return err
	}
	modules, meta, err := pipeline.Read[spectratable.Module](t, "modules")
	if err != nil {
		return err
	}
	row := ambiguitytable.Row{Cell: math.NaN(), Right: math.NaN(), Chance: math.NaN(), P: math.NaN()}
	if m := coarsest(modules); m != nil {
		model, err := cpu.NewRoller(network, params)
		if err != nil {
			return err
		}
		found := pathint.BeyondCell(model, [2][2]float64{{m.K1X, m.K1Y}, {m.K2X, m.K2Y}}, p.Places, p.SigmaX, t.Seed())
		n := float64(found.Places)
		guesses := distuv.Binomial{N: n, P: found.Chance}
		row = ambiguitytable.Row{Cell: m.Period, Places: int32(found.Places), Right: found.Right, Chance: found.Chance, P: 1 - guesses.CDF(math.Round(found.Right*n)-1)}
	}
	return pipeline.Emit(t, Output, []ambiguitytable.Row{row}, map[string]string{"box_m": meta["box_m"]})
}

// coarsest is the hexagonal module of the longest period, nil if there is none.
func coarsest(modules []spectratable.Module) (of *spectratable.Module) {
	for i, m := range modules {
		if m.Hexagonal && (of == nil || m.Period > of.Period) {
			of = &modules[i]
		}
	}
	return of
}
