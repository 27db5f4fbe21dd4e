// Package outcometable has the rows of what the outcome stage writes.
package outcometable

import (
	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/ambiguity/ambiguitytable"
)

// Row is the row of "outcome". Lists have an element for each module, by ascending period; measures
// are NaN where undefined.
type Row struct {
	Steps        int64  `col:"steps" range:">= 0" doc:"steps of the training that were made"`
	Stopped      string `col:"stopped" doc:"why the training ended early; empty if it did not"`
	loss.Values  `col:"*_loss" doc:"* loss at the end, not weighted (eqs. 4 to 7)"`
	Total        float64   `col:"total_loss" doc:"weighted sum of the losses (eq. 8) at the end"`
	Explained    float64   `col:"explained" range:"<= 1.001" doc:"variance of the states explained by position, a share"`
	Units        int32     `col:"units" range:">= 0" doc:"number of units"`
	Active       int32     `col:"active" range:">= 0" doc:"number of active units"`
	Score        float64   `col:"grid_expanding_median" range:"[-2.001, 2.001]" doc:"median grid score over active units"`
	Above        float64   `col:"above_0_3" range:"[0, 1.001]" doc:"share of active units with a grid score above 0.3"`
	InModules    float64   `col:"in_modules" range:"[0, 1.001]" doc:"share of active units in modules"`
	Modules      int32     `col:"modules" range:">= 0" doc:"number of modules, hexagonal or not"`
	Sizes        []int32   `col:"module_units" range:">= 0" doc:"units of each module"`
	Periods      []float64 `col:"module_period_m" unit:"m" range:">= 0" doc:"period of each module"`
	Orientations []float64 `col:"module_orientation_deg" unit:"deg" range:"[0, 60]" doc:"orientation of each module"`
	Scores       []float64 `col:"module_grid_expanding_median" range:"[-2.001, 2.001]" doc:"median grid score of each module"`
	Corrected    []float64 `col:"module_grid_corrected_median" range:"[-2.001, 2.001]" doc:"median grid score of each module with its ellipse removed"`
	PeriodsInBox []float64 `col:"module_periods_in_box" range:">= 0" doc:"side of the box in periods of each module"`
	Hexagonal    []int32   `col:"module_hexagonal" range:"0 or 1" doc:"1 for each hexagonal module, 0 for others"`
	Several      int32     `col:"several" range:">= 0" doc:"modules that count by the rule of several; 0 if it is broken"`
	Independent  int32     `col:"independent" doc:"hexagonal modules no two of which are at a coincidence of hexagonal lattices"`
	Generators   int32     `col:"generators" doc:"least number of phases that the wave vectors of the population are made of: 2 for one torus, 4 or 6 for independent ones"`
	TorusShares  []float64 `col:"torus_shares" doc:"share of the power of all wave vectors on each torus, the strongest first"`
	ambiguitytable.Row
	One bool `col:"one" doc:"whether the rule of one module holds"`
}

// SeveralIndependent says whether there are at least two independent modules: hexagonal ones at no
// coincidence, on more than one torus, that tell places beyond the coarsest one's cell.
func (r Row) SeveralIndependent() bool {
	return ambiguitytable.Independent(r.Independent, r.Generators) && r.Beyond()
}

// Example is the row of "example"; there is none if no unit is active.
type Example struct {
	Unit  int32     `col:"unit" range:">= 0" doc:"active unit of median grid score, the lower of two"`
	Score float64   `col:"grid_expanding" range:"[-2.001, 2.001]" doc:"its grid score"`
	Map   []float32 `col:"map" shape:"ny,nx" doc:"its ratemap, row 0 lowest y; NaN where no walk came"`
}
