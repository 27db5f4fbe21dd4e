package outcome

import (
	"math"
	"testing"

	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/outcome/outcometable"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// population has modules of ten units each with these periods, all hexagonal, in a box of 5 m, and
// so many active units of none.
func population(stray int, periods ...float64) ([]spectratable.Unit, []spectratable.Module) {
	var units []spectratable.Unit
	var modules []spectratable.Module
	for i, p := range periods {
		for range 10 {
			units = append(units, spectratable.Unit{Unit: int32(len(units)), Active: true, Score: 0.7, Corrected: 1.1, Module: int32(i)})
		}
		modules = append(modules, spectratable.Module{Module: int32(i), N: 10, Period: p, Score: 0.7, Corrected: 1.1, PeriodsInBox: 5 / p, Hexagonal: true})
	}
	for range stray {
		units = append(units, spectratable.Unit{Unit: int32(len(units)), Active: true, Score: -0.1, Corrected: math.NaN(), Module: -1})
	}
	return append(units, spectratable.Unit{Unit: int32(len(units)), Active: false, Score: math.NaN(), Corrected: math.NaN(), Module: -1}), modules
}

func TestSeveralModulesCountByTheRule(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(units []spectratable.Unit, modules []spectratable.Module)
		stray int
		of    []float64
		want  int32
	}{
		"three modules":                  {nil, 5, []float64{0.5, 0.8, 1.3}, 3},
		"two of nearly one period":       {nil, 5, []float64{0.5, 0.55, 0.8}, 2},
		"pairwise from the smallest on":  {nil, 0, []float64{0.5, 0.59, 0.62}, 2},
		"60 % of the active units":       {nil, 20, []float64{0.5, 0.8, 1.3}, 3},
		"59 % of the active units":       {nil, 21, []float64{0.5, 0.8, 1.3}, 0},
		"a module too large for the box": {nil, 0, []float64{0.5, 0.8, 1.7}, 0},
		"no module":                      {nil, 12, nil, 0},
		"one sheared":                    {func(_ []spectratable.Unit, m []spectratable.Module) { m[1].Hexagonal = false }, 0, []float64{0.5, 0.8, 1.3}, 2},
		"one turned copy of another":     {func(_ []spectratable.Unit, m []spectratable.Module) { m[1].OrientationAlone = true }, 0, []float64{0.5, 0.8, 1.3}, 2},
		"low raw scores": {func(u []spectratable.Unit, _ []spectratable.Module) {
			for i := range 16 {
				u[i].Score = 0.35
			}
		}, 0, []float64{0.5, 0.8, 1.3}, 0},
		"ellipses that could not be removed": {func(u []spectratable.Unit, _ []spectratable.Module) {
			for i := range 16 {
				u[i].Corrected = math.NaN()
			}
		}, 0, []float64{0.5, 0.8, 1.3}, 0},
	} {
		units, modules := population(c.stray, c.of...)
		if c.spoil != nil {
			c.spoil(units, modules)
		}
		if got := several(units, modules); got != c.want {
			t.Errorf("%s: %d modules count, want %d", name, got, c.want)
		}
	}
}

func TestOneModuleMustBeTheOnlyOneAndClean(t *testing.T) {
	_, lone := population(3, 1.2)
	lone[0].Score = 0.8
	if !one(lone) {
		t.Error("one clean module is not taken for one")
	}
	_, two := population(0, 0.8, 1.2)
	two[0].Score, two[1].Score = 1, 1
	low := []spectratable.Module{lone[0]}
	low[0].Score = 0.79
	sheared := []spectratable.Module{lone[0]}
	sheared[0].Score, sheared[0].Hexagonal = 1, false
	if one(two) || one(low) || one(sheared) || one(nil) {
		t.Error("two modules, a poor, a sheared or none are taken for one")
	}
}

func TestTheExampleIsTheUnitOfMedianScore(t *testing.T) {
	units := []spectratable.Unit{{Unit: 0, Active: true, Score: 0.9, Corrected: 0, Module: 0}, {Unit: 1, Active: true, Score: math.NaN(), Corrected: 0, Module: -1}, {Unit: 2, Active: false, Score: 0.5, Corrected: 0, Module: -1}, {Unit: 3, Active: true, Score: 0.4, Corrected: 0, Module: 0}, {Unit: 4, Active: true, Score: 0.2, Corrected: 0, Module: -1}}
	var maps []ratemapstable.Map
	for i := range int32(5) {
		maps = append(maps, ratemapstable.Map{Unit: i, Mean: []float32{float32(i)}})
	}
	got := example(units, maps)
	if len(got) != 1 || got[0].Unit != 4 || got[0].Map[0] != 4 { // of NaN, 0.2, 0.4, 0.9 the lower of the middle two
		t.Errorf("example %+v", got)
	}
	if example([]spectratable.Unit{{Unit: 0, Active: false, Score: 1, Corrected: 1, Module: 0}}, maps) != nil {
		t.Error("a network without an active unit has an example")
	}
}

// A training that diverged in its first step has no losses, and still a row.
func TestALossThatWasNeverMeasuredIsNaN(t *testing.T) {
	var r outcometable.Row
	addLosses(&r, nil)
	if !math.IsNaN(r.Total) || !math.IsNaN(r.Values[loss.Invariance]) {
		t.Errorf("%+v", r)
	}
}
