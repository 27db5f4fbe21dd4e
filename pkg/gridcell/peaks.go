package gridcell

import (
	"cmp"
	"math"
	"slices"
)

// Peaks are the six peaks of an autocorrelogram nearest to zero lag.
type Peaks struct {
	// Lags are the three peaks of one half plane in metres (the other three are their opposites),
	// by direction in [0, 180) degrees.
	Lags [3][2]float64
	// Heights are the correlations at the three peaks.
	Heights [3]float64
	// PeriodM is the mean distance of the peaks from zero lag in metres.
	PeriodM float64
	// OrientationDeg is the mean direction of the six peaks modulo 60 degrees, in [0, 60).
	OrientationDeg float64
	// EllipseRatio is the ratio of the long to the short axis of the ellipse through the six peaks,
	// centred on zero lag; NaN if the conic through them is no ellipse.
	EllipseRatio float64
	// Misfit is the distance between the middle peak and the sum of its two neighbours, as a share
	// of the period: 0 for any lattice, sheared or not.
	Misfit float64

	toEllipse [3]float64 // symmetric 2x2 map (xx, xy, yy): circle of equal area -> ellipse
}

const (
	// minPeak is the least correlation of a peak (opexebo).
	minPeak = 0.1
	// minPeakAngle is the least angle between two of the three peaks, in radians.
	minPeakAngle = 20 * math.Pi / 180
	// weakPeak is the least height of a peak, as a share of that of the most significant one. Side
	// peaks of a sixth of the lattice's are none of its points; the points of a lattice whose
	// fields alternate have down to half the height of those of its superlattice.
	weakPeak = 1.0 / 3
	// minOverlapShare is the least overlap at a peak, as a share of the overlap at zero lag: with
	// it a lattice may have a period of 0.9 of the box.
	minOverlapShare = 0.05
	// hiddenOverlapShare is the overlap under which a peak may be missing, as may one beside lags
	// that are undefined, and follow from the other two; these must be highPeak high at least, and
	// it is looked for where no three make a lattice within closedMisfit.
	hiddenOverlapShare = 0.12
	highPeak           = 0.3
	closedMisfit       = 0.2
	// hiddenCloser is by how much closer than the farthest of three peaks that make a lattice a
	// missing one has to lie, to be one of the three nearest in its place: in an oblong box one √3
	// periods out along the longer side may overlap more.
	hiddenCloser = 0.75
)

// FindPeaks returns the six nearest peaks: of the local maxima of one half plane outside the
// central peak, higher than 0.1 and than a third of the most significant one, and with enough
// overlap, the nearest to zero lag whose directions differ by at least 20 degrees. Positions are
// refined below the bin by a local surface. It returns nil when there are no six.
func FindPeaks(a *Autocorrelogram) *Peaks {
	central := centralRadius(a)
	if math.IsNaN(central) {
		return nil
	}
	m, found := a.metric(), localMaxima(a, central)
	p := &Peaks{}
	n := 0
	var chosen [3]float64
	for _, c := range found {
		x, y, height := refinePeak(a, c.dx, c.dy)
		direction := math.Atan2(y, x)
		if slices.ContainsFunc(chosen[:n], func(d float64) bool { return axisAngle(d, direction) < minPeakAngle }) {
			continue
		}
		if y < 0 || y == 0 && x < 0 { // the refined peak crossed into the other half
			x, y = -x, -y
		}
		chosen[n] = direction
		p.Lags[n] = [2]float64{x * m.unit, y * m.unit}
		p.Heights[n] = height
		if n++; n == 3 {
			p.describe()
			break
		}
	}
	q := closed(a, p, n)
	if n == 3 && p.Misfit <= closedMisfit && !(q != nil && q.longest() < hiddenCloser*p.longest()) {
		return p
	}
	if q != nil {
		return q
	}
	if n == 3 {
		return p
	}
	return nil
}

// closed returns the six peaks of a lattice of which n of p are known and one lies out where next
// to nothing overlaps, as in a period of nearly the box: the sum or difference of two peaks, the
// nearest first, that are high, of about one length and about 60 or 120 degrees apart. Where three are
// known that make a lattice, it may also lie where it could be seen, on a flank of another maximum. It
// returns nil where no two are.
func closed(a *Autocorrelogram, p *Peaks, n int) *Peaks {
	for j := 1; j < n; j++ {
		for i := range j {
			u, v := p.Lags[i], p.Lags[j]
			length, other := math.Hypot(u[0], u[1]), math.Hypot(v[0], v[1])
			if dot(u, v) < 0 {
				v = [2]float64{-v[0], -v[1]}
			}
			third := [2]float64{u[0] - v[0], u[1] - v[1]}
			dx, dy := int(math.Round(third[0]/a.BinX)), int(math.Round(third[1]/a.BinY))
			seen := max(dx, -dx) <= a.NX/2 && max(dy, -dy) <= a.NY/2 && float64(a.pairs(dx, dy)) >= hiddenOverlapShare*float64(a.pairs(0, 0)) && a.inside(dx, dy)
			lower := min(p.Heights[i], p.Heights[j])
			flank := n == 3 && p.Misfit <= closedMisfit && a.At(dx, dy) >= lower/2
			if seen && !flank || lower < highPeak || max(length, other) > 1.3*min(length, other) ||
				math.Abs(math.Acos(dot(u, v)/(length*other))-math.Pi/3) > math.Pi/12 {
				continue
			}
			q := &Peaks{Lags: [3][2]float64(upperHalf([3][2]float64{u, v, third})), Heights: [3]float64{p.Heights[i], p.Heights[j], math.NaN()}}
			q.describe()
			return q
		}
	}
	return nil
}

// longest is the distance of the farthest of the six.
func (p *Peaks) longest() (d float64) {
	for _, l := range p.Lags {
		d = max(d, math.Hypot(l[0], l[1]))
	}
	return d
}

// inside reports whether a lag and its eight neighbours are defined, as those of a maximum are.
func (a *Autocorrelogram) inside(dx, dy int) bool {
	for j := -1; j <= 1; j++ {
		for i := -1; i <= 1; i++ {
			if math.IsNaN(a.At(dx+i, dy+j)) {
				return false
			}
		}
	}
	return true
}

// candidate is a local maximum of an autocorrelogram: its lag in bins and its height.
type candidate struct {
	dx, dy int
	height float64
}

// localMaxima returns the local maxima of one half plane outside the central peak, nearest first,
// but for weak ones. The most significant is that of the largest height times the square root of
// the bins that it is of: the error of a correlation falls with that root.
func localMaxima(a *Autocorrelogram, central float64) []candidate {
	var found []candidate
	var most, reference float64
	m := a.metric()
	w, h := a.NX/2, a.NY/2
	reach := max(1.5, central/2)
	for dy := 0; dy <= h; dy++ {
		for dx := -w; dx <= w; dx++ {
			if dy == 0 && dx <= 0 || m.length(dx, dy) <= central {
				continue
			}
			if a.At(dx, dy) >= minPeak && enoughOverlap(a, dx, dy) && highest(a, dx, dy, reach) {
				h := a.At(dx, dy)
				found = append(found, candidate{dx, dy, h})
				if s := h * math.Sqrt(float64(a.pairs(dx, dy))); s > most {
					most, reference = s, h
				}
			}
		}
	}
	found = slices.DeleteFunc(found, func(c candidate) bool { return c.height < weakPeak*reference })
	slices.SortStableFunc(found, func(p, q candidate) int {
		return cmp.Compare(m.length(p.dx, p.dy), m.length(q.dx, q.dy))
	})
	return found
}

// describe fills in what follows from the three lags.
func (p *Peaks) describe() {
	order := []int{0, 1, 2}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Compare(math.Atan2(p.Lags[i][1], p.Lags[i][0]), math.Atan2(p.Lags[j][1], p.Lags[j][0]))
	})
	lags, heights := p.Lags, p.Heights
	var s, c float64
	for to, from := range order {
		p.Lags[to], p.Heights[to] = lags[from], heights[from]
	}
	p.PeriodM = 0
	for _, l := range p.Lags {
		p.PeriodM += math.Hypot(l[0], l[1]) / 3
		si, co := math.Sincos(6 * math.Atan2(l[1], l[0]))
		s, c = s+si, c+co
	}
	p.OrientationDeg = modulo60(math.Atan2(s, c) / 6 * 180 / math.Pi)
	p.Misfit = math.Hypot(p.Lags[0][0]+p.Lags[2][0]-p.Lags[1][0], p.Lags[0][1]+p.Lags[2][1]-p.Lags[1][1]) / p.PeriodM
	p.fitEllipse()
}

// fitEllipse passes the conic A x² + B xy + C y² = 1 through the six peaks.
func (p *Peaks) fitEllipse() {
	p.EllipseRatio = math.NaN()
	m := make([]float64, 9)
	rhs := []float64{1, 1, 1}
	for i, l := range p.Lags {
		x, y := l[0]/p.PeriodM, l[1]/p.PeriodM
		m[3*i], m[3*i+1], m[3*i+2] = x*x, x*y, y*y
	}
	if !solve(m, rhs) {
		return
	}
	a, b, c := rhs[0], rhs[1]/2, rhs[2]
	mean, spread := (a+c)/2, math.Hypot((a-c)/2, b)
	low, high := mean-spread, mean+spread // eigenvalues of [[a b] [b c]] = 1/axis²
	if !(low > 1e-9*high) {
		return
	}
	p.EllipseRatio = math.Sqrt(high / low)
	// Q^(-1/2) scaled to determinant 1, from the two eigenvalues and the axis of the smaller one
	// (the long axis).
	long, short := math.Pow(high/low, 0.25), math.Pow(low/high, 0.25)
	angle := math.Atan2(2*b, a-c)/2 + math.Pi/2
	s, co := math.Sincos(angle)
	p.toEllipse = [3]float64{long*co*co + short*s*s, (long - short) * s * co, long*s*s + short*co*co}
}

// enoughOverlap reports whether the overlap at a lag is a fair share of the map.
func enoughOverlap(a *Autocorrelogram, dx, dy int) bool {
	return float64(a.pairs(dx, dy)) >= minOverlapShare*float64(a.pairs(0, 0))
}

// highest reports whether a lag is the highest of its eight neighbours and of those within reach
// units, and its neighbours are defined. Of equal lags the first one counts.
func highest(a *Autocorrelogram, dx, dy int, reach float64) bool {
	v, m := a.At(dx, dy), a.metric()
	rx, ry := max(1, int(reach/m.x)), max(1, int(reach/m.y))
	for j := -ry; j <= ry; j++ {
		for i := -rx; i <= rx; i++ {
			beside := max(i, -i, j, -j) <= 1
			if i == 0 && j == 0 || !beside && m.length(i, j) > reach {
				continue
			}
			w := a.At(dx+i, dy+j)
			if math.IsNaN(w) && beside {
				return false
			}
			if w > v || w == v && (j < 0 || j == 0 && i < 0) {
				return false
			}
		}
	}
	return true
}

// refinePeak returns the position (units) and height of the maximum next to a lag: a surface is
// fitted by least squares to the lags around the current position, with weights (1 - (r/w)²)² that
// do not jump as the position moves, and its maximum is the next position. Where that does not
// settle, the lag itself is returned.
func refinePeak(a *Autocorrelogram, dx, dy int) (x, y, height float64) {
	m := a.metric()
	x0, y0 := float64(dx)*m.x, float64(dy)*m.y
	w := max(3, 0.2*math.Hypot(x0, y0))
	x, y = x0, y0
	for range 50 {
		mx, my, top, ok := surfacePeak(a, x, y, w)
		if !ok || math.Hypot(mx-x0, my-y0) > w/2 {
			return x0, y0, a.At(dx, dy)
		}
		step := math.Hypot(mx-x, my-y)
		x, y, height = mx, my, top
		if step < 1e-7 {
			break
		}
	}
	return x, y, height
}

// surfacePeak fits a cubic surface around (x, y) and returns the maximum of its quadratic part:
// once that is at (x, y) itself, it is the maximum of the whole. Without the cubic terms, which the
// shrinking overlap brings about, the period would be off by up to 1 % where the box holds two
// periods.
func surfacePeak(a *Autocorrelogram, x, y, w float64) (mx, my, top float64, ok bool) {
	m, rhs, g := make([]float64, 100), make([]float64, 10), a.metric()
	for j := int(math.Ceil((y - w) / g.y)); j <= int(math.Floor((y+w)/g.y)); j++ {
		for i := int(math.Ceil((x - w) / g.x)); i <= int(math.Floor((x+w)/g.x)); i++ {
			u, v := (float64(i)*g.x-x)/w, (float64(j)*g.y-y)/w
			t := 1 - u*u - v*v
			z := a.At(i, j)
			if t <= 0 || math.IsNaN(z) {
				continue
			}
			t *= t
			f := [10]float64{1, u, v, u * u, u * v, v * v, u * u * u, u * u * v, u * v * v, v * v * v}
			for r := range 10 {
				for c := range 10 {
					m[10*r+c] += t * f[r] * f[c]
				}
				rhs[r] += t * f[r] * z
			}
		}
	}
	if !solve(m, rhs) {
		return 0, 0, 0, false
	}
	hxx, hxy, hyy := 2*rhs[3], rhs[4], 2*rhs[5]
	det := hxx*hyy - hxy*hxy
	if hxx >= 0 || det <= 0 {
		return 0, 0, 0, false // no maximum
	}
	u := (-hyy*rhs[1] + hxy*rhs[2]) / det
	v := (hxy*rhs[1] - hxx*rhs[2]) / det
	top = rhs[0] + (rhs[1]*u+rhs[2]*v)/2
	return x + u*w, y + v*w, top, true
}

// axisAngle returns the angle between two axes (directions modulo 180 degrees).
func axisAngle(a, b float64) float64 {
	d := math.Mod(math.Abs(a-b), math.Pi)
	return min(d, math.Pi-d)
}

// modulo60 returns degrees in [0, 60).
func modulo60(degrees float64) float64 {
	d := math.Mod(degrees, 60)
	if d < 0 {
		d += 60
	}
	if d >= 60 { // -1e-20 + 60
		d = 0
	}
	return d
}
