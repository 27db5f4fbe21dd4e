package figure

import (
	"math"
	"strconv"
	"strings"
)

// Tick is a mark on an axis and its label.
type Tick struct {
	At    float64
	Label string
}

// Ticks returns about n marks at multiples of 1, 2 or 5 times a power of ten within [lo, hi]; none
// if the range is empty or not finite.
func Ticks(lo, hi float64, n int) []Tick {
	if !(hi > lo) || math.IsInf(hi-lo, 0) || n < 1 {
		return nil
	}
	step := niceBelow((hi - lo) / float64(n) * 1.4)
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var ticks []Tick
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+1e-9*step; i++ {
		ticks = append(ticks, Tick{i * step, Number(i*step, decimals)})
	}
	return ticks
}

// NiceLength returns the greatest 1, 2 or 5 times a power of ten that is not above a third of the
// length: what a scale bar shows. 0 if the length is not positive.
func NiceLength(length float64) float64 {
	if !(length > 0) || math.IsInf(length, 0) {
		return 0
	}
	return niceBelow(length / 3)
}

// niceBelow returns the greatest 1, 2 or 5 times a power of ten not above v > 0.
func niceBelow(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)+1e-9))
	for _, m := range []float64{5, 2} {
		if m*power <= v*(1+1e-9) {
			return m * power
		}
	}
	return power
}

// Number writes v with so many decimals and a true minus sign; NaN as a dash.
func Number(v float64, decimals int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if digits, negative := strings.CutPrefix(s, "-"); negative {
		if strings.Trim(digits, "0.") == "" {
			return digits // no minus zero
		}
		return "−" + digits
	}
	return s
}

// Metres writes a length with as few decimals as it needs, up to two: "0.5 m".
func Metres(v float64) string {
	for d := 0; d < 2; d++ {
		p := math.Pow(10, float64(d))
		if math.Abs(v*p-math.Round(v*p)) < 1e-6 {
			return Number(v, d) + " m"
		}
	}
	return Number(v, 2) + " m"
}

// Length writes a length that was found with two decimals: "0.83 m"; NaN as a dash.
func Length(v float64) string { return withUnit(v, 2, " m") }

// Percent writes a share as a percentage: "42 %"; NaN as a dash.
func Percent(share float64, decimals int) string { return withUnit(100*share, decimals, " %") }

func withUnit(v float64, decimals int, unit string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return Number(v, decimals)
	}
	return Number(v, decimals) + unit
}
