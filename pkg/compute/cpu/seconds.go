package cpu

import "time"

// Seconds is the time spent in each part of the step.
type Seconds struct {
	MLP         float64 `json:"mlp"`
	Forward     float64 `json:"forward"`
	Pairs       float64 `json:"pairs"`
	Backward    float64 `json:"backward"`
	MLPBackward float64 `json:"mlp_backward"`
	Optimiser   float64 `json:"optimiser"`
}

type stopwatch struct{ last time.Time }

func (s *Seconds) start() stopwatch { return stopwatch{time.Now()} }

// lap adds the time since the last lap to part.
func (w *stopwatch) lap(part *float64) {
	now := time.Now()
	*part += now.Sub(w.last).Seconds()
	w.last = now
}

// Scale returns all parts times factor.
func (s Seconds) Scale(factor float64) Seconds {
	for _, part := range []*float64{&s.MLP, &s.Forward, &s.Pairs, &s.Backward, &s.MLPBackward, &s.Optimiser} {
		*part *= factor
	}
	return s
}
