package ratemaps

import (
	"math"
	"slices"
	"sync/atomic"

	"sicgrid/stages/ratemaps/ratemapstable"
)

// grid is a box of box x box metres, its centre at 0, cut into bins x bins.
type grid struct {
	bins int
	box  float64
}

// bin returns the bin of a place; one on or beyond the wall falls in the last.
func (g grid) bin(x, y float32) int {
	index := func(c float32) int {
		return min(max(int(math.Floor((float64(c)/g.box+0.5)*float64(g.bins))), 0), g.bins-1)
	}
	return index(y)*g.bins + index(x)
}

// half is what was recorded in the first or the second half of the walks.
type half struct {
	count   []int32   // [ny*nx]
	sum     []float64 // [ny*nx][units]
	squares float64   // Σ ‖g‖²
}

// recording adds up the states of some walks.
type recording struct {
	grid
	units, steps int
	halves       [2]half
	kept         []keptState
}

type keptState struct {
	walk int
	ratemapstable.State
}

func newRecording(g grid, units, steps int) *recording {
	r := &recording{grid: g, units: units, steps: steps}
	for i := range r.halves {
		r.halves[i] = half{count: make([]int32, g.bins*g.bins), sum: make([]float64, g.bins*g.bins*units)}
	}
	return r
}

// add records a state that was reached at (x, y) m after step `step`.
func (r *recording) add(x, y float32, step int, state []float32) {
	h := &r.halves[0]
	if 2*step >= r.steps {
		h = &r.halves[1]
	}
	bin := r.bin(x, y)
	h.count[bin]++
	for n, g := range state {
		h.sum[bin*r.units+n] += float64(g)
		h.squares += float64(g) * float64(g)
	}
}

// keep stores a copy of a state itself.
func (r *recording) keep(walk int, x, y float32, step int, state []float32) {
	r.kept = append(r.kept, keptState{walk, ratemapstable.State{X: x, Y: y, Step: int32(step), State: slices.Clone(state)}})
}

func (r *recording) merge(o *recording) {
	for i := range r.halves {
		h, with := &r.halves[i], &o.halves[i]
		for bin, n := range with.count {
			h.count[bin] += n
		}
		for j, s := range with.sum {
			h.sum[j] += s
		}
		h.squares += with.squares
	}
	r.kept = append(r.kept, o.kept...)
}

// states returns the kept states by walk and step.
func (r *recording) states() []ratemapstable.State {
	slices.SortStableFunc(r.kept, func(a, b keptState) int {
		if a.walk != b.walk {
			return a.walk - b.walk
		}
		return int(a.Step - b.Step)
	})
	states := make([]ratemapstable.State, len(r.kept))
	for i, k := range r.kept {
		states[i] = k.State
	}
	return states
}

func (r *recording) samples() []int32 {
	samples := slices.Clone(r.halves[0].count)
	for bin, n := range r.halves[1].count {
		samples[bin] += n
	}
	return samples
}

// maps returns the mean activity of every unit in every bin.
func (r *recording) maps() []ratemapstable.Map {
	early, late := &r.halves[0], &r.halves[1]
	mean := func(unit int, halves ...*half) []float32 {
		values := make([]float32, r.bins*r.bins)
		for bin := range values {
			sum, count := 0.0, 0.0
			for _, h := range halves {
				sum += h.sum[bin*r.units+unit]
				count += float64(h.count[bin])
			}
			values[bin] = float32(sum / count) // NaN where nobody came
		}
		return values
	}
	maps := make([]ratemapstable.Map, r.units)
	for unit := range maps {
		maps[unit] = ratemapstable.Map{Unit: int32(unit), Mean: mean(unit, early, late), Early: mean(unit, early), Late: mean(unit, late)}
	}
	return maps
}

// explained returns the share of the variance of the late states that lies
// between bins: 1 for a perfect path integrator in small bins, 0 for states that
// have nothing to do with position. It is NaN when the states do not vary.
func (r *recording) explained() float64 {
	late := &r.halves[1]
	total := 0.0
	mean := make([]float64, r.units)
	between := 0.0
	for bin, n := range late.count {
		if n == 0 {
			continue
		}
		total += float64(n)
		for unit := range mean {
			s := late.sum[bin*r.units+unit]
			mean[unit] += s
			between += s * s / float64(n)
		}
	}
	common := 0.0
	for _, s := range mean {
		common += s * s / total
	}
	if variance := late.squares - common; variance > 1e-9*late.squares {
		return (between - common) / variance
	}
	return math.NaN()
}

// progress counts what concurrent tasks have done.
type progress struct{ n atomic.Int64 }

func (p *progress) add(n int) int64 { return p.n.Add(int64(n)) }
