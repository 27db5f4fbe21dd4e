package gridcell

import (
	"cmp"
	"math"
	"slices"
)

// waveTriple are three waves (rad/m) that make a lattice, k[2] = k[0] - k[1], and their power.
type waveTriple struct {
	k      [3][2]float64
	powers [3]float64
}

const (
	// strongWaves is how many of the strongest peaks of a spectrum are combined into lattices.
	strongWaves = 16
	// waveAngle and waveLengths bound three waves of a lattice: by how many degrees two of them may
	// be off 60, and the ratio of their lengths.
	waveAngle, waveLengths = 15, 1.3
	// closedPeaks is by how much three peaks of a spectrum may fail to add up to 0, in waves in the
	// box: half the width of a peak.
	closedPeaks = 0.5
	// unevenPeaks is the least power of the weakest of three peaks, which blur into others, as a
	// share of the strongest.
	unevenPeaks = 0.15
)

func (t *waveTriple) power() float64 { return t.powers[0] + t.powers[1] + t.powers[2] }
func (t *waveTriple) least() float64 { return min(t.powers[0], t.powers[1], t.powers[2]) }
func (t *waveTriple) most() float64  { return max(t.powers[0], t.powers[1], t.powers[2]) }

// gap is by how much the three fail to add up to 0 (rad/m).
func (t *waveTriple) gap() float64 {
	return math.Hypot(t.k[0][0]-t.k[1][0]-t.k[2][0], t.k[0][1]-t.k[1][1]-t.k[2][1])
}

// hexagonal reports whether the three are of one length and 60 degrees apart, nearly.
func (t *waveTriple) hexagonal() bool {
	a, b, c := math.Hypot(t.k[0][0], t.k[0][1]), math.Hypot(t.k[1][0], t.k[1][1]), math.Hypot(t.k[2][0], t.k[2][1])
	return max(a, b, c) <= waveLengths*min(a, b, c) && sixty(t.k[0], t.k[1])
}

// sixty reports whether two waves are about 60 degrees apart.
func sixty(a, b [2]float64) bool {
	cos := dot(a, b) / math.Sqrt(dot(a, a)*dot(b, b))
	const least, most = math.Pi/3 - waveAngle*math.Pi/180, math.Pi/3 + waveAngle*math.Pi/180
	angle := math.Acos(min(1, max(-1, cos)))
	return angle >= least && angle <= most
}

// sound reports whether three fitted waves make a lattice whose period is within the band's.
func (t *waveTriple) sound(b waveBand) bool {
	for _, k := range t.k {
		if length := math.Hypot(k[0], k[1]); length < b.low || length > b.high {
			return false
		}
	}
	return t.hexagonal() && t.gap() <= closedWaves*b.wave && t.least() >= evenWaves*t.most()
}

// coordinates are the whole p and q for which p k[0] + q k[1] is nearest to a wave, and how far that
// is (rad/m).
func (t *waveTriple) coordinates(v [2]float64) (p, q, off float64) {
	a, b := t.k[0], t.k[1]
	area := a[0]*b[1] - a[1]*b[0]
	x, y := math.Floor((v[0]*b[1]-v[1]*b[0])/area), math.Floor((a[0]*v[1]-a[1]*v[0])/area)
	off = math.Inf(1)
	for _, c := range [][2]float64{{x, y}, {x + 1, y}, {x, y + 1}, {x + 1, y + 1}} {
		if d := math.Hypot(v[0]-c[0]*a[0]-c[1]*b[0], v[1]-c[0]*a[1]-c[1]*b[1]); d < off {
			p, q, off = c[0], c[1], d
		}
	}
	return p, q, off
}

// off is how far a wave is from the nearest of the triple's and their sums (rad/m).
func (t *waveTriple) off(v [2]float64) float64 {
	_, _, off := t.coordinates(v)
	return off
}

// contains reports whether the waves of another triple are sums of this one's, to within slack
// (rad/m) for each wave that they are made of.
func (t *waveTriple) contains(other *waveTriple, slack float64) bool {
	for _, v := range other.k {
		p, q, off := t.coordinates(v)
		// The angle from k[0] to k[1] is 60 degrees either way.
		if !(off <= slack*math.Sqrt(p*p+p*q+q*q)) {
			return false
		}
	}
	return true
}

// wavesOf are the three longest waves of the lattice of six peaks, without power.
func wavesOf(p *Peaks) *waveTriple {
	t := threeShortest(reciprocal(p.Lags[0], p.Lags[2]))
	second, _ := nearestOf(t[0], t[1])
	return &waveTriple{k: [3][2]float64{t[0], second, {t[0][0] - second[0], t[0][1] - second[1]}}}
}

// peaks are the six nearest points of the lattice of the triple, whose gap is shared by the three,
// without heights.
func (t *waveTriple) peaks() *Peaks {
	a, b := t.k[0], t.k[1]
	for d := range 2 {
		gap := (t.k[0][d] - t.k[1][d] - t.k[2][d]) / 3
		a[d], b[d] = a[d]-gap, b[d]+gap
	}
	b1, b2 := reciprocal(a, b)
	p := &Peaks{}
	copy(p.Lags[:], upperHalf(threeShortest(b1, b2)))
	p.describe()
	return p
}

// waveBand are the waves that lattices are looked for among: between low and high, in a box with one
// more of them for each wave (rad/m).
type waveBand struct{ low, high, wave float64 }

// spectralPeak is a local maximum of a spectrum, between the points of its grid.
type spectralPeak struct {
	k     [2]float64
	power float64
}

// peaks returns the strongest local maxima of one half plane of a spectrum, the strongest first.
func (b waveBand) peaks(s *Spectrum) []spectralPeak {
	var found []spectralPeak
	for iy := 0; iy < s.N/2 && float64(iy)*s.StepY <= b.high; iy++ {
		for ix := 1 - s.N/2; ix < s.N/2; ix++ {
			x, y := float64(ix)*s.Step, float64(iy)*s.StepY
			if r := x*x + y*y; iy == 0 && ix <= 0 || r < b.low*b.low || r > b.high*b.high {
				continue
			}
			p, left, right := s.At(ix, iy), s.At(ix-1, iy), s.At(ix+1, iy)
			if !(p > left && p >= right) {
				continue
			}
			down, up := s.At(ix, iy-1), s.At(ix, iy+1)
			if !(p > down && p >= up) || p < max(s.At(ix-1, iy-1), s.At(ix+1, iy-1), s.At(ix-1, iy+1), s.At(ix+1, iy+1)) {
				continue
			}
			found = append(found, spectralPeak{[2]float64{x + s.Step*vertex(left, p, right), y + s.StepY*vertex(down, p, up)}, p})
		}
	}
	slices.SortStableFunc(found, func(p, q spectralPeak) int { return cmp.Compare(q.power, p.power) })
	return found[:min(len(found), strongWaves)]
}

// vertex is where the parabola through values at -1, 0 and 1, the middle one the highest, has its
// maximum.
func vertex(before, here, after float64) float64 {
	if curve := before - 2*here + after; curve < 0 {
		return (before - after) / 2 / curve
	}
	return 0
}

// strongest returns the triple of most power among peaks, nil if there is none.
func (b waveBand) strongest(peaks []spectralPeak) *waveTriple {
	var best *waveTriple
	for i, p := range peaks {
		for _, o := range peaks[:i] {
			q, _ := nearestOf(p.k, o.k) // less than 90 degrees from p
			if !sixty(p.k, q) {
				continue
			}
			third := [2]float64{p.k[0] - q[0], p.k[1] - q[1]}
			for _, r := range peaks {
				v, gap := nearestOf(third, r.k)
				t := waveTriple{[3][2]float64{p.k, q, v}, [3]float64{p.power, o.power, r.power}}
				if gap <= closedPeaks*b.wave && t.hexagonal() && t.least() >= unevenPeaks*t.most() && (best == nil || t.power() > best.power()) {
					best = &t
				}
			}
		}
	}
	return best
}

// nearestOf returns that of k and -k that is nearer to v, and how far.
func nearestOf(v, k [2]float64) (near [2]float64, gap float64) {
	if dot(v, k) < 0 {
		k = [2]float64{-k[0], -k[1]}
	}
	return k, math.Hypot(v[0]-k[0], v[1]-k[1])
}
