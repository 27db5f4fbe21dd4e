package gridcell

import (
	"cmp"
	"slices"
)

// Field is a firing field: visited bins that touch along a side and whose rate is above a fifth of
// the way from the map's lowest to its highest rate (the usual threshold of 20 % of the peak, with
// the background taken off).
type Field struct {
	Bins   int
	AreaM2 float64 // m²
	Peak   float64
	X, Y   float64 // m, the bin of the peak
}

const (
	fieldThreshold = 0.2
	// fieldBins is the least number of bins of a field; smaller patches are noise (opexebo).
	fieldBins = 9
	// fieldShare is the largest share of the visited bins that a field may have; more is the
	// background of a unit that fires everywhere.
	fieldShare = 0.5
)

// Fields returns the fields of a map, highest peak first. A map without structure, or one that
// fires nearly everywhere, has none.
func Fields(m Map) []Field {
	low, high, visited := extent(m)
	if !(high > low) || m.flat() {
		return nil
	}
	threshold := low + fieldThreshold*(high-low)
	taken := make([]bool, len(m.Values))
	var fields []Field
	var patch []int
	for start := range m.Values {
		if taken[start] || !(m.Values[start] > threshold) {
			continue
		}
		taken[start] = true
		patch = append(patch[:0], start)
		best := start
		for next := 0; next < len(patch); next++ {
			at := patch[next]
			if m.Values[at] > m.Values[best] {
				best = at
			}
			for _, to := range m.sides(at) {
				if to >= 0 && !taken[to] && m.Values[to] > threshold {
					taken[to] = true
					patch = append(patch, to)
				}
			}
		}
		if n := len(patch); n >= fieldBins && float64(n) <= fieldShare*float64(visited) {
			fields = append(fields, Field{n, float64(n) * m.BinX() * m.BinY(), m.Values[best], m.X(best % m.NX), m.Y(best / m.NX)})
		}
	}
	slices.SortStableFunc(fields, func(a, b Field) int { return cmp.Compare(b.Peak, a.Peak) })
	return fields
}

// PlaceLike reports whether a unit is like a place cell: one field, and no six peaks around the
// middle of its autocorrelogram that lie on a lattice (nil, or with a Misfit above that of a
// module's units; the noise far out in an autocorrelogram has peaks too).
func PlaceLike(fields []Field, p *Peaks, maxMisfit float64) bool {
	return len(fields) == 1 && (p == nil || p.Misfit > maxMisfit)
}

// extent returns the lowest and highest rate and the number of visited bins.
func extent(m Map) (low, high float64, visited int) {
	for _, v := range m.Values {
		if !finite(v) {
			continue
		}
		if visited == 0 || v < low {
			low = v
		}
		if visited == 0 || v > high {
			high = v
		}
		visited++
	}
	return low, high, visited
}

// sides returns the bins beside one; -1 beyond the walls.
func (m Map) sides(at int) [4]int {
	out := [4]int{at - 1, at + 1, at - m.NX, at + m.NX}
	if at%m.NX == 0 {
		out[0] = -1
	}
	if at%m.NX == m.NX-1 {
		out[1] = -1
	}
	if out[3] >= len(m.Values) {
		out[3] = -1
	}
	return out // out[2] is below 0 in the lowest row
}
