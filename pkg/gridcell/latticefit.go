package gridcell

import (
	"math"
	"slices"
)

// waveFit fits a map by a mean and plane waves,
//
//	R(x) = c + sum over i of a_i cos(k_i.x) + b_i sin(k_i.x),
//
// by least squares over the visited bins, with both components of all k_i free. Bins may be few a
// period and periods few in the box: what blurs a spectrum there, the walls and the waves' overlap,
// is part of the model.
type waveFit struct {
	x, y   []float64 // of columns and rows, in units of half, so that all terms are of one size
	half   float64   // m
	values []float64 // less their mean
	mask   []float64
	nx, ny int
}

// linearTerms is the number of linear terms of so many waves: a mean, and a cosine and a sine each.
// The wave vectors add two components each.
func linearTerms(waves int) int { return 1 + 2*waves }

func newWaveFit(m Map) *waveFit {
	f := &waveFit{nx: m.NX, ny: m.NY, half: max(float64(m.NX)*m.BinX(), float64(m.NY)*m.BinY()) / 2}
	f.values, f.mask, _ = m.centred()
	for i := range m.NX {
		f.x = append(f.x, m.X(i)/f.half)
	}
	for j := range m.NY {
		f.y = append(f.y, m.Y(j)/f.half)
	}
	return f
}

// normal are the normal equations of a least-squares problem of n unknowns.
type normal struct {
	n   int
	m   []float64 // the upper triangle of [n, n]
	rhs []float64
}

// waveLines are the cosines and sines of waves along one axis, [places][waves].
func waveLines(k [][2]float64, axis int, places []float64) (cos, sin [][]float64) {
	for _, x := range places {
		c, s := make([]float64, len(k)), make([]float64, len(k))
		for i, v := range k {
			s[i], c[i] = math.Sincos(v[axis] * x)
		}
		cos, sin = append(cos, c), append(sin, s)
	}
	return cos, sin
}

// equations sums the normal equations of the linearised model at the wave vectors k (rad per half)
// and the coefficients c; with c nil only those of the linear terms, for which rhs is of the
// values, else of the residuals. It also returns the sum of squared residuals.
func (f *waveFit) equations(k [][2]float64, c []float64) (e *normal, squares float64) {
	base := linearTerms(len(k))
	n := base
	if c != nil {
		n += 2 * len(k)
	}
	e = &normal{n: n, m: make([]float64, n*n), rhs: make([]float64, n)}
	cosx, sinx := waveLines(k, 0, f.x)
	cosy, siny := waveLines(k, 1, f.y)
	t := make([]float64, n)
	t[0] = 1
	for row, y := range f.y {
		for col, x := range f.x {
			at := row*f.nx + col
			if f.mask[at] == 0 {
				continue
			}
			r := f.values[at]
			for i := range k {
				t[1+2*i] = cosx[col][i]*cosy[row][i] - sinx[col][i]*siny[row][i]
				t[2+2*i] = sinx[col][i]*cosy[row][i] + cosx[col][i]*siny[row][i]
			}
			if c != nil {
				for i := range base {
					r -= c[i] * t[i]
				}
				for i := range k {
					slope := c[2+2*i]*t[1+2*i] - c[1+2*i]*t[2+2*i]
					t[base+2*i], t[base+2*i+1] = slope*x, slope*y
				}
			}
			squares += r * r
			for p, v := range t {
				e.rhs[p] += v * r
				rest := t[p:]
				line := e.m[p*n+p : p*n+n][:len(rest)]
				for q, w := range rest {
					line[q] += v * w
				}
			}
		}
	}
	return e, squares
}

// solve returns the solution.
func (e *normal) solve() ([]float64, bool) {
	m, rhs := make([]float64, e.n*e.n), slices.Clone(e.rhs)
	for p := range e.n {
		for q := range e.n {
			m[p*e.n+q] = e.m[min(p, q)*e.n+max(p, q)]
		}
	}
	ok := solve(m, rhs)
	return rhs, ok
}

// linear solves the linear terms at k (rad per half) and returns them, their equations and the sum of
// squares of the values.
func (f *waveFit) linear(k [][2]float64) (c []float64, e *normal, squares float64, ok bool) {
	e, squares = f.equations(k, nil)
	c, ok = e.solve()
	return c, e, squares, ok
}

// at solves the linear terms at k and returns them, the equations of all terms there and the sum of
// squared residuals.
func (f *waveFit) at(k [][2]float64) (c []float64, e *normal, squares float64, ok bool) {
	if c, _, _, ok = f.linear(k); !ok {
		return nil, nil, 0, false
	}
	e, squares = f.equations(k, c)
	return c, e, squares, true
}

// refine moves wave vectors (rad/m) from near a least sum of squares into it, by Gauss and Newton's
// steps of at most an eighth of a wave over half the box, halved until the sum falls. It returns
// them with the linear terms there; ok is false where the equations are singular.
func (f *waveFit) refine(from [][2]float64) (k [][2]float64, c []float64, ok bool) {
	k = f.scaled(from)
	c, e, squares, ok := f.at(k)
	for range 20 {
		if !ok {
			return nil, nil, false
		}
		step, solved := e.solve()
		if !solved {
			return nil, nil, false
		}
		step = step[linearTerms(len(k)):]
		var length float64
		for _, s := range step {
			length = max(length, math.Abs(s))
		}
		moved := false
		for share := min(1, math.Pi/4/length); share*length > 1e-5; share /= 2 {
			next := slices.Clone(k)
			for i := range next {
				next[i][0] += share * step[2*i]
				next[i][1] += share * step[2*i+1]
			}
			if terms, trial, sum, fits := f.at(next); fits && sum < squares {
				k, c, e, squares, moved = next, terms, trial, sum, true
				break
			}
		}
		if !moved {
			break
		}
	}
	for i := range k {
		k[i][0], k[i][1] = k[i][0]/f.half, k[i][1]/f.half
	}
	return k, c, ok
}

// scaled are waves k (rad/m) in rad per half.
func (f *waveFit) scaled(k [][2]float64) [][2]float64 {
	out := make([][2]float64, len(k))
	for i, v := range k {
		out[i] = [2]float64{v[0] * f.half, v[1] * f.half}
	}
	return out
}

// explained is the share of the map's variance that waves k (rad/m) explain.
func (f *waveFit) explained(k [][2]float64) float64 {
	c, e, squares, ok := f.linear(f.scaled(k))
	if !ok {
		return math.NaN()
	}
	var sum float64
	for i, v := range c {
		sum += v * e.rhs[i]
	}
	return sum / squares
}

// spectrumWithout returns the spectrum of the map less the waves k (rad/m) that fit it best; of the
// map itself where none does.
func (f *waveFit) spectrumWithout(m Map, k [][2]float64, p *periodogram) *Spectrum {
	scaled := f.scaled(k)
	c, _, _, ok := f.linear(scaled)
	if !ok {
		return meanSpectrum(m, [][]float64{p.of(m)})
	}
	cosx, sinx := waveLines(scaled, 0, f.x)
	cosy, siny := waveLines(scaled, 1, f.y)
	rest := m
	rest.Values = make([]float64, len(m.Values))
	for row := range f.y {
		for col := range f.x {
			at := row*f.nx + col
			if f.mask[at] == 0 {
				rest.Values[at] = math.NaN()
				continue
			}
			v := f.values[at] - c[0]
			for i := range k {
				v -= c[1+2*i]*(cosx[col][i]*cosy[row][i]-sinx[col][i]*siny[row][i]) + c[2+2*i]*(sinx[col][i]*cosy[row][i]+cosx[col][i]*siny[row][i])
			}
			rest.Values[at] = v
		}
	}
	return meanSpectrum(m, [][]float64{p.of(rest)})
}

// Missing says why a unit has no period.
type Missing string

// The reasons.
const (
	Unvisited  Missing = "no visited bin"
	Flat       Missing = "the same rate everywhere"
	NoPeaks    Missing = "no six peaks in the autocorrelogram"
	TooCoarse  Missing = "fewer than 3 bins a period"
	NoneAgrees Missing = "few bins a period, and no lattice fits the map"
	SumOfTwo   Missing = "the map is the sum of two lattices"
)

const (
	// fitBins is the number of bins a period (along the longer side of a bin) under which the peaks
	// of the autocorrelogram are too narrow for a surface fitted to its lags, and waves are fitted
	// to the map instead: with sharp fields the surface is wrong by 3 % at 6.5 bins, by 0.15 % at
	// 8.
	fitBins = 8
	// surfaceBins is the number of bins a period from which on peaks that no lattice fits are
	// believed.
	surfaceBins = 6
	// leastBins is the least number of bins a period. The three waves of a hexagonal lattice of 2.3
	// bins are at the bins' resolution; from 3 on the fit is within 1 % (sharp fields, 20 bins a
	// side).
	leastBins = 3
)

// peaksOf returns the six peaks of a map with this autocorrelogram and power, or why there are
// none.
func peaksOf(m Map, sac *Autocorrelogram, power []float64) (*Peaks, Missing) {
	p := quietPeaks(m, FindPeaks(sac))
	if p == nil {
		switch {
		case math.IsNaN(m.Peak()):
			return nil, Unvisited
		case m.flat():
			return nil, Flat
		}
		return nil, NoPeaks
	}
	bin := max(m.BinX(), m.BinY())
	if p.PeriodM >= fitBins*bin {
		return p, ""
	}
	fit := fitLattice(m, meanSpectrum(m, [][]float64{power}), p.Lags)
	switch {
	case fit != nil && lagDistance(fit.Lags, p.Lags) <= 0.2*p.PeriodM+bin:
		if fit.PeriodM < leastBins*bin {
			return nil, TooCoarse
		}
		for i, l := range fit.Lags {
			fit.Heights[i] = sac.heightAt(l)
		}
		return fit, ""
	case p.PeriodM >= surfaceBins*bin:
		return p, ""
	}
	return nil, NoneAgrees
}

// fitLattice fits three waves to a map, from those of the lattice whose nearest points are lags
// (m), and returns the peaks of the lattice that they make. Its Misfit is by how much the three
// fail to add up to 0, as a share of their length. It returns nil where nothing fits.
func fitLattice(m Map, s *Spectrum, lags [3][2]float64) *Peaks {
	t, grid, ok := s.gridPeaks(lags)
	if !ok {
		return nil
	}
	refined, _, ok := newWaveFit(m).refine(grid[:])
	if !ok {
		return nil
	}
	k := [3][2]float64(refined)
	a, b := closest(k, t)
	b1, b2 := reciprocal(a, b)
	p := &Peaks{}
	copy(p.Lags[:], upperHalf(threeShortest(b1, b2)))
	p.describe()
	p.Misfit = 1.5 * math.Hypot(k[0][0]-a[0], k[0][1]-a[1]) * 2 / (math.Hypot(k[0][0], k[0][1]) + math.Hypot(k[1][0], k[1][1]))
	if !finite(p.PeriodM) || !finite(p.Misfit) {
		return nil
	}
	return p
}
