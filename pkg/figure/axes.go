package figure

import (
	"image/color"
	"math"
)

// Axis is one direction of a panel. Ticks without labels are drawn bare.
type Axis struct {
	Min, Max float64
	Label    string
	Ticks    []Tick
}

// Axes map data coordinates onto a box of the page, y up.
type Axes struct {
	Box  Box
	X, Y Axis
}

const (
	tickLength = 0.9 // mm
	tickGap    = 0.7 // mm between tick and its label
)

// At returns the place on the page of the data point (x, y).
func (a Axes) At(x, y float64) Point {
	return Point{
		a.Box.X + a.Box.W*(x-a.X.Min)/(a.X.Max-a.X.Min),
		a.Box.Bottom() - a.Box.H*(y-a.Y.Min)/(a.Y.Max-a.Y.Min),
	}
}

// Holds reports whether the data point lies within the axes; NaN does not.
func (a Axes) Holds(x, y float64) bool {
	return x >= a.X.Min && x <= a.X.Max && y >= a.Y.Min && y <= a.Y.Max
}

// Points returns the places of those data points that lie within the axes.
func (a Axes) Points(x, y []float64) []Point {
	var out []Point
	for i := range x {
		if a.Holds(x[i], y[i]) {
			out = append(out, a.At(x[i], y[i]))
		}
	}
	return out
}

// Draw strokes the left and the bottom axis with ticks and labels. yLabelGap is the distance in mm
// from the axis to the middle of the y label: the same for panels that stand above each other, so
// that their labels line up.
func (a Axes) Draw(c *Canvas, yLabelGap float64) {
	line := Stroke{Color: Black, Width: Thin}
	b := a.Box
	c.Line(line, Point{b.X, b.Y}, Point{b.X, b.Bottom()}, Point{b.Right(), b.Bottom()})
	a.drawTicks(c, line)
	a.drawLabels(c, yLabelGap)
}

// DrawFrame is Draw with the whole frame stroked: for images and square maps.
func (a Axes) DrawFrame(c *Canvas, yLabelGap float64) {
	line := Stroke{Color: Black, Width: Thin}
	c.Rect(a.Box, line)
	a.drawTicks(c, line)
	a.drawLabels(c, yLabelGap)
}

func (a Axes) drawTicks(c *Canvas, line Stroke) {
	b := a.Box
	for _, t := range a.X.Ticks {
		x := a.At(t.At, a.Y.Min).X
		c.Line(line, Point{x, b.Bottom()}, Point{x, b.Bottom() + tickLength})
		c.Text(x, b.Bottom()+tickLength+tickGap, t.Label, Type{Size: Small, X: Middle})
	}
	for _, t := range a.Y.Ticks {
		y := a.At(a.X.Min, t.At).Y
		c.Line(line, Point{b.X - tickLength, y}, Point{b.X, y})
		c.Text(b.X-tickLength-tickGap, y, t.Label, Type{Size: Small, X: End, Y: Middle})
	}
}

// XLabelGap is the distance in mm from the bottom axis to the top of its label.
const XLabelGap = 4.3

func (a Axes) drawLabels(c *Canvas, yLabelGap float64) {
	b := a.Box
	c.Text(b.X+b.W/2, b.Bottom()+XLabelGap, a.X.Label, Type{Size: Normal, X: Middle})
	c.Text(b.X-yLabelGap, b.Y+b.H/2, a.Y.Label, Type{Size: Normal, X: Middle, Y: Middle, Upward: true})
}

// HLine and VLine draw a reference line across the panel at a data value; nothing if it lies
// outside.
func (a Axes) HLine(c *Canvas, y float64, s Stroke) {
	if a.Holds(a.X.Min, y) {
		c.Line(s, a.At(a.X.Min, y), a.At(a.X.Max, y))
	}
}

// VLine is HLine along y.
func (a Axes) VLine(c *Canvas, x float64, s Stroke) {
	if a.Holds(x, a.Y.Min) {
		c.Line(s, a.At(x, a.Y.Min), a.At(x, a.Y.Max))
	}
}

// Bars stacks a histogram on base (heights per bin, changed in place) and fills it; edges holds one
// more value than counts.
func (a Axes) Bars(c *Canvas, edges, counts, base []float64, ink color.RGBA) {
	for i, n := range counts {
		if n <= 0 {
			continue
		}
		lo, hi := a.At(edges[i], base[i]), a.At(edges[i+1], base[i]+n)
		// A sliver of white between bars keeps them apart at any size.
		gap := math.Min(0.12, 0.1*(hi.X-lo.X))
		c.FillRect(Box{lo.X + gap/2, hi.Y, hi.X - lo.X - gap, lo.Y - hi.Y}, ink)
		base[i] += n
	}
}

// Histogram counts the finite values in bins of equal width over [lo, hi]; hi itself falls into the
// last bin, values outside are left out. edges has bins+1 values.
func Histogram(values []float64, lo, hi float64, bins int) (edges, counts []float64) {
	edges, counts = make([]float64, bins+1), make([]float64, bins)
	for i := range edges {
		edges[i] = lo + (hi-lo)*float64(i)/float64(bins)
	}
	for _, v := range values {
		if v >= lo && v <= hi {
			counts[min(bins-1, int(float64(bins)*(v-lo)/(hi-lo)))]++
		}
	}
	return edges, counts
}
