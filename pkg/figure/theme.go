package figure

import "image/color"

// SheetWidth is the width of every figure in mm: a double column. Panels have Width of it, within a
// margin on all sides.
const (
	SheetWidth = 180.0
	Margin     = 1.5
	Width      = SheetWidth - 2*Margin
)

// Type sizes in points. Nothing is set smaller than Tiny.
const (
	Normal = 7.0 // axis labels, titles of panels
	Small  = 6.0 // ticks, labels below ratemaps
	Tiny   = 5.0 // the score below each of many small ratemaps
	Letter = 9.0 // panel letters
)

// Line widths in points.
const (
	Hair  = 0.4  // frames of images
	Thin  = 0.6  // axes, ticks, reference lines
	Thick = 1.25 // medians, scale bars
)

// Colours of type and lines.
var (
	Black = color.RGBA{0x1a, 0x1a, 0x1a, 0xff}
	Grey  = color.RGBA{0x6b, 0x6b, 0x6b, 0xff}
	Pale  = color.RGBA{0xb8, 0xb8, 0xb8, 0xff}
	White = color.RGBA{0xff, 0xff, 0xff, 0xff}
	Red   = color.RGBA{0xd0, 0x1c, 0x1f, 0xff}
	Amber = color.RGBA{0xe0, 0x8a, 0x00, 0xff}
)

// series is the qualitative palette of Okabe and Ito (2008), which stays distinct for colour-blind
// readers; its yellow is left out, being too light on white.
var series = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff},
	{0xd5, 0x5e, 0x00, 0xff},
	{0x00, 0x9e, 0x73, 0xff},
	{0xcc, 0x79, 0xa7, 0xff},
	{0x56, 0xb4, 0xe9, 0xff},
	{0xe6, 0x9f, 0x00, 0xff},
}

// Series returns the colour of the i-th group (of modules, of variants); groups beyond the sixth
// start over, and a negative i, "in no group", is pale grey.
func Series(i int) color.RGBA {
	if i < 0 {
		return Pale
	}
	return series[i%len(series)]
}

// Fade mixes a share t of white (0 none, 1 white) into c: the depth cue of a cloud.
func Fade(c color.RGBA, t float64) color.RGBA {
	mix := func(v uint8) uint8 { return uint8(float64(v) + t*(255-float64(v)) + 0.5) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), c.A}
}
