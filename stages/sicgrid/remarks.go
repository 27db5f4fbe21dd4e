package main

import (
	"fmt"
	"maps"
	"slices"

	"sicgrid/stages/spectra/spectratable"
)

// shallowModulation is the modulation under which a unit never falls below half its peak.
const shallowModulation = 0.5

// remarks say what a reader of the modules alone would miss: how many units have no period, and
// why, of how many the fields alternate, and how many fire everywhere.
func remarks(units []spectratable.Unit) []string {
	without, alternate, shallow := map[string]int{}, map[int32]int{}, 0
	for _, u := range units {
		if u.NoPeriod != "" {
			without[u.NoPeriod]++
		}
		if u.Superlattice > 1 {
			alternate[u.Superlattice]++
		}
		if u.Active && u.Modulation < shallowModulation {
			shallow++
		}
	}
	lines := []string{}
	for _, reason := range slices.Sorted(maps.Keys(without)) {
		lines = append(lines, fmt.Sprintf("%s without a period: %s", count(without[reason], "unit"), reason))
	}
	for _, index := range slices.Sorted(maps.Keys(alternate)) {
		lines = append(lines, fmt.Sprintf("the fields of %s alternate: a superlattice of √%d periods", count(alternate[index], "unit"), index))
	}
	if shallow > 0 {
		lines = append(lines, fmt.Sprintf("the rate of %s stays above half its peak: see the column modulation", count(shallow, "active unit")))
	}
	return lines
}
