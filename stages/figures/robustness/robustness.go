// Package robustness draws a sweep that changes one parameter at a time.
package robustness

import (
	"context"
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/sweepdata"
	"sicgrid/stages/sweep/sweeptable"
)

// Run reads the tables of a sweep whose designs change one parameter each and emits the figure of
// what that does.
func Run(_ context.Context, p sweepdata.Params, t *pipeline.Task) error {
	return sweepdata.Emit(p, t, false, Draw)
}

// measure is a row of panels: what is measured of a run, and its axis.
type measure struct {
	value func(sweeptable.Run) float64
	axis  figure.Axis
}

// Draw draws for every parameter the grid scores, numbers of modules and explained variance of the
// runs at each of its values.
func Draw(d sweepdata.Data, p sweepdata.Params) ([]sheet.File, error) {
	for _, design := range p.Designs {
		if len(design.Parameters) != 1 {
			return nil, fmt.Errorf("%s: %s has %d parameters, want 1", p.Figure, design.Name, len(design.Parameters))
		}
	}
	if len(p.Designs) == 0 || len(d.Runs) == 0 {
		return nil, fmt.Errorf("%s: no run to draw", p.Figure)
	}
	const left, gap, top, height, between = 16.0, 4.0, 8.0, 30.0, 9.0
	n := float64(len(p.Designs))
	width := (figure.Width - left - (n-1)*gap - 0.5) / n
	most := d.MostModules()
	measures := []measure{
		{sweepdata.Score, d.ScoreAxis()},
		{sweepdata.Modules, figure.Axis{Min: -0.3, Max: most + 0.5, Label: "modules found", Ticks: figure.Ticks(0, most, int(most))}},
		{sweepdata.Explained, d.ExplainedAxis()},
	}
	page := figure.Page{Height: top + float64(len(measures))*(height+between) + 8, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		for row, m := range measures {
			y := top + float64(row)*(height+between)
			c.PanelLetter(0, y-5, string(rune('a'+row)))
			for i := range p.Designs {
				b := figure.Box{X: left + float64(i)*(width+gap), Y: y, W: width, H: height}
				paintOneAtATime(d, c, b, p, i, m, row == len(measures)-1)
			}
		}
		paintKeys(c, page.Height-0.5, left, d, p.Titles)
	}
	return sheet.Render(p.Figure, page, paint, sweepdata.Numbers(d, p), caption(d, p))
}

func caption(d sweepdata.Data, p sweepdata.Params) sheet.Caption {
	c := sheet.Caption{
		Title: "Robustness: one parameter changed at a time",
		Lead:  fmt.Sprintf("Networks of several seeds, in a box of %s; a column a parameter, at the values below", figure.Metres(d.BoxM)),
		Notes: sweepdata.Marks,
	}
	for i, shows := range []string{
		fmt.Sprintf("Median grid score (expanding ring) of the active units; dashes: %s", figure.Number(sheet.ScoreLine, 1)),
		"Number of modules", "Share of the states' variance that position explains",
	} {
		c.Panels = append(c.Panels, sheet.Panel{Panel: string(rune('a' + i)), Shows: shows, Tables: []string{"runs"}})
	}
	return c
}

// paintOneAtATime draws a measure against the levels of one parameter, side by side at equal
// distances.
func paintOneAtATime(d sweepdata.Data, c *figure.Canvas, b figure.Box, p sweepdata.Params, design int, m measure, last bool) {
	key := p.Designs[design].Parameters[0]
	variants := d.Variants()
	levels := d.Levels(p, d.In(design, variants[0]), key)
	a := figure.Axes{Box: b, X: figure.Axis{Min: -0.5, Max: float64(len(levels)) - 0.5}, Y: m.axis}
	for i, v := range levels {
		a.X.Ticks = append(a.X.Ticks, figure.Tick{At: float64(i), Label: sweepdata.ValueText(v)})
	}
	if last {
		a.X.Label = sweepdata.ParameterTitle(key)
	}
	if design > 0 {
		a.Y.Ticks, a.Y.Label = sheet.Bare(a.Y.Ticks), ""
	}
	if m.axis.Min < -0.4 { // grid scores
		a.HLine(c, sheet.ScoreLine, sheet.GreyDashes)
	}
	step := 0.7 / float64(len(variants))
	for v, variant := range variants {
		for i, level := range levels {
			runs := slices.DeleteFunc(d.In(design, variant), func(r sweeptable.Run) bool { return d.Value(p, r.Run, key) != level })
			x := float64(i) - 0.35 + step*(float64(v)+0.5)
			marks(c, a, x, step, runs, m.value, v)
		}
	}
	a.Draw(c, 10)
}

// marks draws a run as a disc, filled if it succeeds, and the median as a bar.
func marks(c *figure.Canvas, a figure.Axes, x, width float64, runs []sweeptable.Run, value func(sweeptable.Run) float64, group int) {
	ink := figure.Series(group)
	for k, r := range runs {
		v := value(r)
		if math.IsNaN(v) {
			continue
		}
		at := a.At(x+width*0.7*((float64(k)+0.5)/float64(len(runs))-0.5), v)
		sweepdata.Mark(c, at, ink, r)
	}
	if m := sweepdata.Middle(sweepdata.Over(runs, value)); a.Holds(x, m) {
		c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thick}, a.At(x-0.42*width, m), a.At(x+0.42*width, m))
	}
}

// paintKeys says below the panels what the marks mean.
func paintKeys(c *figure.Canvas, y, left float64, d sweepdata.Data, titles sheet.Titles) {
	small := figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End}
	text := fmt.Sprintf("Box of %s. A disc is a run, filled if it has what the paper reports, crossed out if it ended early; bars: medians; dashes: score %s.", figure.Metres(d.BoxM), figure.Number(sheet.ScoreLine, 1))
	c.Text(left, y, text, small)
	if variants := d.Variants(); len(variants) > 1 {
		sweepdata.VariantKeys(c, left, y-4.6, variants, titles)
	}
}
