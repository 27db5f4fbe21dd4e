package gridcell

import "math"

// Code is an idealised grid code of one-dimensional space: the periods (m) of its modules. A place
// x is coded by the phases 2 pi x / period modulo 2 pi, one for each module: a point on a torus, on
// which the places follow one another along the coding line (appendix C of the paper; Fiete et al.
// 2008; Sreenivasan and Fiete 2011).
type Code []float64

// Phases returns the phase of every module at x, in [0, 2 pi).
func (c Code) Phases(x float64) []float64 {
	phases := make([]float64, len(c))
	for a, period := range c {
		turns := x / period
		phases[a] = 2 * math.Pi * (turns - math.Floor(turns))
	}
	return phases
}

// Tuning returns the rate of a cell with this preferred phase at a phase of its module, over its
// peak: ReLU(cos(phase + preferred)), equations 9 and 10 of the paper.
func Tuning(phase, preferred float64) float64 { return math.Max(0, math.Cos(phase+preferred)) }

// Distance returns the distance on the torus, in rad, of the states of two places u metres apart:
// the root of the sum of squared phase differences. It is the same wherever the first place is.
func (c Code) Distance(u float64) float64 {
	sum := 0.0
	for _, period := range c {
		d := 2 * math.Pi * math.Remainder(u/period, 1)
		sum += d * d
	}
	return math.Sqrt(sum)
}

// Returns visits, in order, the displacements u from half the smallest period up to limit at which
// the coding line comes nearest to its start, each with the distance there, until visit says false.
// Between two places where a phase wraps, the squared distance is a parabola, so the nearest
// approach is exact.
func (c Code) Returns(limit float64, visit func(u, distance float64) bool) {
	smallest := math.Inf(1)
	for _, period := range c {
		smallest = math.Min(smallest, period)
	}
	for from := smallest / 2; from < limit; {
		// Up to the next wrap each module is nearest to the same number of whole periods.
		to := limit
		var weight, pull float64
		for _, period := range c {
			whole := math.Floor(from/period + 0.5)
			if next := (whole + 0.5) * period; next <= from { // from is itself a wrap
				whole++
			}
			to = math.Min(to, (whole+0.5)*period)
			weight += 1 / (period * period)
			pull += whole / period
		}
		u := math.Min(math.Max(pull/weight, from), to)
		if !visit(u, c.Distance(u)) {
			return
		}
		from = math.Nextafter(to, math.Inf(1))
	}
}

// Separation returns the least distance (rad) of any two states of places within range metres whose
// displacement is at least half the smallest period; +Inf for a shorter range.
func (c Code) Separation(rangeM float64) float64 {
	least := math.Inf(1)
	c.Returns(rangeM, func(_, distance float64) bool {
		least = math.Min(least, distance)
		return true
	})
	return least
}

// Capacity returns the range in metres that the code holds before its coding line, given a
// thickness (rad), meets itself: the first displacement beyond half the smallest period at which
// the distance falls below the thickness; limit if there is none.
func (c Code) Capacity(thickness, limit float64) float64 {
	met := limit
	c.Returns(limit, func(u, distance float64) bool {
		if distance < thickness {
			met = u
			return false
		}
		return true
	})
	return met
}
