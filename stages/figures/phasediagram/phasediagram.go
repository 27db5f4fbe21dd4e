// Package phasediagram draws a sweep over two parameters as a plane: modules, scores and an
// example map at every point.
package phasediagram

import (
	"cmp"
	"context"
	"fmt"
	"image/color"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/sweepdata"
	"sicgrid/stages/sweep/sweeptable"
)

// Run reads the tables of a sweep whose designs are planes and emits the phase diagram.
func Run(_ context.Context, p sweepdata.Params, t *pipeline.Task) error {
	return sweepdata.Emit(p, t, true, Draw)
}

// planeOf is one row of the phase diagram: a design and variant, its runs by the levels of two
// parameters.
type plane struct {
	design sweepdata.Design
	x, y   []string             // levels
	cells  [][][]sweeptable.Run // [y][x]
	own    [2]int               // place of the profile's own values in y and x; -1: not among them
}

// Draw draws for every plane the number of modules, the grid score, and an example map at every
// point.
func Draw(d sweepdata.Data, p sweepdata.Params) ([]sheet.File, error) {
	var planes []plane
	var titles []string
	for _, v := range d.Variants() {
		for i, design := range p.Designs {
			if len(design.Parameters) != 2 {
				return nil, fmt.Errorf("%s: %s has %d parameters, want 2", p.Figure, design.Name, len(design.Parameters))
			}
			planes = append(planes, planeOf(d, p, i, v))
			titles = append(titles, p.Titles.Of(v))
		}
	}
	if len(planes) == 0 {
		return nil, fmt.Errorf("%s: no plane to draw", p.Figure)
	}
	rates := p.RateColours.Map()
	const left, gap, top, below = 17.0, 10.0, 11.0, 15.0
	side := (figure.Width - left - 2*gap - 0.5) / 3
	page := figure.Page{DPI: int(p.DPI)}
	tops := make([]float64, len(planes))
	heights := make([]float64, len(planes))
	for i, pl := range planes {
		tops[i] = page.Height + top
		heights[i] = side * math.Min(1.2, float64(len(pl.y))/float64(len(pl.x)))
		page.Height = tops[i] + heights[i] + below
	}
	page.Height += 13
	paint := func(c *figure.Canvas) {
		for i, pl := range planes {
			box := func(k int) figure.Box {
				return figure.Box{X: left + float64(k)*(side+gap), Y: tops[i], W: side, H: heights[i]}
			}
			c.PanelLetter(0, tops[i]-8, string(rune('a'+i)))
			if i == 0 || titles[i] != titles[i-1] {
				c.Text(left, tops[i]-7.5, titles[i], figure.Type{Size: figure.Normal, Bold: true})
			}
			pl.paintModules(c, box(0), d.MostModules())
			pl.paintScores(c, box(1))
			pl.paintMaps(c, box(2), d, rates)
		}
		paintKeys(c, page.Height-11, d, rates, left, side, gap)
	}
	return sheet.Render(p.Figure, page, paint, sweepdata.Numbers(d, p), caption(d, planes, titles))
}

func caption(d sweepdata.Data, planes []plane, titles []string) sheet.Caption {
	c := sheet.Caption{
		Title: "Phase diagram: when grid cells emerge",
		Lead:  fmt.Sprintf("Networks at every point of a plane of two parameters, in a box of %s: the number of modules of each seed, the median grid score (expanding ring), and a ratemap of the unit of median score of the run of median score. Colours: medians over the seeds; red frame: the profile's own values", figure.Metres(d.BoxM)),
	}
	for i, pl := range planes {
		c.Panels = append(c.Panels, sheet.Panel{Panel: string(rune('a' + i)), Shows: fmt.Sprintf("%s: %s against %s", titles[i], sweepdata.ParameterTitle(pl.design.Parameters[0]), sweepdata.ParameterTitle(pl.design.Parameters[1])),
			Tables: []string{"runs", "examples"}})
	}
	return c
}

// planeOf sorts the runs of a design. The first parameter runs upwards, the second to the right.
func planeOf(d sweepdata.Data, p sweepdata.Params, design int, variant string) plane {
	runs := d.In(design, variant)
	keys := p.Designs[design].Parameters
	pl := plane{design: p.Designs[design], y: d.Levels(p, runs, keys[0]), x: d.Levels(p, runs, keys[1])}
	for i, levels := range [][]string{pl.y, pl.x} {
		pl.own[i] = slices.Index(levels, p.Own[slices.Index(p.Parameters, keys[i])])
	}
	for _, y := range pl.y {
		var row [][]sweeptable.Run
		for _, x := range pl.x {
			var cell []sweeptable.Run
			for _, r := range runs {
				if d.Value(p, r.Run, keys[0]) == y && d.Value(p, r.Run, keys[1]) == x {
					cell = append(cell, r)
				}
			}
			row = append(row, cell)
		}
		pl.cells = append(pl.cells, row)
	}
	return pl
}

// axes have a place for each level.
func (pl plane) axes(b figure.Box, named bool) figure.Axes {
	a := figure.Axes{Box: b, X: figure.Axis{Max: float64(len(pl.x)), Label: sweepdata.ParameterTitle(pl.design.Parameters[1])}, Y: figure.Axis{Max: float64(len(pl.y))}}
	for i, v := range pl.x {
		a.X.Ticks = append(a.X.Ticks, figure.Tick{At: float64(i) + 0.5, Label: sweepdata.ValueText(v)})
	}
	for i, v := range pl.y {
		a.Y.Ticks = append(a.Y.Ticks, figure.Tick{At: float64(i) + 0.5, Label: sweepdata.ValueText(v)})
	}
	if named {
		a.Y.Label = sweepdata.ParameterTitle(pl.design.Parameters[0])
	} else {
		a.Y.Ticks = sheet.Bare(a.Y.Ticks)
	}
	return a
}

// each calls paint with every cell's box and outlines the profile's own.
func (pl plane) each(canvas *figure.Canvas, a figure.Axes, paint func(b figure.Box, runs []sweeptable.Run)) {
	box := func(x, y int) figure.Box {
		from, to := a.At(float64(x), float64(y+1)), a.At(float64(x+1), float64(y))
		return figure.Box{X: from.X, Y: from.Y, W: to.X - from.X, H: to.Y - from.Y}
	}
	for y, row := range pl.cells {
		for x, runs := range row {
			paint(box(x, y), runs)
		}
	}
	if pl.own[0] >= 0 && pl.own[1] >= 0 {
		b := box(pl.own[1], pl.own[0])
		canvas.Rect(figure.Box{X: b.X + 0.25, Y: b.Y + 0.25, W: b.W - 0.5, H: b.H - 0.5}, figure.Stroke{Color: figure.Red, Width: 1.4})
	}
}

const (
	low, high = -0.4, 1.4 // of the colours of grid scores
	labelGap  = 13.0      // mm from a y axis to its label
)

func (pl plane) paintModules(c *figure.Canvas, b figure.Box, most float64) {
	a := pl.axes(b, true)
	pl.each(c, a, func(b figure.Box, runs []sweeptable.Run) {
		mid := sweepdata.Middle(sweepdata.Over(runs, sweepdata.Modules))
		fill(c, b, mid/most, listed(runs, func(r sweeptable.Run) string { return fmt.Sprint(r.Modules) }), runs)
	})
	a.DrawFrame(c, labelGap)
	sheet.Title(c, b, "modules found, seed by seed")
}

func (pl plane) paintScores(c *figure.Canvas, b figure.Box) {
	a := pl.axes(b, false)
	pl.each(c, a, func(b figure.Box, runs []sweeptable.Run) {
		mid := sweepdata.Middle(sweepdata.Over(runs, sweepdata.Score))
		fill(c, b, (mid-low)/(high-low), figure.Number(mid, 2), runs)
	})
	a.DrawFrame(c, labelGap)
	sheet.Title(c, b, "grid score, median")
}

// fill paints a cell's ground and what is written on it, and below that how many of its runs ended
// early.
func fill(c *figure.Canvas, b figure.Box, t float64, text string, runs []sweeptable.Run) {
	ground := figure.White
	if !math.IsNaN(t) {
		ground = figure.Viridis(t)
	}
	c.FillRect(b, ground)
	ink := inkOn(ground)
	if len(runs) == 0 {
		text = "no run"
	}
	c.Text(b.X+b.W/2, b.Y+b.H/2, text, figure.Type{Size: figure.Small, Color: ink, X: figure.Middle, Y: figure.Middle})
	early := 0
	for _, r := range runs {
		if r.Stopped != "" {
			early++
		}
	}
	if early > 0 {
		c.Text(b.X+b.W/2, b.Y+b.H/2+3.2, fmt.Sprintf("%d ended", early), figure.Type{Size: figure.Tiny, Color: ink, X: figure.Middle, Y: figure.Middle})
	}
}

// listed writes a value of each run, seed by seed.
func listed(runs []sweeptable.Run, value func(sweeptable.Run) string) string {
	text := ""
	for i, r := range runs {
		if i > 0 {
			text += " "
		}
		text += value(r)
	}
	return text
}

// paintMaps shows the run of median score, the lower of two.
func (pl plane) paintMaps(c *figure.Canvas, b figure.Box, d sweepdata.Data, rates figure.Map) {
	a := pl.axes(b, false)
	pl.each(c, a, func(b figure.Box, runs []sweeptable.Run) {
		size := math.Min(b.W, b.H) - 1
		at := figure.Box{X: b.X + (b.W-size)/2, Y: b.Y + (b.H-size)/2, W: size, H: size}
		e := exampleOf(d, runs)
		if bins, err := sheet.Side("map", len(e.Map)); err == nil {
			c.RateMap(at, e.Map, bins, rates)
			return
		}
		c.Text(b.X+b.W/2, b.Y+b.H/2, "silent", figure.Type{Size: figure.Small, Color: figure.Grey, X: figure.Middle, Y: figure.Middle})
	})
	a.DrawFrame(c, labelGap)
	sheet.Title(c, b, "map of the unit of median score")
}

// exampleOf is that of the run of median score.
func exampleOf(d sweepdata.Data, runs []sweeptable.Run) sweeptable.Example {
	sorted := slices.SortedStableFunc(slices.Values(runs), func(a, b sweeptable.Run) int { return cmp.Compare(a.Score, b.Score) }) // NaN first
	for _, e := range d.Examples {
		if len(sorted) > 0 && e.Run == sorted[(len(sorted)-1)/2].Run {
			return e
		}
	}
	return sweeptable.Example{}
}

// paintKeys explains the colours below the panels.
func paintKeys(c *figure.Canvas, y float64, d sweepdata.Data, rates figure.Map, left, side, gap float64) {
	bar := func(k int, m figure.Map, lo, hi float64, ticks []figure.Tick, label string) {
		c.ColorBar(figure.Box{X: left + float64(k)*(side+gap) + 14, Y: y, W: side - 16, H: 2.4}, m, lo, hi, ticks, label)
	}
	most := d.MostModules()
	bar(0, figure.Viridis, 0, most, figure.Ticks(0, most, int(most)), "median")
	bar(1, figure.Viridis, low, high, []figure.Tick{{At: 0, Label: "0"}, {At: 0.5, Label: "0.5"}, {At: 1, Label: "1"}}, "grid score")
	c.Text(left, y+10.5, fmt.Sprintf("Box of %s. Red: the profile's own values. Colours: medians over seeds. Maps: of the run of median score.", figure.Metres(d.BoxM)), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	bar(2, rates, 0, 1, []figure.Tick{{At: 0, Label: "0"}, {At: 0.5, Label: "0.5"}, {At: 1, Label: "1"}}, "rate / peak")
}

// inkOn is the colour of type on a ground.
func inkOn(ground color.RGBA) color.RGBA {
	if 0.299*float64(ground.R)+0.587*float64(ground.G)+0.114*float64(ground.B) < 140 {
		return figure.White
	}
	return figure.Black
}
