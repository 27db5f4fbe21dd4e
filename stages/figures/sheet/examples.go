package sheet

import (
	"cmp"
	"fmt"
	"maps"
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
const Choice = "Examples are typical: of the half of a module's units that lie nearest its median grid score, those whose phases lie farthest apart, the modules in turn. " +
	"Without a module they lie nearest the median grid score, of square networks the median 90° score; where both fail, the median spatial information (bit)."

// Typical orders units as examples of their kind. First comes the one nearest the median, then of
// the half of the units nearest to it, one after the other, that whose phases lie farthest from
// those before; then the other half by how near they come. Ties go to the lower unit, and an
// undefined value comes last.
func Typical(units []spectratable.Unit, value func(spectratable.Unit) float64) []spectratable.Unit {
	median := Median(Column(units, value))
	off := func(u spectratable.Unit) float64 {
		if d := math.Abs(value(u) - median); !math.IsNaN(d) {
			return d
		}
		return math.Inf(1)
	}
	left := slices.Clone(units)
	slices.SortStableFunc(left, func(u, v spectratable.Unit) int {
		return cmp.Or(cmp.Compare(off(u), off(v)), cmp.Compare(u.Unit, v.Unit))
	})
	near := (len(left) + 1) / 2
	var out []spectratable.Unit
	for range near {
		best, farthest := 0, math.Inf(-1)
		for i, u := range left[:near-len(out)] {
			nearest := math.Inf(1)
			for _, v := range out {
				nearest = math.Min(nearest, phaseDistance(u, v))
			}
			if nearest > farthest {
				best, farthest = i, nearest
			}
		}
		out = append(out, left[best])
		left = slices.Delete(left, best, best+1)
	}
	return append(out, left...)
}

// phaseDistance is the sum over the three phases of 1 - cos of their difference; 0 where a phase is
// undefined.
func phaseDistance(u, v spectratable.Unit) float64 {
	d := 3 - math.Cos(u.Phi1-v.Phi1) - math.Cos(u.Phi2-v.Phi2) - math.Cos(u.Phi3-v.Phi3)
	if math.IsNaN(d) {
		return 0
	}
	return d
}

// Examples returns the active units, typical ones first, and the measure by which they are. If
// there are modules, or of a grid score above the line at least as many units as of such a square
// score, it is the grid score, and the modules take turns before the other units come; of a square
// network it is square score, and of one that has neither spatial information.
func (n Network) Examples() ([]spectratable.Unit, Measure) {
	units := Active(n.Units)
	by := chosenBy(units)
	byModule := map[int32][]spectratable.Unit{}
	for _, u := range units {
		byModule[u.Module] = append(byModule[u.Module], u)
	}
	var out []spectratable.Unit
	of := make(map[int32][]spectratable.Unit, len(byModule)) // in order
	longest := 0
	for m, members := range byModule {
		of[m] = Typical(members, func(u spectratable.Unit) float64 { return by.value(n, u) })
		if m >= 0 {
			longest = max(longest, len(members))
		}
	}
	modules := slices.Sorted(maps.Keys(of))
	for turn := range longest {
		for _, m := range modules {
			if m >= 0 && turn < len(of[m]) {
				out = append(out, of[m][turn])
			}
		}
	}
	return append(out, of[-1]...), by
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
