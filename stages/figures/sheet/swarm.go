package sheet

import (
	"cmp"
	"math"
	"slices"
)

// Swarm sets marks of a width (mm) that stand at places along one axis (mm) apart along the other,
// each as near the middle as it can without touching another, and returns how far from the middle
// of all. Ties go to the earlier mark; a NaN stays in the middle.
func Swarm(at []float64, width float64) []float64 {
	order := make([]int, len(at))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(at[i], at[j]) })
	off := make([]float64, len(at))
	var placed []int
	for _, i := range order {
		if math.IsNaN(at[i]) {
			continue
		}
		// The middle, or beside one that is in the way, on either side.
		places := []float64{0}
		for _, j := range placed {
			if d := math.Abs(at[i] - at[j]); d < width {
				aside := math.Sqrt(width*width - d*d)
				places = append(places, off[j]+aside, off[j]-aside)
			}
		}
		best := math.Inf(1)
		for _, p := range places {
			free := !slices.ContainsFunc(placed, func(j int) bool {
				return math.Hypot(at[i]-at[j], p-off[j]) < width*(1-1e-9)
			})
			if free && math.Abs(p) < math.Abs(best)-1e-9 {
				best = p
			}
		}
		off[i], placed = best, append(placed, i)
	}
	lo, hi := 0.0, 0.0
	for _, v := range off {
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	for i := range off {
		off[i] -= (lo + hi) / 2
	}
	return off
}

// Widest is the greatest distance from the middle of a swarm.
func Widest(off []float64) float64 {
	most := 0.0
	for _, v := range off {
		most = math.Max(most, math.Abs(v))
	}
	return most
}
