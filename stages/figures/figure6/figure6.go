// Package figure6 draws the low-dimensional structure of one module: spectrum, phases,
// embeddings, persistence diagram, rings.
package figure6

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/embed/embedtable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Look says how figure 6 is drawn.
type Look struct {
	sheet.Params
	PowerScale   string        `json:"power_scale" range:"linear|log" default:"linear" doc:"linear, or log: three decades"`
	PowerColours sheet.Colours `json:"power_colours" default:"viridis" doc:"colour map of the power spectrum"`
	PhaseColours sheet.Colours `json:"phase_colours" default:"cyclic" doc:"cyclic colour map of phases"`
	Azimuth      float64       `json:"azimuth_deg" unit:"degrees" range:"[-360, 360]" default:"35" doc:"camera of the embedding's first view"`
	Elevation    float64       `json:"elevation_deg" unit:"degrees" range:"[-90, 90]" default:"40" doc:"above the plane"`
}

// Params are that look and what the network is called.
type Params struct {
	Look
	Network string `json:"network"`
}

// Data is what figure 6 shows: one network in one box, and one of its
// modules (Module; -1 if it has none, then the spectrum is that of all active units).
type Data struct {
	BoxM        float64
	Module      int32
	Units       []spectratable.Unit
	Maps        []ratemapstable.Map // of all units: where walks came
	Modules     []spectratable.Module
	Spectra     []spectratable.Spectrum
	Summary     spectratable.Summary
	PCA         []embedtable.Component
	States      []embedtable.Point
	Eigenvalues []embedtable.Eigenvalue
	Intervals   []embedtable.Interval
	Topology    embedtable.Topology
}

type shownNumbers struct {
	Figure string       `json:"figure"`
	BoxM   sheet.Number `json:"box_m"`
	sheet.SummaryNumbers
	Modules []sheet.ModuleNumbers `json:"modules"`
	Module  int32                 `json:"module"`
	// Members counts the module's units, or all active units without a module.
	Members int `json:"members"`
	// ModalPeriod and ModalOrientation count the units in the tallest bins of panel a.
	ModalPeriod      int               `json:"modal_period_count"`
	ModalOrientation int               `json:"modal_orientation_count"`
	WaveVectors      [][2]sheet.Number `json:"wave_vectors_rad_per_m"`
	// Rayleigh and Uniform are the p of the tests of the phases along each wave vector and of all.
	Rayleigh []sheet.Number `json:"rayleigh_p"`
	Uniform  sheet.Number   `json:"uniform_p"`
	// PhaseResultant is |mean exp(i phi_a)|: near 0 for uniform phases, 1 for equal ones.
	PhaseResultant []sheet.Number `json:"phase_resultant"`
	PCAVariance    []sheet.Number `json:"pca_variance_ratio"`
	Eigenvalues    []sheet.Number `json:"laplacian_eigenvalues"`
	Betti          []int32        `json:"betti_numbers"` // null if undetermined
	BettiFrom      sheet.Number   `json:"betti_scale_from"`
	BettiTo        sheet.Number   `json:"betti_scale_to"`
	States         int            `json:"states"`
	// RingRadius is the median distance of the states from the origin of each ring's plane.
	RingRadius []sheet.Number `json:"ring_radius_median"`
}

// drawing is the data of the figure, ready to be drawn.
type drawing struct {
	Data
	p        Params
	module   *spectratable.Module // nil without a module
	colour   int                  // of the module
	units    []spectratable.Unit  // of the module
	spectrum spectratable.Spectrum
	bins     int
	power    figure.Map
	phase    figure.Map
	rings    [3][][2]float64 // nil where undefined
}

// Run reads maps, units, modules, spectrum and summary of one network in one box, and pca, points,
// eigenvalues, intervals and topology of its embedding, whose metadata names the module, and emits
// figure 6.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	d := Data{
		Units:       sheet.Read[spectratable.Unit](&r, "units"),
		Modules:     sheet.Read[spectratable.Module](&r, "modules"),
		Spectra:     sheet.Read[spectratable.Spectrum](&r, "spectrum"),
		Summary:     sheet.One[spectratable.Summary](&r, "summary"),
		PCA:         sheet.Read[embedtable.Component](&r, "pca"),
		Eigenvalues: sheet.Read[embedtable.Eigenvalue](&r, "eigenvalues"),
		Maps:        sheet.Read[ratemapstable.Map](&r, "maps"),
		Intervals:   sheet.Read[embedtable.Interval](&r, "intervals"),
		Topology:    sheet.One[embedtable.Topology](&r, "topology"),
		States:      sheet.Read[embedtable.Point](&r, "points"),
		Module:      -1,
	}
	if r.Err == nil {
		// The last table read was the embedding's points.
		module, err := strconv.ParseInt(r.Meta("points")["module"], 10, 32)
		if err != nil {
			return fmt.Errorf("input \"points\": metadata module %q is not a number", r.Meta("points")["module"])
		}
		d.Module = int32(module)
	}
	d.BoxM = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws the low-dimensional structure of one module: (a) its mean power spectrum, the periods
// and orientations of the active units, (b) its phases, (c) the spectral embedding and the Isomap
// of the network's states, and the persistence diagram that proves or disproves a torus, (d) their
// three rings.
func Draw(d Data, p Params) ([]sheet.File, error) {
	f, err := prepare(d, p)
	if err != nil {
		return nil, fmt.Errorf("figure-6: %w", err)
	}
	net, err := sheet.NewNetwork(d.Units, d.Maps)
	if err != nil {
		return nil, fmt.Errorf("figure-6: %w", err)
	}
	page := figure.Page{Height: 282, DPI: int(p.DPI)}
	paint := f.paint
	if gaps := net.Gaps(); gaps != "" {
		page.Height += 5
		paint = func(c *figure.Canvas) {
			f.paint(c)
			c.Text(0, page.Height-0.5, "Box of "+figure.Metres(d.BoxM)+gaps+".", figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
		}
	}
	return sheet.Render("figure-6", page, paint, f.numbers(), f.caption())
}

func (f *drawing) caption() sheet.Caption {
	whose := "no module was found, so that all its active units are shown"
	if f.module != nil {
		whose = fmt.Sprintf("module %d of %d, of %d units and a period of %s, is shown", f.Module+1, len(f.Modules), len(f.units), figure.Length(f.module.Period))
	}
	shape := fmt.Sprintf("The Betti numbers are undetermined: no class outlives those of %d controls over a common range of scales", f.Topology.Controls)
	if b := f.Topology; b.From < b.To {
		shape = fmt.Sprintf("The classes that outlive those of %d controls give Betti numbers %d, %d, %d (a torus has 1, 2, 1) between the scales at the dashes", b.Controls, b.Betti0, b.Betti1, b.Betti2)
	}
	rings := ""
	if f.module != nil {
		lo, hi := radiiOf(len(f.units))
		rings = fmt.Sprintf(". The paper's radii are %s to %s with %d units; they grow as the root of the number of units, and are %s to %s with %d",
			figure.Number(paperRadii[0], 1), figure.Number(paperRadii[1], 1), paperUnits, figure.Number(lo, 1), figure.Number(hi, 1), len(f.units))
	}
	return sheet.Caption{
		Title: "Figure 6: low-dimensional structure of one module",
		Lead:  fmt.Sprintf("The network: %s, in a box of %s; %s", f.p.Network, figure.Metres(f.BoxM), whose),
		Panels: []sheet.Panel{
			{Panel: "a", Shows: fmt.Sprintf("Mean power spectrum of the units' ratemaps, with the wave vectors k_1, k_2 and k_3 of the lattice; periods and orientations of all active units (in the paper %d and %d of %d units are in the tallest bin)", paperModalPeriods, paperModalOrientations, paperUnits), Tables: []string{"spectrum", "units", "modules"}},
			{Panel: "b", Shows: "Phases of the units along the three wave vectors, one by one (histograms; dashes: the mean count, as of even phases; p of a Rayleigh test: the chance of phases as uneven if they are uniform) and in pairs; right: the same as offsets in the unit cell, with the p of a test of all three", Tables: []string{"units", "modules"}},
			{Panel: "c", Shows: "The network's states. Above: their spectral embedding from two sides, coloured by the phase of the place where they are; variance of the principal components (bars) and its sum; lowest eigenvalues of the graph Laplacian. Below: Isomap likewise; persistence diagram of the states' Rips complex, a dot a class; a loop or void above the curve of its colour lives longer than any of the controls. " + shape,
				Tables: []string{"points", "pca", "eigenvalues", "intervals", "topology"}},
			{Panel: "d", Shows: "The states along each wave vector: sums over the module's units of their activity times the cosine and the sine of their phase, coloured by the phase of the place" + rings, Tables: []string{"points"}},
		},
	}
}

func prepare(d Data, p Params) (*drawing, error) {
	f := &drawing{Data: d, p: p, colour: -1}
	f.power = p.PowerColours.Map()
	f.phase = p.PhaseColours.Map()
	for i := range d.Modules {
		if d.Modules[i].Module == d.Module {
			f.module, f.colour = &d.Modules[i], i
			f.units = sheet.Members(d.Units, d.Module)
		}
	}
	if f.module == nil {
		f.Data.Module = -1
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
	bins, err := sheet.Side("power spectrum", len(f.spectrum.Power))
	if err != nil {
		return nil, err
	}
	if !(f.spectrum.Step > 0) {
		return nil, fmt.Errorf("power spectrum: wave number step %g rad/m, want a positive one", f.spectrum.Step)
	}
	f.bins = bins
	f.States = make([]embedtable.Point, len(d.States))
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
func ringPoints(states []embedtable.Point) (rings [3][][2]float64) {
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

func (f *drawing) numbers() shownNumbers {
	cells := sheet.Active(f.Units)
	shown := f.units
	if f.module == nil {
		shown = cells
	}
	_, _, periods := f.periodBins(cells)
	_, orientations := figure.Histogram(sheet.Column(cells, sheet.Orientation), 0, 60, orientationBins)
	out := shownNumbers{Figure: "figure-6", BoxM: sheet.Number(f.BoxM), SummaryNumbers: sheet.SummaryTable(f.Summary),
		Modules: sheet.ModuleTable(f.Modules), Module: f.Module, Members: len(shown),
		ModalPeriod: modal(periods), ModalOrientation: modal(orientations), States: len(f.States),
		BettiFrom: sheet.Number(math.NaN()), BettiTo: sheet.Number(math.NaN()), WaveVectors: [][2]sheet.Number{}, PCAVariance: []sheet.Number{}, Eigenvalues: []sheet.Number{}}
	if b := f.Topology; b.From < b.To {
		out.Betti, out.BettiFrom, out.BettiTo = []int32{b.Betti0, b.Betti1, b.Betti2}, sheet.Number(b.From), sheet.Number(b.To)
	}
	out.Uniform, out.Rayleigh = sheet.Number(math.NaN()), []sheet.Number{}
	if f.module != nil {
		rayleigh := f.rayleigh()
		out.Uniform, out.Rayleigh = sheet.Number(f.module.Uniform), sheet.Numbers(rayleigh[:])
		for _, k := range sheet.WaveVectors(*f.module) {
			out.WaveVectors = append(out.WaveVectors, [2]sheet.Number{sheet.Number(k[0]), sheet.Number(k[1])})
		}
	}
	for a := 0; a < 3; a++ {
		out.PhaseResultant = append(out.PhaseResultant, sheet.Number(resultant(sheet.Column(f.units, phaseOf[a]))))
		out.RingRadius = append(out.RingRadius, sheet.Number(ringRadius(f.rings[a])))
	}
	for _, c := range f.PCA {
		out.PCAVariance = append(out.PCAVariance, sheet.Number(c.VarianceRatio))
	}
	for _, e := range f.Eigenvalues {
		out.Eigenvalues = append(out.Eigenvalues, sheet.Number(e.Value))
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
var phaseOf = [3]func(spectratable.Unit) float64{
	func(u spectratable.Unit) float64 { return u.Phi1 },
	func(u spectratable.Unit) float64 { return u.Phi2 },
	func(u spectratable.Unit) float64 { return u.Phi3 },
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
	return sheet.Median(r)
}

// paint lays out the four rows of panels.
func (f *drawing) paint(c *figure.Canvas) {
	c.PanelLetter(0, 0.3, "a")
	f.paintSpectrum(c, figure.Box{X: 11, Y: 6, W: 40, H: 40})
	f.paintPeriods(c, figure.Box{X: 82, Y: 6, W: 40, H: 40})
	f.paintOrientations(c, figure.Box{X: 136, Y: 6, W: 40, H: 40})

	c.PanelLetter(0, 58, "b")
	f.paintPhases(c, 61)

	c.PanelLetter(0, 116, "c")
	spectral := func(s embedtable.Point) []float32 { return s.Embedding }
	f.paintEmbedding(c, figure.Box{X: 3, Y: 121, W: 42, H: 42}, figure.Box{X: 48, Y: 121, W: 42, H: 42}, "spectral embedding", spectral)
	f.paintVariance(c, figure.Box{X: 122, Y: 122, W: 21, H: 38})
	f.paintEigenvalues(c, figure.Box{X: 157, Y: 122, W: 19, H: 38})

	isomap := func(s embedtable.Point) []float32 { return s.Isomap }
	f.paintEmbedding(c, figure.Box{X: 3, Y: 175, W: 42, H: 42}, figure.Box{X: 48, Y: 175, W: 42, H: 42}, "Isomap", isomap)
	f.paintPersistence(c, figure.Box{X: 122, Y: 176, W: 40, H: 40})

	c.PanelLetter(0, 227, "d")
	f.paintRings(c, 232)
}
