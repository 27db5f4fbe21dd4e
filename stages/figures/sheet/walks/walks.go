// Package walks draws what figures of training batches share: trajectories, which begin at the
// origin, and axes that hold them.
package walks

import (
	"cmp"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/stages/batch/batchtable"
)

// Space are axes that hold all of the states, to one scale both ways, and reach at least so far (m)
// from their middle.
func Space(b figure.Box, states []batchtable.State, least float64) figure.Axes {
	lo, hi := [2]float64{}, [2]float64{}
	for _, s := range states {
		for k, v := range [2]float64{float64(s.X), float64(s.Y)} {
			lo[k], hi[k] = math.Min(lo[k], v), math.Max(hi[k], v)
		}
	}
	reach := math.Max(math.Max(hi[0]-lo[0], hi[1]-lo[1])/2*1.08, least)
	return Around(b, (lo[0]+hi[0])/2, (lo[1]+hi[1])/2, reach)
}

func Around(b figure.Box, x, y, reach float64) figure.Axes {
	return figure.Axes{Box: b, X: figure.Axis{Min: x - reach, Max: x + reach, Label: "x (m)", Ticks: figure.Ticks(x-reach, x+reach, 4)},
		Y: figure.Axis{Min: y - reach, Max: y + reach, Label: "y (m)", Ticks: figure.Ticks(y-reach, y+reach, 4)}}
}

// firstWalks are the first trajectories of a batch, each in the order of its steps, from the
// origin.
func First(states []batchtable.State, number int32) [][]batchtable.State {
	var walks [][]batchtable.State
	for k := range number {
		var w []batchtable.State
		for _, s := range states {
			if s.Trajectory == k {
				w = append(w, s)
			}
		}
		slices.SortFunc(w, func(a, b batchtable.State) int { return cmp.Compare(a.Step, b.Step) })
		walks = append(walks, append([]batchtable.State{{Trajectory: k, Step: -1}}, w...))
	}
	return walks
}
