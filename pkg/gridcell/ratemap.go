package gridcell

import (
	"fmt"
	"math"
	"slices"
)

// Map is the ratemap of one unit: Values [NY, NX] row-major, row 0 at the lowest y, NaN (or any
// other non-finite value) where the bin was not visited. BoxM is the side of the box along x in
// metres, BoxYM that along y; with BoxYM 0 bins are square. The centre of the map is the origin.
type Map struct {
	Values      []float64
	NX, NY      int
	BoxM, BoxYM float64
}

// FromFloat32 returns the map of float32 values [ny, nx] in a box whose side along x is boxM
// metres.
func FromFloat32(values []float32, nx, ny int, boxM float64) Map {
	v := make([]float64, len(values))
	for i, f := range values {
		v[i] = float64(f)
	}
	return Map{Values: v, NX: nx, NY: ny, BoxM: boxM}
}

// maxBins bounds the side of a map, so that a wrong shape is refused before memory is asked for.
const maxBins = 4096

// Check returns an error if the shape and the values do not fit together.
func (m Map) Check() error {
	switch {
	case m.NX < 1 || m.NY < 1:
		return fmt.Errorf("ratemap: %d x %d bins: need at least one each way", m.NX, m.NY)
	case m.NX > maxBins || m.NY > maxBins:
		return fmt.Errorf("ratemap: %d x %d bins: at most %d each way", m.NX, m.NY, maxBins)
	case len(m.Values) != m.NX*m.NY:
		return fmt.Errorf("ratemap: %d values for %d x %d bins", len(m.Values), m.NX, m.NY)
	case !(m.BoxM > 0) || math.IsInf(m.BoxM, 0):
		return fmt.Errorf("ratemap: box side %g m: need a positive length", m.BoxM)
	case !(m.BoxYM >= 0) || math.IsInf(m.BoxYM, 0):
		return fmt.Errorf("ratemap: box side %g m along y: need a positive length, or 0 for square bins", m.BoxYM)
	}
	return nil
}

// BinX returns the side of a bin along x in metres.
func (m Map) BinX() float64 { return m.BoxM / float64(m.NX) }

// BinY returns the side of a bin along y in metres.
func (m Map) BinY() float64 {
	if m.BoxYM == 0 {
		return m.BinX()
	}
	return m.BoxYM / float64(m.NY)
}

// boxText is the box as errors name it.
func (m Map) boxText() string {
	if m.BoxYM == 0 {
		return fmt.Sprintf("%g m", m.BoxM)
	}
	return fmt.Sprintf("%g x %g m", m.BoxM, m.BoxYM)
}

// shortSide returns the shorter side of the box in metres.
func (m Map) shortSide() float64 { return min(float64(m.NX)*m.BinX(), float64(m.NY)*m.BinY()) }

// X returns the x coordinate of the centre of column i, in metres from the centre of the box.
func (m Map) X(i int) float64 { return (float64(i) + 0.5 - float64(m.NX)/2) * m.BinX() }

// Y returns the y coordinate of the centre of row j, in metres from the centre of the box.
func (m Map) Y(j int) float64 { return (float64(j) + 0.5 - float64(m.NY)/2) * m.BinY() }

// Peak returns the largest value over the visited bins, NaN if there are none.
func (m Map) Peak() float64 {
	peak := math.NaN()
	for _, v := range m.Values {
		if finite(v) && !(v <= peak) {
			peak = v
		}
	}
	return peak
}

// Modulation returns (highest - lowest) over the larger of their absolute values, over the visited
// bins: 0 for a constant map, 1 for rates that come down to 0, up to 2 with values of both signs.
// It is NaN without visited bins.
func (m Map) Modulation() float64 {
	low, high, visited := extent(m)
	switch {
	case visited == 0:
		return math.NaN()
	case !(high > low):
		return 0
	}
	return (high - low) / max(math.Abs(high), math.Abs(low))
}

// centred returns the map with its mean over the visited bins subtracted and unvisited bins set to
// 0, the mask of visited bins, and their number. A map whose values differ by no more than rounding
// has no structure to measure; it comes back as all zeros.
func (m Map) centred() (values, mask []float64, visited int) {
	values = make([]float64, len(m.Values))
	mask = make([]float64, len(m.Values))
	var sum, largest float64
	for i, v := range m.Values {
		if finite(v) {
			mask[i] = 1
			visited++
			sum += v
			largest = max(largest, math.Abs(v))
		}
	}
	if visited == 0 {
		return values, mask, 0
	}
	mean := sum / float64(visited)
	var square float64
	for i, v := range m.Values {
		if mask[i] == 1 {
			values[i] = v - mean
			square += values[i] * values[i]
		}
	}
	// 1e-6 is the rounding of a float32 mean.
	if math.Sqrt(square/float64(visited)) <= 1e-6*largest {
		clear(values)
	}
	return values, mask, visited
}

// flat reports whether a map has no structure to measure.
func (m Map) flat() bool {
	values, _, _ := m.centred()
	return !slices.ContainsFunc(values, func(v float64) bool { return v != 0 })
}

// Correlation returns the Pearson correlation of two maps of equal shape over the bins visited in
// both; NaN if there are fewer than MinPairs of them or one of the maps is constant there.
func Correlation(a, b Map) float64 {
	if len(a.Values) != len(b.Values) {
		return math.NaN()
	}
	var x, y []float64
	for i, v := range a.Values {
		if w := b.Values[i]; finite(v) && finite(w) {
			x, y = append(x, v), append(y, w)
		}
	}
	if len(x) < MinPairs {
		return math.NaN()
	}
	cx, _, _ := Map{Values: x}.centred()
	cy, _, _ := Map{Values: y}.centred()
	var xx, yy, xy float64
	for i := range cx {
		xx += cx[i] * cx[i]
		yy += cy[i] * cy[i]
		xy += cx[i] * cy[i]
	}
	if xx == 0 || yy == 0 {
		return math.NaN()
	}
	return min(1, max(-1, xy/math.Sqrt(xx*yy)))
}

// Active says which units are active: those whose peak is positive and at least fraction of the
// 95th percentile of the peaks of the population, linearly interpolated. By convention it is 5 %
// for the units of a network, of which ReLU leaves some dead, and 0 for cells, whose rates say
// nothing of each other. peaks is NaN for a unit without visited bins.
func Active(peaks []float64, fraction float64) []bool {
	active := make([]bool, len(peaks))
	known := make([]float64, 0, len(peaks))
	for _, p := range peaks {
		if finite(p) {
			known = append(known, p)
		}
	}
	if len(known) == 0 {
		return active
	}
	slices.Sort(known)
	level := fraction * Quantile(known, 0.95)
	for i, p := range peaks {
		active[i] = finite(p) && p > 0 && p >= level
	}
	return active
}

// Quantile returns the q-quantile of sorted values, at least one, linearly interpolated between
// order statistics: definition 7 of Hyndman and Fan 1996, that of NumPy. gonum's stat.LinInterp is
// definition 4, by which the median of 1, 2, 3 is 1.5.
func Quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Median returns the median of the values. NaN counts as lower than every number: a unit whose
// score is undefined is no grid cell. The result is NaN when there are no values or the median is
// undefined itself.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Clone(values)
	slices.Sort(s) // NaNs first
	return Quantile(s, 0.5)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
