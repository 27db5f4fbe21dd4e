package plot

import (
	"context"
	"fmt"
	"math"
	"sort"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
)

// Figure7Params says how figure 7 is drawn, and which variants it sets side by side.
type Figure7Params struct {
	DPI         int      `json:"dpi"` // of the PNG
	RateColours string   `json:"rate_colours"`
	Cells       int      `json:"cells"`    // example maps of each variant
	Variants    []string `json:"variants"` // in the order of the rows; the first is what the others are compared with
}

// Check returns an error that names the first impossible parameter.
func (p Figure7Params) Check() error {
	for _, err := range []error{checkDPI(p.DPI), checkMap("rate_colours", p.RateColours), checkRange("cells", p.Cells, 2, cellsShown), checkRange("variants", len(p.Variants), 1, 16)} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Ablation is one row of figure 7: a variant of the training in one box.
type Ablation struct {
	Name    string
	Units   []Unit
	Modules []Module
	Maps    []RateMap
	Summary Summary
}

// Figure7Data is what figure 7 shows.
type Figure7Data struct {
	BoxM float64
	Rows []Ablation
}

type figure7Numbers struct {
	Figure string           `json:"figure"`
	BoxM   number           `json:"box_m"`
	Rows   []ablationNumber `json:"variants"`
}

type ablationNumber struct {
	Name string `json:"name"`
	summaryNumbers
	Modules []moduleNumbers `json:"modules"`
	Periods [3]number       `json:"period_quartiles_m"`
}

// Figure7 reads maps, units, modules and summary of every variant of the parameters (roles "full/maps" and so on) in one box and
// emits figure 7.
func Figure7(_ context.Context, p Figure7Params, t *pipeline.Task) error {
	r := reader{t: t}
	var d Figure7Data
	for _, v := range p.Variants {
		d.Rows = append(d.Rows, Ablation{v, read[Unit](&r, v+"/units"), read[Module](&r, v+"/modules"), read[RateMap](&r, v+"/maps"), one[Summary](&r, v+"/summary")})
	}
	d.BoxM = r.box
	return r.emit(func() ([]File, error) { return DrawFigure7(d, p) })
}

// DrawFigure7 draws for every variant example maps, and the distributions of scores and periods of its active units.
func DrawFigure7(d Figure7Data, p Figure7Params) ([]File, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("figure-7: %w", err)
	}
	if len(d.Rows) == 0 {
		return nil, fmt.Errorf("figure-7: no variant to draw")
	}
	rates, _ := figure.MapNamed(p.RateColours)
	const pitch, top = 23.0, 5.0
	shown := figure7Numbers{Figure: "figure-7", BoxM: number(d.BoxM)}
	nets := make([]network, len(d.Rows))
	longest := 0.5
	for i, row := range d.Rows {
		net, err := newNetwork(row.Units, row.Maps)
		if err != nil {
			return nil, fmt.Errorf("figure-7: %s: %w", row.Name, err)
		}
		nets[i] = net
		longest = math.Max(longest, periodRange(active(row.Units)))
		shown.Rows = append(shown.Rows, row.numbers())
	}
	page := figure.Page{Title: "Figure 7: ablations", Height: top + pitch*float64(len(d.Rows)) + 12, DPI: p.DPI}
	paint := func(c *figure.Canvas) {
		for i, row := range d.Rows {
			y := top + pitch*float64(i)
			c.PanelLetter(0, y, string(rune('a'+i)))
			row.paintName(c, y)
			row.paintMaps(c, nets[i], figure.Point{X: 37, Y: y}, p.Cells, rates)
			row.paintScores(c, figure.Box{X: 128, Y: y, W: 21, H: 14}, i == len(d.Rows)-1)
			row.paintPeriods(c, figure.Box{X: 155, Y: y, W: 19, H: 14}, longest, i == len(d.Rows)-1)
		}
		grey := figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End}
		c.Text(0, page.Height-3.7, choice, grey)
		c.Text(0, page.Height-0.5, fmt.Sprintf("Box of %s%s. Each map is scaled to its peak, its value below. Histograms: active units, those of modules in colour; dashes: score %s.",
			figure.Metres(d.BoxM), nets[0].gaps(), figure.Number(scoreLine, 1)), grey)
	}
	return files("figure-7", page, paint, shown)
}

func (a Ablation) numbers() ablationNumber {
	out := ablationNumber{Name: a.Name, summaryNumbers: summaryTable(a.Summary), Modules: moduleTable(a.Modules)}
	periods := column(active(a.Units), period)
	for i, share := range []float64{0.25, 0.5, 0.75} {
		out.Periods[i] = number(quantileOf(periods, share))
	}
	return out
}

// paintName says what was left out, and what came of it.
func (a Ablation) paintName(c *figure.Canvas, y float64) {
	c.Text(4.5, y+0.6, variantTitle(a.Name), figure.Type{Size: figure.Normal, Bold: true})
	small := figure.Type{Size: figure.Small, Color: figure.Grey}
	for i, s := range []string{
		fmt.Sprintf("%d of %d units active", a.Summary.Active, a.Summary.Units),
		"median score " + figure.Number(a.Summary.Score, 2),
		figure.Percent(a.Summary.InModules, 0) + " in modules",
		modulesText(len(a.Modules)),
	} {
		c.Text(4.5, y+4.4+3.1*float64(i), s, small)
	}
}

func modulesText(n int) string {
	if n == 1 {
		return "1 module"
	}
	return fmt.Sprintf("%d modules", n)
}

// paintMaps draws the best examples.
func (a Ablation) paintMaps(c *figure.Canvas, net network, at figure.Point, cells int, rates figure.Map) {
	const size, pitch = 14.0, 15.5
	units, by := net.examples()
	if len(units) == 0 {
		notice(c, figure.Box{X: at.X, Y: at.Y, W: 60, H: size}, "no active unit")
		return
	}
	for i, u := range units[:min(cells, len(units))] {
		b := figure.Box{X: at.X + pitch*float64(i), Y: at.Y, W: size, H: size}
		c.RateMap(b, net.maps[u.Unit], net.bins, rates)
		c.Text(b.X+size/2, b.Bottom()+1, by.label(net, u), figure.Type{Size: figure.Small, X: figure.Middle})
	}
}

func (a Ablation) paintScores(c *figure.Canvas, b figure.Box, last bool) {
	axis := figure.Axis{Min: -1.2, Max: 1.6, Ticks: figure.Ticks(-1, 1.5, 3)}
	a.histogram(c, b, score, axis, 28, "grid score", last)
	figure.Axes{Box: b, X: axis, Y: figure.Axis{Max: 1}}.VLine(c, scoreLine, figure.Stroke{Color: figure.Grey, Width: figure.Thin, Dash: []float64{2, 1.5}})
}

func (a Ablation) paintPeriods(c *figure.Canvas, b figure.Box, longest float64, last bool) {
	a.histogram(c, b, period, figure.Axis{Max: longest, Ticks: figure.Ticks(0, longest, 3)}, int(math.Round(longest/0.05)), "period (m)", last)
}

// histogram stacks the active units by module; the last row's axis has the label.
func (a Ablation) histogram(c *figure.Canvas, b figure.Box, value func(Unit) float64, x figure.Axis, bins int, label string, last bool) {
	units := active(a.Units)
	if last {
		x.Label = label
	}
	_, all := figure.Histogram(column(units, value), x.Min, x.Max, bins)
	top := countRange(all)
	axes := figure.Axes{Box: b, X: x, Y: figure.Axis{Max: top, Ticks: []figure.Tick{{At: 0, Label: "0"}, {At: top, Label: figure.Number(top, 0)}}}}
	groups, none := byModule(units, a.Modules)
	base := make([]float64, bins)
	stack := func(units []Unit, group int) {
		edges, counts := figure.Histogram(column(units, value), x.Min, x.Max, bins)
		axes.Bars(c, edges, counts, base, figure.Series(group))
	}
	for i, g := range groups {
		stack(g, i)
	}
	stack(none, -1)
	axes.Draw(c, labelGap)
}

// quantileOf the finite values, by the nearest rank; NaN without one.
func quantileOf(values []float64, share float64) float64 {
	var kept []float64
	for _, v := range values {
		if !math.IsNaN(v) {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return math.NaN()
	}
	sort.Float64s(kept)
	return kept[int(math.Round(share*float64(len(kept)-1)))]
}
