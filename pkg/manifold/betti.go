package manifold

import (
	"math"
	"slices"
)

// Betti returns the Betti numbers of the shape behind a complex, one for each dimension, and the
// range of scales [from, to) over which they hold. Of the scales between the first merger of two
// components and the cone they are the numbers that hold, without a change, over the longest range
// of log scale: a feature of the shape lives long in units of its own size, one of the sampling
// briefly. Before that range every point is a component of its own, after it the complex is a cone,
// whatever the shape. ok is false where there is no such range: a single point, or points that are
// all equally far from each other.
func (p *Persistence) Betti() (numbers []int, from, to float64, ok bool) {
	var scales []float64
	first := math.Inf(1)
	for _, i := range p.Intervals[0] {
		first = min(first, i.Death)
	}
	inside := func(r float64) bool { return r >= first && r <= p.Cone }
	for _, intervals := range p.Intervals {
		for _, i := range intervals {
			for _, r := range []float64{i.Birth, i.Death} {
				if inside(r) {
					scales = append(scales, r)
				}
			}
		}
	}
	if inside(p.Cone) {
		scales = append(scales, p.Cone)
	}
	slices.Sort(scales)
	scales = slices.Compact(scales)
	if len(scales) < 2 {
		return make([]int, len(p.Intervals)), math.NaN(), math.NaN(), false
	}
	// Scales at which a class dies as another of its dimension is born leave the numbers as they
	// were.
	at := 0
	start := scales[0]
	longest := 0.0
	now := p.alive(start)
	settle := func(end float64) {
		if r := math.Log(end / start); r > longest {
			longest, from, to, numbers = r, start, end, now
		}
	}
	for at = 1; at < len(scales)-1; at++ {
		next := p.alive(scales[at])
		if slices.Equal(next, now) {
			continue
		}
		settle(scales[at])
		start, now = scales[at], next
	}
	settle(scales[at])
	return numbers, from, to, true
}

// alive counts the classes of each dimension at a scale.
func (p *Persistence) alive(scale float64) []int {
	counts := make([]int, len(p.Intervals))
	for d, intervals := range p.Intervals {
		for _, i := range intervals {
			if i.Birth <= scale && scale < i.Death {
				counts[d]++
			}
		}
	}
	return counts
}
