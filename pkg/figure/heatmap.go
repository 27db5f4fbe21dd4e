package figure

import (
	"image"
	"image/color"
	"math"
)

// shades is the number of colours of a heat map: more than the eye tells apart, and few enough that
// a map of 48 x 48 bins packs into about 2 kB.
const shades = 96

// HeatMap turns values in rows of nx, row 0 lowest, into an image; lo..hi spans the colour map. NaN
// is transparent. It is nil unless the values fill whole rows.
func HeatMap[T float32 | float64](values []T, nx int, lo, hi float64, m Map) *image.Paletted {
	if nx <= 0 || len(values) == 0 || len(values)%nx != 0 {
		return nil
	}
	ny := len(values) / nx
	img := image.NewPaletted(image.Rect(0, 0, nx, ny), shadesOf(m))
	for i, v := range values {
		x, y := i%nx, ny-1-i/nx
		if t := (float64(v) - lo) / (hi - lo); !math.IsNaN(t) {
			img.SetColorIndex(x, y, uint8(1+math.Round(unit(t)*(shades-1))))
		}
	}
	return img
}

// shadesOf is transparent, then the shades of the map.
func shadesOf(m Map) color.Palette {
	p := make(color.Palette, shades+1)
	p[0] = color.RGBA{}
	for i := 1; i <= shades; i++ {
		p[i] = m(float64(i-1) / (shades - 1))
	}
	return p
}

// Peak returns the greatest finite value, NaN if there is none.
func Peak[T float32 | float64](values []T) float64 {
	peak := math.NaN()
	for _, v := range values {
		if f := float64(v); !math.IsInf(f, 0) && (math.IsNaN(peak) || f > peak) && !math.IsNaN(f) {
			peak = f
		}
	}
	return peak
}

// lowest returns the least value, NaN left out.
func lowest[T float32 | float64](values []T) float64 {
	least := math.Inf(1)
	for _, v := range values {
		if float64(v) < least {
			least = float64(v)
		}
	}
	return least
}

// Constant is the depth of modulation, (peak - lowest rate) / peak, under which a ratemap is drawn
// as constant.
const Constant = 0.05

// RateMap draws a ratemap (row 0 lowest y) scaled to its own peak, in a hair frame. A map without a
// positive rate is drawn at the map's lowest colour, and one that is constant but for Constant in
// grey: scaled to its peak it would be one saturated colour.
func (c *Canvas) RateMap(b Box, values []float32, nx int, m Map) {
	hi := Peak(values)
	if hi > 0 && lowest(values) > (1-Constant)*hi {
		m = func(float64) color.RGBA { return Pale }
	}
	if !(hi > 0) {
		hi = 1
	}
	if img := HeatMap(values, nx, 0, hi, m); img != nil {
		c.Image(b, img)
	}
	c.Rect(b, Stroke{Color: Black, Width: Hair})
}

// ColorBar draws the scale of a colour map over lo..hi, horizontal with its ticks below and label
// above them to the left if the box is wider than high, else vertical with ticks to the right and
// the label running upwards beyond.
func (c *Canvas) ColorBar(b Box, m Map, lo, hi float64, ticks []Tick, label string) {
	const n = shades
	line := Stroke{Color: Black, Width: Hair}
	ramp := make([]float64, n)
	for i := range ramp {
		ramp[i] = float64(i) / (n - 1)
	}
	if b.W >= b.H {
		c.Image(b, HeatMap(ramp, n, 0, 1, m))
		c.Rect(b, line)
		for _, t := range ticks {
			x := b.X + b.W*(t.At-lo)/(hi-lo)
			c.Line(line, Point{x, b.Bottom()}, Point{x, b.Bottom() + tickLength})
			c.Text(x, b.Bottom()+tickLength+tickGap, t.Label, Type{Size: Small, X: Middle})
		}
		c.Text(b.X-1.5, b.Y+b.H/2, label, Type{Size: Small, X: End, Y: Middle})
		return
	}
	c.Image(b, HeatMap(ramp, 1, 0, 1, m))
	c.Rect(b, line)
	widest := 0.0
	for _, t := range ticks {
		y := b.Bottom() - b.H*(t.At-lo)/(hi-lo)
		c.Line(line, Point{b.Right(), y}, Point{b.Right() + tickLength, y})
		c.Text(b.Right()+tickLength+tickGap, y, t.Label, Type{Size: Small, Y: Middle})
		widest = math.Max(widest, TextWidth(t.Label, Type{Size: Small}))
	}
	c.Text(b.Right()+tickLength+2*tickGap+widest+1, b.Y+b.H/2, label,
		Type{Size: Small, X: Middle, Y: Middle, Upward: true})
}

// ScaleBar draws a bar of a nice length from a point to the right, for a picture that shows metres
// over mm of the page, and writes the length behind it.
func (c *Canvas) ScaleBar(from Point, metres, mm float64) {
	length := NiceLength(metres)
	if length == 0 {
		return
	}
	w := mm * length / metres
	c.Line(Stroke{Color: Black, Width: Thick}, from, Point{from.X + w, from.Y})
	c.Text(from.X+w+1, from.Y, Metres(length), Type{Size: Small, Y: Middle})
}
