package plot

import (
	"fmt"
	"math"

	"sicgrid/pkg/figure"
)

// Figure6Params says how figure 6 is drawn.
type Figure6Params struct {
	DPI          int     `json:"dpi" range:"[50, 1200]" default:"200" doc:"dots per inch of the PNG"`
	PowerScale   string  `json:"power_scale" range:"linear|log" default:"linear" doc:"linear, or log: three decades"`
	PowerColours string  `json:"power_colours" range:"cyclic|diverging|grey|jet|viridis" default:"viridis" doc:"colour map of the power spectrum"`
	PhaseColours string  `json:"phase_colours" range:"cyclic|diverging|grey|jet|viridis" default:"cyclic" doc:"cyclic colour map of phases"`
	Azimuth      float64 `json:"azimuth_deg" unit:"degrees" range:"[-360, 360]" default:"35" doc:"camera of the embedding's first view"`
	Elevation    float64 `json:"elevation_deg" unit:"degrees" range:"[-90, 90]" default:"40" doc:"above the plane"`
}

// Check returns an error that names the first impossible parameter.
func (p Figure6Params) Check() error {
	if p.PowerScale != "linear" && p.PowerScale != "log" {
		return fmt.Errorf("power_scale: %q, want linear or log", p.PowerScale)
	}
	if !(math.Abs(p.Azimuth) <= 360) {
		return fmt.Errorf("azimuth_deg: %g, want -360 to 360", p.Azimuth)
	}
	if !(math.Abs(p.Elevation) <= 90) {
		return fmt.Errorf("elevation_deg: %g, want -90 to 90", p.Elevation)
	}
	for _, err := range []error{
		checkDPI(p.DPI),
		checkMap("power_colours", p.PowerColours),
		checkMap("phase_colours", p.PhaseColours),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Figure6Data is what figure 6 shows: one network in one box, and one of its
// modules (Module; -1 if it has none, then the spectrum is that of all active units).
type Figure6Data struct {
	BoxM        float64
	Module      int32
	Units       []Unit
	Maps        []RateMap // of all units: where walks came
	Modules     []Module
	Spectra     []Spectrum
	Summary     Summary
	PCA         []Component
	States      []State
	Eigenvalues []Eigenvalue
	Intervals   []Interval
	Topology    Topology
}

type figure6Numbers struct {
	Figure string `json:"figure"`
	BoxM   number `json:"box_m"`
	summaryNumbers
	Modules []moduleNumbers `json:"modules"`
	Module  int32           `json:"module"`
	// Members counts the module's units, or all active units without a module.
	Members int `json:"members"`
	// ModalPeriod and ModalOrientation count the units in the tallest bins of panel a.
	ModalPeriod      int         `json:"modal_period_count"`
	ModalOrientation int         `json:"modal_orientation_count"`
	WaveVectors      [][2]number `json:"wave_vectors_rad_per_m"`
	// PhaseResultant is |mean exp(i phi_a)|: near 0 for uniform phases, 1 for equal ones.
	PhaseResultant []number `json:"phase_resultant"`
	PCAVariance    []number `json:"pca_variance_ratio"`
	Eigenvalues    []number `json:"laplacian_eigenvalues"`
	Betti          []int32  `json:"betti_numbers"` // null where no range of scales has any
	BettiFrom      number   `json:"betti_scale_from"`
	BettiTo        number   `json:"betti_scale_to"`
	States         int      `json:"states"`
	// RingRadius is the median distance of the states from the origin of each ring's plane.
	RingRadius []number `json:"ring_radius_median"`
}

// figure6 is the data of the figure, ready to be drawn.
type figure6 struct {
	Figure6Data
	p        Figure6Params
	module   *Module // nil without a module
	colour   int     // of the module
	units    []Unit  // of the module
	spectrum Spectrum
	bins     int
	power    figure.Map
	phase    figure.Map
	rings    [3][][2]float64 // nil where undefined
}

// DrawFigure6 draws the low-dimensional structure of one module: (a) its mean power
// spectrum, the periods and orientations of the active units, (b) its phases,
// (c) the spectral embedding and the Isomap of the network's states, and the persistence diagram that proves or disproves a
// torus, (d) their three rings.
func DrawFigure6(d Figure6Data, p Figure6Params) ([]File, error) {
	f, err := prepare6(d, p)
	if err != nil {
		return nil, fmt.Errorf("figure-6: %w", err)
	}
	net, err := newNetwork(d.Units, d.Maps)
	if err != nil {
		return nil, fmt.Errorf("figure-6: %w", err)
	}
	page := figure.Page{Title: "Figure 6: low-dimensional structure of one module", Height: 279, DPI: p.DPI}
	paint := f.paint
	if gaps := net.gaps(); gaps != "" {
		page.Height += 5
		paint = func(c *figure.Canvas) {
			f.paint(c)
			c.Text(0, page.Height-0.5, "Box of "+figure.Metres(d.BoxM)+gaps+".", figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
		}
	}
	return files("figure-6", page, paint, f.numbers())
}

func prepare6(d Figure6Data, p Figure6Params) (*figure6, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	f := &figure6{Figure6Data: d, p: p, colour: -1}
	f.power, _ = figure.MapNamed(p.PowerColours)
	f.phase, _ = figure.MapNamed(p.PhaseColours)
	for i := range d.Modules {
		if d.Modules[i].Module == d.Module {
			f.module, f.colour = &d.Modules[i], i
			f.units = members(d.Units, d.Module)
		}
	}
	if f.module == nil {
		f.Figure6Data.Module = -1
	}
	found := false
	for _, s := range d.Spectra {
		if s.Module == f.Module {
			f.spectrum, found = s, true
		}
	}
	if !found {
		return nil, fmt.Errorf("spectrum: no row of module %d", f.Module)
	}
	bins, err := side("power spectrum", len(f.spectrum.Power))
	if err != nil {
		return nil, err
	}
	if !(f.spectrum.Step > 0) {
		return nil, fmt.Errorf("power spectrum: wave number step %g rad/m, want a positive one", f.spectrum.Step)
	}
	f.bins = bins
	f.States = make([]State, len(d.States))
	for i, s := range d.States {
		if s.Embedding, err = orUndefined(s.Embedding, 3); err != nil {
			return nil, fmt.Errorf("state %d: embedding: %w", i, err)
		}
		if s.Isomap, err = orUndefined(s.Isomap, 3); err != nil {
			return nil, fmt.Errorf("state %d: isomap: %w", i, err)
		}
		if s.Rings, err = orUndefined(s.Rings, 6); err != nil {
			return nil, fmt.Errorf("state %d: rings: %w", i, err)
		}
		f.States[i] = s
	}
	f.rings = ringPoints(f.States)
	return f, nil
}

// orUndefined returns n coordinates as they are and none as n NaNs.
func orUndefined(v []float32, n int) ([]float32, error) {
	switch len(v) {
	case n:
		return v, nil
	case 0:
		nan := float32(math.NaN())
		out := make([]float32, n)
		for i := range out {
			out[i] = nan
		}
		return out, nil
	}
	return nil, fmt.Errorf("%d coordinates, want %d", len(v), n)
}

// ringPoints collects the defined points of each ring; a ring without one is nil.
func ringPoints(states []State) (rings [3][][2]float64) {
	for a := range rings {
		for _, s := range states {
			x, y := float64(s.Rings[2*a]), float64(s.Rings[2*a+1])
			if !math.IsNaN(x + y) {
				rings[a] = append(rings[a], [2]float64{x, y})
			}
		}
	}
	return rings
}

func (f *figure6) numbers() figure6Numbers {
	cells := active(f.Units)
	shown := f.units
	if f.module == nil {
		shown = cells
	}
	_, _, periods := f.periodBins(cells)
	_, orientations := figure.Histogram(column(cells, orientation), 0, 60, orientationBins)
	out := figure6Numbers{Figure: "figure-6", BoxM: number(f.BoxM), summaryNumbers: summaryTable(f.Summary),
		Modules: moduleTable(f.Modules), Module: f.Module, Members: len(shown),
		ModalPeriod: modal(periods), ModalOrientation: modal(orientations), States: len(f.States),
		BettiFrom: number(math.NaN()), BettiTo: number(math.NaN()), WaveVectors: [][2]number{}, PCAVariance: []number{}, Eigenvalues: []number{}}
	if b := f.Topology; b.From < b.To {
		out.Betti, out.BettiFrom, out.BettiTo = []int32{b.Betti0, b.Betti1, b.Betti2}, number(b.From), number(b.To)
	}
	if f.module != nil {
		for _, k := range f.module.waveVectors() {
			out.WaveVectors = append(out.WaveVectors, [2]number{number(k[0]), number(k[1])})
		}
	}
	for a := 0; a < 3; a++ {
		out.PhaseResultant = append(out.PhaseResultant, number(resultant(column(f.units, phaseOf[a]))))
		out.RingRadius = append(out.RingRadius, number(ringRadius(f.rings[a])))
	}
	for _, c := range f.PCA {
		out.PCAVariance = append(out.PCAVariance, number(c.Variance))
	}
	for _, e := range f.Eigenvalues {
		out.Eigenvalues = append(out.Eigenvalues, number(e.Value))
	}
	return out
}

// modal returns the tallest bin's count.
func modal(counts []float64) int {
	most := 0.0
	for _, n := range counts {
		most = math.Max(most, n)
	}
	return int(most)
}

// phaseOf are the three phases of a unit.
var phaseOf = [3]func(Unit) float64{
	func(u Unit) float64 { return u.Phi1 },
	func(u Unit) float64 { return u.Phi2 },
	func(u Unit) float64 { return u.Phi3 },
}

// resultant is the length of the mean of exp(i phi) over the defined phases; NaN without one.
func resultant(phases []float64) float64 {
	var x, y, n float64
	for _, p := range phases {
		if !math.IsNaN(p) {
			x, y, n = x+math.Cos(p), y+math.Sin(p), n+1
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return math.Hypot(x, y) / n
}

// ringRadius is the median distance from the origin; NaN for an undefined ring.
func ringRadius(points [][2]float64) float64 {
	r := make([]float64, len(points))
	for i, p := range points {
		r[i] = math.Hypot(p[0], p[1])
	}
	return median(r)
}

// paint lays out the four rows of panels.
func (f *figure6) paint(c *figure.Canvas) {
	c.PanelLetter(0, 0.3, "a")
	f.paintSpectrum(c, figure.Box{X: 11, Y: 6, W: 40, H: 40})
	f.paintPeriods(c, figure.Box{X: 82, Y: 6, W: 40, H: 40})
	f.paintOrientations(c, figure.Box{X: 136, Y: 6, W: 40, H: 40})

	c.PanelLetter(0, 58, "b")
	f.paintPhases(c, 60)

	c.PanelLetter(0, 116, "c")
	spectral := func(s State) []float32 { return s.Embedding }
	f.paintEmbedding(c, figure.Box{X: 3, Y: 121, W: 42, H: 42}, figure.Box{X: 48, Y: 121, W: 42, H: 42}, "spectral embedding", spectral)
	f.paintVariance(c, figure.Box{X: 122, Y: 122, W: 21, H: 38})
	f.paintEigenvalues(c, figure.Box{X: 157, Y: 122, W: 19, H: 38})

	isomap := func(s State) []float32 { return s.Isomap }
	f.paintEmbedding(c, figure.Box{X: 3, Y: 175, W: 42, H: 42}, figure.Box{X: 48, Y: 175, W: 42, H: 42}, "Isomap", isomap)
	f.paintPersistence(c, figure.Box{X: 122, Y: 176, W: 40, H: 40})

	c.PanelLetter(0, 227, "d")
	f.paintRings(c, 232)
}
