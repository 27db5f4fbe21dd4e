package recording

import "math"

// smoother estimates the rate at the centre of every bin by local linear regression (Fan 1992): the
// plane a + b.(r - c) that fits best to the rates of all bins at r, each weighted by its occupancy
// and by a normal kernel around the centre c, has the height a at c. A plain weighted mean, the
// plane with b = 0, takes the rate of places further inside for that of bins at the walls, and so
// stretches a lattice: by 1 % to 6 % of its period at 2.5 to 7.5 cm. A smoother belongs to one
// occupancy and is read-only.
type smoother struct {
	nx, ny int
	x, y   kernel
	// a = w0 T0 + wx Tx + wy Ty at each bin, with T0, Tx, Ty the kernel's moments of the sums.
	w0, wx, wy []float64
	occupancy  []float64 // [ny, nx], what the sums are divided by
}

// slopeRidge is added to the variance of the places around a bin, as a share of the kernel's: where
// all of them lie on one line, the plane does not tilt across it.
const slopeRidge = 0.02

// newSmoother prepares a kernel of standard deviations sdX, sdY in bins; 0 is none.
func newSmoother(occupancy []float64, nx, ny int, sdX, sdY float64) *smoother {
	s := &smoother{nx: nx, ny: ny, occupancy: occupancy}
	if !(sdX > 0 && sdY > 0) {
		return s
	}
	s.x, s.y = newKernel(sdX), newKernel(sdY)
	n := nx * ny
	scratch := make([]float64, 5*n)
	m0, mx, my := make([]float64, n), make([]float64, n), make([]float64, n)
	mxx, mxy, myy := make([]float64, n), make([]float64, n), make([]float64, n)
	s.moments(m0, mx, my, occupancy, scratch)
	s.secondMoments(mxx, mxy, myy, occupancy, scratch)
	s.w0, s.wx, s.wy = make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		if !(m0[i] > 0) {
			continue
		}
		// The first row of the inverse of [m0 mx my; mx mxx mxy; my mxy myy], the places relative
		// to the bin.
		xx, yy, xy := mxx[i]+slopeRidge*m0[i]*sdX*sdX, myy[i]+slopeRidge*m0[i]*sdY*sdY, mxy[i]
		minor := xx*yy - xy*xy
		cx, cy := xy*my[i]-mx[i]*yy, mx[i]*xy-xx*my[i]
		det := m0[i]*minor + mx[i]*cx + my[i]*cy
		s.w0[i], s.wx[i], s.wy[i] = minor/det, cx/det, cy/det
	}
	return s
}

// kernel is a normal density and its first two moments at whole distances, from -reach to reach.
type kernel struct {
	reach    int
	g, d, dd []float64 // g(i), i g(i), i² g(i)
}

func newKernel(sd float64) kernel {
	k := kernel{reach: int(math.Ceil(4 * sd))}
	for i := -k.reach; i <= k.reach; i++ {
		f := float64(i)
		g := math.Exp(-f * f / (2 * sd * sd))
		k.g, k.d, k.dd = append(k.g, g), append(k.d, f*g), append(k.dd, f*f*g)
	}
	return k
}

// moments sets m0, mx, my to the sums over all bins of values times the kernel, and times the
// distance along x and y in bins. scratch holds twice as many values.
func (s *smoother) moments(m0, mx, my, values, scratch []float64) {
	n := s.nx * s.ny
	g, d := scratch[:n], scratch[n:2*n]
	s.alongX(g, values, s.x.g)
	s.alongX(d, values, s.x.d)
	s.alongY(m0, g, s.y.g)
	s.alongY(my, g, s.y.d)
	s.alongY(mx, d, s.y.g)
}

func (s *smoother) secondMoments(mxx, mxy, myy, values, scratch []float64) {
	n := s.nx * s.ny
	g, d, dd := scratch[:n], scratch[n:2*n], scratch[2*n:3*n]
	s.alongX(g, values, s.x.g)
	s.alongX(d, values, s.x.d)
	s.alongX(dd, values, s.x.dd)
	s.alongY(mxx, dd, s.y.g)
	s.alongY(mxy, d, s.y.d)
	s.alongY(myy, g, s.y.dd)
}

// alongX sets out[j, i] to the sum over the columns c of values[j, c] k(c - i).
func (s *smoother) alongX(out, values, k []float64) {
	reach := len(k) / 2
	for j := range s.ny {
		row, to := values[j*s.nx:(j+1)*s.nx], out[j*s.nx:(j+1)*s.nx]
		for i := range to {
			lo, hi := max(0, i-reach), min(s.nx, i+reach+1)
			sum := 0.0
			taps := k[lo-i+reach : hi-i+reach]
			for c, v := range row[lo:hi] {
				sum += taps[c] * v
			}
			to[i] = sum
		}
	}
}

// alongY sets out[j, i] to the sum over the rows r of values[r, i] k(r - j).
func (s *smoother) alongY(out, values, k []float64) {
	reach := len(k) / 2
	for j := range s.ny {
		to := out[j*s.nx : (j+1)*s.nx]
		clear(to)
		for r := max(0, j-reach); r < min(s.ny, j+reach+1); r++ {
			t := k[r-j+reach]
			for i, v := range values[r*s.nx : (r+1)*s.nx] {
				to[i] += t * v
			}
		}
	}
}

// rates sets out to the rate in every visited bin, NaN elsewhere, of sums of activity [ny, nx]. A
// rate below 0, which a plane may have where the sums have none, is 0.
func (s *smoother) rates(out, sums, scratch []float64) {
	n := s.nx * s.ny
	if s.w0 == nil {
		for i := range n {
			if out[i] = sums[i] / s.occupancy[i]; !(s.occupancy[i] > 0) {
				out[i] = math.NaN()
			}
		}
		return
	}
	t0, tx, ty := scratch[:n], scratch[n:2*n], scratch[2*n:3*n]
	s.moments(t0, tx, ty, sums, scratch[3*n:])
	for i := range n {
		switch {
		case !(s.occupancy[i] > 0):
			out[i] = math.NaN()
		default:
			out[i] = s.w0[i]*t0[i] + s.wx[i]*tx[i] + s.wy[i]*ty[i]
			if out[i] < 0 && t0[i] >= 0 {
				out[i] = 0
			}
		}
	}
}
