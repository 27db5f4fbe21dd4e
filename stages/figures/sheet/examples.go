package sheet

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/stages/spectra/spectratable"
)

// Measure is what examples are chosen by.
type Measure struct {
	Name   string
	format string // of a value below a map
	value  func(Network, spectratable.Unit) float64
}

var (
	ByGrid        = Measure{"grid score", "%s", func(_ Network, u spectratable.Unit) float64 { return u.Score }}
	bySquare      = Measure{"90° score", "90°: %s", func(_ Network, u spectratable.Unit) float64 { return u.Square }}
	byInformation = Measure{"spatial information", "%s bit", func(n Network, u spectratable.Unit) float64 { return information(n.Maps[u.Unit]) }}
)

// Choice says in a caption how the examples of several networks were chosen.
const Choice = "Examples: active units of highest grid score, one of each module in turn; of square networks, of highest 90° score; where both fail, of most spatial information (bit)."

// Examples returns the active units, those first that show best what the network has, and the
// measure by which they do. If there are modules, or of a grid score above the line at least as
// many units as of such a square score, it is the grid score, and the modules take turns before the
// other units come; of a square network it is square score, and of one that has neither spatial
// information. Ties go to the lower unit, and an undefined value comes last.
func (n Network) Examples() ([]spectratable.Unit, Measure) {
	units := Active(n.Units)
	by := chosenBy(units)
	values := make(map[int32]float64, len(units))
	for _, u := range units {
		values[u.Unit] = by.value(n, u)
	}
	slices.SortStableFunc(units, func(u, v spectratable.Unit) int { return cmp.Compare(values[v.Unit], values[u.Unit]) })
	turn, taken := make(map[int32]int, len(units)), map[int32]int{}
	for _, u := range units {
		turn[u.Unit] = len(units) // after those of modules
		if u.Module >= 0 {
			turn[u.Unit] = taken[u.Module]
			taken[u.Module]++
		}
	}
	slices.SortStableFunc(units, func(u, v spectratable.Unit) int { return cmp.Compare(turn[u.Unit], turn[v.Unit]) })
	return units, by
}

func chosenBy(units []spectratable.Unit) Measure {
	grids, squares := 0, 0
	for _, u := range units {
		if u.Module >= 0 {
			return ByGrid
		}
		if u.Score > ScoreLine {
			grids++
		}
		if u.Square > ScoreLine {
			squares++
		}
	}
	switch {
	case grids > 0 && grids >= squares:
		return ByGrid
	case squares > 0:
		return bySquare
	}
	return byInformation
}

// Label writes a unit's value.
func (m Measure) Label(n Network, u spectratable.Unit) string {
	return fmt.Sprintf(m.format, figure.Number(m.value(n, u), 2))
}

// information is what activity tells of the place (bits; Skaggs et al. 1993) were all visited bins
// visited equally: the mean over them of r log2 r, where r is the rate over the mean rate. NaN
// where nothing fires.
func information(rates []float32) float64 {
	var sum, bits float64
	n := 0
	for _, v := range rates {
		if v == v {
			sum += float64(v)
			n++
		}
	}
	if !(sum > 0) {
		return math.NaN()
	}
	for _, v := range rates {
		if r := float64(v) * float64(n) / sum; r > 0 {
			bits += r * math.Log2(r)
		}
	}
	return bits / float64(n)
}
