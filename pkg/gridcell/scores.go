package gridcell

import (
	"cmp"
	"math"
	"slices"
)

// Scores are the grid scores of one autocorrelogram. r_a is the Pearson correlation of the
// autocorrelogram with itself rotated by a degrees, over the lags of a ring around zero lag. NaN
// where undefined.
//
// For ideal cells with at least three periods in the box (three cosines; for the square two) see
// the tests: about 1.4 for a hexagonal lattice and -0.9 for a square one on Expanding. A score
// needs at least one whole period inside the largest ring, 0.8 of the box: fewer periods in the box
// lower it however perfect the lattice, though it has a period. Coarse bins lower it, too: a
// perfect lattice of 3.2 bins a period has 1, one of 4 bins 1.27.
type Scores struct {
	// Expanding: min(r60, r120) - max(r30, r90, r150) over a ring from the radius of the central
	// peak to an outer radius that grows bin by bin; the maximum over outer radii of the running
	// mean of three. Langston et al. 2010, Stensola et al. 2012; running mean as in opexebo of the
	// Moser group.
	Expanding float64
	// Ring: the same difference over the one ring from 0.5 d to 1.5 d, d the mean distance of the
	// six nearest peaks. Sargolini et al. 2006.
	Ring float64
	// Banino60: (r60 + r120)/2 - (r30 + r90 + r150)/3, the maximum over the ten rings from 0.2 to
	// 0.4, 0.47, ..., 1.0 of the box side. Banino et al. 2018.
	Banino60 float64
	// Banino90: r90 - (r45 + r135)/2, the maximum over the same ten rings. Banino et al. 2018.
	Banino90 float64
	// Square: r90 - max(r45, r135) by the expanding ring of Expanding: high for square lattices.
	Square float64
	// Corrected: Expanding after the ellipse through the six nearest peaks has been made a circle
	// (after Brandon et al. 2011). It is NaN where the ellipse ratio is MaxEllipseRatio or more: a
	// square's is 1.73, and the correction would make it a hexagon. It never shows by itself that a
	// cell is hexagonal.
	Corrected float64
}

// MaxEllipseRatio is the ratio of axes from which on the ellipse correction is refused; a rhombic
// lattice of 74 degrees has it.
const MaxEllipseRatio = 1.3

const (
	// maxLagShare bounds the lags used for the expanding ring, as a share of the box: beyond it the
	// overlap is small and correlations are noise. (opexebo, whose overlap_amount is 0.8 as well,
	// keeps 0.9: its autocorrelogram is 1.8 boxes across.) Peaks are looked for up to the least
	// overlap of minOverlapShare.
	maxLagShare = 0.8
	// minRingBins is the least thickness of an expanding ring; thinner ones hold too few lags to
	// tell a hexagon from chance (Langston et al. 2010 begin 10 cm outside the central peak).
	minRingBins = 4
	// centralLevel ends the central peak, if its first minimum does not come before (Langston et
	// al. 2010).
	centralLevel = 0.2
)

// The rotations that the scores need, in degrees.
var rotations = [...]float64{30, 45, 60, 90, 120, 135, 150}

const (
	r30 = iota
	r45
	r60
	r90
	r120
	r135
	r150
)

// rotor correlates autocorrelograms of one shape with their rotations. It is read-only after it was
// made and serves all goroutines.
type rotor struct {
	nx, ny int
	side   float64   // of the box, the shorter one, in units of the metric
	radius []float64 // of the lags of a half plane, ascending, likewise
	index  []int32
	turned [len(rotations)][]sample
}

// sample is a bilinear interpolation: four lags and their weights. A lag outside the
// autocorrelogram is marked by index -1.
type sample struct {
	index  [4]int32
	weight [4]float64
}

// newRotor prepares the rotations of autocorrelograms with nx, ny lags. Only lags of one half plane
// are kept, since the other is its mirror image and would count everything twice.
func newRotor(nx, ny int, m metric) *rotor {
	t := &rotor{nx: nx, ny: ny, side: m.side(nx, ny)}
	for j := range ny {
		for i := range nx {
			dx, dy := i-nx/2, j-ny/2
			if dy < 0 || dy == 0 && dx <= 0 {
				continue
			}
			if m.length(dx, dy) <= t.side {
				t.index = append(t.index, int32(j*nx+i))
			}
		}
	}
	lag := func(k int32) (float64, float64) {
		return float64(int(k)%nx-nx/2) * m.x, float64(int(k)/nx-ny/2) * m.y
	}
	slices.SortStableFunc(t.index, func(a, b int32) int {
		ax, ay := lag(a)
		bx, by := lag(b)
		return cmp.Compare(ax*ax+ay*ay, bx*bx+by*by)
	})
	t.radius = make([]float64, len(t.index))
	for a := range rotations {
		t.turned[a] = make([]sample, len(t.index))
	}
	for p, k := range t.index {
		x, y := lag(k)
		t.radius[p] = math.Hypot(x, y)
		for a, degrees := range rotations {
			s, c := math.Sincos(degrees * math.Pi / 180)
			t.turned[a][p] = bilinear((c*x-s*y)/m.x+float64(nx/2), (s*x+c*y)/m.y+float64(ny/2), nx, ny)
		}
	}
	return t
}

// bilinear returns the interpolation at column x, row y of a field [ny, nx].
func bilinear(x, y float64, nx, ny int) sample {
	snap := func(v float64) float64 { // a rotation by 90 degrees lands on bins
		if r := math.Round(v); math.Abs(v-r) < 1e-9 {
			return r
		}
		return v
	}
	x, y = snap(x), snap(y)
	x0, y0 := math.Floor(x), math.Floor(y)
	fx, fy := x-x0, y-y0
	var s sample
	for c := range 4 {
		i, j := int(x0)+c%2, int(y0)+c/2
		wx, wy := 1-fx, 1-fy
		if c%2 == 1 {
			wx = fx
		}
		if c/2 == 1 {
			wy = fy
		}
		s.weight[c] = wx * wy
		switch {
		case s.weight[c] == 0:
			s.index[c] = s.index[0]
		case i < 0 || j < 0 || i >= nx || j >= ny:
			s.index[0] = -1
			return s
		default:
			s.index[c] = int32(j*nx + i)
		}
	}
	return s
}

// of returns the interpolated value, NaN outside or next to a NaN.
func (s *sample) of(field []float64) float64 {
	if s.index[0] < 0 {
		return math.NaN()
	}
	var v float64
	for c, k := range s.index {
		if s.weight[c] != 0 {
			v += s.weight[c] * field[k]
		}
	}
	return v
}

// moments are the sums of a Pearson correlation.
type moments struct{ n, a, b, aa, bb, ab float64 }

// rings holds running sums over the lags by radius, for each rotation, so that any ring's
// correlation is one difference.
type rings struct {
	rotor *rotor
	sums  [len(rotations)][]moments // nil for a rotation that is not asked for
}

// rings are for all scores: of all rotations and lags.
func (t *rotor) rings() *rings {
	g := &rings{rotor: t}
	for a := range rotations {
		g.sums[a] = make([]moments, len(t.index)+1)
	}
	return g
}

// hexagonalRings are rings for the expanding score by 60 degrees alone: of the rotations and lags
// that it reads.
func hexagonalRings(t *rotor) *rings {
	g := &rings{rotor: t}
	lags := g.count(maxLagShare * t.side)
	for _, a := range []int{r30, r60, r90, r120, r150} {
		g.sums[a] = make([]moments, lags+1)
	}
	return g
}

// add makes the sums anew of an autocorrelogram's values.
func (g *rings) add(values []float64) {
	for a, sums := range g.sums {
		if sums == nil {
			continue
		}
		var s moments
		turned := g.rotor.turned[a]
		for p, k := range g.rotor.index[:len(sums)-1] {
			v, w := values[k], turned[p].of(values)
			if !math.IsNaN(v) && !math.IsNaN(w) {
				s.n++
				s.a += v
				s.b += w
				s.aa += v * v
				s.bb += w * w
				s.ab += v * w
			}
			sums[p+1] = s
		}
	}
}

// correlations returns r for each rotation over the lags with inner < radius <= outer (units); ok
// is false if one of them is undefined.
func (g *rings) correlations(inner, outer float64) (r [len(rotations)]float64, ok bool) {
	from := g.count(inner)
	to := max(from, g.count(outer))
	for a, sums := range g.sums {
		if sums == nil {
			continue
		}
		s, e := sums[from], sums[to]
		n := e.n - s.n
		if 2*n < MinPairs {
			return r, false
		}
		ma, mb := (e.a-s.a)/n, (e.b-s.b)/n
		va, vb := (e.aa-s.aa)/n-ma*ma, (e.bb-s.bb)/n-mb*mb
		if va <= flatShare || vb <= flatShare {
			return r, false
		}
		r[a] = ((e.ab-s.ab)/n - ma*mb) / math.Sqrt(va*vb)
	}
	return r, true
}

// count returns how many lags have at most this radius.
func (g *rings) count(radius float64) int {
	n, _ := slices.BinarySearchFunc(g.rotor.radius, radius, func(r, radius float64) int {
		if r <= radius {
			return -1
		}
		return 1
	})
	return n
}

func minmax60(r [len(rotations)]float64) float64 {
	return min(r[r60], r[r120]) - max(r[r30], r[r90], r[r150])
}

func minmax90(r [len(rotations)]float64) float64 { return r[r90] - max(r[r45], r[r135]) }

func mean60(r [len(rotations)]float64) float64 {
	return (r[r60]+r[r120])/2 - (r[r30]+r[r90]+r[r150])/3
}

func mean90(r [len(rotations)]float64) float64 { return r[r90] - (r[r45]+r[r135])/2 }

// expanding returns the expanding-ring scores by rotations of 60 and of 90 degrees. central is the
// radius of the central peak in units.
func (g *rings) expanding(central float64) (hexagonal, square float64) {
	hexagonal, square = math.NaN(), math.NaN()
	if math.IsNaN(central) {
		return hexagonal, square
	}
	outermost := math.Floor(maxLagShare * g.rotor.side)
	var s60, s90 []float64
	for outer := math.Ceil(central) + minRingBins; outer <= outermost; outer++ {
		r, ok := g.correlations(central, outer)
		if !ok {
			s60, s90 = nil, nil // a running mean needs three radii in a row
			continue
		}
		s60, s90 = append(s60, minmax60(r)), append(s90, minmax90(r))
		if n := len(s60); n >= 3 {
			m60 := (s60[n-3] + s60[n-2] + s60[n-1]) / 3
			m90 := (s90[n-3] + s90[n-2] + s90[n-1]) / 3
			if !(m60 <= hexagonal) {
				hexagonal = m60
			}
			if !(m90 <= square) {
				square = m90
			}
		}
	}
	return hexagonal, square
}

// banino returns the ten-ring scores.
func (g *rings) banino() (hexagonal, square float64) {
	hexagonal, square = math.NaN(), math.NaN()
	side := g.rotor.side
	for i := range 10 {
		outer := 0.4 + 0.6*float64(i)/9
		r, ok := g.correlations(0.2*side, outer*side)
		if !ok {
			continue
		}
		if s := mean60(r); !(s <= hexagonal) {
			hexagonal = s
		}
		if s := mean90(r); !(s <= square) {
			square = s
		}
	}
	return hexagonal, square
}

// centralRadius returns the radius of the central peak in units of the metric: the first minimum of
// the mean correlation as a function of distance, or the first distance at which it falls below
// 0.2, whichever comes first (Langston et al. 2010). NaN if there is neither.
func centralRadius(a *Autocorrelogram) float64 {
	m := a.metric()
	n := int(m.side(a.NX, a.NY))
	sum, count := make([]float64, n), make([]float64, n)
	for dy := 0; dy <= a.NY/2; dy++ {
		for dx := -a.NX / 2; dx <= a.NX/2; dx++ {
			r := int(math.Round(m.length(dx, dy)))
			if dy == 0 && dx < 0 { // the mirror image of dx > 0
				continue
			}
			if v := a.At(dx, dy); r < n && !math.IsNaN(v) {
				sum[r] += v
				count[r]++
			}
		}
	}
	mean := func(r int) float64 { return sum[r] / count[r] } // 0/0 is NaN
	if math.IsNaN(mean(0)) {
		return math.NaN()
	}
	for r := 1; r+1 < n; r++ {
		before, here, after := mean(r-1), mean(r), mean(r+1)
		switch {
		case math.IsNaN(here):
			return math.NaN()
		case here < centralLevel:
			return float64(r-1) + (before-centralLevel)/(before-here)
		case here < before && here <= after:
			return float64(r)
		}
	}
	return math.NaN()
}

// sheets are the sums that the scores of one autocorrelogram after the other are made from; each
// goroutine needs its own.
type sheets struct{ whole, rounded *rings }

func (t *rotor) sheets() *sheets { return &sheets{t.rings(), hexagonalRings(t)} }

// score returns the scores of an autocorrelogram whose six nearest peaks are known; peaks may be
// nil.
func (t *rotor) score(a *Autocorrelogram, peaks *Peaks, sums *sheets) Scores {
	nan := math.NaN()
	s := Scores{Ring: nan, Corrected: nan}
	g := sums.whole
	g.add(a.Values)
	s.Expanding, s.Square = g.expanding(centralRadius(a))
	s.Banino60, s.Banino90 = g.banino()
	if peaks == nil {
		return s
	}
	d := peaks.PeriodM / a.metric().unit
	if r, ok := g.correlations(0.5*d, min(1.5*d, t.side)); ok {
		s.Ring = minmax60(r)
	}
	if peaks.EllipseRatio < MaxEllipseRatio {
		c := rounded(a, peaks)
		sums.rounded.add(c.Values)
		s.Corrected, _ = sums.rounded.expanding(centralRadius(c))
	}
	return s
}

// ScoreOf returns all grid scores of one autocorrelogram.
func ScoreOf(a *Autocorrelogram) Scores {
	t := newRotor(a.NX, a.NY, a.metric())
	return t.score(a, FindPeaks(a), t.sheets())
}

// rounded resamples an autocorrelogram so that the ellipse through its six nearest peaks becomes a
// circle of the same area.
func rounded(a *Autocorrelogram, peaks *Peaks) *Autocorrelogram {
	out := &Autocorrelogram{Values: make([]float64, len(a.Values)), NX: a.NX, NY: a.NY, BinX: a.BinX, BinY: a.BinY}
	m, g := peaks.toEllipse, a.metric()
	for j := range a.NY {
		for i := range a.NX {
			x, y := float64(i-a.NX/2)*g.x, float64(j-a.NY/2)*g.y
			s := bilinear((m[0]*x+m[1]*y)/g.x+float64(a.NX/2), (m[1]*x+m[2]*y)/g.y+float64(a.NY/2), a.NX, a.NY)
			out.Values[j*a.NX+i] = s.of(a.Values)
		}
	}
	return out
}
