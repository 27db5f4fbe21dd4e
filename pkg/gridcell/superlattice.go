package gridcell

import "math"

// Superlattice says whether the fields of a unit alternate in height: then the autocorrelogram is
// higher at the points of a superlattice, a wider hexagonal lattice that is part of the unit's own,
// than at its six nearest peaks.
type Superlattice struct {
	// Index is the number N of the unit's lattice points to one of the superlattice, whose period
	// is √N times the unit's: 3, 4, 7, 9, 12 or 13. It is 1 where there is none, and 0 where it was
	// not measured.
	Index int
	// Strength is the mean correlation at the six nearest points of the superlattice less that at
	// the six nearest peaks; with Index 1 the largest such difference of any that was measured, NaN
	// with Index 0.
	Strength float64
}

const (
	// superlatticeStrength is the least strength of a superlattice: noise of a tenth of the peak
	// stays below a tenth.
	superlatticeStrength = 0.15
	// superlatticeSlack is how much weaker than the strongest a superlattice may be that contains
	// it: what has a superlattice of 3 has those of 9 and 12, too.
	superlatticeSlack = 0.1
	// superlatticeOverlap is the least overlap at its points, as a share of the map.
	superlatticeOverlap = 0.15
	// superlatticeBins is the least number of bins a period: with fewer the heights of peaks are
	// guesses.
	superlatticeBins = 5
)

// superlattices are the nearest points (i, j) of the superlattices, i along the first and j along
// the second of the three peaks; i² + ij + j² is the index. Those of 7 and 13 come in two mirror
// images.
var superlattices = [...][2]int{{1, 1}, {2, 0}, {2, 1}, {1, 2}, {3, 0}, {2, 2}, {3, 1}, {1, 3}}

// superlatticeOf measures the superlattices of a unit whose peaks lie on one lattice.
func superlatticeOf(a *Autocorrelogram, p *Peaks, maxMisfit float64) Superlattice {
	best := Superlattice{Strength: math.NaN()}
	if p == nil || p.Misfit > maxMisfit || p.PeriodM < superlatticeBins*max(a.BinX, a.BinY) {
		return best
	}
	own := meanHeight(a, p, 1, 0)
	for _, v := range superlattices {
		strength := meanHeight(a, p, float64(v[0]), float64(v[1])) - own
		if math.IsNaN(strength) {
			continue
		}
		index := v[0]*v[0] + v[0]*v[1] + v[1]*v[1]
		least := best.Strength
		if best.Index > 0 && index != best.Index && index%best.Index == 0 {
			least += superlatticeSlack
		}
		if best.Index == 0 || strength > least {
			best = Superlattice{index, strength}
		}
	}
	if best.Index > 0 && best.Strength < superlatticeStrength {
		best.Index = 1
	}
	return best
}

// meanHeight returns the mean correlation at the lattice point i, j and at those 60 and 120 degrees
// on; NaN where one of them is too far out.
func meanHeight(a *Autocorrelogram, p *Peaks, i, j float64) float64 {
	x, y, z := p.Lags[0], p.Lags[1], p.Lags[2] // each the one before turned by 60 degrees
	var sum float64
	for _, turn := range [3][2][2]float64{{x, y}, {y, z}, {z, {-x[0], -x[1]}}} {
		lag := [2]float64{i*turn[0][0] + j*turn[1][0], i*turn[0][1] + j*turn[1][1]}
		dx, dy := int(math.Round(lag[0]/a.BinX)), int(math.Round(lag[1]/a.BinY))
		if math.IsNaN(a.At(dx, dy)) || float64(a.pairs(dx, dy)) < superlatticeOverlap*float64(a.pairs(0, 0)) {
			return math.NaN()
		}
		sum += a.heightAt(lag) / 3
	}
	return sum
}
