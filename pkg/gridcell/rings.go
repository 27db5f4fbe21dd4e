package gridcell

import "math"

// Ring describes points (x, y) around the origin, those of a population projected on two axes: the
// coefficient of variation of their radii (0 on a circle, 0.33 in a filled disc), and the smallest
// radius as a share of the mean. NaN points are left out; without any both are NaN.
func Ring(x, y []float64) (variation, innermost float64) {
	var n, sum, squares float64
	least := math.Inf(1)
	for i := range min(len(x), len(y)) {
		r := math.Hypot(x[i], y[i])
		if !finite(r) {
			continue
		}
		n, sum, squares, least = n+1, sum+r, squares+r*r, min(least, r)
	}
	mean := sum / n
	if !(mean > 0) {
		return math.NaN(), math.NaN()
	}
	return math.Sqrt(max(0, squares/n-mean*mean)) / mean, least / mean
}

// Shared returns the share of units whose period is within `within` (as a share) of the median and
// whose orientation is within `degrees` of the circular mean modulo 60 degrees. Units where either
// is NaN count as not; of no units it is NaN.
func Shared(periodsM, orientationsDeg []float64, within, degrees float64) float64 {
	var known []float64
	var s, c float64
	for i, p := range periodsM {
		if !finite(p) || !finite(orientationsDeg[i]) {
			continue
		}
		known = append(known, p)
		si, co := math.Sincos(6 * orientationsDeg[i] * math.Pi / 180)
		s, c = s+si, c+co
	}
	if len(periodsM) == 0 {
		return math.NaN()
	}
	middle, direction, inside := Median(known), modulo60(math.Atan2(s, c)/6*180/math.Pi), 0.0
	for i, p := range periodsM {
		if math.Abs(p/middle-1) <= within && OrientationDifference(orientationsDeg[i], direction) <= degrees {
			inside++
		}
	}
	return inside / float64(len(periodsM))
}
