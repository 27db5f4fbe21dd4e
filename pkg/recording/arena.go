package recording

import (
	"fmt"
	"math"

	"sicgrid/pkg/gridcell"
)

// Arena is a box of Width x Height metres around the origin, cut into NX x NY bins; with Round it
// is the ellipse that touches the four walls, and bins whose centre lies outside it are none.
type Arena struct {
	Width, Height float64
	NX, NY        int
	Round         bool
}

// wall is how far beyond a wall a place still counts as on it, as a share of the side: rounding.
const wall = 1e-3

// maxBins bounds the bins of a side, as for a ratemap.
const maxBins = 4096

// Check returns an error if there can be no such arena.
func (a Arena) Check() error {
	for _, side := range []float64{a.Width, a.Height} {
		if !(side > 0) || math.IsInf(side, 0) {
			return fmt.Errorf("arena of %g x %g m: need positive lengths", a.Width, a.Height)
		}
	}
	if a.NX < 1 || a.NY < 1 || a.NX > maxBins || a.NY > maxBins {
		return fmt.Errorf("%d x %d bins: must be 1 to %d each way", a.NX, a.NY, maxBins)
	}
	return nil
}

// Bin returns the bin of a place, -1 for one outside.
func (a Arena) Bin(x, y float64) int {
	if !(math.Abs(x) <= a.Width*(0.5+wall)) || !(math.Abs(y) <= a.Height*(0.5+wall)) {
		return -1
	}
	if a.Round && math.Hypot(2*x/a.Width, 2*y/a.Height) > 1+2*wall {
		return -1
	}
	index := func(c, side float64, n int) int { return min(max(int((c/side+0.5)*float64(n)), 0), n-1) }
	return index(y, a.Height, a.NY)*a.NX + index(x, a.Width, a.NX)
}

// bins is how many bins the arena has.
func (a Arena) bins() (n int) {
	if !a.Round {
		return a.NX * a.NY
	}
	for j := range a.NY {
		for i := range a.NX {
			x, y := (2*float64(i)+1)/float64(a.NX)-1, (2*float64(j)+1)/float64(a.NY)-1
			if math.Hypot(x, y) <= 1 {
				n++
			}
		}
	}
	return n
}

// Map returns the map of values [NY, NX].
func (a Arena) Map(values []float64) gridcell.Map {
	return gridcell.Map{Values: values, NX: a.NX, NY: a.NY, BoxM: a.Width, BoxYM: a.Height}
}
