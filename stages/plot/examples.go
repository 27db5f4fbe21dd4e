package plot

import (
	"fmt"
	"math"
	"sort"

	"sicgrid/pkg/figure"
)

// measure is what examples are chosen by.
type measure struct {
	name   string
	format string // of a value below a map
	value  func(network, Unit) float64
}

var (
	byGrid        = measure{"grid score", "%s", func(_ network, u Unit) float64 { return u.Score }}
	bySquare      = measure{"90° score", "90°: %s", func(_ network, u Unit) float64 { return u.Square }}
	byInformation = measure{"spatial information", "%s bit", func(n network, u Unit) float64 { return information(n.maps[u.Unit]) }}
)

// choice says in a caption how the examples of several networks were chosen.
const choice = "Examples: active units of highest grid score, one of each module in turn; of square networks, of highest 90° score; where both fail, of most spatial information (bit)."

// examples returns the active units, those first that show best what the network has, and the measure by which they do. If there
// are modules, or of a grid score above the line at least as many units as of such a score90, it is the grid score, and the
// modules take turns before the other units come; of a square network it is score90, and of one that has neither spatial
// information. Ties go to the lower unit, and an undefined value comes last.
func (n network) examples() ([]Unit, measure) {
	units := active(n.units)
	by := chosenBy(units)
	values := make(map[int32]float64, len(units))
	for _, u := range units {
		values[u.Unit] = by.value(n, u)
	}
	sort.SliceStable(units, func(i, j int) bool {
		a, b := values[units[i].Unit], values[units[j].Unit]
		if math.IsNaN(a) || math.IsNaN(b) {
			return !math.IsNaN(a) && math.IsNaN(b)
		}
		return a > b
	})
	turn, taken := make(map[int32]int, len(units)), map[int32]int{}
	for _, u := range units {
		turn[u.Unit] = len(units) // after those of modules
		if u.Module >= 0 {
			turn[u.Unit] = taken[u.Module]
			taken[u.Module]++
		}
	}
	sort.SliceStable(units, func(i, j int) bool { return turn[units[i].Unit] < turn[units[j].Unit] })
	return units, by
}

func chosenBy(units []Unit) measure {
	grids, squares := 0, 0
	for _, u := range units {
		if u.Module >= 0 {
			return byGrid
		}
		if u.Score > scoreLine {
			grids++
		}
		if u.Square > scoreLine {
			squares++
		}
	}
	switch {
	case grids > 0 && grids >= squares:
		return byGrid
	case squares > 0:
		return bySquare
	}
	return byInformation
}

// label writes a unit's value.
func (m measure) label(n network, u Unit) string {
	return fmt.Sprintf(m.format, figure.Number(m.value(n, u), 2))
}

// information is what activity tells of the place (bits; Skaggs et al. 1993) were all visited bins visited equally: the mean over
// them of r log2 r, where r is the rate over the mean rate. NaN where nothing fires.
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
