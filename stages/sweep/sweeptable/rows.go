// Package sweeptable has the rows of what the sweep stage writes. The columns of the swept
// parameters, which have the parameters' names, are not among them.
package sweeptable

import "sicgrid/stages/outcome/outcometable"

// Purposes of a run. The seeds of the two are different, so that a rate that is reported is not
// that of the runs by which its settings were found.
const (
	Finding   = "finding"
	Reporting = "reporting"
)

// Rules by which a run succeeds; outcometable.Row has their verdicts: SeveralIndependent and One.
const (
	Several = "several" // at least two independent hexagonal modules: trained with the capacity loss, or started from trained networks
	One     = "one"     // one module: any other
)

// Run is a row of "runs"; the swept parameters stand after Place.
type Run struct {
	Place
	outcometable.Row
	Verdict
}

// Place says where in the sweep a run belongs.
type Place struct {
	Run     int32   `col:"run" json:"-" range:">= 0" doc:"number of the run, from 0"`
	Point   int32   `col:"point" json:"point" range:">= 0" doc:"number of the setting, from 0"`
	Name    string  `col:"name" json:"name" doc:"name of the setting, in a list"`
	Designs []int32 `col:"designs" json:"designs" range:">= 0" doc:"designs that have this setting, by their place in the file"`
	Variant string  `col:"variant" json:"variant" doc:"variant of the training"`
	Seed    int64   `col:"seed" json:"seed" doc:"seed of the training"`
	Purpose string  `col:"purpose" json:"purpose" range:"finding|reporting" doc:"finding or reporting"`
}

// Verdict says whether a run is a success.
type Verdict struct {
	Rule    string `col:"rule" range:"several|one" doc:"rule by which the run succeeds: several or one"`
	Success bool   `col:"success" doc:"whether it does"`
}

// Point is a row of "points", before the swept parameters: the runs of one setting, variant and
// purpose. Intervals are 95 % ones (Clopper and Pearson).
type Point struct {
	Point     int32   `col:"point" range:">= 0" doc:"number of the setting, from 0"`
	Name      string  `col:"name" doc:"name of the setting, in a list"`
	Variant   string  `col:"variant" doc:"variant of the trainings"`
	Purpose   string  `col:"purpose" range:"finding|reporting" doc:"finding or reporting"`
	Rule      string  `col:"rule" range:"several|one" doc:"rule by which the runs succeed: several or one"`
	N         int32   `col:"n" range:">= 0" doc:"number of runs"`
	Successes int32   `col:"successes" range:">= 0" doc:"number of those that succeed: by the rule of several, with at least two hexagonal modules at no coincidence, four generators of the population's wave vectors, and places beyond the coarsest cell told apart"`
	Low       float64 `col:"success_low" range:"[0, 1]" doc:"lower bound of their rate"`
	High      float64 `col:"success_high" range:"[0, 1]" doc:"upper bound of their rate"`
	Two       int32   `col:"two_modules" range:">= 0" doc:"runs that count with at least two modules, independent or not, the lesser result of the rule of several"`
	TwoLow    float64 `col:"two_modules_low" range:"[0, 1]" doc:"lower bound of their rate"`
	TwoHigh   float64 `col:"two_modules_high" range:"[0, 1]" doc:"upper bound of their rate"`
	Stopped   int32   `col:"stopped" range:">= 0" doc:"runs that ended early"`
	Modules   float64 `col:"modules_median" range:">= 0" doc:"median number of modules"`
	Score     float64 `col:"grid_expanding_median" range:"[-2.001, 2.001]" doc:"median over runs of the median grid score over active units"`
	Explained float64 `col:"explained_median" range:"<= 1.001" doc:"median variance of the states explained by position, a share"`
	Active    float64 `col:"active_median" range:">= 0" doc:"median number of active units"`
}

// Example is a row of "examples": one ratemap of a run.
type Example struct {
	Run int32 `col:"run" range:">= 0" doc:"number of the run, from 0"`
	outcometable.Example
}
