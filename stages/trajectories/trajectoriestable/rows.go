// Package trajectoriestable has the rows of what the trajectories stage writes.
package trajectoriestable

// Walk is a row of "walks".
type Walk struct {
	Walk     int32     `col:"walk" range:">= 0" doc:"number of the walk, from 0"`
	Velocity []float32 `col:"velocity" unit:"m" shape:"steps,2" doc:"displacement in each step"`
	Position []float32 `col:"position" unit:"m" shape:"steps,2" doc:"place after each step, from the centre of the box, where the walk begins"`
}
