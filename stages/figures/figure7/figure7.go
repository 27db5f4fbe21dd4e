// Package figure7 draws ablations side by side: example maps, scores and periods.
package figure7

import (
	"context"
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Look says how figure 7 is drawn.
type Look struct {
	sheet.Params
	Cells int `json:"cells" range:"[2, 5]" default:"5" doc:"example cells of each network"`
}

// MostRows is how many networks there is room for.
const MostRows = 16

// Params are that look and the variants that are set side by side.
type Params struct {
	Look
	RateColours sheet.Colours `json:"rate_colours"`
	Variants    []string      `json:"variants"` // in the order of the rows
	Titles      sheet.Titles  `json:"titles"`
}

// Ablation is one row of figure 7: a variant of the training in one box.
type Ablation struct {
	Name    string
	Units   []spectratable.Unit
	Modules []spectratable.Module
	Maps    []ratemapstable.Map
	Summary spectratable.Summary
}

// Data is what figure 7 shows.
type Data struct {
	BoxM float64
	Rows []Ablation
}

type shownNumbers struct {
	Figure string           `json:"figure"`
	BoxM   sheet.Number     `json:"box_m"`
	Rows   []ablationNumber `json:"variants"`
}

type ablationNumber struct {
	Name string `json:"name"`
	sheet.SummaryNumbers
	Modules []sheet.ModuleNumbers `json:"modules"`
	Periods [3]sheet.Number       `json:"period_quartiles_m"`
}

// Run reads maps, units, modules and summary of every variant of the parameters (roles "full/maps"
// and so on) in one box and emits figure 7.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	var d Data
	for _, v := range p.Variants {
		d.Rows = append(d.Rows, Ablation{v, sheet.Read[spectratable.Unit](&r, v+"/units"), sheet.Read[spectratable.Module](&r, v+"/modules"), sheet.Read[ratemapstable.Map](&r, v+"/maps"), sheet.One[spectratable.Summary](&r, v+"/summary")})
	}
	d.BoxM = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws for every variant example maps, and the distributions of scores and periods of its
// active units.
func Draw(d Data, p Params) ([]sheet.File, error) {
	if len(d.Rows) == 0 {
		return nil, fmt.Errorf("figure-7: no variant to draw")
	}
	rates := p.RateColours.Map()
	const pitch, top = 23.0, 5.0
	shown := shownNumbers{Figure: "figure-7", BoxM: sheet.Number(d.BoxM)}
	nets := make([]sheet.Network, len(d.Rows))
	longest := 0.5
	for i, row := range d.Rows {
		net, err := sheet.NewNetwork(row.Units, row.Maps)
		if err != nil {
			return nil, fmt.Errorf("figure-7: %s: %w", row.Name, err)
		}
		nets[i] = net
		longest = math.Max(longest, sheet.PeriodRange(sheet.Active(row.Units)))
		shown.Rows = append(shown.Rows, row.numbers())
	}
	page := figure.Page{Height: top + pitch*float64(len(d.Rows)) + 12, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		for i, row := range d.Rows {
			y := top + pitch*float64(i)
			c.PanelLetter(0, y, string(rune('a'+i)))
			row.paintName(c, y, p.Titles.Of(row.Name))
			row.paintMaps(c, nets[i], figure.Point{X: 37, Y: y}, p.Cells, rates)
			row.paintScores(c, figure.Box{X: 128, Y: y, W: 21, H: 14}, i == len(d.Rows)-1)
			row.paintPeriods(c, figure.Box{X: 155, Y: y, W: 19, H: 14}, longest, i == len(d.Rows)-1)
		}
		grey := figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End}
		c.Text(0, page.Height-3.7, sheet.Choice, grey)
		c.Text(0, page.Height-0.5, fmt.Sprintf("Box of %s%s. Each map is scaled to its peak, its value below. Histograms: active units, those of modules in colour; dashes: score %s.",
			figure.Metres(d.BoxM), nets[0].Gaps(), figure.Number(sheet.ScoreLine, 1)), grey)
	}
	return sheet.Render("figure-7", page, paint, shown, d.caption(p))
}

func (d Data) caption(p Params) sheet.Caption {
	c := sheet.Caption{
		Title: "Figure 7: ablations",
		Lead:  fmt.Sprintf("Networks that are trained with one thing changed, in a box of %s, a row a network: ratemaps of some active units, each scaled to its peak, and the grid scores (dashes: %s) and periods of all active units, those of modules in colour", figure.Metres(d.BoxM), figure.Number(sheet.ScoreLine, 1)),
		Notes: sheet.Choice,
	}
	for i, row := range d.Rows {
		c.Panels = append(c.Panels, sheet.Panel{Panel: string(rune('a' + i)), Shows: p.Titles.Of(row.Name), Tables: sheet.Tables([]string{row.Name + "/"}, "maps", "units", "modules", "summary")})
	}
	return c
}

func (a Ablation) numbers() ablationNumber {
	out := ablationNumber{Name: a.Name, SummaryNumbers: sheet.SummaryTable(a.Summary), Modules: sheet.ModuleTable(a.Modules)}
	periods := sheet.Column(sheet.Active(a.Units), sheet.Period)
	for i, share := range []float64{0.25, 0.5, 0.75} {
		out.Periods[i] = sheet.Number(quantileOf(periods, share))
	}
	return out
}

// paintName says what was trained otherwise, and what came of it.
func (a Ablation) paintName(c *figure.Canvas, y float64, title string) {
	bold, small := figure.Type{Size: figure.Normal, Bold: true}, figure.Type{Size: figure.Small, Color: figure.Grey}
	lines := sheet.TwoLines(title, nameWidth, bold)
	for i, s := range lines {
		c.Text(4.5, y+0.6+3.6*float64(i), s, bold)
	}
	y += 3.6 * float64(len(lines)-1)
	for i, s := range []string{
		fmt.Sprintf("%d of %d units active", a.Summary.Active, a.Summary.Units),
		"median score " + figure.Number(a.Summary.Score, 2),
		figure.Percent(a.Summary.InModules, 0) + " in modules",
		modulesText(len(a.Modules)),
	} {
		c.Text(4.5, y+4.4+3.1*float64(i), s, small)
	}
}

// nameWidth is how wide the column of titles is, in mm.
const nameWidth = 32.0

func modulesText(n int) string {
	if n == 1 {
		return "1 module"
	}
	return fmt.Sprintf("%d modules", n)
}

// paintMaps draws the best examples.
func (a Ablation) paintMaps(c *figure.Canvas, net sheet.Network, at figure.Point, cells int, rates figure.Map) {
	const size, pitch = 14.0, 15.5
	units, by := net.Examples()
	if len(units) == 0 {
		sheet.Notice(c, figure.Box{X: at.X, Y: at.Y, W: 60, H: size}, "no active unit")
		return
	}
	for i, u := range units[:min(cells, len(units))] {
		b := figure.Box{X: at.X + pitch*float64(i), Y: at.Y, W: size, H: size}
		c.RateMap(b, net.Maps[u.Unit], net.Bins, rates)
		c.Text(b.X+size/2, b.Bottom()+1, by.Label(net, u), figure.Type{Size: figure.Small, X: figure.Middle})
	}
}

func (a Ablation) paintScores(c *figure.Canvas, b figure.Box, last bool) {
	axis := figure.Axis{Min: -1.2, Max: 1.6, Ticks: figure.Ticks(-1, 1.5, 3)}
	a.histogram(c, b, sheet.Score, axis, 28, "grid score", last)
	figure.Axes{Box: b, X: axis, Y: figure.Axis{Max: 1}}.VLine(c, sheet.ScoreLine, figure.Stroke{Color: figure.Grey, Width: figure.Thin, Dash: []float64{2, 1.5}})
}

func (a Ablation) paintPeriods(c *figure.Canvas, b figure.Box, longest float64, last bool) {
	a.histogram(c, b, sheet.Period, figure.Axis{Max: longest, Ticks: figure.Ticks(0, longest, 3)}, int(math.Round(longest/0.05)), "period (m)", last)
}

// histogram stacks the active units by module; the last row's axis has the label.
func (a Ablation) histogram(c *figure.Canvas, b figure.Box, value func(spectratable.Unit) float64, x figure.Axis, bins int, label string, last bool) {
	units := sheet.Active(a.Units)
	if last {
		x.Label = label
	}
	_, all := figure.Histogram(sheet.Column(units, value), x.Min, x.Max, bins)
	top := sheet.CountRange(all)
	axes := figure.Axes{Box: b, X: x, Y: figure.Axis{Max: top, Ticks: []figure.Tick{{At: 0, Label: "0"}, {At: top, Label: figure.Number(top, 0)}}}}
	groups, none := sheet.ByModule(units, a.Modules)
	base := make([]float64, bins)
	stack := func(units []spectratable.Unit, group int) {
		edges, counts := figure.Histogram(sheet.Column(units, value), x.Min, x.Max, bins)
		axes.Bars(c, edges, counts, base, figure.Series(group))
	}
	for i, g := range groups {
		stack(g, i)
	}
	stack(none, -1)
	axes.Draw(c, sheet.LabelGap)
}

// quantileOf the values that are not NaN, by the nearest rank; NaN without one.
func quantileOf(values []float64, share float64) float64 {
	kept := sheet.Defined(values)
	if len(kept) == 0 {
		return math.NaN()
	}
	return kept[int(math.Round(share*float64(len(kept)-1)))]
}
