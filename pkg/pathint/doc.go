// Package pathint measures how well a recurrent model integrates paths, from its states alone,
// without a readout.
//
//   - A Model takes walks from its initial state and shows the state after each step.
//   - A Track is walks with the states that a model had on them, and the places where it was.
//   - Templates are states with their places, reached straight from the start; decoding a state gives
//     the place of the nearest one.
//
// Steps are displacements and places sums of steps, both in metres; every walk starts at (0, 0).
// The distance of two states is Euclidean. A measure that is undefined is NaN, and no result
// depends on anything but the model and the arguments.
package pathint

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat"

	"slices"
)

// Model is a recurrent network, or an ideal code. Run takes every walk from the initial state
// through its steps and calls visit with each state, which is only valid during the call.
//
// velocity: [walks][steps][2] m, all walks equally long, flattened to [walks][2·steps].
type Model interface {
	Run(velocity [][]float32, visit func(walk, step int, state []float32))
}

// Track is walks with the states on them, both after each step.
type Track struct {
	Steps, Units int
	Position     [][]float32 // [walks][2·steps] m
	State        [][]float32 // [walks][steps·units]
}

// TrainingWalks draws walks as networks are trained on: each component of a step is uniform within
// velocityMax metres.
func TrainingWalks(walks, steps int, velocityMax float64, seed uint64) [][]float32 {
	random := rand.New(rand.NewPCG(seed, 5))
	out := make([][]float32, walks)
	for w := range out {
		for range 2 * steps {
			out[w] = append(out[w], float32(velocityMax*(2*random.Float64()-1)))
		}
	}
	return out
}

// Follow takes a model along walks.
func Follow(m Model, velocity [][]float32) *Track {
	t := &Track{Position: make([][]float32, len(velocity)), State: make([][]float32, len(velocity))}
	for w, v := range velocity {
		t.Steps = len(v) / 2
		t.Position[w] = places(v)
	}
	m.Run(velocity, func(walk, step int, state []float32) {
		if t.State[walk] == nil {
			t.Units = len(state)
			t.State[walk] = make([]float32, t.Steps*t.Units)
		}
		copy(t.State[walk][step*t.Units:], state)
	})
	return t
}

// places returns the running sums of steps.
func places(velocity []float32) []float32 {
	out := make([]float32, len(velocity))
	var x, y float64
	for i := 0; i+1 < len(velocity); i += 2 {
		x, y = x+float64(velocity[i]), y+float64(velocity[i+1])
		out[i], out[i+1] = float32(x), float32(y)
	}
	return out
}

func (t *Track) at(walk, step int) []float32 {
	return t.State[walk][step*t.Units : (step+1)*t.Units]
}

func (t *Track) place(walk, step int) (x, y float64) {
	return float64(t.Position[walk][2*step]), float64(t.Position[walk][2*step+1])
}

// distance returns the distance of two states.
func distance(a, b []float32) float64 {
	var sum float32
	for i, v := range a {
		sum += (v - b[i]) * (v - b[i])
	}
	return math.Sqrt(float64(sum))
}

// quantile of unsorted values; NaN of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	if math.IsNaN(sorted[0]) {
		return math.NaN()
	}
	return stat.Quantile(q, stat.LinInterp, sorted, nil)
}
