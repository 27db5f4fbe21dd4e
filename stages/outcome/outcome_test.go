package outcome

import (
	"math"
	"testing"

	"sicgrid/pkg/sic/loss"
)

// population has modules of ten units each with these periods, all hexagonal, in a box of 5 m, and so many active units of none.
func population(stray int, periods ...float64) ([]unit, []module) {
	var units []unit
	var modules []module
	for i, p := range periods {
		for range 10 {
			units = append(units, unit{int32(len(units)), true, 0.7, 1.1, int32(i)})
		}
		modules = append(modules, module{Module: int32(i), N: 10, Period: p, Score: 0.7, Corrected: 1.1, PeriodsInBox: 5 / p, Hexagonal: true})
	}
	for range stray {
		units = append(units, unit{int32(len(units)), true, -0.1, math.NaN(), -1})
	}
	return append(units, unit{int32(len(units)), false, math.NaN(), math.NaN(), -1}), modules
}

func TestSeveralModulesCountByTheRule(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(units []unit, modules []module)
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
		"one sheared":                    {func(_ []unit, m []module) { m[1].Hexagonal = false }, 0, []float64{0.5, 0.8, 1.3}, 2},
		"one turned copy of another":     {func(_ []unit, m []module) { m[1].OrientationAlone = true }, 0, []float64{0.5, 0.8, 1.3}, 2},
		"low raw scores": {func(u []unit, _ []module) {
			for i := range 16 {
				u[i].Score = 0.35
			}
		}, 0, []float64{0.5, 0.8, 1.3}, 0},
		"ellipses that could not be removed": {func(u []unit, _ []module) {
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
	low := []module{lone[0]}
	low[0].Score = 0.79
	sheared := []module{lone[0]}
	sheared[0].Score, sheared[0].Hexagonal = 1, false
	if one(two) || one(low) || one(sheared) || one(nil) {
		t.Error("two modules, a poor, a sheared or none are taken for one")
	}
}

func TestTheExampleIsTheUnitOfMedianScore(t *testing.T) {
	units := []unit{{0, true, 0.9, 0, 0}, {1, true, math.NaN(), 0, -1}, {2, false, 0.5, 0, -1}, {3, true, 0.4, 0, 0}, {4, true, 0.2, 0, -1}}
	var maps []rateMap
	for i := range int32(5) {
		maps = append(maps, rateMap{i, []float32{float32(i)}})
	}
	got := example(units, maps)
	if len(got) != 1 || got[0].Unit != 4 || got[0].Map[0] != 4 { // of NaN, 0.2, 0.4, 0.9 the lower of the middle two
		t.Errorf("example %+v", got)
	}
	if example([]unit{{0, false, 1, 1, 0}}, maps) != nil {
		t.Error("a network without an active unit has an example")
	}
}

// A training that diverged in its first step has no losses, and still a row.
func TestALossThatWasNeverMeasuredIsNaN(t *testing.T) {
	var r Row
	r.addLosses(nil)
	if !math.IsNaN(r.Total) || !math.IsNaN(r.Values[loss.Invariance]) {
		t.Errorf("%+v", r)
	}
}
