package figure

import (
	"image"
	"image/color"
)

// Canvas draws on a page in millimetres from the top left corner within the margin, x to the right,
// y down.
type Canvas struct{ out surface }

// surface is what a page is drawn on: the SVG or the PNG. Points are in mm from the top left corner
// of the sheet.
type surface interface {
	lines(points []Point, closed bool, s Stroke)
	polygon(points []Point, ink color.RGBA)
	discs(centres []Point, radius float64, ink color.RGBA)
	circles(centres []Point, radius float64, s Stroke)
	// text sets the runs from the baseline point, which is their start, middle or end as t.X says.
	text(base Point, runs []run, t Type)
	image(b Box, img image.Image)
}

// Box is a rectangle of the page: top left corner and size in mm.
type Box struct{ X, Y, W, H float64 }

// Right is the x of the right edge in mm.
func (b Box) Right() float64 { return b.X + b.W }

// Bottom is the y of the lower edge in mm.
func (b Box) Bottom() float64 { return b.Y + b.H }

func (b Box) corners() []Point {
	return []Point{{b.X, b.Y}, {b.Right(), b.Y}, {b.Right(), b.Bottom()}, {b.X, b.Bottom()}}
}

// Point is a place on the page in mm.
type Point struct{ X, Y float64 }

// Stroke is a line's look: width in points, Dash lengths in points (nil: solid).
type Stroke struct {
	Color color.RGBA
	Width float64
	Dash  []float64
}

// Line draws through the points in order.
func (c *Canvas) Line(s Stroke, points ...Point) {
	if len(points) > 1 {
		c.out.lines(onSheet(points), false, s)
	}
}

// Polygon strokes the closed polygon.
func (c *Canvas) Polygon(points []Point, s Stroke) {
	if len(points) > 1 {
		c.out.lines(onSheet(points), true, s)
	}
}

// Rect strokes the outline of the box.
func (c *Canvas) Rect(b Box, s Stroke) { c.Polygon(b.corners(), s) }

// FillRect fills the box.
func (c *Canvas) FillRect(b Box, ink color.RGBA) { c.out.polygon(onSheet(b.corners()), ink) }

// Discs fills a disc of the radius (mm) at every point.
func (c *Canvas) Discs(points []Point, radius float64, ink color.RGBA) {
	if len(points) > 0 {
		c.out.discs(onSheet(points), radius, ink)
	}
}

// Circles strokes a circle of the radius (mm) about every point.
func (c *Canvas) Circles(points []Point, radius float64, s Stroke) {
	if len(points) > 0 {
		c.out.circles(onSheet(points), radius, s)
	}
}

// Crosses strokes a diagonal cross, from its middle as wide and high as the radius (mm), on every
// point.
func (c *Canvas) Crosses(points []Point, radius float64, s Stroke) {
	for _, p := range points {
		c.Line(s, Point{p.X - radius, p.Y - radius}, Point{p.X + radius, p.Y + radius})
		c.Line(s, Point{p.X - radius, p.Y + radius}, Point{p.X + radius, p.Y - radius})
	}
}

// Image fills the box with the image. Paletted images (heat maps) keep the edges of their pixels,
// others are smoothed. A nil image draws nothing.
func (c *Canvas) Image(b Box, img image.Image) {
	if p, ok := img.(*image.Paletted); img == nil || ok && p == nil {
		return
	}
	b.X, b.Y = b.X+Margin, b.Y+Margin
	c.out.image(b, img)
}

// onSheet adds the margin.
func onSheet(points []Point) []Point {
	out := make([]Point, len(points))
	for i, p := range points {
		out[i] = Point{p.X + Margin, p.Y + Margin}
	}
	return out
}
