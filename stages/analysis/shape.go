package analysis

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/manifold"
)

// DrawShape draws the persistence diagram of a cloud of states, with the line that the loops and
// voids of all its controls stay below, and the longest lives beside those of the controls. It
// returns SVG and PNG.
func DrawShape(s *manifold.Shape) (svg, png []byte, err error) {
	page := figure.Page{Title: "Persistence of states: " + verdict(s.Verdict), Height: 82, DPI: dpi}
	return figure.Render(page, func(c *figure.Canvas) {
		c.Text(0, 0, "Betti numbers "+verdict(s.Verdict), figure.Type{Size: figure.Normal})
		drawDiagram(c, s, figure.Box{X: 12, Y: 10, W: 62, H: 62})
		drawLives(c, s, figure.Box{X: 98, Y: 10, W: 76, H: 62})
	})
}

func verdict(v manifold.Verdict) string {
	if v.Numbers == nil {
		return "undetermined: " + v.Reason
	}
	text := ""
	for d, n := range v.Numbers {
		if d > 0 {
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	return text
}

var classes = []string{"components", "loops", "voids"}

// drawDiagram draws birth and death of every class. A dashed curve is the least death of a class
// that outlives those of all controls.
func drawDiagram(c *figure.Canvas, s *manifold.Shape, b figure.Box) {
	top := 1.05 * s.Cone
	if !(top > 0) {
		top = 1
	}
	ticks := figure.Ticks(0, top, 4)
	a := figure.Axes{Box: b, X: figure.Axis{Max: top, Label: "birth (scale)", Ticks: ticks}, Y: figure.Axis{Max: top, Label: "death (scale)", Ticks: ticks}}
	c.Line(figure.Stroke{Color: figure.Pale, Width: figure.Thin}, a.At(0, 0), a.At(top, top))
	for d, intervals := range s.Intervals {
		var at []figure.Point
		for _, i := range intervals {
			at = append(at, a.At(i.Birth, math.Min(i.Death, top))) // what never dies stands on the upper edge
		}
		c.Discs(at, 0.6, figure.Series(d))
		key(c, figure.Box{X: b.Right() - 18, Y: b.Y, W: 18, H: b.H - 2}, len(s.Intervals)-1-d, figure.Series(d), classes[d])
		if d == 0 || len(s.Longest[d]) == 0 {
			continue
		}
		longest := figure.Peak(s.Longest[d])
		var curve []figure.Point
		for k := range 101 {
			birth := s.Cone * float64(k) / 100
			root := math.Sqrt(birth/s.Cone) + longest/2
			if death := s.Cone * root * root; death <= top {
				curve = append(curve, a.At(birth, death))
			}
		}
		if len(curve) > 1 {
			c.Line(figure.Stroke{Color: figure.Series(d), Width: figure.Thin, Dash: []float64{2, 1.5}}, curve...)
		}
	}
	a.DrawFrame(c, 9)
	c.PanelLetter(b.X-11, b.Y-5, "a")
	c.Text(b.Right(), b.Y-1.6, "dashed: what no control outlives", figure.Type{Size: figure.Small, X: figure.End, Y: figure.End})
}

// lifetimes is how many of the longest lives are drawn.
const lifetimes = 10

// drawLives draws the longest lives of loops and voids, and beside them the longest one of each
// control.
func drawLives(c *figure.Canvas, s *manifold.Shape, b figure.Box) {
	lives := make([][]float64, len(s.Intervals))
	top := 0.0
	for d := range s.Intervals {
		for _, i := range s.Intervals[d] {
			if d > 0 && !math.IsInf(i.Death, 1) {
				lives[d] = append(lives[d], s.Life(d, i))
			}
		}
		slices.SortFunc(lives[d], func(a, b float64) int { return cmp.Compare(b, a) })
		lives[d] = lives[d][:min(lifetimes, len(lives[d]))]
		if d > 0 {
			top = math.Max(top, math.Max(figure.Peak(append([]float64{0}, lives[d]...)), figure.Peak(append([]float64{0}, s.Longest[d]...))))
		}
	}
	if top == 0 {
		top = 1
	}
	top *= 1.1
	a := figure.Axes{Box: b, X: figure.Axis{Max: 4}, Y: figure.Axis{Max: top, Label: "life", Ticks: figure.Ticks(0, top, 5)}}
	for d := 1; d < len(s.Intervals); d++ {
		x := 2*float64(d) - 1.5
		spread(c, a, x, lives[d], figure.Series(d))
		spread(c, a, x+0.8, s.Longest[d], figure.Grey)
		under := figure.Type{Size: figure.Small, X: figure.Middle}
		c.Text(a.At(x, 0).X, b.Bottom()+2, classes[d], under)
		c.Text(a.At(x+0.8, 0).X, b.Bottom()+2, "of controls", under)
	}
	a.Draw(c, 9)
	c.PanelLetter(b.X-11, b.Y-5, "b")
	c.Text(b.Right(), b.Y-1.6, fmt.Sprintf("longest lives; longest of each of %d controls", len(s.Longest[0])), figure.Type{Size: figure.Small, X: figure.End, Y: figure.End})
}

// spread draws values side by side around x.
func spread(c *figure.Canvas, a figure.Axes, x float64, values []float64, ink color.RGBA) {
	var at []figure.Point
	for i, v := range values {
		at = append(at, a.At(x+0.25*(float64(i)/float64(max(1, len(values)-1))-0.5), v))
	}
	c.Discs(at, 0.7, ink)
}
