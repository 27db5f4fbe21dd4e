// Package ratemapstable has the rows of what the ratemaps stage writes, and the ideal stage in its
// stead.
package ratemapstable

// Map is a row of "maps". A path integrator that drifts shows it between the halves of its walks.
type Map struct {
	Unit  int32     `col:"unit" doc:"number of the unit, from 0"`
	Mean  []float32 `col:"mean" shape:"ny,nx" doc:"mean activity in each bin, row 0 lowest y; NaN where no walk came"`
	Early []float32 `col:"early" shape:"ny,nx" doc:"likewise over the first half of every walk"`
	Late  []float32 `col:"late" shape:"ny,nx" doc:"likewise over the second half of every walk"`
}

// Occupancy is the one row of "occupancy".
type Occupancy struct {
	Samples []int32 `col:"samples" shape:"ny,nx" doc:"states recorded in each bin"`
	Variance
}

// Variance is what "occupancy" says of the states, if there were any.
type Variance struct {
	Explained float64 `col:"explained" doc:"variance of the states, in the second half of every walk, explained by position, a share; NaN where they do not vary"`
}

// State is a row of "states": the population at one moment of one walk.
type State struct {
	X     float32   `col:"x" unit:"m" doc:"place, from the centre of the box"`
	Y     float32   `col:"y" unit:"m" doc:"place, from the centre of the box"`
	Step  int32     `col:"step" doc:"step of the walk, from 0"`
	State []float32 `col:"state" shape:"units" doc:"activity of every unit"`
}
