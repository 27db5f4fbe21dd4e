package gridcell

import (
	"math"
	"math/cmplx"
	"slices"
)

// MinPairs is the least number of bins visited in both copies for which a correlation is defined
// (Sargolini et al. 2006; Langston et al. 2010).
const MinPairs = 20

// flatShare is the share of the map's variance under which an overlap counts as constant: below it
// the correlation would be one of rounding errors.
const flatShare = 1e-9

// Autocorrelogram is the spatial autocorrelogram of a map of [ny, nx] bins: Values [2ny-1, 2nx-1]
// row-major, zero lag in the middle, row 0 at the most negative y lag. Values[l] is the Pearson
// correlation of the map and its copy shifted by lag l, over the bins visited in both; NaN where
// Pairs[l], the number of those bins, is below MinPairs, or where either copy is constant.
type Autocorrelogram struct {
	Values []float64
	Pairs  []int32
	NX, NY int // odd: number of lags along x and y
	// BinX and BinY are the distances of neighbouring lags along x and y in metres.
	BinX, BinY float64
}

// metric measures lags in units of one bin: of the geometric mean of its sides, where it is not
// square.
type metric struct {
	unit float64 // m
	x, y float64 // one lag along x and along y, in units
}

func newMetric(binX, binY float64) metric {
	if binX == binY {
		return metric{binX, 1, 1}
	}
	unit := math.Sqrt(binX * binY)
	return metric{unit, binX / unit, binY / unit}
}

// length returns the length of a lag in units.
func (m metric) length(dx, dy int) float64 { return math.Hypot(float64(dx)*m.x, float64(dy)*m.y) }

// side returns the shorter side of the box whose maps have autocorrelograms of nx, ny lags, in
// units.
func (m metric) side(nx, ny int) float64 {
	return min(float64(nx/2+1)*m.x, float64(ny/2+1)*m.y)
}

func (a *Autocorrelogram) metric() metric { return newMetric(a.BinX, a.BinY) }

// At returns the value at the lag of dx, dy bins, NaN outside.
func (a *Autocorrelogram) At(dx, dy int) float64 {
	i, j := dx+a.NX/2, dy+a.NY/2
	if i < 0 || j < 0 || i >= a.NX || j >= a.NY {
		return math.NaN()
	}
	return a.Values[j*a.NX+i]
}

// pairs returns the number of bins that the value at a lag is of, 1 where they were not counted.
func (a *Autocorrelogram) pairs(dx, dy int) int32 {
	if a.Pairs == nil {
		return 1
	}
	return a.Pairs[(dy+a.NY/2)*a.NX+dx+a.NX/2]
}

// heightAt returns the value at a lag in metres, between lags by Catmull and Rom's cubics (whose
// error at peaks of 8 bins a period is 0.01, that of straight lines 0.1); NaN next to a NaN.
func (a *Autocorrelogram) heightAt(lag [2]float64) float64 {
	x, y := lag[0]/a.BinX, lag[1]/a.BinY
	i, j := int(math.Floor(x)), int(math.Floor(y))
	wx, wy := cubic(x-float64(i)), cubic(y-float64(j))
	var sum float64
	for q, v := range wy {
		for p, w := range wx {
			if v*w != 0 {
				sum += v * w * a.At(i+p-1, j+q-1)
			}
		}
	}
	return sum
}

// cubic returns the weights of the values at -1, 0, 1 and 2 for the one at t in [0, 1).
func cubic(t float64) [4]float64 {
	return [4]float64{
		t * (-1 + t*(2-t)) / 2, 1 + t*t*(3*t-5)/2, t * (1 + t*(4-3*t)) / 2, t * t * (t - 1) / 2,
	}
}

// NewAutocorrelogram returns the autocorrelogram of a map. It is computed with Fourier transforms
// of values, squares and mask, and agrees with the sums written out to rounding.
func NewAutocorrelogram(m Map) (*Autocorrelogram, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	return newCorrelator(m.NX, m.NY).autocorrelogram(m), nil
}

// correlator computes autocorrelograms of maps of one shape; each goroutine needs its own.
type correlator struct {
	nx, ny        int
	fft           *fft2
	fa, fq, fm    []complex128 // spectra of values, squares, mask
	work          []complex128
	aa, am, qm, n []float64 // circular cross-correlations
	mask          []float64 // of which fm and n are the transforms
}

func newCorrelator(nx, ny int) *correlator {
	f := newFFT2(fastLength(2*nx-1), fastLength(2*ny-1))
	spectrum := func() []complex128 { return make([]complex128, f.ny*f.half) }
	field := func() []float64 { return make([]float64, f.ny*f.nx) }
	return &correlator{
		nx: nx, ny: ny, fft: f,
		fa: spectrum(), fq: spectrum(), fm: spectrum(), work: spectrum(),
		aa: field(), am: field(), qm: field(), n: field(),
	}
}

// cross sets dst[l] = sum over x of a(x) b(x+l), from the spectra of a and b.
func (c *correlator) cross(dst []float64, a, b []complex128) {
	for i := range c.work {
		c.work[i] = cmplx.Conj(a[i]) * b[i]
	}
	c.fft.inverse(dst, c.work)
}

func (c *correlator) autocorrelogram(m Map) *Autocorrelogram {
	w, h := 2*c.nx-1, 2*c.ny-1
	out := &Autocorrelogram{
		Values: make([]float64, w*h),
		Pairs:  make([]int32, w*h),
		NX:     w, NY: h,
		BinX: m.BinX(), BinY: m.BinY(),
	}
	values, mask, visited := m.centred()
	// Unit variance and zero mean keep the differences of sums below accurate.
	var variance float64
	for _, v := range values {
		variance += v * v
	}
	variance /= float64(max(visited, 1))
	scale := 0.0
	if variance > 0 {
		scale = 1 / math.Sqrt(variance)
	}
	squares := make([]float64, len(values))
	for i := range values {
		values[i] *= scale
		squares[i] = values[i] * values[i]
	}
	c.fft.forward(c.fa, values, c.nx, c.ny)
	c.fft.forward(c.fq, squares, c.nx, c.ny)
	if !slices.Equal(mask, c.mask) {
		c.fft.forward(c.fm, mask, c.nx, c.ny)
		c.cross(c.n, c.fm, c.fm)
		c.mask = mask
	}
	c.cross(c.aa, c.fa, c.fa)
	c.cross(c.am, c.fa, c.fm)
	c.cross(c.qm, c.fq, c.fm)

	// The correlation at a lag and at its opposite are equal: half is computed.
	for dy := 0; dy < c.ny; dy++ {
		for dx := -(c.nx - 1); dx < c.nx; dx++ {
			if dy == 0 && dx < 0 {
				continue
			}
			l, o := c.circular(dx, dy), c.circular(-dx, -dy)
			n := math.Round(c.n[l])
			r := math.NaN()
			if n >= MinPairs {
				// First copy: mask of the second; second copy: the opposite lag.
				va := c.qm[l] - c.am[l]*c.am[l]/n
				vb := c.qm[o] - c.am[o]*c.am[o]/n
				if va > flatShare*n && vb > flatShare*n {
					r = (c.aa[l] - c.am[l]*c.am[o]/n) / math.Sqrt(va*vb)
					r = min(1, max(-1, r))
				}
			}
			if dx == 0 && dy == 0 && finite(r) {
				r = 1
			}
			i := (dy+c.ny-1)*w + dx + c.nx - 1
			k := w*h - 1 - i
			out.Values[i], out.Values[k] = r, r
			out.Pairs[i], out.Pairs[k] = int32(n), int32(n)
		}
	}
	return out
}

// circular returns the index of a lag in the periodic fields.
func (c *correlator) circular(dx, dy int) int {
	if dx < 0 {
		dx += c.fft.nx
	}
	if dy < 0 {
		dy += c.fft.ny
	}
	return dy*c.fft.nx + dx
}
