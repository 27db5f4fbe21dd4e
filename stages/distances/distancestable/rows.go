// Package distancestable has the rows of what the distances stage writes.
package distancestable

// Density is a row of "density": the random pairs of states whose places are this far apart.
type Density struct {
	Distance float64 `col:"distance" unit:"m" range:">= 0" doc:"distance of the places, middle of the bin"`
	Counts   []int32 `col:"counts" shape:"neural" range:">= 0" doc:"pairs by the distance of their states, in equal bins from 0 to the root of 2"`
	Mean     float64 `col:"mean" range:">= 0" doc:"mean distance of the states; NaN without a pair"`
}

// Lag is a row of "lags": pairs of states of one walk so many steps apart.
type Lag struct {
	Lag   float64   `col:"lag" unit:"steps" range:">= 0" doc:"steps between the states, middle of the bin"`
	Mean  []float64 `col:"mean" shape:"distance" range:">= 0" doc:"mean distance of the states by the distance of their places"`
	Same  float64   `col:"same_place" range:">= 0" doc:"median distance of the states at the same place, nearer than sigma_x; NaN without such a pair"`
	Pairs int64     `col:"same_place_pairs" range:">= 0" doc:"number of such pairs"`
}

// Summary is the one row of "summary".
type Summary struct {
	Plateau float64 `col:"plateau" range:">= 0" doc:"mean distance of states whose places are beyond half the reach"`
	Reach90 float64 `col:"reach_90" unit:"m" range:">= 0" doc:"distance of places at which that of states comes to 90 % of the plateau; NaN if it never does"`
	Same    float64 `col:"same_place" range:">= 0" doc:"greatest same_place of lags of up to 60 steps"`
	SigmaX  float64 `col:"sigma_x" unit:"m" range:"> 0" doc:"places nearer than this are the same"`
}
