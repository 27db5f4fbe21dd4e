package gridcell

import (
	"math"
	"slices"
)

// Superposed are the two lattices of a map that is the sum of two, the stronger first: of a unit of
// two modules, or of two cells that were taken for one.
type Superposed struct {
	Lattices [2]*Peaks // without heights
	Share    float64   // mean amplitude of the waves of the second over that of the first, up to 1
	whole    bool      // one is a superlattice of the other
	waves    [2]*waveTriple
}

const (
	// faintLattice is the least Share of a second lattice.
	faintLattice = 0.28
	// likeStrength is the Share from which on no one of two lattices is the map's own.
	likeStrength = 0.75
	// evenWaves is the least power of the weakest of the three waves of one of the two, as a share
	// of the strongest; of a lattice whose fields are out of place the waves are uneven.
	evenWaves = 0.2
	// closedWaves is the least accuracy with which the three waves add up to 0, in waves in the box,
	// when they are fitted.
	closedWaves = 0.25
	// wholeWaves is by how much a wave of a superlattice, (p, q) of the waves of the other, may be
	// off, in waves in the box and units of √(p² + pq + q²).
	wholeWaves = 0.15
	// shortOf is by how much a superlattice, of three shells of waves, may explain less than three waves
	// that are free, as a share of what these explain, to be what they are of.
	shortOf = 0.05
	// otherWaves is the power of the strongest other wave in the map, as a share of the weakest of
	// the two lattices', above which these are two of many waves.
	otherWaves = 0.4
	// blurredWaves is the power that is left beside two waves of a lattice at least, as a share of
	// its waves', where the waves of another may be blurred into them.
	blurredWaves = 0.1
	// nearShare is the share of the map's variance that the three waves of a lattice explain at
	// least where they may be those between two lattices.
	nearShare = 0.3
	// widestShare is the largest period of the two, as a share of the shorter side of the box.
	widestShare = 0.6
	// ownPeriod is by how much the period of the six peaks may differ from that of a lattice to be
	// its, and any of the peaks by four times as much; wholePeriod that where one of the two is a
	// superlattice of the other, whose waves are not all fitted.
	ownPeriod, wholePeriod = 0.02, 0.05
	// ownShare is the share of the map's variance that the three waves of its peaks explain at least
	// where the two lattices may be their overtones, which may be off by overtoneWaves, as wholeWaves
	// is; and overtonePeriod the least period of such peaks, as a share of the shorter side: with more
	// periods in the box overtones are told from other lattices.
	ownShare, overtoneWaves, overtonePeriod = 0.4, 0.25, 0.5
)

// superposedIn returns the two lattices that a map with this power and these peaks of its
// autocorrelogram, nil for none, is the sum of; nil if it is not the sum of two. Six waves are fitted
// at once, free to be any six: those of two lattices have to close to two triangles, and to stand out
// of what is left then.
func superposedIn(m Map, power []float64, p *periodogram, peaks *Peaks) *Superposed {
	side := m.shortSide()
	band := waveBand{low: waveOf(widestShare * side), high: waveOf(leastBins * max(m.BinX(), m.BinY())), wave: 2 * math.Pi / side}
	f := newWaveFit(m)
	from, blurred := band.sixWaves(f, m, meanSpectrum(m, [][]float64{power}), p)
	if blurred {
		from = band.sixNear(f, peaks)
	}
	if from == nil {
		return nil
	}
	k, c, ok := f.refine(from)
	if !ok {
		return nil
	}
	var two [2]*waveTriple
	for i := range two {
		two[i] = &waveTriple{k: [3][2]float64(k[3*i:])}
		for j := range 3 {
			a, b := c[1+2*(3*i+j)], c[2+2*(3*i+j)]
			two[i].powers[j] = (a*a + b*b) / 4
		}
	}
	if two[0].power() < two[1].power() {
		two[0], two[1] = two[1], two[0]
	}
	share := math.Sqrt(two[1].power() / two[0].power())
	if !two[0].sound(band) || !two[1].sound(band) || !(share >= faintLattice) {
		return nil
	}
	if band.crowded(band.peaks(f.spectrumWithout(m, k, p)), two[0], two[1], otherWaves, closedPeaks) {
		return nil
	}
	whole := two[0].contains(two[1], wholeWaves*band.wave) || two[1].contains(two[0], wholeWaves*band.wave) || f.superlattice(two)
	return &Superposed{[2]*Peaks{two[0].peaks(), two[1].peaks()}, share, whole, two}
}

// sixWaves are the strongest three waves of a spectrum that make a lattice, and the strongest three
// of what is left without them; nil if there are none, or the second are faint. Then they may be
// blurred into the first: these do not close, or leave much beside them.
func (b waveBand) sixWaves(f *waveFit, m Map, s *Spectrum, p *periodogram) (six [][2]float64, blurred bool) {
	first := b.strongest(b.peaks(s))
	if first == nil {
		return nil, true
	}
	left := b.peaks(f.spectrumWithout(m, first.k[:], p))
	faint := faintLattice * faintLattice / 2 * first.power()
	if second := b.strongest(left); second != nil && second.power() >= faint {
		if b.crowded(left, first, second, 2*otherWaves, 2*closedPeaks) { // what blurs the peaks is not yet fitted
			return nil, false
		}
		return append(slices.Clone(first.k[:]), second.k[:]...), false
	}
	beside := 0
	for _, k := range first.k {
		if slices.ContainsFunc(left, func(q spectralPeak) bool {
			_, gap := nearestOf(k, q.k)
			return gap <= 2*closedPeaks*b.wave && q.power >= blurredWaves*first.power()/3
		}) {
			beside++
		}
	}
	return nil, beside > 1
}

// crowded reports whether peaks that are of neither triple, nor sums of its waves, to so many waves in
// the box, have more than this share of the power of the second's weakest.
func (b waveBand) crowded(peaks []spectralPeak, first, second *waveTriple, share, slack float64) bool {
	return slices.ContainsFunc(peaks, func(q spectralPeak) bool {
		return q.power > share*second.least() && first.off(q.k) > slack*b.wave && second.off(q.k) > slack*b.wave
	})
}

// sixNear are the three waves of the lattice of six peaks, if they make up much of the map, made
// longer and shorter by half the width of a peak in its spectrum: where two lattices differ by little
// more than that, in scale alone, their waves have one peak each, and the lattice is one between.
func (b waveBand) sixNear(f *waveFit, peaks *Peaks) [][2]float64 {
	if peaks == nil {
		return nil
	}
	k := wavesOf(peaks).k
	if !(f.explained(k[:]) >= nearShare) {
		return nil
	}
	var six [][2]float64
	for _, sign := range []float64{1, -1} {
		for _, v := range k {
			by := 1 + sign*closedPeaks*b.wave/math.Hypot(v[0], v[1])
			six = append(six, [2]float64{by * v[0], by * v[1]})
		}
	}
	return six
}

// waveOf is the wavenumber (rad/m) of a hexagonal lattice of this period (m).
func waveOf(periodM float64) float64 { return 4 * math.Pi / (math.Sqrt(3) * periodM) }

// of reports whether the six peaks are those of one of the two, to such a share of the period.
func (s *Superposed) of(p *Peaks, i int, share float64) bool {
	l := s.Lattices[i]
	return math.Abs(p.PeriodM/l.PeriodM-1) <= share && lagDistance(p.Lags, l.Lags) <= 4*share*l.PeriodM
}

// superlattice reports whether the coarser of two triples is of a superlattice of the finer: the
// fit of three waves to one, which has many, may be off.
func (f *waveFit) superlattice(two [2]*waveTriple) bool {
	fine, wide := two[0].k, two[1].k
	if math.Hypot(fine[0][0], fine[0][1]) < math.Hypot(wide[0][0], wide[0][1]) {
		fine, wide = wide, fine
	}
	alone := f.explained(fine[:])
	free := f.explained(slices.Concat(fine[:], wide[:]))
	for _, c := range superlattices {
		// Of the waves a and b of the superlattice, 60 degrees apart, the finer's first two are
		// p a + q b and (p + q) b - q a.
		p, q := float64(c[0]), float64(c[1])
		index := p*p + p*q + q*q
		at := func(x, y float64) (k [2]float64) { // x a + y b
			for d := range k {
				k[d] = (x*((p+q)*fine[0][d]-q*fine[1][d]) + y*(q*fine[0][d]+p*fine[1][d])) / index
			}
			return k
		}
		waves := append(slices.Clone(fine[:]), at(1, 0), at(0, 1), at(1, -1))
		if index > 3 {
			waves = append(waves, at(1, 1), at(2, -1), at(1, -2))
		}
		if index > 4 {
			waves = append(waves, at(2, 0), at(0, 2), at(2, -2))
		}
		if free-f.explained(waves) <= shortOf*(free-alone) {
			return true
		}
	}
	return false
}

// overtones reports whether the waves of both are sums of those of the lattice of six peaks, which
// itself makes up much of the map: of sharp fields with a large period, whose own waves are too long to
// be among those of the two, √3 and 2 times shorter ones are.
func (s *Superposed) overtones(m Map, peaks *Peaks) bool {
	if peaks == nil || peaks.PeriodM < overtonePeriod*m.shortSide() {
		return false
	}
	own := wavesOf(peaks)
	slack := overtoneWaves * 2 * math.Pi / m.shortSide()
	return own.contains(s.waves[0], slack) && own.contains(s.waves[1], slack) && newWaveFit(m).explained(own.k[:]) >= ownShare
}

// told returns the peaks of a map that were found in its autocorrelogram, nil for none, or why they
// are none of its lattice, and the two lattices that it is the sum of, if it is: then the peaks are
// its own only if they are those of the one that is clearly stronger. A superlattice and the lattice
// that it is part of are one lattice.
func told(m Map, power []float64, p *periodogram, peaks *Peaks, why Missing) (*Peaks, Missing, *Superposed) {
	if why == Unvisited || why == Flat || why == TooCoarse {
		return peaks, why, nil
	}
	two := superposedIn(m, power, p, peaks)
	switch {
	case two == nil || two.overtones(m, peaks) || two.whole && (peaks == nil || two.of(peaks, 0, wholePeriod) || two.of(peaks, 1, wholePeriod)):
		return peaks, why, nil
	case two.whole: // six peaks, but of no lattice
		return nil, NoPeaks, nil
	case peaks != nil && two.of(peaks, 0, ownPeriod) && two.Share < likeStrength:
		return peaks, why, two
	}
	return nil, SumOfTwo, two
}
