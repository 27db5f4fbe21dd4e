package gridcell

import (
	"errors"
	"math"
)

// Spectrum is the mean power spectrum of several maps: Power [N, N] row-major, the wave vector 0 at
// index N/2 of both axes, row index ascending in ky. Power at k is the mean over maps of |sum (R -
// mean R) exp(i k.x) / bins|², where bins is the number of visited bins and unvisited ones count as
// R = mean R: a plane wave of amplitude A has power A²/4. Maps are padded with zeros to N bins,
// twice the longer number along x and y; Step and StepY are the distances of neighbouring
// wavenumbers along x and y in rad/m.
type Spectrum struct {
	Power       []float64
	N           int
	Step, StepY float64
	bin         [2]float64 // sides of a bin, m
	lags        int        // largest lag at which the autocovariance behind it is not 0
}

// At returns the power at the wave vector of ix, iy steps.
func (s *Spectrum) At(ix, iy int) float64 {
	i, j := ix+s.N/2, iy+s.N/2
	if i < 0 || j < 0 || i >= s.N || j >= s.N {
		return 0
	}
	return s.Power[j*s.N+i]
}

// PowerSpectrum returns the mean power spectrum of maps of equal shape.
func PowerSpectrum(maps []Map) (*Spectrum, error) {
	if len(maps) == 0 {
		return nil, errors.New("power spectrum: no maps")
	}
	p := newPeriodogram(maps[0].NX, maps[0].NY)
	powers := make([][]float64, len(maps))
	for i, m := range maps {
		if err := sameShape(maps[0], m); err != nil {
			return nil, err
		}
		powers[i] = p.of(m)
	}
	return meanSpectrum(maps[0], powers), nil
}

// periodogram computes power spectra of maps of one shape; each goroutine needs its own.
type periodogram struct {
	fft  *fft2
	work []complex128
}

func spectrumSize(nx, ny int) int { return 2 * max(nx, ny) }

func newPeriodogram(nx, ny int) *periodogram {
	n := spectrumSize(nx, ny)
	f := newFFT2(n, n)
	return &periodogram{fft: f, work: make([]complex128, f.ny*f.half)}
}

// of returns the power of one map, in the layout of the transform: [n, n/2+1].
func (p *periodogram) of(m Map) []float64 {
	power := make([]float64, len(p.work))
	values, _, visited := m.centred()
	if visited == 0 {
		return power
	}
	p.fft.forward(p.work, values, m.NX, m.NY)
	scale := 1 / (float64(visited) * float64(visited))
	for i, c := range p.work {
		power[i] = (real(c)*real(c) + imag(c)*imag(c)) * scale
	}
	power[0] = 0 // the mean was subtracted: what is left is rounding
	return power
}

// meanSpectrum averages the power of maps shaped like m, in the order given.
func meanSpectrum(m Map, powers [][]float64) *Spectrum {
	n := spectrumSize(m.NX, m.NY)
	half := n/2 + 1
	s := &Spectrum{Power: make([]float64, n*n), N: n, bin: [2]float64{m.BinX(), m.BinY()}, lags: max(m.NX, m.NY) - 1}
	s.Step, s.StepY = 2*math.Pi/(float64(n)*s.bin[0]), 2*math.Pi/(float64(n)*s.bin[1])
	mean := make([]float64, n*half)
	for _, p := range powers {
		for i, v := range p {
			mean[i] += v
		}
	}
	for j := range n {
		for i := range n {
			ix, iy := i-n/2, j-n/2
			if ix < 0 { // the other half plane is the mirror image
				ix, iy = -ix, -iy
			}
			s.Power[j*n+i] = mean[(iy+n)%n*half+ix] / float64(max(1, len(powers)))
		}
	}
	return s
}

// covariance returns the mean autocovariance C(l) of the maps behind a spectrum for lags [-L, L]²,
// L = s.lags, whose Fourier sum is the power at any wave vector, on the grid or off it.
func (s *Spectrum) covariance() []float64 {
	f := newFFT2(s.N, s.N)
	spectrum := make([]complex128, s.N*f.half)
	for j := range s.N {
		for i := range f.half {
			// Index N/2 is the frequency -N/2, the same as +N/2.
			ix := (i + s.N/2) % s.N
			spectrum[j*f.half+i] = complex(s.Power[(j+s.N/2)%s.N*s.N+ix], 0)
		}
	}
	field := make([]float64, s.N*s.N)
	f.inverse(field, spectrum)
	w := 2*s.lags + 1
	c := make([]float64, w*w)
	for j := range w {
		for i := range w {
			y, x := (j-s.lags+s.N)%s.N, (i-s.lags+s.N)%s.N
			c[j*w+i] = field[y*s.N+x]
		}
	}
	return c
}

// powerAt is the power at a wave vector with its gradient and Hessian (xx, xy, yy), k in rad per
// bin.
type powerAt struct {
	value  float64
	gx, gy float64
	h      [3]float64
}

// evaluate computes P(k) = sum over l of C(l) cos(k.l) and its derivatives.
func evaluate(c []float64, lags int, kx, ky float64) powerAt {
	w := 2*lags + 1
	wave := make([]complex128, w)
	for i := range w {
		s, co := math.Sincos(kx * float64(i-lags))
		wave[i] = complex(co, s)
	}
	var p powerAt
	for j := range w {
		var s0, s1, s2 complex128
		for i, v := range c[j*w : (j+1)*w] {
			x := float64(i - lags)
			t := complex(v, 0) * wave[i]
			s0 += t
			t *= complex(x, 0)
			s1 += t
			s2 += t * complex(x, 0)
		}
		y := float64(j - lags)
		sy, cy := math.Sincos(ky * y)
		e := complex(cy, sy)
		s0, s1, s2 = s0*e, s1*e, s2*e
		p.value += real(s0)
		p.gx -= imag(s1) // real part of i s1
		p.gy -= y * imag(s0)
		p.h[0] -= real(s2)
		p.h[1] -= y * real(s1)
		p.h[2] -= y * y * real(s0)
	}
	return p
}

// WaveVectors returns the wave vectors of the six peaks of the spectrum that belong to a lattice
// with three nearest points near lags (metres, as from Peaks.Lags): on the grid of the transform
// the highest peak within 0.35 of the wavenumber around each reciprocal lattice vector, then off
// the grid the k1, k2 that maximise P(k1) + P(k2) + P(k1 + k2), so that k1 + k2 + k3 = 0 exactly.
// It also returns the power at the three. ok is false if the lags span no lattice or the spectrum
// has no power.
func (s *Spectrum) WaveVectors(lags [3][2]float64) (k WaveVectors, power [3]float64, ok bool) {
	t, grid, ok := s.gridPeaks(lags)
	if !ok {
		return k, power, false
	}
	start := orderedWaves(closest(grid, t))
	c, bin := s.covariance(), s.bin
	k1, k2 := start[0], start[1]
	for _, v := range []*[2]float64{&k1, &k2} {
		v[0] *= bin[0] // rad per bin
		v[1] *= bin[1]
	}
	k1, k2 = maximise(c, s.lags, k1, k2)
	for _, v := range []*[2]float64{&k1, &k2} {
		v[0] /= bin[0]
		v[1] /= bin[1]
	}
	k = orderedWaves(k1, k2)
	for i, v := range k {
		power[i] = evaluate(c, s.lags, v[0]*bin[0], v[1]*bin[1]).value
	}
	return k, power, true
}

// gridPeaks returns the three shortest vectors t of the lattice reciprocal to that with three
// nearest points near lags (m), and the highest peak of the grid near each.
func (s *Spectrum) gridPeaks(lags [3][2]float64) (t, grid [3][2]float64, ok bool) {
	area := lags[0][0]*lags[2][1] - lags[0][1]*lags[2][0]
	if !finite(area) || math.Abs(area) < 1e-12 {
		return t, grid, false
	}
	b1, b2 := reciprocal(lags[0], lags[2])
	t = threeShortest(b1, b2)
	for i, b := range t {
		if grid[i], ok = s.gridPeak(b); !ok {
			return t, grid, false
		}
	}
	return t, grid, true
}

// closest turns three grid peaks, found near the vectors t, into the two sides of a triangle that
// closes: the discrepancy of the sum is shared by the three.
func closest(grid, t [3][2]float64) (a, b [2]float64) {
	// t[2] is t[1] - t[0] or t[0] + t[1].
	sign := 1.0
	if math.Hypot(t[2][0]-t[0][0]-t[1][0], t[2][1]-t[0][1]-t[1][1]) > 1e-6*math.Hypot(t[2][0], t[2][1]) {
		sign = -1
	}
	for d := range 2 {
		gap := (sign*grid[0][d] + grid[1][d] - grid[2][d]) / 3
		a[d], b[d] = grid[0][d]-sign*gap, grid[1][d]-gap
	}
	return a, b
}

// gridPeak returns the wave vector of the highest power on the grid within 0.35 ‖k‖ of k.
func (s *Spectrum) gridPeak(k [2]float64) (best [2]float64, ok bool) {
	reach := max(0.35*math.Hypot(k[0], k[1]), s.Step, s.StepY)
	var highest float64
	nx, ny := int(reach/s.Step)+1, int(reach/s.StepY)+1
	cx, cy := int(math.Round(k[0]/s.Step)), int(math.Round(k[1]/s.StepY))
	if !(math.Hypot(k[0]/s.Step, k[1]/s.StepY) < float64(s.N)) { // beyond the resolution of the bins
		return best, false
	}
	for iy := cy - ny; iy <= cy+ny; iy++ {
		for ix := cx - nx; ix <= cx+nx; ix++ {
			x, y := float64(ix)*s.Step, float64(iy)*s.StepY
			if p := s.At(ix, iy); p > highest && math.Hypot(x-k[0], y-k[1]) <= reach {
				highest, best, ok = p, [2]float64{x, y}, true
			}
		}
	}
	return best, ok
}

// maximise climbs P(k1) + P(k2) + P(k1 + k2) by Newton steps, halved until they climb, and by
// gradient steps where the surface is not yet concave. Wave vectors are in rad per bin.
func maximise(c []float64, lags int, k1, k2 [2]float64) ([2]float64, [2]float64) {
	at := func(x [4]float64) (float64, [4]float64, []float64) {
		p := evaluate(c, lags, x[0], x[1])
		q := evaluate(c, lags, x[2], x[3])
		r := evaluate(c, lags, x[0]+x[2], x[1]+x[3])
		g := [4]float64{p.gx + r.gx, p.gy + r.gy, q.gx + r.gx, q.gy + r.gy}
		h := []float64{
			p.h[0] + r.h[0], p.h[1] + r.h[1], r.h[0], r.h[1],
			p.h[1] + r.h[1], p.h[2] + r.h[2], r.h[1], r.h[2],
			r.h[0], r.h[1], q.h[0] + r.h[0], q.h[1] + r.h[1],
			r.h[1], r.h[2], q.h[1] + r.h[1], q.h[2] + r.h[2],
		}
		return p.value + q.value + r.value, g, h
	}
	x := [4]float64{k1[0], k1[1], k2[0], k2[1]}
	// A peak is about 2π/(bins) wide; a step must not leave it.
	reach := math.Pi / (2 * float64(lags+1))
	value, g, h := at(x)
	for range 100 {
		step := []float64{-g[0], -g[1], -g[2], -g[3]}
		climbs := 0.0
		if solve(h, step) {
			for i := range step {
				climbs += step[i] * g[i]
			}
		}
		if !(climbs > 0) {
			step = []float64{g[0], g[1], g[2], g[3]}
		}
		var length float64
		for _, v := range step {
			length += v * v
		}
		length = math.Sqrt(length)
		if !(length > 0) {
			break
		}
		f := 1.0
		if length > reach || !(climbs > 0) {
			f = reach / length
		}
		var next float64
		y, moved := x, false
		for ; f*length > 1e-13; f /= 2 {
			for i := range y {
				y[i] = x[i] + f*step[i]
			}
			var ng [4]float64
			var nh []float64
			if next, ng, nh = at(y); next > value {
				value, g, h, moved = next, ng, nh, true
				x = y
				break
			}
		}
		if !moved || f*length < 1e-12 {
			break
		}
	}
	return [2]float64{x[0], x[1]}, [2]float64{x[2], x[3]}
}
