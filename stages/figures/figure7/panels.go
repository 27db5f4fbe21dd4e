package figure7

import (
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/spectra/spectratable"
)

// paintName says what was trained otherwise, and what came of it beside the reference, if there is
// one.
func (a Ablation) paintName(c *figure.Canvas, y float64, title string, reference *Ablation) {
	bold, small := figure.Type{Size: figure.Normal, Bold: true}, figure.Type{Size: figure.Small, Color: figure.Grey}
	lines := sheet.TwoLines(title, nameWidth, bold)
	for i, s := range lines {
		c.Text(4.5, y+0.6+3.6*float64(i), s, bold)
	}
	y += 3.6 * float64(len(lines)-1)
	for i, s := range []string{
		fmt.Sprintf("%d of %d units active", a.Summary.Active, a.Summary.Units),
		"median score " + a.beside(reference, func(a *Ablation) string { return figure.Number(a.Summary.Score, 2) }),
		a.beside(reference, func(a *Ablation) string { return figure.Percent(a.Summary.InModules, 0) }) + " in modules",
		modulesText(len(a.Modules)),
	} {
		c.Text(4.5, y+4.4+3.1*float64(i), s, small)
	}
}

// beside is a value of the network, and in brackets that of the reference.
func (a Ablation) beside(reference *Ablation, value func(*Ablation) string) string {
	if reference == nil {
		return value(&a)
	}
	return value(&a) + " (" + value(reference) + ")"
}

// nameWidth is how wide the column of titles is, in mm.
const nameWidth = 32.0

func modulesText(n int) string {
	if n == 1 {
		return "1 module"
	}
	return fmt.Sprintf("%d modules", n)
}

// paintMaps draws typical examples.
func (a Ablation) paintMaps(c *figure.Canvas, net sheet.Network, at figure.Point, cells int, rates figure.Map) {
	const size, pitch = 14.0, 15.5
	units, by := net.Examples()
	if len(units) == 0 {
		sheet.Notice(c, figure.Box{X: at.X, Y: at.Y, W: 60, H: size}, "no active unit")
		return
	}
	for i, u := range units[:min(cells, len(units))] {
		b := figure.Box{X: at.X + pitch*float64(i), Y: at.Y, W: size, H: size}
		net.UnitMap(c, b, u, rates)
		c.Text(b.X+size/2, b.Bottom()+1, by.Label(net, u), figure.Type{Size: figure.Small, X: figure.Middle})
	}
}

// outline is that of the reference's histograms.
var outline = figure.Stroke{Color: figure.Grey, Width: figure.Thin}

var scoreAxis = figure.Axis{Min: -1.2, Max: 1.6, Ticks: figure.Ticks(-1, 1.5, 3)}

func (a Ablation) paintScores(c *figure.Canvas, b figure.Box, reference *Ablation, last bool) {
	a.histogram(c, b, reference, sheet.Score, scoreAxis, 28, "grid score", last)
	figure.Axes{Box: b, X: scoreAxis, Y: figure.Axis{Max: 1}}.VLine(c, sheet.ScoreLine, sheet.GreyDashes)
}

func (a Ablation) paintPeriods(c *figure.Canvas, b figure.Box, reference *Ablation, longest float64, last bool) {
	a.histogram(c, b, reference, sheet.Period, figure.Axis{Max: longest, Ticks: figure.Ticks(0, longest, 3)}, int(math.Round(longest/0.05)), "period (m)", last)
}

// histogram stacks the active units by module on the outline of the reference's; the last row's
// axis has the label.
func (a Ablation) histogram(c *figure.Canvas, b figure.Box, reference *Ablation, value func(spectratable.Unit) float64, x figure.Axis, bins int, label string, last bool) {
	units := sheet.Active(a.Units)
	if last {
		x.Label = label
	}
	edges, all := figure.Histogram(sheet.Column(units, value), x.Min, x.Max, bins)
	var theirs []float64
	if reference != nil {
		_, theirs = figure.Histogram(sheet.Column(sheet.Active(reference.Units), value), x.Min, x.Max, bins)
	}
	top := sheet.CountRange(slices.Concat(all, theirs))
	axes := figure.Axes{Box: b, X: x, Y: figure.Axis{Max: top, Ticks: []figure.Tick{{At: 0, Label: "0"}, {At: top, Label: figure.Number(top, 0)}}}}
	groups, none := sheet.ByModule(units, a.Modules)
	base := make([]float64, bins)
	stack := func(units []spectratable.Unit, group int) {
		_, counts := figure.Histogram(sheet.Column(units, value), x.Min, x.Max, bins)
		axes.Bars(c, edges, counts, base, figure.Series(group))
	}
	for i, g := range groups {
		stack(g, i)
	}
	stack(none, -1)
	var steps []figure.Point
	for i, n := range theirs {
		steps = append(steps, axes.At(edges[i], n), axes.At(edges[i+1], n))
	}
	c.Line(outline, steps...)
	axes.Draw(c, sheet.LabelGap)
}

// scoresOf are the median scores of networks.
func scoresOf(seeds []spectratable.Summary) []float64 {
	var scores []float64
	for _, s := range seeds {
		scores = append(scores, s.Score)
	}
	return scores
}

// paintSeeds draws the median score of every seed, the profile's own filled, and their median.
func (a Ablation) paintSeeds(c *figure.Canvas, b figure.Box, last bool) {
	x := scoreAxis
	if last {
		x.Label = "of seeds"
	}
	axes := figure.Axes{Box: b, X: x, Y: figure.Axis{Max: float64(len(a.Seeds) + 1)}}
	axes.VLine(c, sheet.ScoreLine, sheet.GreyDashes)
	scores := append([]float64{a.Summary.Score}, scoresOf(a.Seeds)...)
	if m := sheet.Median(scores); axes.Holds(m, 0) {
		c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thick}, axes.At(m, 0), axes.At(m, axes.Y.Max))
	}
	for i, v := range scores {
		at := axes.Points([]float64{v}, []float64{float64(i) + 0.5})
		if i == 0 {
			c.Discs(at, 0.7, figure.Black)
			continue
		}
		c.Circles(at, 0.6, figure.Stroke{Color: figure.Black, Width: figure.Thin})
	}
	axes.Draw(c, sheet.LabelGap)
}
