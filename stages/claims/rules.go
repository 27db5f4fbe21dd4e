package claims

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/gridcell"
	"sicgrid/stages/ambiguity/ambiguitytable"
	"sicgrid/stages/claims/claimstable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/integration/integrationtable"
	"sicgrid/stages/spectra/spectratable"
)

// finding is what one seed says of a claim.
type finding struct {
	value   float64
	shown   string // the value as it is printed
	outcome string
}

// judged is a finding that holds or fails, or is unknown where the value is NaN.
func judged(value float64, shown string, holds bool) finding {
	switch {
	case math.IsNaN(value):
		return unknown(shown)
	case holds:
		return finding{value, shown, claimstable.Holds}
	}
	return finding{value, shown, claimstable.Fails}
}

func unknown(why string) finding { return finding{math.NaN(), why, claimstable.Unknown} }

// The thresholds of the rules.
const (
	leastPeriodic     = 0.6  // share of active units in modules
	leastShared       = 0.9  // share of a module's units ...
	periodWithin      = 0.05 // ... whose period is as near as this to the module's, as a share,
	orientationWithin = 3    // and whose orientation by so many degrees
	leastUniformP     = 0.01
	mostVariation     = 0.25 // of the radius on a ring
	innermost         = 0.4  // of the radius, the hole of a ring
	samePeriod        = 0.05 // periods of one module in several boxes, as a share
	reachInSigmas     = 3    // of sigma_x, where states have come to 90 % of the plateau
	mostApart         = 0.25 // of the plateau, at the same place
	trainedLags       = 60   // steps up to which path invariance is judged
	leastPlaceLike    = 0.6  // share of active units
	lostShare         = 0.5  // of the share of units in modules that the network has that it is an ablation of
)

// mostPeriodic: at least 60 % of the active units are in modules.
func mostPeriodic(s spectratable.Summary) finding {
	return judged(s.InModules, figure.Percent(s.InModules, 0), s.InModules >= leastPeriodic)
}

// distinct returns the modules that differ in period, by ascending period.
func distinct(modules []spectratable.Module) []spectratable.Module {
	return slices.DeleteFunc(slices.Clone(modules), func(m spectratable.Module) bool { return m.OrientationAlone })
}

// several: two modules or more that differ in period, not in orientation alone.
func several(modules []spectratable.Module) finding {
	n := len(distinct(modules))
	return judged(float64(n), periods(modules), n >= 2)
}

// independent: at least two hexagonal modules that are no harmonics of one another, on more tori
// than one, which tell places beyond the cell of the coarsest.
func independent(n *network) finding {
	s := n.lattice
	shown := fmt.Sprintf("%d/%d, %d gen.", s.Independent, len(n.modules), s.Generators)
	if n.told.Places > 0 {
		shown += fmt.Sprintf(", told %s", figure.Percent(n.told.Right, 0))
	}
	return judged(float64(s.Independent), shown, ambiguitytable.Independent(s.Independent, s.Generators) && n.told.Beyond())
}

// single: exactly one module; one that differs in orientation alone is another.
func single(modules []spectratable.Module) finding {
	return judged(float64(len(modules)), periods(modules), len(modules) == 1)
}

// periods are what modules are shown as.
func periods(modules []spectratable.Module) string {
	if len(modules) == 0 {
		return "none"
	}
	var out []string
	for _, m := range modules {
		out = append(out, figure.Number(m.Period, 2))
	}
	return fmt.Sprintf("%d (%s m)", len(modules), strings.Join(out, ", "))
}

// shared: in every module 90 % of the units are within 5 % of its period and 3 degrees of its
// orientation. The value is the least share of any module.
func shared(units []spectratable.Unit, modules []spectratable.Module) finding {
	if len(modules) == 0 {
		return unknown("no module")
	}
	least := math.Inf(1)
	for _, m := range modules {
		var period, orientation []float64
		for _, u := range units {
			if u.Module == m.Module {
				period, orientation = append(period, u.Period), append(orientation, u.Orientation)
			}
		}
		least = math.Min(least, gridcell.Shared(period, orientation, periodWithin, orientationWithin))
	}
	return judged(least, figure.Percent(least, 0), least >= leastShared)
}

// uniform: neither the three Rayleigh tests of the phases nor the test on the unit cell finds them
// uneven. The value is the least p.
func uniform(m *spectratable.Module) finding {
	if m == nil {
		return unknown("no module")
	}
	p := min(m.Rayleigh1, m.Rayleigh2, m.Rayleigh3, m.Uniform)
	return judged(p, fmt.Sprintf("p = %s", significant(p)), p > leastUniformP)
}

// torus: the Betti numbers of what outlives the controls are 1, 2, 1.
func torus(t embedtable.Topology) finding {
	if math.IsNaN(t.From) {
		return unknown("undetermined")
	}
	is := t.Betti0 == 1 && t.Betti1 == 2 && t.Betti2 == 1
	value := 0.0
	if is {
		value = 1
	}
	return finding{value, fmt.Sprintf("%d, %d, %d", t.Betti0, t.Betti1, t.Betti2), map[bool]string{true: claimstable.Holds, false: claimstable.Fails}[is]}
}

// rings: on each of the three, the radius varies by less than a quarter of its mean and no point is
// inside 0.4 of it. The value is the greatest variation.
func rings(points []embedtable.Point) finding {
	worst, least := 0.0, math.Inf(1)
	for a := range 3 {
		var x, y []float64
		for _, p := range points {
			if len(p.Rings) == 6 {
				x, y = append(x, float64(p.Rings[2*a])), append(y, float64(p.Rings[2*a+1]))
			}
		}
		variation, inside := gridcell.Ring(x, y)
		if math.IsNaN(variation) {
			return unknown("no module")
		}
		worst, least = math.Max(worst, variation), math.Min(least, inside)
	}
	return judged(worst, fmt.Sprintf("%s, hole %s", figure.Number(worst, 2), figure.Number(least, 2)), worst < mostVariation && least >= innermost)
}

// sameInBoxes: every module of the last box has one in each other whose period is the same to 5 %.
// The value is the greatest difference of the periods of one module, as a share of the smallest.
func sameInBoxes(boxes [][]spectratable.Module) finding {
	if slices.ContainsFunc(boxes, func(m []spectratable.Module) bool { return len(m) == 0 }) || len(boxes) < 2 {
		return unknown("no module")
	}
	worst, same := 0.0, true
	for _, m := range boxes[len(boxes)-1] {
		low, high := m.Period, m.Period
		for _, others := range boxes {
			near := slices.MinFunc(others, func(a, b spectratable.Module) int {
				return cmp.Compare(math.Abs(math.Log(a.Period/m.Period)), math.Abs(math.Log(b.Period/m.Period)))
			})
			low, high = math.Min(low, near.Period), math.Max(high, near.Period)
		}
		worst, same = math.Max(worst, high/low-1), same && high <= (1+samePeriod)*low
	}
	return judged(worst, figure.Percent(worst, 1), same)
}

// decorrelated: the mean distance of states comes to 90 % of its plateau within 3 sigma_x.
func decorrelated(d distancestable.Summary, sigmaX float64) finding {
	if !(d.Plateau > 0) {
		return unknown("one state")
	}
	return judged(d.Reach90, figure.Length(d.Reach90), d.Reach90 <= reachInSigmas*sigmaX)
}

// invariant: after closed loops of every length up to so many steps, back at the same place, the
// median distance of the states is at most a quarter of the plateau. The value is the greatest, in
// plateaus. Nothing is known if a length up to that of a training walk is missing.
func invariant(returns []integrationtable.Return, plateau float64, upTo int32) finding {
	worst, at, lengths := 0.0, int32(0), 0
	for _, c := range returns {
		share := c.Loop / plateau
		if math.IsNaN(share) || c.Steps > upTo {
			continue
		}
		if c.Steps <= trainedLags {
			lengths++
		}
		if share >= worst {
			worst, at = share, c.Steps
		}
	}
	if lengths < trainedLags {
		return unknown("lags missing")
	}
	return judged(worst, fmt.Sprintf("%s (lag %d)", figure.Percent(worst, 0), at), worst <= mostApart)
}

// placeLike: at least 60 % of the active units have one field and no six peaks.
func placeLike(s spectratable.Summary) finding {
	return judged(s.PlaceLike, figure.Percent(s.PlaceLike, 0), s.PlaceLike >= leastPlaceLike)
}

// smallerFields: fields at the greater sigma_g are smaller. The value is their ratio.
func smallerFields(greater, smaller spectratable.Summary) finding {
	ratio := greater.FieldArea / smaller.FieldArea
	if math.IsNaN(ratio) {
		return unknown("no place-like unit")
	}
	return judged(ratio, figure.Number(ratio, 2), ratio < 1)
}

// lost: the share of units in modules is under half of what it is in the network that this is an
// ablation of. No active unit is no unit in modules.
func lost(before, without spectratable.Summary) finding {
	if !(before.InModules > 0) {
		return unknown("nothing to lose")
	}
	share := without.InModules
	if without.Active == 0 {
		share = 0
	}
	return judged(share/before.InModules, fmt.Sprintf("%s of %s", figure.Percent(share, 0), figure.Percent(before.InModules, 0)), share < lostShare*before.InModules)
}

// sheared: without the isometry loss the active units' median ellipse ratio or median square score
// is larger. The value is the difference in ellipse ratio.
func sheared(before, without []spectratable.Unit) finding {
	measure := func(units []spectratable.Unit, of func(spectratable.Unit) float64) float64 {
		var values []float64
		for _, u := range units {
			if v := of(u); u.Active && !math.IsNaN(v) {
				values = append(values, v)
			}
		}
		return gridcell.Median(values)
	}
	ellipse := func(u spectratable.Unit) float64 { return u.EllipseRatio }
	square := func(u spectratable.Unit) float64 { return u.Square }
	e0, e1, s0, s1 := measure(before, ellipse), measure(without, ellipse), measure(before, square), measure(without, square)
	value := e1 - e0
	if math.IsNaN(value) {
		value = s1 - s0
	}
	shown := fmt.Sprintf("%s/%s; %s/%s", figure.Number(e1, 2), figure.Number(e0, 2), figure.Number(s1, 2), figure.Number(s0, 2))
	return judged(value, shown, e1 > e0 || s1 > s0)
}

// fartherDecoded: the range over which places are told apart is larger with the capacity loss than
// without.
func fartherDecoded(with, without integrationtable.Summary) finding {
	return judged(with.Range-without.Range, fmt.Sprintf("%s/%s m", figure.Number(with.Range, 2), figure.Number(without.Range, 2)), with.Range > without.Range)
}

// reported is a number without a rule.
func reported(v float64, shown string) finding {
	if math.IsNaN(v) {
		return unknown("undefined")
	}
	return finding{v, shown, claimstable.Reported}
}

// significant prints two significant digits.
func significant(v float64) string { return fmt.Sprintf("%.2g", v) }
