package figure6

import (
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/stages/figures/sheet"
)

// paintPersistence draws birth and death of every class of the states' cohomology, in the colour of
// its dimension, and the range of scales over which the Betti numbers hold: a class counts if it is
// born left of the range and dies above it. Loops and voids above the curve of their colour outlive
// all of the controls.
func (f *drawing) paintPersistence(c *figure.Canvas, b figure.Box) {
	top := f.Topology.Cone
	if !(top > 0) || len(f.Intervals) == 0 {
		c.Rect(b, figure.Stroke{Color: figure.Black, Width: figure.Thin})
		sheet.Notice(c, b, "persistence undefined")
		return
	}
	top *= 1.05
	ticks := figure.Ticks(0, top, 4)
	a := figure.Axes{Box: b, X: figure.Axis{Max: top, Label: "birth (scale)", Ticks: ticks}, Y: figure.Axis{Max: top, Label: "death (scale)", Ticks: ticks}}
	c.Line(figure.Stroke{Color: figure.Pale, Width: figure.Thin}, a.At(0, 0), a.At(top, top))
	verdict := "Betti numbers undetermined"
	if t := f.Topology; t.From < t.To {
		verdict = fmt.Sprintf("Betti numbers %d, %d, %d (%d landmarks)", t.Betti0, t.Betti1, t.Betti2, t.Landmarks)
		span := figure.Stroke{Color: figure.Grey, Width: figure.Hair, Dash: []float64{2, 1.5}}
		a.VLine(c, t.From, span)
		a.HLine(c, t.To, span)
	}
	f.paintControls(c, a)
	for d := range int32(3) {
		var at []figure.Point
		for _, i := range f.Intervals {
			if i.Dimension == d {
				at = append(at, a.At(i.Birth, math.Min(i.Death, top))) // what never dies stands on the upper edge
			}
		}
		c.Discs(at, 0.6, figure.Series(int(d)))
		x := b.Right() - 15
		y := b.Bottom() - 9 + 3.2*float64(d)
		c.Discs([]figure.Point{{X: x, Y: y}}, 0.6, figure.Series(int(d)))
		c.Text(x+1.6, y, []string{"components", "loops", "voids"}[d], figure.Type{Size: figure.Small, Y: figure.Middle})
	}
	a.DrawFrame(c, sheet.LabelGap)
	sheet.Title(c, b, verdict)
	c.Text(b.X, b.Bottom()+8.4, "dashes: where just these live; curves: controls", figure.Type{Size: figure.Small, Color: figure.Grey})
}

// paintControls draws, for loops and voids, the deaths of those that live as long as the longest of
// the controls: 2 sqrt(death/cone) - 2 sqrt(birth/cone) is the same all along.
func (f *drawing) paintControls(c *figure.Canvas, a figure.Axes) {
	const steps = 60
	for i, life := range []float64{f.Topology.Loop, f.Topology.Void} {
		var at []figure.Point
		for k := range steps + 1 {
			birth := float64(k) / steps * a.X.Max
			root := math.Sqrt(birth/f.Topology.Cone) + life/2
			if death := root * root * f.Topology.Cone; death <= a.Y.Max {
				at = append(at, a.At(birth, death))
			}
		}
		if len(at) > 1 {
			c.Line(figure.Stroke{Color: figure.Series(i + 1), Width: figure.Hair}, at...)
		}
	}
}
