package figure6

import "math"

// The paper's figure 6, read off its picture: of its 128 units so many are in the tallest bin of
// periods and of orientations, and its rings have radii between these.
const (
	paperUnits             = 128
	paperModalPeriods      = 105
	paperModalOrientations = 101
)

var paperRadii = [2]float64{2.3, 3.1}

// radiiOf are those radii of a module of n units. States have norm 1, so that each of n units with
// even phases has activities of the order of 1/√n, and the sum of n of them is of the order of √n.
func radiiOf(n int) (lo, hi float64) {
	scale := math.Sqrt(float64(n) / paperUnits)
	return paperRadii[0] * scale, paperRadii[1] * scale
}
