// Package figure7 draws ablations side by side: example maps, scores and periods.
package figure7

import (
	"context"
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Look says how figure 7 is drawn.
type Look struct {
	sheet.Params
	Cells     int  `json:"cells" range:"[2, 5]" default:"5" doc:"example cells of each network"`
	OverSeeds bool `json:"over_seeds" default:"false" doc:"whether median scores of results.seeds stand beside the profile's own seed; each trains every network anew"`
}

// MostRows is how many networks there is room for.
const MostRows = 16

// Params are that look and the variants that are set side by side.
type Params struct {
	Look
	RateColours sheet.Colours `json:"rate_colours"`
	Reference   string        `json:"reference"` // the network that the others are ablations of: the first row
	Variants    []string      `json:"variants"`  // that and its ablations, in the order of the rows
	Others      []string      `json:"others"`    // networks of other recipes, in the rows below
	Seeds       []uint64      `json:"seeds"`     // further ones, of which there are inputs
	Titles      sheet.Titles  `json:"titles"`
}

// rows are all networks.
func (p Params) rows() []string { return slices.Concat(p.Variants, p.Others) }

// Ablation is one row of figure 7: a variant of the training in one box.
type Ablation struct {
	Name    string
	Units   []spectratable.Unit
	Modules []spectratable.Module
	Maps    []ratemapstable.Map
	Summary spectratable.Summary
	Seeds   []spectratable.Summary // of the same network trained from other seeds
}

// Data is what figure 7 shows.
type Data struct {
	BoxM float64
	Rows []Ablation // as Params.rows says
}

type shownNumbers struct {
	Figure    string           `json:"figure"`
	BoxM      sheet.Number     `json:"box_m"`
	Reference string           `json:"reference"`
	Rows      []ablationNumber `json:"variants"`
}

type ablationNumber struct {
	Name string `json:"name"`
	sheet.SummaryNumbers
	Modules []sheet.ModuleNumbers `json:"modules"`
	Periods [3]sheet.Number       `json:"period_quartiles_m"`
	Seeds   []sheet.Number        `json:"grid_expanding_median_of_seeds"`
}

// Run reads maps, units, modules and summary of every network of the parameters (roles "full/maps"
// and so on) in one box, and the summaries of further seeds ("full/seed-101/summary"), and emits
// figure 7.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	var d Data
	for _, v := range p.rows() {
		row := Ablation{v, sheet.Read[spectratable.Unit](&r, v+"/units"), sheet.Read[spectratable.Module](&r, v+"/modules"), sheet.Read[ratemapstable.Map](&r, v+"/maps"), sheet.One[spectratable.Summary](&r, v+"/summary"), nil}
		for _, seed := range p.Seeds {
			row.Seeds = append(row.Seeds, sheet.One[spectratable.Summary](&r, sheet.SeedRole(v, seed)+"summary"))
		}
		d.Rows = append(d.Rows, row)
	}
	d.BoxM = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// layout is the data of the figure and where its parts stand, in mm.
type layout struct {
	Data
	p       Params
	nets    []sheet.Network
	longest float64 // period, m
	tops    []float64
	height  float64 // of the page
	cells   int
}

const (
	pitch  = 23.0
	top    = 5.0
	apart  = 8.0 // room for the heading of the networks of other recipes
	mapsX  = 37.0
	seedsX = 104.0
)

// Draw draws for every network example maps, and the distributions of scores and periods of its
// active units, on the outlines of those of the network that it is an ablation of.
func Draw(d Data, p Params) ([]sheet.File, error) {
	if len(d.Rows) == 0 {
		return nil, fmt.Errorf("figure-7: no variant to draw")
	}
	l := layout{Data: d, p: p, longest: 0.5, height: top, cells: p.Cells}
	if len(p.Seeds) > 0 {
		l.cells = min(l.cells, 4) // the seeds take the place of the fifth
	}
	shown := shownNumbers{Figure: "figure-7", BoxM: sheet.Number(d.BoxM), Reference: p.Reference}
	for i, row := range d.Rows {
		net, err := sheet.NewNetwork(row.Units, row.Maps)
		if err != nil {
			return nil, fmt.Errorf("figure-7: %s: %w", row.Name, err)
		}
		if i == len(p.Variants) {
			l.height += apart
		}
		l.nets, l.tops = append(l.nets, net), append(l.tops, l.height)
		l.height += pitch
		l.longest = math.Max(l.longest, sheet.PeriodRange(sheet.Active(row.Units)))
		shown.Rows = append(shown.Rows, row.numbers())
	}
	l.height += 21
	return sheet.Render("figure-7", figure.Page{Height: l.height, DPI: int(p.DPI)}, l.paint, shown, l.caption())
}

func (l layout) paint(c *figure.Canvas) {
	for i, row := range l.Rows {
		y, last := l.tops[i], i == len(l.Rows)-1 || i == len(l.p.Variants)-1
		reference := &l.Rows[0]
		if i == 0 || i >= len(l.p.Variants) {
			reference = nil
		}
		if i == len(l.p.Variants) {
			c.Line(figure.Stroke{Color: figure.Pale, Width: figure.Thin}, figure.Point{X: 0, Y: y - apart + 3}, figure.Point{X: figure.Width, Y: y - apart + 3})
			c.Text(4.5, y-2, "another recipe, at another size", figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
		}
		c.PanelLetter(0, y, string(rune('a'+i)))
		row.paintName(c, y, l.p.Titles.Of(row.Name), reference)
		row.paintMaps(c, l.nets[i], figure.Point{X: mapsX, Y: y}, l.cells, l.p.RateColours.Map())
		if len(row.Seeds) > 0 {
			row.paintSeeds(c, figure.Box{X: seedsX, Y: y, W: 16, H: 14}, last)
		}
		row.paintScores(c, figure.Box{X: 128, Y: y, W: 21, H: 14}, reference, last)
		row.paintPeriods(c, figure.Box{X: 155, Y: y, W: 19, H: 14}, reference, l.longest, last)
	}
	l.paintKeys(c)
}

// paintKeys explains the colours and what the examples are below the rows.
func (l layout) paintKeys(c *figure.Canvas) {
	small := figure.Type{Size: figure.Small, Y: figure.Middle}
	y, x := l.height-16.5, 0.0
	c.ColorBar(figure.Box{X: 18, Y: y - 1.2, W: 22, H: 2.4}, l.p.RateColours.Map(), 0, 1, []figure.Tick{{At: 0, Label: "0"}, {At: 1, Label: "1"}}, "rate / peak")
	c.ScaleBar(figure.Point{X: 48, Y: y}, l.BoxM, 14)
	x = 66
	entry := func(text string, draw func(at figure.Point)) {
		draw(figure.Point{X: x, Y: y})
		c.Text(x+4, y, text, small)
		x += 8 + figure.TextWidth(text, small)
	}
	most := 0
	for _, row := range l.Rows {
		most = max(most, len(row.Modules))
	}
	swatch := func(colour int) func(figure.Point) {
		return func(at figure.Point) {
			c.FillRect(figure.Box{X: at.X, Y: at.Y - 1, W: 3, H: 2}, figure.Series(colour))
		}
	}
	for i := range min(most, 4) {
		entry(fmt.Sprintf("module %d", i+1), swatch(i))
	}
	entry("no module", swatch(-1))
	if len(l.p.Variants) > 1 {
		entry("outline: row a", func(at figure.Point) {
			c.Line(outline, figure.Point{X: at.X, Y: at.Y + 1}, figure.Point{X: at.X, Y: at.Y - 1}, figure.Point{X: at.X + 3, Y: at.Y - 1}, figure.Point{X: at.X + 3, Y: at.Y + 1})
		})
	}
	grey := figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End}
	for i, line := range []string{
		"Examples are typical: grid score near the median of their module, phases far apart, modules in turn; without a module, near the median of the value below: grid score,",
		"of square networks 90° score, where both fail spatial information (bit). √N: a superlattice; flat: the lowest rate is over half of the highest; constant: within a twentieth.",
		fmt.Sprintf("Box of %s%s. In brackets: the same of row a. Histograms: active units; dashes: score %s. Module 1 is that of the shortest period.", figure.Metres(l.BoxM), l.nets[0].Gaps(), figure.Number(sheet.ScoreLine, 1)),
	} {
		c.Text(0, l.height-7+3.2*float64(i), line, grey)
	}
}

func (l layout) caption() sheet.Caption {
	lead := fmt.Sprintf("Networks that are trained with one thing changed of the one in row a (%s), in a box of %s. A row a network: ratemaps of some active units, each scaled to its peak, and grid scores (dashes: %s) and periods of all its active units, those of modules in the colours of their order by period; outlines and brackets: the same of row a",
		l.p.Titles.Of(l.p.Reference), figure.Metres(l.BoxM), figure.Number(sheet.ScoreLine, 1))
	if len(l.p.Seeds) > 0 {
		lead += fmt.Sprintf(". Between them, the median scores of %d seeds more (circles), the profile's own (disc) and their median (bar)", len(l.p.Seeds))
	} else {
		lead += ". One seed each: how far seeds differ is in the table of the paper's claims"
	}
	c := sheet.Caption{Title: "Figure 7: ablations", Lead: lead, Notes: sheet.Choice + " " + sheet.Oddities}
	for i, row := range l.Rows {
		tables := sheet.Tables([]string{row.Name + "/"}, "maps", "units", "modules", "summary")
		for _, seed := range l.p.Seeds {
			tables = append(tables, sheet.SeedRole(row.Name, seed)+"summary")
		}
		shows := l.p.Titles.Of(row.Name)
		if i >= len(l.p.Variants) {
			shows += " (another recipe)"
		}
		c.Panels = append(c.Panels, sheet.Panel{Panel: string(rune('a' + i)), Shows: shows, Tables: tables})
	}
	return c
}

func (a Ablation) numbers() ablationNumber {
	out := ablationNumber{Name: a.Name, SummaryNumbers: sheet.SummaryTable(a.Summary), Modules: sheet.ModuleTable(a.Modules)}
	periods := sheet.Column(sheet.Active(a.Units), sheet.Period)
	out.Seeds = sheet.Numbers(scoresOf(a.Seeds))
	for i, share := range []float64{0.25, 0.5, 0.75} {
		out.Periods[i] = sheet.Number(quantileOf(periods, share))
	}
	return out
}

// quantileOf the values that are not NaN, by the nearest rank; NaN without one.
func quantileOf(values []float64, share float64) float64 {
	kept := sheet.Defined(values)
	if len(kept) == 0 {
		return math.NaN()
	}
	return kept[int(math.Round(share*float64(len(kept)-1)))]
}
