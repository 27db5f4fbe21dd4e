package analysis

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/printable"
)

// Summary is what a person wants to know first, a line each.
func (f *Result) Summary() string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	active := f.Active()
	line("%d units, %d of them active, %s", len(f.Units), active, printable.Count(len(f.Modules), "module"))
	for i, m := range f.Analysis.Modules {
		line("module %d: %d units, period %.3f m%s, orientation %.1f degrees, grid score %.2f, ellipse %.2f (medians)%s", i, len(m.Units), m.PeriodM,
			f.spread(m.Units), m.OrientationDeg, m.ExpandingMedian, m.EllipseRatioMedian, hexagonal(m.Hexagonal))
	}
	if f.Shuffled != nil {
		line("%d units are grid cells at p of %g or less by %d shuffles: %s", len(f.significant()), level, len(f.Shuffled[0].Score), enumerate(orNone(f.significant())))
	}
	if names := f.inactive(); len(names) > 0 {
		line("not active: %s", enumerate(names))
	}
	for _, text := range slices.Concat(f.Remarks(), f.Facts, f.Notes) {
		line("%s", text)
	}
	return b.String()
}

// shallowModulation is the modulation under which a unit never falls below half its peak.
const shallowModulation = 0.5

// Remarks say what a reader of the modules alone would miss: how many units have no period, and
// why, of how many the fields alternate, how many hold two lattices, and how many fire everywhere.
func (f *Result) Remarks() []string {
	without, alternate, shallow, sums := map[string]int{}, map[int32]int{}, 0, 0
	for _, u := range f.Units {
		if u.NoPeriod != "" {
			without[u.NoPeriod]++
		}
		if u.Superlattice > 1 {
			alternate[u.Superlattice]++
		}
		if u.Lattices != "" && u.NoPeriod == "" {
			sums++
		}
		if u.Active && u.Modulation < shallowModulation {
			shallow++
		}
	}
	lines := []string{}
	for _, reason := range slices.Sorted(maps.Keys(without)) {
		lines = append(lines, fmt.Sprintf("%s without a period: %s", printable.Count(without[reason], "unit"), reason))
	}
	for _, index := range slices.Sorted(maps.Keys(alternate)) {
		lines = append(lines, fmt.Sprintf("the fields of %s alternate: a superlattice of √%d periods", printable.Count(alternate[index], "unit"), index))
	}
	if sums > 0 {
		lines = append(lines, fmt.Sprintf("the maps of %s hold a second, weaker lattice: see the column lattices", printable.Count(sums, "unit")))
	}
	if shallow > 0 {
		lines = append(lines, fmt.Sprintf("the rate of %s stays above half its peak: see the column modulation", printable.Count(shallow, "active unit")))
	}
	return lines
}

// latticesText names the two lattices that a map is the sum of.
func latticesText(s *gridcell.Superposed) string {
	if s == nil {
		return ""
	}
	a, b := s.Lattices[0], s.Lattices[1]
	return fmt.Sprintf("%.3f m at %.1f degrees and %.3f m at %.1f degrees, %.2f times as strong", a.PeriodM, a.OrientationDeg, b.PeriodM, b.OrientationDeg, s.Share)
}

// Active is how many units are.
func (f *Result) Active() (n int) {
	for _, u := range f.Units {
		if u.Active {
			n++
		}
	}
	return n
}

// spread writes the range of some units' periods: " (0.34 to 0.36)".
func (f *Result) spread(units []int) string {
	low, high := math.Inf(1), math.Inf(-1)
	for _, u := range units {
		low, high = min(low, f.Units[u].Period), max(high, f.Units[u].Period)
	}
	return fmt.Sprintf(" (%.3f to %.3f)", low, high)
}

func hexagonal(yes bool) string {
	if yes {
		return ""
	}
	return ", not hexagonal"
}

// significant are the names of units that are grid cells by their shuffles.
func (f *Result) significant() (names []string) {
	for i, u := range f.Units {
		if u.GridP <= level {
			names = append(names, f.name(i))
		}
	}
	return names
}

func (f *Result) inactive() (names []string) {
	for i, u := range f.Units {
		if !u.Active {
			names = append(names, f.name(i))
		}
	}
	return names
}

func orNone(names []string) []string {
	if len(names) == 0 {
		return []string{"none"}
	}
	return names
}
