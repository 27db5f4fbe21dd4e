package plot

import (
	"fmt"
	"math"
	"sort"

	"sicgrid/pkg/figure"
)

// The columns that the figures read; the stages that write them say what they mean.

// Unit is a row of the spectra stage's "units". Lengths in m, angles in degrees,
// phases in rad; NaN where undefined. Module is -1 outside modules.
type Unit struct {
	Unit        int32   `col:"unit"`
	Active      bool    `col:"active"`
	Peak        float64 `col:"peak"`
	Score       float64 `col:"grid_expanding"`
	Square      float64 `col:"score90"`
	Period      float64 `col:"period_m"`
	Orientation float64 `col:"orientation_deg"`
	Module      int32   `col:"module"`
	Phi1        float64 `col:"phi1"`
	Phi2        float64 `col:"phi2"`
	Phi3        float64 `col:"phi3"`
}

// Module is a row of "modules"; wave vectors in rad/m.
type Module struct {
	Module       int32   `col:"module"`
	N            int32   `col:"n"`
	Period       float64 `col:"period_m"`
	Orientation  float64 `col:"orientation_deg"`
	K1X          float64 `col:"k1x"`
	K1Y          float64 `col:"k1y"`
	K2X          float64 `col:"k2x"`
	K2Y          float64 `col:"k2y"`
	K3X          float64 `col:"k3x"`
	K3Y          float64 `col:"k3y"`
	Score        float64 `col:"grid_expanding_median"`
	Corrected    float64 `col:"grid_corrected_median"`
	EllipseRatio float64 `col:"ellipse_ratio_median"`
	PeriodsInBox float64 `col:"periods_in_box"`
	Hexagonal    bool    `col:"hexagonal"`
}

// waveVectors returns k1, k2, k3 in rad/m.
func (m Module) waveVectors() [3][2]float64 {
	return [3][2]float64{{m.K1X, m.K1Y}, {m.K2X, m.K2Y}, {m.K3X, m.K3Y}}
}

// Summary is the one row of "summary".
type Summary struct {
	Units     int32   `col:"units"`
	Active    int32   `col:"active"`
	Dead      int32   `col:"dead"`
	Score     float64 `col:"grid_expanding_median"`
	AboveLine float64 `col:"above_0_3"`
	InModules float64 `col:"in_modules"`
	Explained float64 `col:"explained"`
	Modules   int32   `col:"modules"`
}

// RateMap is a row of the ratemaps stage's "maps": rates on a square of bins, row 0
// lowest y, NaN unvisited.
type RateMap struct {
	Unit int32     `col:"unit"`
	Mean []float32 `col:"mean"`
}

// Autocorrelogram is a row of "autocorrelograms": correlations over all lags of a
// square map, zero lag in the middle, NaN where too few bins overlap.
type Autocorrelogram struct {
	Unit   int32     `col:"unit"`
	Values []float32 `col:"values"`
}

// Spectrum is a row of "spectrum": the mean power of a module's maps (module -1: of
// all active units) on a square of wave vectors, zero in the middle at n/2, and
// their step in rad/m.
type Spectrum struct {
	Module int32     `col:"module"`
	Power  []float64 `col:"power"`
	Step   float64   `col:"wavenumber_step"`
}

// Component is a row of the embed stage's "pca".
type Component struct {
	Component int32   `col:"component"`
	Variance  float64 `col:"variance_ratio"`
}

// State is a row of "points": where the network was (m), its place in the spectral
// embedding [3] and on the module's three rings [3,2]; empty or NaN where undefined.
type State struct {
	X         float32   `col:"x"`
	Y         float32   `col:"y"`
	Embedding []float32 `col:"embedding"`
	Isomap    []float32 `col:"isomap"`
	Rings     []float32 `col:"rings"`
}

// Eigenvalue is a row of "eigenvalues": of the normalised graph Laplacian, ascending.
type Eigenvalue struct {
	Index int32   `col:"index"`
	Value float64 `col:"value"`
}

// Interval is a row of "intervals": a class of the persistent cohomology of the states.
type Interval struct {
	Dimension int32   `col:"dimension"`
	Birth     float64 `col:"birth"`
	Death     float64 `col:"death"`
}

// Topology is the one row of "topology": Betti numbers, the range of scales over which they hold (NaN: none) and the scale
// from which the complex is a cone.
type Topology struct {
	Betti0    int32   `col:"betti0"`
	Betti1    int32   `col:"betti1"`
	Betti2    int32   `col:"betti2"`
	From      float64 `col:"scale_from"`
	To        float64 `col:"scale_to"`
	Cone      float64 `col:"cone"`
	Landmarks int32   `col:"landmarks"`
	Isomap    float64 `col:"isomap_residual"`
}

// side returns the side of a square table of n values, or an error that names it.
func side(what string, n int) (int, error) {
	s := int(math.Round(math.Sqrt(float64(n))))
	if n == 0 || s*s != n {
		return 0, fmt.Errorf("%s: %d values are not a square of bins", what, n)
	}
	return s, nil
}

// network is one trained network as seen in one box: what several figures share.
type network struct {
	units []Unit
	bins  int
	maps  map[int32][]float32 // by unit
}

// newNetwork orders the units by number and checks that every unit has a map of one size.
func newNetwork(units []Unit, maps []RateMap) (network, error) {
	n := network{units: append([]Unit(nil), units...), maps: make(map[int32][]float32, len(maps))}
	sort.SliceStable(n.units, func(i, j int) bool { return n.units[i].Unit < n.units[j].Unit })
	for _, m := range maps {
		bins, err := side(fmt.Sprintf("ratemap of unit %d", m.Unit), len(m.Mean))
		if err != nil {
			return network{}, err
		}
		if n.bins != 0 && bins != n.bins {
			return network{}, fmt.Errorf("ratemap of unit %d: %d bins a side, others have %d", m.Unit, bins, n.bins)
		}
		n.bins, n.maps[m.Unit] = bins, m.Mean
	}
	for _, u := range n.units {
		if n.maps[u.Unit] == nil {
			return network{}, fmt.Errorf("unit %d: no ratemap", u.Unit)
		}
	}
	return n, nil
}

// unvisited returns the share of the box that no walk came to; all units were on the same walks.
func (n network) unvisited() float64 {
	if len(n.units) == 0 {
		return 0
	}
	rates, empty := n.maps[n.units[0].Unit], 0
	for _, v := range rates {
		if v != v {
			empty++
		}
	}
	return float64(empty) / float64(len(rates))
}

// uncovered is the share of the box from which on a figure says that its walks left it unvisited.
const uncovered = 0.05

// gaps says so, to be put behind the size of the box; it is empty where the walks cover the box.
func (n network) gaps() string {
	if share := n.unvisited(); share > uncovered {
		return fmt.Sprintf("; no walk came to %s of it", figure.Percent(share, 0))
	}
	return ""
}

// dead reports whether the unit never fires.
func (u Unit) dead() bool { return !(u.Peak > 0) }

// active returns the active units.
func active(units []Unit) []Unit {
	var out []Unit
	for _, u := range units {
		if u.Active {
			out = append(out, u)
		}
	}
	return out
}

// members returns the units of the module.
func members(units []Unit, module int32) []Unit {
	var out []Unit
	for _, u := range units {
		if u.Module == module {
			out = append(out, u)
		}
	}
	return out
}

// column collects one value of each unit.
func column(units []Unit, value func(Unit) float64) []float64 {
	out := make([]float64, len(units))
	for i, u := range units {
		out[i] = value(u)
	}
	return out
}

func score(u Unit) float64       { return u.Score }
func period(u Unit) float64      { return u.Period }
func orientation(u Unit) float64 { return u.Orientation }

// byModule splits units into those of each module, in the order given, and those of none.
func byModule(units []Unit, modules []Module) (groups [][]Unit, none []Unit) {
	groups = make([][]Unit, len(modules))
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

// moduleNumbers is a module in numbers.json.
type moduleNumbers struct {
	Module       int32  `json:"module"`
	N            int32  `json:"n"`
	Period       number `json:"period_m"`
	Orientation  number `json:"orientation_deg"`
	Score        number `json:"grid_expanding_median"`
	Corrected    number `json:"grid_corrected_median"`
	EllipseRatio number `json:"ellipse_ratio_median"`
	PeriodsInBox number `json:"periods_in_box"`
	Hexagonal    bool   `json:"hexagonal"`
}

func moduleTable(modules []Module) []moduleNumbers {
	out := make([]moduleNumbers, len(modules))
	for i, m := range modules {
		out[i] = moduleNumbers{m.Module, m.N, number(m.Period), number(m.Orientation), number(m.Score),
			number(m.Corrected), number(m.EllipseRatio), number(m.PeriodsInBox), m.Hexagonal}
	}
	return out
}

// summaryNumbers is a network in numbers.json.
type summaryNumbers struct {
	Units     int32  `json:"units"`
	Active    int32  `json:"active"`
	Dead      int32  `json:"dead"`
	Score     number `json:"grid_expanding_median"`
	AboveLine number `json:"above_0_3"`
	InModules number `json:"in_modules"`
	Explained number `json:"explained"`
}

func summaryTable(s Summary) summaryNumbers {
	return summaryNumbers{s.Units, s.Active, s.Dead, number(s.Score), number(s.AboveLine), number(s.InModules), number(s.Explained)}
}
