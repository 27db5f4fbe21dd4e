package gridcell

import "math"

// Observe returns the map that a unit would have, as its own was made, if its rate were this one
// (x and y in metres from the centre): by where the animal was, by smoothing. Nil is no such change.
type Observe func(rate func(x, y float64) float64) Map

// mostMoved is how far observation may move the peaks, in periods, for that to be known: further out
// they are other peaks.
const mostMoved = 0.1

// asObserved measures by how much observation moves the peaks of a lattice; each goroutine needs its
// own.
type asObserved struct {
	c *correlator
	p *periodogram
}

// undone returns the peaks of a map less what observation moves them by, which is measured on a lattice
// that has the peaks and, near the map, its waves (indirect inference, Gouriéroux et al. 1993). At the
// walls smoothing leaves more of a lattice than inside, and moves what it leaves; an animal that only
// reaches the inner part of a bin there gives it the rate of that part.
func (o asObserved) undone(m Map, peaks *Peaks, observe Observe) *Peaks {
	if observe == nil || peaks == nil || !(peaks.Misfit <= closedMisfit) {
		return peaks
	}
	t := threeShortest(reciprocal(peaks.Lags[0], peaks.Lags[2]))
	f := newWaveFit(m)
	k := f.scaled(t[:])
	c, _, _, ok := f.linear(k)
	if !ok {
		return peaks
	}
	high := 0.0 // so much that the rate stays above 0 everywhere
	for _, v := range c[1:] {
		high += math.Abs(v)
	}
	seen := observe(func(x, y float64) float64 {
		sum := 2 * high
		for i, v := range t {
			sin, cos := math.Sincos(v[0]*x + v[1]*y)
			sum += c[1+2*i]*cos + c[2+2*i]*sin
		}
		return sum
	})
	moved, _ := peaksOf(seen, o.c.autocorrelogram(seen), o.p.of(seen))
	a, b := reciprocal(t[0], t[1])
	lattice := threeShortest(a, b)
	if moved == nil || !(lagDistance(moved.Lags, lattice) <= mostMoved*peaks.PeriodM) {
		return peaks
	}
	out := *peaks
	for i, l := range peaks.Lags {
		own := nearestLag(l, lattice)
		by := nearestLag(own, moved.Lags)
		out.Lags[i] = [2]float64{l[0] - (by[0] - own[0]), l[1] - (by[1] - own[1])}
	}
	out.describe()
	return &out
}
