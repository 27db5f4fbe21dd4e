package figure5

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/stages/batch/batchtable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/walks"
	"sicgrid/stages/spectra/spectratable"
)

var rootOfTwo = []figure.Tick{{At: 0, Label: "0"}, {At: 0.5, Label: "0.5"}, {At: 1, Label: "1"}, {At: math.Sqrt2, Label: "√2"}}

// paintDensity draws the pairs column by column, each to its own peak, their mean, and the shares
// of distances in training.
func (d Data) paintDensity(c *figure.Canvas, b figure.Box) {
	rows := len(d.Density[0].Counts)
	image := make([]float64, rows*len(d.Density))
	for i, col := range d.Density {
		most := int32(1)
		for _, n := range col.Counts {
			most = max(most, n)
		}
		for j, n := range col.Counts {
			image[j*len(d.Density)+i] = float64(n) / float64(most)
		}
	}
	often := func(t float64) color.RGBA { return figure.Fade(figure.Series(0), 1-t) }
	c.Image(b, figure.HeatMap(image, len(d.Density), 0, 1, often))
	a := figure.Axes{Box: b, X: figure.Axis{Max: d.ReachM, Label: "distance of places (m)", Ticks: figure.Ticks(0, d.ReachM, 5)},
		Y: figure.Axis{Max: math.Sqrt2, Label: "distance of states", Ticks: rootOfTwo}}
	var mean []figure.Point
	for _, col := range d.Density {
		if !math.IsNaN(col.Mean) {
			mean = append(mean, a.At(col.Distance, col.Mean))
		}
	}
	c.Line(figure.Stroke{Color: figure.White, Width: 1.8}, mean...)
	c.Line(figure.Stroke{Color: figure.Series(0), Width: 1}, mean...)
	share := figure.Axes{Box: b, X: a.X, Y: figure.Axis{Max: 1}}
	for i, of := range []func(batchtable.Quantile) float64{func(q batchtable.Quantile) float64 { return q.Pairs }, func(q batchtable.Quantile) float64 { return q.FromStart }} {
		s := figure.Stroke{Color: figure.Black, Width: 0.9}
		if i == 1 {
			s.Dash = []float64{2, 1.2}
		}
		var line []figure.Point
		for _, q := range d.Training {
			if x := of(q); x <= d.ReachM {
				line = append(line, share.At(x, q.Share))
			}
		}
		c.Line(s, line...)
		key := figure.Point{X: b.X + 26*float64(i), Y: b.Y - 2.2}
		c.Line(s, key, figure.Point{X: key.X + 4, Y: key.Y})
		c.Text(key.X+5, key.Y, []string{"training pairs", "training, from start"}[i], figure.Type{Size: figure.Small, Y: figure.Middle})
	}
	red := figure.Stroke{Color: figure.Red, Width: figure.Thin}
	a.VLine(c, d.Summary.SigmaX, red)
	a.HLine(c, paperPlateau, paperLine)
	if a.Holds(paperReachM, paperReached) {
		paperCross(c, a.At(paperReachM, paperReached))
	}
	a.DrawFrame(c, 8)
	d.paintKey(c, figure.Point{X: b.X, Y: b.Y - 5.4}, often, red)
	for _, t := range []float64{0, 0.5, 1} {
		p := share.At(d.ReachM, t)
		c.Text(p.X+1.5, p.Y, figure.Number(t, 1), figure.Type{Size: figure.Small, Y: figure.Middle})
	}
	c.Text(b.Right()+8, b.Y+b.H/2, "share of training", figure.Type{Size: figure.Normal, X: figure.Middle, Y: figure.Middle, Upward: true})
}

// paperLine is that of the paper's plateau.
var paperLine = figure.Stroke{Color: figure.Grey, Width: figure.Thin, Dash: []float64{0.7, 1}}

// paperCross marks a value of the paper.
func paperCross(c *figure.Canvas, at figure.Point) {
	c.Crosses([]figure.Point{at}, 0.9, figure.Stroke{Color: figure.Black, Width: 1})
}

// paintKey says in a line from a point what density, mean, σ_x and the paper's values look like.
func (d Data) paintKey(c *figure.Canvas, at figure.Point, often figure.Map, red figure.Stroke) {
	const w = 4.0
	for _, entry := range []struct {
		name string
		draw func(x float64)
	}{
		{"pairs of states", func(x float64) {
			ramp := []float64{0, 0.25, 0.5, 0.75, 1}
			c.Image(figure.Box{X: x, Y: at.Y - 0.9, W: w, H: 1.8}, figure.HeatMap(ramp, len(ramp), 0, 1, often))
		}},
		{"mean", func(x float64) {
			c.Line(figure.Stroke{Color: figure.Series(0), Width: 1}, figure.Point{X: x, Y: at.Y}, figure.Point{X: x + w, Y: at.Y})
		}},
		{"σ_x", func(x float64) { c.Line(red, figure.Point{X: x, Y: at.Y}, figure.Point{X: x + w, Y: at.Y}) }},
		{"the paper's", func(x float64) {
			c.Line(paperLine, figure.Point{X: x, Y: at.Y}, figure.Point{X: x + w, Y: at.Y})
			paperCross(c, figure.Point{X: x + w/2, Y: at.Y})
		}},
	} {
		entry.draw(at.X)
		small := figure.Type{Size: figure.Small, Y: figure.Middle}
		c.Text(at.X+w+1, at.Y, entry.name, small)
		at.X += w + 3.5 + figure.TextWidth(entry.name, small)
	}
}

// paintLags draws the mean distance of states by distance of places and time between them.
func (d Data) paintLags(c *figure.Canvas, b figure.Box) {
	if len(d.Lags) == 0 {
		sheet.Notice(c, b, "walks too short")
		return
	}
	var image []float64
	for _, l := range d.Lags {
		image = append(image, l.Mean...)
	}
	lo, hi := coloured(image)
	c.Image(b, figure.HeatMap(image, len(d.Lags[0].Mean), lo, hi, figure.Viridis))
	last := d.Lags[len(d.Lags)-1].Lag
	step := last
	if len(d.Lags) > 1 {
		step = d.Lags[1].Lag - d.Lags[0].Lag
	}
	a := figure.Axes{Box: b, X: figure.Axis{Max: d.ReachM, Label: "distance of places (m)", Ticks: figure.Ticks(0, d.ReachM, 5)},
		Y: figure.Axis{Max: last + step/2, Label: "time between (steps)", Ticks: figure.Ticks(0, last, 4)}}
	a.VLine(c, d.Summary.SigmaX, figure.Stroke{Color: figure.Red, Width: figure.Thin})
	a.DrawFrame(c, sheet.LabelGap)
	sheet.Title(c, b, "mean distance of states; red: σ_x")
	c.ColorBar(figure.Box{X: b.Right() + 3, Y: b.Y, W: 2.4, H: b.H}, figure.Viridis, lo, hi, figure.Ticks(lo, hi, 5), "distance of states")
}

// coloured is the range of the defined values, in tenths.
func coloured(values []float64) (lo, hi float64) {
	defined := sheet.Defined(values)
	if len(defined) == 0 {
		return 0, 1
	}
	lo, hi = math.Floor(10*defined[0]+1e-9)/10, math.Ceil(10*defined[len(defined)-1]-1e-9)/10
	return lo, math.Max(hi, lo+0.1)
}

// paintWalks draws three walks of a training batch, and three of the evaluation, to one scale each.
func (d Data) paintWalks(c *figure.Canvas, training, evaluation figure.Box) {
	const number = 3
	ways := walks.First(d.Batch, number)
	a := walks.Space(training, slices.Concat(ways...), d.Summary.SigmaX)
	for i, w := range ways {
		var way []figure.Point
		for _, s := range w {
			way = append(way, a.At(float64(s.X), float64(s.Y)))
		}
		c.Line(figure.Stroke{Color: figure.Series(i), Width: 0.7}, way...)
	}
	c.Rect(training, figure.Stroke{Color: figure.Black, Width: figure.Thin})
	sheet.Title(c, training, "training: permuted")
	c.ScaleBar(figure.Point{X: training.X, Y: training.Bottom() + 3}, a.X.Max-a.X.Min, training.W)

	half := d.WalkBox / 2
	e := figure.Axes{Box: evaluation, X: figure.Axis{Min: -half, Max: half}, Y: figure.Axis{Min: -half, Max: half}}
	for i, w := range d.Walks[:min(number, len(d.Walks))] {
		way := []figure.Point{e.At(0, 0)}
		for k := 0; k+1 < len(w.Position); k += 2 {
			way = append(way, e.At(float64(w.Position[k]), float64(w.Position[k+1])))
		}
		c.Line(figure.Stroke{Color: figure.Series(i), Width: 0.4}, way...)
	}
	c.Rect(evaluation, figure.Stroke{Color: figure.Black, Width: figure.Thin})
	sheet.Title(c, evaluation, "evaluation: smooth, in a box")
	c.ScaleBar(figure.Point{X: evaluation.X, Y: evaluation.Bottom() + 3}, d.WalkBox, evaluation.W)
}

// paintSpeeds draws the distributions of the lengths of steps.
func (d Data) paintSpeeds(c *figure.Canvas, training, evaluation figure.Box) {
	var trained, walked []float64
	for _, q := range d.Training { // as often as the shares are even
		trained = append(trained, q.Step)
	}
	for _, w := range d.Walks[:min(50, len(d.Walks))] {
		for k := 0; k+1 < len(w.Velocity); k += 2 {
			walked = append(walked, math.Hypot(float64(w.Velocity[k]), float64(w.Velocity[k+1])))
		}
	}
	const top, steps = 0.22, 22
	for i, set := range [][]float64{trained, walked} {
		edges, counts := figure.Histogram(set, 0, top, steps)
		most := 0.0
		for k := range counts {
			counts[k] /= math.Max(float64(len(set)), 1)
			most = math.Max(most, counts[k])
		}
		b := []figure.Box{training, evaluation}[i]
		a := figure.Axes{Box: b, X: figure.Axis{Max: top, Label: "step (m)", Ticks: figure.Ticks(0, top, 3)},
			Y: figure.Axis{Max: math.Max(math.Ceil(most*22)/20, 0.05), Label: "share"}}
		a.Y.Ticks = figure.Ticks(0, a.Y.Max, 3)
		a.Bars(c, edges, counts, make([]float64, len(counts)), figure.Series(-1))
		a.Draw(c, 8)
		sheet.Title(c, b, []string{"steps of many batches", "steps of 50 walks"}[i])
	}
}

// caption says which cells the panels c to e show, chosen in the largest box.
func caption(shown []spectratable.Unit, by sheet.Measure, boxM float64) string {
	which, below := "Active units nearest the median "+by.Name, by.Name
	if shown[0].Module >= 0 {
		which = "Typical units of each module in turn (grid score near its median, phases far apart)"
	}
	if by.Name == sheet.ByGrid.Name {
		below = "period and " + below
	}
	return fmt.Sprintf("%s in the box of %s; below each its %s", which, figure.Metres(boxM), below)
}

// paintBox draws the cells' maps in one box and the periods of its modules.
func (d Data) paintBox(c *figure.Canvas, b InBox, net sheet.Network, shown []spectratable.Unit, by sheet.Measure, at figure.Point, mm float64, rates figure.Map) {
	size := b.BoxM * mm
	byUnit := map[int32]spectratable.Unit{}
	for _, u := range b.Units {
		byUnit[u.Unit] = u
	}
	for i, example := range shown {
		box := figure.Box{X: at.X + 31*float64(i), Y: at.Y, W: size, H: size}
		u := byUnit[example.Unit]
		net.UnitMap(c, box, u, rates)
		label := by.Label(net, u)
		if by.Name == sheet.ByGrid.Name { // only such a unit has a period
			label = figure.Length(u.Period) + ", " + label
		}
		c.Text(box.X+size/2, box.Bottom()+1.1, label, figure.Type{Size: figure.Small, X: figure.Middle})
	}
	if len(shown) == 0 {
		sheet.Notice(c, figure.Box{X: at.X, Y: at.Y, W: 60, H: size}, "no active unit")
	}
	c.ScaleBar(figure.Point{X: 5, Y: at.Y + 7.4}, b.BoxM, size)
	for i, l := range b.facts(net) {
		c.Text(5, at.Y+10+3.2*float64(i), l, figure.Type{Size: figure.Small, Color: figure.Grey})
	}
}

// facts are the lines beside the maps of a box: what of it no walk came to, and the periods of the
// modules, five lines at most.
func (b InBox) facts(net sheet.Network) []string {
	var lines []string
	if share := net.Unvisited(); share > sheet.Uncovered {
		lines = append(lines, figure.Percent(share, 0)+" unvisited")
	}
	if len(b.Modules) == 0 {
		return append(lines, "no module")
	}
	lines = append(lines, "modules")
	for _, m := range b.Modules {
		lines = append(lines, figure.Length(m.Period))
	}
	return lines[:min(len(lines), 5)]
}
