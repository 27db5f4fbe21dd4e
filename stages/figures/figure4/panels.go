package figure4

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/gridcell"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/spectra/spectratable"
)

// paintCell draws one ratemap with its numbers.
func paintCell(c *figure.Canvas, b figure.Box, u spectratable.Unit, by sheet.Measure, net sheet.Network, rates figure.Map) {
	c.Text(b.X, b.Y-1, fmt.Sprintf("unit %d", u.Unit), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	net.UnitMap(c, b, u, rates)
	label := figure.Type{Size: figure.Small, X: figure.Middle}
	if by.Name != sheet.ByGrid.Name { // which has no lattice to be measured
		c.Text(b.X+b.W/2, b.Bottom()+1.3, by.Label(net, u), label)
		return
	}
	c.Text(b.X+b.W/2, b.Bottom()+1.3, figure.Length(u.Period)+" · "+figure.Number(u.Orientation, 1)+"°", label)
	c.Text(b.X+b.W/2, b.Bottom()+4.2, "score "+by.Label(net, u), label)
}

// correlogram draws the middle of an autocorrelogram: lags up to half the box, or as far as
// the first ring of peaks needs.
func correlogram(c *figure.Canvas, b figure.Box, u spectratable.Unit, values []float32, boxM, period float64, m figure.Map) {
	if len(values) == 0 {
		c.Rect(b, figure.Stroke{Color: figure.Pale, Width: figure.Hair})
		sheet.Notice(c, b, "none")
		return
	}
	n, _ := sheet.Side("autocorrelogram", len(values)) // checked by the caller
	// n = 2 bins - 1 lags of boxM / bins.
	lag := boxM / (float64(n+1) / 2)
	reach := boxM / 2
	if period > 0 {
		reach = math.Max(reach, 1.3*period)
	}
	half := min(n/2, max(1, int(math.Round(reach/lag))))
	middle := sheet.Crop(values, n, half)
	if img := figure.HeatMap(middle, 2*half+1, -1, 1, m); img != nil {
		c.Image(b, img)
	}
	c.Rect(b, figure.Stroke{Color: figure.Black, Width: figure.Hair})
	c.ScaleBar(figure.Point{X: b.X, Y: b.Bottom() + 2.2}, float64(2*half+1)*lag, b.W)
}

// paintPeriods draws period against orientation of the active units, and of the paper's modules.
func paintPeriods(c *figure.Canvas, b figure.Box, units []spectratable.Unit, modules []spectratable.Module) {
	units = sheet.Active(units)
	top := math.Max(sheet.PeriodRange(units), 1.5) // the paper's largest is 1.40 m
	a := figure.Axes{Box: b,
		X: figure.Axis{Min: 0, Max: 60, Label: "orientation (deg)", Ticks: figure.Ticks(0, 60, 4)},
		Y: figure.Axis{Min: 0, Max: top, Label: "period (m)", Ticks: figure.Ticks(0, top, 5)}}
	groups, none := sheet.ByModule(units, modules)
	a.Draw(c, 9.5)
	legend := figure.Point{X: b.Right() + 3, Y: b.Y + 1}
	label := figure.Type{Size: figure.Small, Y: figure.Middle}
	name := func(text string) figure.Point { // the next line of the legend, and where its mark stands
		at := legend
		c.Text(at.X+2, at.Y, text, label)
		legend.Y += 3.6
		return at
	}
	places := func(units []spectratable.Unit) []figure.Point {
		return a.Points(sheet.Column(units, sheet.Orientation), sheet.Column(units, sheet.Period))
	}
	for i, g := range groups {
		key := name(fmt.Sprintf("module %d (%d)", modules[i].Module+1, len(g)))
		c.Discs(append(places(g), key), 0.8, figure.Series(i))
	}
	if len(none) > 0 {
		key := name(fmt.Sprintf("no module (%d)", len(none)))
		c.Circles(append(places(none), key), 0.65, figure.Stroke{Color: figure.Grey, Width: figure.Thin})
	}
	crosses := []figure.Point{name("the paper's")}
	for _, m := range paperModules {
		crosses = append(crosses, a.At(m.orientation, m.period))
	}
	c.Crosses(crosses, 1.1, figure.Stroke{Color: figure.Black, Width: figure.Thick})
	if len(units) == 0 {
		sheet.Notice(c, b, "no active unit")
	}
}

// independence says in a few lines how many of the hexagonal modules are independent of one another,
// whether places beyond the coarsest one's cell are told apart, and which modules are at a
// coincidence, so that they may share one torus. Of one module it says nothing.
func (d Data) independence() (lines []string) {
	s := d.Summary
	var hexagonal []spectratable.Module
	for _, m := range d.Modules {
		if m.Hexagonal {
			hexagonal = append(hexagonal, m)
		}
	}
	if len(hexagonal) < 2 {
		return nil
	}
	count := fmt.Sprintf("independent: %d of %d hexagonal modules", s.Independent, len(hexagonal))
	if s.Generators > 0 {
		count += fmt.Sprintf("; generators of all waves: %d (one torus: 2)", s.Generators)
	}
	lines = append(lines, count)
	if told := d.Told; told.Places > 0 {
		lines = append(lines, fmt.Sprintf("beyond the coarsest cell %s of places are told apart; by guessing %s", figure.Percent(told.Right, 0), figure.Percent(told.Chance, 0)))
	}
	var locked []string
	for i, m := range hexagonal {
		for _, n := range hexagonal[i+1:] {
			if at, ok := gridcell.NearCoincidence(m.Period, m.Orientation, n.Period, n.Orientation); ok {
				locked = append(locked, fmt.Sprintf("%d and %d (× %s, %s°)", m.Module+1, n.Module+1, figure.Number(at.Ratio, 3), figure.Number(at.AngleDeg, 0)))
			}
		}
	}
	if len(locked) > 0 {
		lines = append(lines, "coincide: modules "+strings.Join(locked, ", "))
	}
	return lines
}

// paintScores draws the histogram of the active units' scores, stacked by module, on the range of
// the paper's; the median is marked above the bars.
func paintScores(c *figure.Canvas, b figure.Box, units []spectratable.Unit, modules []spectratable.Module, s spectratable.Summary) {
	units = sheet.Active(units)
	const lo, hi, bins = -1.2, 1.6, 56
	groups, none := sheet.ByModule(units, modules)
	total := make([]float64, bins)
	clipped := func(u spectratable.Unit) float64 { // a score outside the axis falls into its end bins
		if math.IsNaN(u.Score) {
			return u.Score
		}
		return math.Max(lo, math.Min(hi, u.Score))
	}
	edges, all := figure.Histogram(sheet.Column(units, clipped), lo, hi, bins)
	top := sheet.CountRange(all)
	a := figure.Axes{Box: b,
		X: figure.Axis{Min: lo, Max: hi, Label: "grid score (expanding ring)", Ticks: figure.Ticks(-1, 1.5, 5)},
		Y: figure.Axis{Min: 0, Max: top, Label: "active units", Ticks: sheet.CountTicks(top)}}
	left, right := a.At(paperScores[0], top), a.At(paperScores[1], top)
	c.FillRect(figure.Box{X: left.X, Y: left.Y, W: right.X - left.X, H: b.H}, figure.Fade(figure.Pale, 0.6))
	c.Text((left.X+right.X)/2, b.Y+1, "the", figure.Type{Size: figure.Small, Color: figure.Grey, X: figure.Middle})
	c.Text((left.X+right.X)/2, b.Y+3.6, "paper's", figure.Type{Size: figure.Small, Color: figure.Grey, X: figure.Middle})
	stack := func(units []spectratable.Unit, group int) {
		_, counts := figure.Histogram(sheet.Column(units, clipped), lo, hi, bins)
		a.Bars(c, edges, counts, total, figure.Series(group))
	}
	stack(none, -1)
	for i, g := range groups {
		stack(g, i)
	}
	a.Draw(c, 9.5)
	a.VLine(c, sheet.ScoreLine, figure.Stroke{Color: figure.Black, Width: figure.Thin, Dash: []float64{2, 1.5}})
	c.Text(b.X+1, b.Y-5, fmt.Sprintf("%s above %s (dashes)", figure.Percent(s.Above, 0), figure.Number(sheet.ScoreLine, 1)), figure.Type{Size: figure.Small, Y: figure.End})
	if a.Holds(s.Score, 0) {
		paintMedian(c, a.At(s.Score, top), s.Score, b)
	}
	if len(units) == 0 {
		sheet.Notice(c, b, "no active unit")
	}
}

// paintMedian puts a tick and the value above a panel, on the side where there is room.
func paintMedian(c *figure.Canvas, at figure.Point, value float64, b figure.Box) {
	c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thick}, figure.Point{X: at.X, Y: b.Y - 0.5}, figure.Point{X: at.X, Y: b.Y - 3})
	t, x := figure.Type{Size: figure.Small, Y: figure.Middle}, at.X+1
	if at.X > b.X+b.W/2 {
		t.X, x = figure.End, at.X-1
	}
	c.Text(x, b.Y-1.8, "median "+figure.Number(value, 2), t)
}

// ink is the type colour of a group: black for none, whose marks are grey.
func ink(group int) color.RGBA {
	if group < 0 {
		return figure.Black
	}
	return figure.Series(group)
}
