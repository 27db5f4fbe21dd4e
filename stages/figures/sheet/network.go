package sheet

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Defined returns the values that are not NaN, ascending.
func Defined(values []float64) []float64 {
	return slices.DeleteFunc(slices.Sorted(slices.Values(values)), math.IsNaN)
}

// Median of the values that are not NaN; NaN without one.
func Median(values []float64) float64 {
	kept := Defined(values)
	n := len(kept)
	if n == 0 {
		return math.NaN()
	}
	return (kept[(n-1)/2] + kept[n/2]) / 2
}

// Side returns the side of a square table of n values, or an error that names it.
func Side(what string, n int) (int, error) {
	s := int(math.Round(math.Sqrt(float64(n))))
	if n == 0 || s*s != n {
		return 0, fmt.Errorf("%s: %d values are not a square of bins", what, n)
	}
	return s, nil
}

// Network is one trained network as seen in one box: what several figures share.
type Network struct {
	Units []spectratable.Unit
	Bins  int
	Maps  map[int32][]float32 // by unit
}

// NewNetwork orders the units by number and checks that every unit has a map of one size.
func NewNetwork(units []spectratable.Unit, maps []ratemapstable.Map) (Network, error) {
	byNumber := func(u, v spectratable.Unit) int { return cmp.Compare(u.Unit, v.Unit) }
	n := Network{Units: slices.SortedStableFunc(slices.Values(units), byNumber), Maps: make(map[int32][]float32, len(maps))}
	for _, m := range maps {
		bins, err := Side(fmt.Sprintf("ratemap of unit %d", m.Unit), len(m.Mean))
		if err != nil {
			return Network{}, err
		}
		if n.Bins != 0 && bins != n.Bins {
			return Network{}, fmt.Errorf("ratemap of unit %d: %d bins a side, others have %d", m.Unit, bins, n.Bins)
		}
		n.Bins, n.Maps[m.Unit] = bins, m.Mean
	}
	for _, u := range n.Units {
		if n.Maps[u.Unit] == nil {
			return Network{}, fmt.Errorf("unit %d: no ratemap", u.Unit)
		}
	}
	return n, nil
}

// Unvisited returns the share of the box that no walk came to; all units were on the same walks.
func (n Network) Unvisited() float64 {
	if len(n.Units) == 0 {
		return 0
	}
	rates, empty := n.Maps[n.Units[0].Unit], 0
	for _, v := range rates {
		if v != v {
			empty++
		}
	}
	return float64(empty) / float64(len(rates))
}

// Uncovered is the share of the box from which on a figure says that its walks left it unvisited.
const Uncovered = 0.05

// Gaps says so, to be put behind the size of the box; it is empty where the walks cover the box.
func (n Network) Gaps() string {
	if share := n.Unvisited(); share > Uncovered {
		return fmt.Sprintf("; no walk came to %s of it", figure.Percent(share, 0))
	}
	return ""
}

// Active returns the active units.
func Active(units []spectratable.Unit) []spectratable.Unit {
	return slices.DeleteFunc(slices.Clone(units), func(u spectratable.Unit) bool { return !u.Active })
}

// Silent reports whether the unit never fires.
func Silent(u spectratable.Unit) bool { return !(u.Peak > 0) }

// Members returns the units of the module.
func Members(units []spectratable.Unit, module int32) []spectratable.Unit {
	return slices.DeleteFunc(slices.Clone(units), func(u spectratable.Unit) bool { return u.Module != module })
}

// Column collects one value of each unit.
func Column(units []spectratable.Unit, value func(spectratable.Unit) float64) []float64 {
	out := make([]float64, len(units))
	for i, u := range units {
		out[i] = value(u)
	}
	return out
}

func Score(u spectratable.Unit) float64 { return u.Score }

func Period(u spectratable.Unit) float64 { return u.Period }

func Orientation(u spectratable.Unit) float64 { return u.Orientation }

// ByModule splits units into those of each module, in the order given, and those of none.
func ByModule(units []spectratable.Unit, modules []spectratable.Module) (groups [][]spectratable.Unit, none []spectratable.Unit) {
	groups = make([][]spectratable.Unit, len(modules))
	place := make(map[int32]int, len(modules))
	for i, m := range modules {
		place[m.Module] = i
	}
	for _, u := range units {
		if i, ok := place[u.Module]; ok {
			groups[i] = append(groups[i], u)
		} else {
			none = append(none, u)
		}
	}
	return groups, none
}

// ModuleNumbers is a module in numbers.json.
type ModuleNumbers struct {
	Module       int32  `json:"module"`
	N            int32  `json:"n"`
	Period       Number `json:"period_m"`
	Orientation  Number `json:"orientation_deg"`
	Score        Number `json:"grid_expanding_median"`
	Corrected    Number `json:"grid_corrected_median"`
	EllipseRatio Number `json:"ellipse_ratio_median"`
	PeriodsInBox Number `json:"periods_in_box"`
	Hexagonal    bool   `json:"hexagonal"`
}

func ModuleTable(modules []spectratable.Module) []ModuleNumbers {
	out := make([]ModuleNumbers, len(modules))
	for i, m := range modules {
		out[i] = ModuleNumbers{m.Module, m.N, Number(m.Period), Number(m.Orientation), Number(m.Score),
			Number(m.Corrected), Number(m.EllipseRatio), Number(m.PeriodsInBox), m.Hexagonal}
	}
	return out
}

// SummaryNumbers is a network in numbers.json.
type SummaryNumbers struct {
	Units     int32  `json:"units"`
	Active    int32  `json:"active"`
	Inactive  int32  `json:"inactive"`
	Score     Number `json:"grid_expanding_median"`
	AboveLine Number `json:"above_0_3"`
	InModules Number `json:"in_modules"`
	Explained Number `json:"explained"`
}

func SummaryTable(s spectratable.Summary) SummaryNumbers {
	return SummaryNumbers{s.Units, s.Active, s.Units - s.Active, Number(s.Score), Number(s.Above), Number(s.InModules), Number(s.Explained)}
}
