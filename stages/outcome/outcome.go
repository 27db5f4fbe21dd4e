// Package outcome is the stage that says in one row what a training came to: the losses at its end,
// the units and modules that it has in one box, and whether they are what the paper reports.
//
// With all losses the paper reports several modules. A run counts with as many as it has by this
// rule: modules of hexagonal cells whose periods differ pairwise by at least 1.2; their members are
// at least 60 % of the active units and have a median grid score of at least 0.4 raw and 0.9 after
// the ellipse is removed (expanding ring; the level of the published cells); every module has at
// least three periods in the box. Without the capacity loss it reports one module: exactly one,
// hexagonal, with a median raw score of at least 0.8.
package outcome

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ambiguity"
	"sicgrid/stages/ambiguity/ambiguitytable"
	"sicgrid/stages/outcome/outcometable"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/train/traintable"
)

// The rule's numbers.
const (
	periodRatio    = 1.2
	memberShare    = 0.6
	severalScore   = 0.4
	correctedScore = 0.9
	periodsInBox   = 3.0
	oneScore       = 0.8
)

// Params of the stage: none, what it measures by is the rule above.
type Params struct{}

// Outputs of the stage: the row, and one ratemap to look at.
var Outputs = []string{"outcome", "example"}

// Run reads the history of a training and what was measured of it in one box: units, modules,
// summary, maps, and whether places
// beyond the coarsest cell are told apart.
func Run(_ context.Context, _ Params, t *pipeline.Task) error {
	r := &pipeline.Reader{Task: t}
	history := pipeline.Rows[traintable.Losses](r, "history")
	units := pipeline.Rows[spectratable.Unit](r, "units")
	modules := pipeline.Rows[spectratable.Module](r, "modules")
	summary := pipeline.One[spectratable.Summary](r, "summary")
	maps := pipeline.Rows[ratemapstable.Map](r, "maps")
	told := pipeline.One[ambiguitytable.Row](r, ambiguity.Output)
	if r.Err != nil {
		return r.Err
	}
	trained, meta := r.Meta("history"), r.Meta("units")
	steps, err := strconv.ParseInt(trained["step"], 10, 64)
	if err != nil {
		return fmt.Errorf("history: metadata step %q is not a number of steps", trained["step"])
	}
	row := rowOf(summary, units, modules)
	row.Row, row.Steps, row.Stopped = told, steps, trained["stopped"]
	addLosses(&row, history)
	kept := map[string]string{"box_m": meta["box_m"], "bins": meta["bins"]}
	if err := pipeline.Emit(t, "outcome", []outcometable.Row{row}, kept); err != nil {
		return err
	}
	return pipeline.Emit(t, "example", example(units, maps), kept)
}

// addLosses takes the last row of the history; NaN if there is none.
func addLosses(r *outcometable.Row, history []traintable.Losses) {
	if len(history) > 0 {
		last := history[len(history)-1]
		r.Values, r.Total = last.Values, last.Total
		return
	}
	for i := range r.Values {
		r.Values[i] = math.NaN()
	}
	r.Total = math.NaN()
}

func rowOf(s spectratable.Summary, units []spectratable.Unit, modules []spectratable.Module) outcometable.Row {
	r := outcometable.Row{
		Explained: s.Explained, Units: s.Units, Active: s.Active, Score: s.Score, Above: s.Above, InModules: s.InModules,
		Modules: int32(len(modules)), Several: several(units, modules), One: one(modules),
		Independent: s.Independent, Generators: s.Generators, TorusShares: s.TorusShares,
	}
	for _, m := range modules {
		r.Sizes = append(r.Sizes, m.N)
		r.Periods = append(r.Periods, m.Period)
		r.Orientations = append(r.Orientations, m.Orientation)
		r.Scores = append(r.Scores, m.Score)
		r.Corrected = append(r.Corrected, m.Corrected)
		r.PeriodsInBox = append(r.PeriodsInBox, m.PeriodsInBox)
		hexagonal := int32(0)
		if m.Hexagonal {
			hexagonal = 1
		}
		r.Hexagonal = append(r.Hexagonal, hexagonal)
	}
	return r
}

// several counts modules by the rule of several, 0 if its other conditions do not hold. A module
// that differs from a larger one in orientation alone is none of its own; its units are members.
func several(units []spectratable.Unit, modules []spectratable.Module) int32 {
	hexagonal := map[int32]bool{}
	var periods []float64
	for _, m := range modules {
		if !m.Hexagonal {
			continue
		}
		if !(m.PeriodsInBox >= periodsInBox) {
			return 0
		}
		hexagonal[m.Module] = true
		if !m.OrientationAlone {
			periods = append(periods, m.Period)
		}
	}
	var raw, corrected []float64
	active := 0
	for _, u := range units {
		if !u.Active {
			continue
		}
		active++
		if hexagonal[u.Module] {
			raw, corrected = append(raw, u.Score), append(corrected, u.Corrected)
		}
	}
	switch {
	case len(raw) == 0, float64(len(raw)) < memberShare*float64(active):
		return 0
	case !(gridcell.Median(raw) >= severalScore), !(gridcell.Median(corrected) >= correctedScore):
		return 0
	}
	slices.Sort(periods)
	var n int32
	last := 0.0
	for _, p := range periods {
		if p >= periodRatio*last { // the most modules that differ pairwise, taken from the smallest period on
			n, last = n+1, p
		}
	}
	return n
}

// one says whether there is one module, and it is hexagonal and of high score.
func one(modules []spectratable.Module) bool {
	return len(modules) == 1 && modules[0].Hexagonal && modules[0].Score >= oneScore
}

// example is the active unit in the middle of the order of scores.
func example(units []spectratable.Unit, maps []ratemapstable.Map) []outcometable.Example {
	active := slices.DeleteFunc(slices.Clone(units), func(u spectratable.Unit) bool { return !u.Active })
	if len(active) == 0 {
		return nil
	}
	slices.SortStableFunc(active, func(a, b spectratable.Unit) int { return cmp.Compare(a.Score, b.Score) }) // NaN first, as in gridcell.Median
	u := active[(len(active)-1)/2]
	i := slices.IndexFunc(maps, func(m ratemapstable.Map) bool { return m.Unit == u.Unit })
	if i < 0 {
		return nil
	}
	return []outcometable.Example{{Unit: u.Unit, Score: u.Score, Map: maps[i].Mean}}
}
