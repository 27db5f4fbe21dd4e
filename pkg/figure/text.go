package figure

import (
	"image/color"
	"strings"
	"unicode/utf8"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
)

// Align says where the given point lies on the text: at its start, its middle or its end.
type Align int

// The three alignments, of x and of y. In y, Start is the top of the capitals and End the baseline.
const (
	Start Align = iota
	Middle
	End
)

// Type is the look of a text: its size in points, weight, colour (Black if zero), alignment about
// the given point, and whether it runs upwards.
type Type struct {
	Size   float64
	Bold   bool
	Color  color.RGBA
	X, Y   Align
	Upward bool
}

// ink is the colour of the type.
func (t Type) ink() color.RGBA {
	if t.Color == (color.RGBA{}) {
		return Black
	}
	return t.Color
}

// capHeight is the height of Liberation Sans capitals and digits over the type size.
const capHeight = 0.72

// fonts holds Liberation Sans, whose widths are those of Arial and Helvetica: a viewer that lacks
// it sets the same lines from either.
var fonts = font.NewCache(liberation.Collection())

// pointsPerMM converts mm to points.
const pointsPerMM = 72 / 25.4

// run is a piece of a text: plain, or a subscript.
type run struct {
	text string
	size float64 // points
	drop float64 // of the baseline, points
}

// Size and drop of a subscript over the type size.
const (
	subscriptSize = 0.7
	subscriptDrop = 0.2
)

// runs splits a text at its subscripts: as in TeX, "_" lowers the character behind it.
func (t Type) runs(s string) []run {
	var out []run
	for {
		plain, rest, found := strings.Cut(s, "_")
		if plain != "" {
			out = append(out, run{plain, t.Size, 0})
		}
		if !found || rest == "" {
			return out
		}
		_, n := utf8.DecodeRuneInString(rest)
		out = append(out, run{rest[:n], t.Size * subscriptSize, t.Size * subscriptDrop})
		s = rest[n:]
	}
}

// face is the typeface of a run.
func (t Type) face(r run) font.Face {
	f := font.Font{Typeface: "Liberation", Variant: "Sans"}
	if t.Bold {
		f.Weight = xfont.WeightBold
	}
	return fonts.Lookup(f, vg.Points(r.size))
}

// width is the width of the runs in points.
func (t Type) width(runs []run) float64 {
	sum := 0.0
	for _, r := range runs {
		face := t.face(r)
		sum += face.Width(r.text).Points()
	}
	return sum
}

// TextWidth is the width of s in mm.
func TextWidth(s string, t Type) float64 { return t.width(t.runs(s)) / pointsPerMM }

// Text writes one line of text at the point (x, y). "_" lowers the character behind it: "k_1".
func (c *Canvas) Text(x, y float64, s string, t Type) {
	runs := t.runs(s)
	if len(runs) == 0 {
		return
	}
	// From the point to the baseline: the cap height, half of it, or nothing.
	down := (1 - float64(t.Y)/2) * capHeight * t.Size / pointsPerMM
	base := Point{x + Margin, y + Margin + down}
	if t.Upward {
		base = Point{x + Margin + down, y + Margin}
	}
	c.out.text(base, runs, t)
}

// PanelLetter writes the bold letter of a panel with its top at (x, y).
func (c *Canvas) PanelLetter(x, y float64, s string) {
	c.Text(x, y, s, Type{Size: Letter, Bold: true})
}
