package gridcell

import (
	"cmp"
	"math"
	"slices"
)

// Torus is a lattice of wave vectors on which peaks of a population's power spectrum lie: what the
// units fire by is a function of two phases, a point on one torus. Where all peaks lie on one line
// there is one phase alone.
type Torus struct {
	Basis [][2]float64 // rad/m: two wave vectors, or one; every peak is near a whole-numbered sum
	Share float64      // of the power of all peaks
}

// Generators is the least number of phases that the population's code is made of: two for each
// torus, one for each set of parallel bands. Modules whose wave vectors lie on one torus are
// harmonics of one code; two independent ones have four generators, three have six.
func Generators(tori []Torus) int {
	n := 0
	for _, t := range tori {
		n += len(t.Basis)
	}
	return n
}

const (
	peakShare    = 0.02 // of the highest peak: what counts as one
	mostPeaks    = 48   // that are looked at, the strongest
	basisPeaks   = 14   // the strongest, which give the bases that are tried, with their differences
	torusShare   = 0.05 // of all power: what counts as a torus
	nearby       = 0.03 // of a wave vector: how far a peak may be from a sum of basis vectors
	resolution   = 0.25 // of 2π over the box: how far it may be in any case
	mostByChance = 0.05 // share of the plane that may be so near to a sum of basis vectors
)

// wave is a peak of the power spectrum.
type wave struct {
	k     [2]float64 // rad/m
	power float64
	reach float64 // rad/m: how far it may be from a sum of basis vectors
}

// Tori returns the fewest tori on which the wave vectors of a population lie, the strongest first:
// each is the lattice of wave vectors near which there is most power of what the ones before have
// left, among those so wide-meshed that at most 5 % of the plane is near them. Maps are of equal
// shape; bins that were never visited count as the mean. The box must hold about two of the largest
// period, or waves cannot be told apart.
func Tori(maps []Map) ([]Torus, error) {
	tapered := make([]Map, len(maps))
	for i, m := range maps {
		tapered[i] = taper(m)
	}
	s, err := PowerSpectrum(tapered)
	if err != nil {
		return nil, err
	}
	waves := s.waves()
	total := 0.0
	for _, w := range waves {
		total += w.power
	}
	var tori []Torus
	for len(waves) > 0 {
		basis, share := bestBasis(waves, s.floor())
		if share < torusShare*total {
			break
		}
		tori = append(tori, Torus{basis, share / total})
		waves = slices.DeleteFunc(waves, func(w wave) bool { return atSum(basis, w) })
	}
	return tori, nil
}

// taper multiplies what a map has about its mean by Hann's window along both axes, so that a wave's
// power does not leak to where it could be taken for another wave's.
func taper(m Map) Map {
	values, _, _ := m.centred()
	out := m
	out.Values = make([]float64, len(values))
	hann := func(i, n int) float64 { return 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n)) }
	for j := range m.NY {
		for i := range m.NX {
			at := j*m.NX + i
			out.Values[at] = values[at] * hann(i, m.NX) * hann(j, m.NY)
		}
	}
	return out
}

// floor is how far (rad/m) a peak may be from a sum of basis vectors in any case.
func (s *Spectrum) floor() float64 { return resolution * 2 * s.Step } // maps are padded to twice the box

// waves are the peaks of the spectrum in the upper half plane, the strongest first, off the grid by
// a parabola through the logarithms along each axis.
func (s *Spectrum) waves() []wave {
	var found []wave
	highest := 0.0
	half := s.N/2 - 1
	for iy := 0; iy < half; iy++ {
		for ix := -half + 1; ix < half; ix++ {
			if iy == 0 && ix <= 0 {
				continue
			}
			p := s.At(ix, iy)
			top := p > 0
			for d := range 9 {
				if d != 4 && s.At(ix+d%3-1, iy+d/3-1) > p {
					top = false
				}
			}
			if top {
				off := func(before, after float64) float64 {
					a, b, c := math.Log(before), math.Log(p), math.Log(after)
					if x := (a - c) / (2 * (a - 2*b + c)); math.Abs(x) <= 0.5 {
						return x
					}
					return 0
				}
				k := [2]float64{
					(float64(ix) + off(s.At(ix-1, iy), s.At(ix+1, iy))) * s.Step,
					(float64(iy) + off(s.At(ix, iy-1), s.At(ix, iy+1))) * s.Step,
				}
				found = append(found, wave{k, p, max(s.floor(), nearby*math.Hypot(k[0], k[1]))})
				highest = max(highest, p)
			}
		}
	}
	found = slices.DeleteFunc(found, func(w wave) bool { return w.power < peakShare*highest })
	slices.SortStableFunc(found, func(a, b wave) int { return cmp.Compare(b.power, a.power) })
	return found[:min(len(found), mostPeaks)]
}

// bestBasis is the basis near whose sums there is most power, less what there would be by chance,
// and that power; none where all that could be one are too close-meshed, as is a single wave of a
// fifth of the box or more.
func bestBasis(waves []wave, floor float64) (basis [][2]float64, power float64) {
	strong := waves[:min(len(waves), basisPeaks)]
	var candidates [][2]float64
	for i, a := range strong {
		candidates = append(candidates, a.k)
		for _, b := range strong[:i] {
			candidates = append(candidates, [2]float64{a.k[0] - b.k[0], a.k[1] - b.k[1]}, [2]float64{a.k[0] + b.k[0], a.k[1] + b.k[1]})
		}
	}
	best := math.Inf(-1)
	try := func(b [][2]float64) {
		gain, sum := worth(b, waves)
		if gain > best {
			basis, power, best = b, sum, gain
		}
	}
	for i, a := range candidates {
		if math.Hypot(a[0], a[1]) > floor/mostByChance {
			try([][2]float64{a})
		}
		for _, b := range candidates[:i] {
			short := threeShortest(a, b)
			if math.Abs(cross(short[0], short[1])) > math.Pi*floor*floor/mostByChance {
				try([][2]float64{short[0], short[1]})
			}
		}
	}
	if basis == nil {
		return nil, 0
	}
	refined := refine(basis, waves)
	if gain, sum := worth(refined, waves); gain >= best {
		return refined, sum
	}
	return basis, power
}

// worth is the power near sums of a basis, and that less the power that chance would put there.
func worth(basis [][2]float64, waves []wave) (gain, power float64) {
	for _, w := range waves {
		chance := 0.0 // of a line in the plane
		if len(basis) == 2 {
			chance = min(1, math.Pi*w.reach*w.reach/math.Abs(cross(basis[0], basis[1])))
		}
		if atSum(basis, w) {
			power += w.power
			gain += w.power
		}
		gain -= chance * w.power
	}
	return gain, power
}

// atSum says whether a wave is close to a whole-numbered sum of basis vectors that is not 0.
func atSum(basis [][2]float64, w wave) bool {
	n := coordinates(basis, w.k)
	zero, off := true, w.k
	for i, b := range basis {
		whole := math.Round(n[i])
		zero = zero && whole == 0
		off[0] -= whole * b[0]
		off[1] -= whole * b[1]
	}
	return !zero && dot(off, off) <= w.reach*w.reach
}

// coordinates are a wave vector's in a basis, along it where it is one vector.
func coordinates(basis [][2]float64, k [2]float64) [2]float64 {
	if len(basis) == 1 {
		return [2]float64{dot(k, basis[0]) / dot(basis[0], basis[0])}
	}
	d := cross(basis[0], basis[1])
	return [2]float64{cross(k, basis[1]) / d, cross(basis[0], k) / d}
}

func cross(a, b [2]float64) float64 { return a[0]*b[1] - a[1]*b[0] }

// refine fits a basis to the waves near its sums by least squares, each weighted by its power.
func refine(basis [][2]float64, waves []wave) [][2]float64 {
	d := len(basis)
	normal, x, y := make([]float64, d*d), make([]float64, d), make([]float64, d)
	for _, w := range waves {
		if !atSum(basis, w) {
			continue
		}
		n := coordinates(basis, w.k)
		for i := range d {
			a := math.Round(n[i])
			for j := range d {
				normal[i*d+j] += w.power * a * math.Round(n[j])
			}
			x[i] += w.power * a * w.k[0]
			y[i] += w.power * a * w.k[1]
		}
	}
	if !solve(slices.Clone(normal), x) || !solve(normal, y) {
		return basis
	}
	out := make([][2]float64, d)
	for i := range out {
		out[i] = [2]float64{x[i], y[i]}
	}
	return out
}

// Coincidence is a pair of hexagonal lattices with common points: every one of both that is whole
// sums of the larger common lattice.
type Coincidence struct {
	Ratio    float64 // of the periods, at least 1
	AngleDeg float64 // between the orientations, from 0 to 30
	Fine     int     // points of the finer lattice in a cell of the common one
	Coarse   int     // points of the coarser one
}

// sigma7 is the angle in degrees by which the sublattice of index 7 is rotated.
var sigma7 = math.Atan(math.Sqrt(3)/5) * 180 / math.Pi // 19.1

// Coincidences are those whose common cell holds at most 7 points of the coarser lattice and 9 of
// the finer, by ratio. The sublattices similar to a hexagonal lattice have the indices 1, 3, 4, 7
// and 9, and are rotated by 0, 30, 0, ±19.1 and 0 degrees. Lattices at a coincidence may be
// harmonics of one code.
var Coincidences = []Coincidence{
	{1, 0, 1, 1},
	{1, 60 - 2*sigma7, 7, 7}, // the two that mirror each other
	{math.Sqrt(9. / 7), sigma7, 9, 7},
	{math.Sqrt(4. / 3), 30, 4, 3},
	{math.Sqrt(7. / 4), sigma7, 7, 4},
	{1.5, 0, 9, 4},
	{math.Sqrt(7. / 3), 30 - sigma7, 7, 3},
	{math.Sqrt(3), 30, 3, 1},
	{2, 0, 4, 1},
	{math.Sqrt(7), sigma7, 7, 1},
	{3, 0, 9, 1},
}

// What two lattices may be from a coincidence and still be taken for it.
const (
	coincidenceRatio = 0.02
	coincidenceDeg   = 2
)

// NearCoincidence returns the coincidence that two hexagonal lattices are at, their ratio of
// periods within 2 % of it and their angle within 2 degrees. Periods are in any unit, orientations
// in degrees.
func NearCoincidence(period1, orientation1, period2, orientation2 float64) (Coincidence, bool) {
	ratio, angle := max(period1, period2)/min(period1, period2), OrientationDifference(orientation1, orientation2)
	for _, c := range Coincidences {
		if math.Abs(ratio/c.Ratio-1) <= coincidenceRatio && math.Abs(angle-c.AngleDeg) <= coincidenceDeg {
			return c, true
		}
	}
	return Coincidence{}, false
}

// Independent is the size of the largest set of lattices no two of which are at a coincidence; NaN
// periods count as none. Each row is a period and an orientation in degrees.
func Independent(lattices [][2]float64) int {
	best := 0
	var grow func(chosen [][2]float64, rest [][2]float64)
	grow = func(chosen, rest [][2]float64) {
		best = max(best, len(chosen))
		for i, l := range rest {
			if !finite(l[0]) || !finite(l[1]) || slices.ContainsFunc(chosen, func(c [2]float64) bool {
				_, locked := NearCoincidence(c[0], c[1], l[0], l[1])
				return locked
			}) {
				continue
			}
			grow(append(slices.Clone(chosen), l), rest[i+1:])
		}
	}
	grow(nil, lattices)
	return best
}
