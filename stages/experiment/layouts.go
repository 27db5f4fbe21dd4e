package experiment

import (
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v15/arrow"

	"sicgrid/pkg/artifact"
	"sicgrid/stages/ambiguity"
	"sicgrid/stages/ambiguity/ambiguitytable"
	"sicgrid/stages/batch/batchtable"
	"sicgrid/stages/claims/claimstable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ideal/idealtable"
	"sicgrid/stages/integration/integrationtable"
	"sicgrid/stages/outcome/outcometable"
	"sicgrid/stages/ratemaps"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/selection/selectiontable"
	"sicgrid/stages/snapshots"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/sweep/sweeptable"
	"sicgrid/stages/train/traintable"
	"sicgrid/stages/trajectories"
	"sicgrid/stages/trajectories/trajectoriestable"
)

// layouts say what the table of each output is like, by stage. A digest proves that bytes are those
// that were asked for, and not that they mean what the stage would have meant.
var layouts = sync.OnceValue(func() map[string]map[string]artifact.Layout {
	return map[string]map[string]artifact.Layout{
		"trajectories": {"walks": artifact.LayoutOf[trajectoriestable.Walk]()},
		TrainStage:     training(),
		ImportStage:    training(),
		selectStage: {
			"attempts": artifact.LayoutOf[selectiontable.Attempt](),
			"weights":  training()["weights"], "history": training()["history"],
		},
		"snapshots": snapshotLayouts(),
		"ratemaps": {
			"maps":      artifact.LayoutOf[ratemapstable.Map](),
			"occupancy": artifact.LayoutOf[ratemapstable.Occupancy]().OfRows(1),
			"states":    artifact.LayoutOf[ratemapstable.State](),
		},
		"spectra": {
			"units":            artifact.LayoutOf[spectratable.Unit](),
			"autocorrelograms": artifact.LayoutOf[spectratable.Autocorrelogram](),
			"modules":          artifact.LayoutOf[spectratable.Module](),
			"spectrum":         artifact.LayoutOf[spectratable.Spectrum](),
			"summary":          artifact.LayoutOf[spectratable.Summary]().OfRows(1),
		},
		"embed": {
			"pca":         artifact.LayoutOf[embedtable.Component](),
			"points":      artifact.LayoutOf[embedtable.Point](),
			"eigenvalues": artifact.LayoutOf[embedtable.Eigenvalue](),
			"intervals":   artifact.LayoutOf[embedtable.Interval](),
			"topology":    artifact.LayoutOf[embedtable.Topology]().OfRows(1),
		},
		"distances": {
			"density": artifact.LayoutOf[distancestable.Density](),
			"lags":    artifact.LayoutOf[distancestable.Lag](),
			"summary": artifact.LayoutOf[distancestable.Summary]().OfRows(1),
		},
		"integration": {
			"lags":    artifact.LayoutOf[integrationtable.Lag](),
			"errors":  artifact.LayoutOf[integrationtable.Error](),
			"returns": artifact.LayoutOf[integrationtable.Return](),
			"ranges":  artifact.LayoutOf[integrationtable.Range](),
			"summary": artifact.LayoutOf[integrationtable.Summary]().OfRows(1),
		},
		"ambiguity": {ambiguity.Output: artifact.LayoutOf[ambiguitytable.Row]().OfRows(1)},
		"claims": {
			"claims":   artifact.LayoutOf[claimstable.Claim](),
			"findings": artifact.LayoutOf[claimstable.Finding](),
		},
		"outcome": {
			"outcome": artifact.LayoutOf[outcometable.Row]().OfRows(1),
			"example": artifact.LayoutOf[outcometable.Example](),
		},
		SweepStage: { // with the columns of the swept parameters; maps of one run are not as large as of another
			"runs":     artifact.LayoutOf[sweeptable.Run]().WithOthers(),
			"points":   artifact.LayoutOf[sweeptable.Point]().WithOthers(),
			"examples": artifact.LayoutOf[sweeptable.Example]().OfAnyLengths(),
		},
		"ideal": {
			"walk":       artifact.LayoutOf[idealtable.Step](),
			"maps":       artifact.LayoutOf[ratemapstable.Map](),
			"occupancy":  artifact.LayoutOf[ratemapstable.Variance]().OfRows(1),
			"line":       artifact.LayoutOf[idealtable.Place](),
			"near":       artifact.LayoutOf[idealtable.Place](),
			"capacity":   artifact.LayoutOf[idealtable.Growth](),
			"separation": artifact.LayoutOf[idealtable.Growth](),
			"distance":   artifact.LayoutOf[idealtable.Distance](),
			"routes":     artifact.LayoutOf[idealtable.Leg](),
			"tuning":     artifact.LayoutOf[idealtable.Rate](),
		},
		"batch": {
			"states":    artifact.LayoutOf[batchtable.State](),
			"distances": artifact.LayoutOf[batchtable.Quantile](),
			"summary":   artifact.LayoutOf[batchtable.Summary]().OfRows(1),
		},
		FigureStage: {"figure": artifact.LayoutOf[sheet.File]()},
	}
})

var training = sync.OnceValue(func() map[string]artifact.Layout {
	return map[string]artifact.Layout{
		"weights": artifact.LayoutOf[traintable.Tensor](),
		"history": artifact.LayoutOf[traintable.Losses](),
	}
})

// snapshotLayouts are those of weights at several steps.
func snapshotLayouts() map[string]artifact.Layout {
	out := map[string]artifact.Layout{}
	for i := range snapshots.Count {
		out[snapshots.Output(i)] = training()["weights"]
	}
	return out
}

// CheckTable says what is wrong with a table that should be an output of a stage. Of a stage that
// this program does not have it knows nothing, and finds nothing.
func CheckTable(stage, output string, rec arrow.Record) error {
	known, ok := layouts()[stage]
	if !ok {
		return nil
	}
	layout, ok := known[output]
	if !ok {
		return fmt.Errorf("the stage %s has no output %q", stage, output)
	}
	if err := layout.Check(rec, nil); err != nil || stage != FigureStage {
		return err
	}
	return sheet.CheckAny(rec)
}

// checkOf is the check of a node's outputs, which knows the sizes that its parameters have.
func checkOf(stage, name string, params any) func(string, arrow.Record) error {
	var sizes map[string]int
	switch p := params.(type) {
	case trajectories.Params:
		sizes = map[string]int{"steps": p.Steps}
	case ratemaps.Params:
		sizes = map[string]int{"ny": p.Bins, "nx": p.Bins}
	}
	return func(output string, rec arrow.Record) error {
		if err := layouts()[stage][output].Check(rec, sizes); err != nil {
			return err
		}
		if stage == FigureStage {
			return sheet.CheckTable(name, rec)
		}
		return nil
	}
}
