package pathint

import (
	"math"
	"math/rand/v2"
)

// Revisit is how far apart the states of one place are, Lag steps apart on one walk.
type Revisit struct {
	Lag    int
	Median float64 // NaN without a pair
	Pairs  int
}

// Revisits compares, for every lag from 1 to lags, all moments of each walk that are so many steps
// apart and less than radius metres from each other: the pairs of equation 5 of the paper, whose
// states a path integrator keeps together.
func (t *Track) Revisits(radius float64, lags int) []Revisit {
	out := make([]Revisit, 0, lags)
	var found []float64
	for lag := 1; lag <= lags; lag++ {
		found = found[:0]
		for w, p := range t.Position {
			for s := 0; s+lag < t.Steps; s++ {
				dx, dy := p[2*(s+lag)]-p[2*s], p[2*(s+lag)+1]-p[2*s+1]
				if float64(dx)*float64(dx)+float64(dy)*float64(dy) < radius*radius {
					found = append(found, distance(t.at(w, s), t.at(w, s+lag)))
				}
			}
		}
		out = append(out, Revisit{lag, quantile(found, 0.5), len(found)})
	}
	return out
}

// Drift is how far from itself a state is after a closed loop, or after steps of zero velocity.
type Drift struct {
	Steps  int
	Median float64 // over walks
}

// Loops takes each walk for lead steps, then through a loop of n steps back to the very same place,
// and returns the distance of the states at its two ends for every n of lengths. The loop has the
// next n/2 steps of the walk and the same ones backwards, in random order; where n is odd, three
// steps along a triangle take the place of one step there and one back (a loop of one step stands
// still). Walks must have lead + n/2 + 1 steps.
func Loops(m Model, walks [][]float32, lead int, lengths []int, seed uint64) []Drift {
	random := rand.New(rand.NewPCG(seed, 1))
	out := make([]Drift, len(lengths))
	for i, n := range lengths {
		loops := make([][]float32, len(walks))
		for w, v := range walks {
			loop := loop(v[2*lead:], n)
			random.Shuffle(len(loop)-n/2, func(a, b int) { // the way back
				a, b = a+n/2, b+n/2
				loop[a], loop[b] = loop[b], loop[a]
			})
			loops[w] = append([]float32(nil), v[:2*lead]...)
			for _, step := range loop {
				loops[w] = append(loops[w], step[0], step[1])
			}
		}
		out[i] = Follow(m, loops).drift(lead, n)
	}
	return out
}

// loop returns n steps, those of a walk first, that add up to nothing.
func loop(walk []float32, n int) [][2]float32 {
	var out [][2]float32
	add := func(k int, scale float32) { out = append(out, [2]float32{scale * walk[2*k], scale * walk[2*k+1]}) }
	pairs := n / 2
	if n%2 == 1 {
		pairs = max(0, (n-3)/2)
	}
	for k := range pairs {
		add(k, 1)
	}
	switch {
	case n == 1:
		add(0, 0)
	case n%2 == 1: // a triangle of half steps, none longer than the walk's
		add(pairs, 0.5)
		add(pairs+1, 0.5)
		a, b := out[pairs], out[pairs+1]
		out = append(out, [2]float32{-a[0] - b[0], -a[1] - b[1]})
	}
	for k := range pairs {
		add(k, -1)
	}
	return out
}

// Stationary takes each walk for lead steps and then through as many steps of zero velocity as the
// largest of steps: how far the state drifts on the spot.
func Stationary(m Model, walks [][]float32, lead int, steps []int) []Drift {
	most := 0
	for _, n := range steps {
		most = max(most, n)
	}
	velocity := make([][]float32, len(walks))
	for w, v := range walks {
		velocity[w] = append(append([]float32(nil), v[:2*lead]...), make([]float32, 2*most)...)
	}
	t := Follow(m, velocity)
	out := make([]Drift, len(steps))
	for i, n := range steps {
		out[i] = t.drift(lead, n)
	}
	return out
}

// drift returns the median distance of the states lead and lead + n steps into the walks.
func (t *Track) drift(lead, n int) Drift {
	var apart []float64
	for w := range t.State {
		apart = append(apart, distance(t.at(w, lead-1), t.at(w, lead-1+n)))
	}
	return Drift{n, quantile(apart, 0.5)}
}

// Commutation is how far two steps, taken in either order, bring states apart.
type Commutation struct {
	Apart float64 // median of |f(f(g,a),b) - f(f(g,b),a)|
	Moved float64 // median of |f(f(g,a),b) - g|: what two steps change
}

// Commute takes each walk for lead steps to a state g, and then two steps a and b, each component
// uniform within most metres, in both orders.
func Commute(m Model, walks [][]float32, lead int, most float64, seed uint64) Commutation {
	random := rand.New(rand.NewPCG(seed, 2))
	var velocity [][]float32
	for _, v := range walks {
		var step [4]float32
		for i := range step {
			step[i] = float32(most * (2*random.Float64() - 1))
		}
		start := v[:2*lead]
		velocity = append(velocity, append(append([]float32(nil), start...), step[:]...),
			append(append([]float32(nil), start...), step[2], step[3], step[0], step[1]))
	}
	t := Follow(m, velocity)
	var apart, moved []float64
	for w := 0; w < len(velocity); w += 2 {
		apart = append(apart, distance(t.at(w, lead+1), t.at(w+1, lead+1)))
		moved = append(moved, distance(t.at(w, lead+1), t.at(w, lead-1)))
	}
	return Commutation{quantile(apart, 0.5), quantile(moved, 0.5)}
}

// StepIsometry is how evenly the state moves with the animal, by equation 7 of the paper: the
// variance of |g_t - g_{t-1}| / |v_t| over the steps shorter than a length.
type StepIsometry struct {
	Mean, Variance float64 // 1/m and 1/m²; NaN without a step
	Steps          int
}

// Relative returns the variance divided by the squared mean, which has no unit.
func (s StepIsometry) Relative() float64 { return s.Variance / (s.Mean * s.Mean) }

// Isometry looks at every step of the walks but the first that is longer than least and shorter
// than most metres.
func (t *Track) Isometry(least, most float64) StepIsometry {
	var n, sum, squares float64
	for w := range t.Position {
		for s := 1; s < t.Steps; s++ {
			x0, y0 := t.place(w, s-1)
			x, y := t.place(w, s)
			length := math.Hypot(x-x0, y-y0)
			if length <= least || length >= most {
				continue
			}
			ratio := distance(t.at(w, s), t.at(w, s-1)) / length
			n, sum, squares = n+1, sum+ratio, squares+ratio*ratio
		}
	}
	mean := sum / n // NaN for none
	return StepIsometry{mean, math.Max(0, squares/n-mean*mean), int(n)}
}
