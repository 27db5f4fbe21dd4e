// Package batchtable has the rows of what the batch stage writes.
package batchtable

// State is a row of "states", of the first batch of a training.
type State struct {
	Trajectory int32   `col:"trajectory" range:">= 0" doc:"number of the trajectory, from 0"`
	Step       int32   `col:"step" range:">= 0" doc:"step, from 0"`
	Velocity   int32   `col:"velocity" range:">= 0" doc:"number of the velocity that was taken, from 0"`
	VX         float32 `col:"vx" unit:"m" doc:"displacement of the step"`
	VY         float32 `col:"vy" unit:"m" doc:"displacement of the step"`
	X          float32 `col:"x" unit:"m" doc:"place after the step, from the start"`
	Y          float32 `col:"y" unit:"m" doc:"place after the step, from the start"`
}

// Quantile is a row of "distances".
type Quantile struct {
	Share     float64 `col:"share" range:"[0, 1.001]" doc:"share of the lengths up to those of this row"`
	Pairs     float64 `col:"pairs" unit:"m" range:">= 0" doc:"distance of the places of two states in a batch"`
	FromStart float64 `col:"from_start" unit:"m" range:">= 0" doc:"distance of a state's place from the start of its walk"`
	Step      float64 `col:"step" unit:"m" range:">= 0" doc:"length of a step"`
}

// Summary is the one row of "summary": ordered pairs of states in the first batch, self pairs left
// out.
type Summary struct {
	Near         int64 `col:"near" range:">= 0" doc:"pairs nearer than sigma_x, which the invariance loss pulls together"`
	Far          int64 `col:"far" range:">= 0" doc:"pairs farther apart, which the separation loss pushes apart"`
	Trajectories int32 `col:"trajectories" range:">= 0" doc:"trajectories of a batch"`
	Length       int32 `col:"length" range:">= 0" doc:"steps of each"`
}
