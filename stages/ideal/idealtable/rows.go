// Package idealtable has the rows of what the ideal stage writes, but for "maps" and "occupancy",
// which are the ratemaps stage's.
package idealtable

// Step is a row of "walk".
type Step struct {
	X      float32 `col:"x" unit:"m" doc:"place, from the centre of the box"`
	Y      float32 `col:"y" unit:"m" doc:"place, from the centre of the box"`
	Spikes int32   `col:"spikes" doc:"spikes there of the first cell of the second module"`
}

// Place is a row of "line" and of "near": a place on the line and its phases in the first two
// modules.
type Place struct {
	Kind string  `col:"kind" doc:"phase: near the first row's place in phase, place: near it in space; empty on the line"`
	X    float64 `col:"x" unit:"m" doc:"place on the line"`
	Phi1 float64 `col:"phi1" unit:"rad" doc:"its phase in the first module"`
	Phi2 float64 `col:"phi2" unit:"rad" doc:"its phase in the second module"`
}

// Growth is a row of "capacity" and "separation": quartiles over the draws of periods. Lengths are
// in smallest periods, distances in rad.
type Growth struct {
	Modules int32   `col:"modules" doc:"number of modules"`
	Range   float64 `col:"range" doc:"range in smallest periods over which places are separated; NaN for capacity"`
	Low     float64 `col:"low" doc:"first quartile of the capacity in smallest periods, or of the separation in rad"`
	Median  float64 `col:"median" doc:"median likewise"`
	High    float64 `col:"high" doc:"third quartile likewise"`
}

// Distance is a row of "distance": of the unit-norm population states of two places, over many
// pairs.
type Distance struct {
	Displacement float64 `col:"displacement" unit:"m" doc:"distance of the two places"`
	Mean         float64 `col:"mean" doc:"mean distance of their states"`
	Low          float64 `col:"low" doc:"10th percentile"`
	High         float64 `col:"high" doc:"90th percentile"`
}

// Leg is a row of "routes": a place on the way, and its phases along k1 and k2 of the first module.
type Leg struct {
	Route int32   `col:"route" doc:"number of the route, from 0"`
	Step  int32   `col:"step" doc:"step on the route, from 0"`
	X     float64 `col:"x" unit:"m" doc:"place, from the start"`
	Y     float64 `col:"y" unit:"m" doc:"place, from the start"`
	Phi1  float64 `col:"phi1" unit:"rad" doc:"phase along k1"`
	Phi2  float64 `col:"phi2" unit:"rad" doc:"phase along k2"`
}

// Rate is a row of "tuning": equation 9, cells of preferred phase 0 and pi of the first two
// modules.
type Rate struct {
	Module    int32   `col:"module" doc:"number of the module, from 0"`
	Preferred float64 `col:"preferred" unit:"rad" doc:"preferred phase of the cell"`
	X         float64 `col:"x" unit:"m" doc:"place on the line"`
	Phase     float64 `col:"phase" unit:"rad" doc:"phase of the module there (eq. 10)"`
	Rate      float64 `col:"rate" doc:"rate of the cell (eq. 9)"`
}
