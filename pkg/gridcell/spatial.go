package gridcell

import "math"

// SpatialInformation returns how many bits about place a spike of a unit holds: sum over bins of p
// (r/R) log2(r/R), with r the rate in a bin, p the bin's share of the occupancy, R = sum p r
// (Skaggs et al. 1993). Bins without a rate or occupancy are left out. NaN for a unit that never
// fires, or has negative rates. It is biased upwards where spikes are few: compare it with
// shuffles.
func SpatialInformation(m Map, occupancy []float64) float64 {
	var time, sum float64
	for i, r := range m.Values {
		if finite(r) && occupancy[i] > 0 {
			if r < 0 {
				return math.NaN()
			}
			time += occupancy[i]
			sum += occupancy[i] * r
		}
	}
	if !(sum > 0) {
		return math.NaN()
	}
	mean, bits := sum/time, 0.0
	for i, r := range m.Values {
		if r > 0 && occupancy[i] > 0 && finite(r) {
			bits += occupancy[i] / time * (r / mean) * math.Log2(r/mean)
		}
	}
	return max(0, bits)
}

// SpatialVariance returns the variance of a map over the time: sum over bins of p (r - R)², with r, p
// and R as in SpatialInformation. NaN for a unit without visited bins.
func SpatialVariance(m Map, occupancy []float64) float64 {
	var time, sum, square float64
	for i, r := range m.Values {
		if p := occupancy[i]; finite(r) && p > 0 {
			time, sum = time+p, sum+p*r
		}
	}
	mean := sum / time
	for i, r := range m.Values {
		if p := occupancy[i]; finite(r) && p > 0 {
			square += p * (r - mean) * (r - mean)
		}
	}
	return square / time
}

// Coherence returns the Pearson correlation, over visited bins, of a bin's rate with the mean rate
// of its visited neighbours, up to eight (Muller and Kubie 1989, without Fisher's transformation).
// It is meant for maps that were not smoothed; smoothing makes every map coherent. NaN as
// Correlation.
func Coherence(m Map) float64 {
	around := Map{Values: make([]float64, len(m.Values)), NX: m.NX, NY: m.NY}
	for j := range m.NY {
		for i := range m.NX {
			sum, n := 0.0, 0.0
			for y := max(0, j-1); y <= min(m.NY-1, j+1); y++ {
				for x := max(0, i-1); x <= min(m.NX-1, i+1); x++ {
					if v := m.Values[y*m.NX+x]; (x != i || y != j) && finite(v) {
						sum, n = sum+v, n+1
					}
				}
			}
			around.Values[j*m.NX+i] = sum / n // NaN where there is none
		}
	}
	return Correlation(m, around)
}
