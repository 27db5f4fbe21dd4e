// Package outcome is the stage that says in one row what a training came to: the losses at its end, the units and modules that it
// has in one box, and whether they are what the paper reports.
//
// With all losses the paper reports several modules. A run counts with as many as it has by this rule: modules of hexagonal cells whose
// periods differ pairwise by at least 1.2; their members are at least 60 % of the active units and have a median grid score
// of at least 0.4 raw and 0.9 after the ellipse is removed (expanding ring; the level of the published cells); every module has at
// least three periods in the box. Without the capacity loss it reports one module: exactly one, hexagonal, with a median raw
// score of at least 0.8.
package outcome

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic/loss"
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

// Row is the row of "outcome". Lists have an element for each module, by ascending period; measures are NaN where undefined.
type Row struct {
	Steps        int64  `col:"steps"`   // steps of the training that were made
	Stopped      string `col:"stopped"` // why it ended early; "" = it did not
	loss.Values  `col:"*_loss"`
	Total        float64   `col:"total_loss"`
	Explained    float64   `col:"explained"` // variance of the states explained by position, a share
	Units        int32     `col:"units"`
	Active       int32     `col:"active"`
	Score        float64   `col:"grid_expanding_median"` // over active units
	Above        float64   `col:"above_0_3"`
	InModules    float64   `col:"in_modules"`
	Modules      int32     `col:"modules"` // those found, hexagonal or not
	Sizes        []int32   `col:"module_units"`
	Periods      []float64 `col:"module_period_m" unit:"m"`
	Orientations []float64 `col:"module_orientation_deg" unit:"deg"`
	Scores       []float64 `col:"module_grid_expanding_median"`
	Corrected    []float64 `col:"module_grid_corrected_median"`
	PeriodsInBox []float64 `col:"module_periods_in_box"`
	Hexagonal    []int32   `col:"module_hexagonal"` // 1 or 0
	Several      int32     `col:"several"`          // modules that count by the rule of several; 0 if it is broken
	One          bool      `col:"one"`              // whether the rule of one module holds
}

// Example is the row of "example": the active unit of median score, the lower of two; no row if none is active.
type Example struct {
	Unit  int32     `col:"unit"`
	Score float64   `col:"grid_expanding"`
	Map   []float32 `col:"map" shape:"ny,nx"` // row 0 lowest y, NaN unvisited
}

// What the stage reads.
type (
	losses struct {
		loss.Values `col:"*"`
		Total       float64 `col:"total"`
	}
	unit struct {
		Unit      int32   `col:"unit"`
		Active    bool    `col:"active"`
		Score     float64 `col:"grid_expanding"`
		Corrected float64 `col:"grid_corrected"`
		Module    int32   `col:"module"`
	}
	module struct {
		Module           int32   `col:"module"`
		N                int32   `col:"n"`
		Period           float64 `col:"period_m" unit:"m"`
		Orientation      float64 `col:"orientation_deg" unit:"deg"`
		Score            float64 `col:"grid_expanding_median"`
		Corrected        float64 `col:"grid_corrected_median"`
		PeriodsInBox     float64 `col:"periods_in_box"`
		Hexagonal        bool    `col:"hexagonal"`
		OrientationAlone bool    `col:"orientation_alone"`
	}
	summary struct {
		Units     int32   `col:"units"`
		Active    int32   `col:"active"`
		Score     float64 `col:"grid_expanding_median"`
		Above     float64 `col:"above_0_3"`
		InModules float64 `col:"in_modules"`
		Explained float64 `col:"explained"`
	}
	rateMap struct {
		Unit int32     `col:"unit"`
		Mean []float32 `col:"mean"`
	}
)

// Run reads the history of a training and what was measured of it in one box: units, modules, summary and maps.
func Run(_ context.Context, _ Params, t *pipeline.Task) error {
	history, trained, err := pipeline.Read[losses](t, "history")
	if err != nil {
		return err
	}
	units, meta, err := pipeline.Read[unit](t, "units")
	if err != nil {
		return err
	}
	modules, _, err := pipeline.Read[module](t, "modules")
	if err != nil {
		return err
	}
	summaries, _, err := pipeline.Read[summary](t, "summary")
	if err != nil {
		return err
	}
	maps, _, err := pipeline.Read[rateMap](t, "maps")
	if err != nil {
		return err
	}
	if len(summaries) != 1 {
		return fmt.Errorf("summary: %d rows, want one", len(summaries))
	}
	steps, err := strconv.ParseInt(trained["step"], 10, 64)
	if err != nil {
		return fmt.Errorf("history: metadata step %q is not a number of steps", trained["step"])
	}
	row := rowOf(summaries[0], units, modules)
	row.Steps, row.Stopped = steps, trained["stopped"]
	row.addLosses(history)
	kept := map[string]string{"box_m": meta["box_m"], "bins": meta["bins"]}
	if err := pipeline.Emit(t, "outcome", []Row{row}, kept); err != nil {
		return err
	}
	return pipeline.Emit(t, "example", example(units, maps), kept)
}

// addLosses takes the last row of the history; NaN if there is none.
func (r *Row) addLosses(history []losses) {
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

func rowOf(s summary, units []unit, modules []module) Row {
	r := Row{
		Explained: s.Explained, Units: s.Units, Active: s.Active, Score: s.Score, Above: s.Above, InModules: s.InModules,
		Modules: int32(len(modules)), Several: several(units, modules), One: one(modules),
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

// several counts modules by the rule of several, 0 if its other conditions do not hold. A module that differs from a larger one in
// orientation alone is none of its own; its units are members.
func several(units []unit, modules []module) int32 {
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
	sort.Float64s(periods)
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
func one(modules []module) bool {
	return len(modules) == 1 && modules[0].Hexagonal && modules[0].Score >= oneScore
}

// example is the active unit in the middle of the order of scores.
func example(units []unit, maps []rateMap) []Example {
	var active []unit
	for _, u := range units {
		if u.Active {
			active = append(active, u)
		}
	}
	if len(active) == 0 {
		return nil
	}
	sort.SliceStable(active, func(i, j int) bool { // NaN first, as in gridcell.Median
		a, b := active[i].Score, active[j].Score
		return a < b || math.IsNaN(a) && !math.IsNaN(b)
	})
	u := active[(len(active)-1)/2]
	i := slices.IndexFunc(maps, func(m rateMap) bool { return m.Unit == u.Unit })
	if i < 0 {
		return nil
	}
	return []Example{{u.Unit, u.Score, maps[i].Mean}}
}
