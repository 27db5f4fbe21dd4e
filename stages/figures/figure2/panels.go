package figure2

import (
	"fmt"
	"image/color"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/torus"
	"sicgrid/stages/ideal/idealtable"
)

// paintNear marks the neighbours of a place of one kind on the sheet and on the real line.
func (d Data) paintNear(c *figure.Canvas, b figure.Box, kind, head, y string) {
	reach := d.Line[len(d.Line)-1].X
	a := torus.Sheet(b, "φ_1 (rad)", y)
	torus.Path(c, a, torus.PhasesOf(d.Line), figure.Stroke{Color: figure.Pale, Width: figure.Hair})
	ink := func(x float64) color.RGBA { return figure.Viridis(x / reach) }
	var places []float64
	for _, n := range d.Near[1:] {
		if n.Kind != kind {
			continue
		}
		places = append(places, n.X)
		c.Discs([]figure.Point{a.At(n.Phi1, n.Phi2)}, map[string]float64{"phase": 0.35, "place": 1}[kind], ink(n.X))
	}
	centre := d.Near[0]
	if kind == "phase" {
		c.Circles([]figure.Point{a.At(centre.Phi1, centre.Phi2)}, d.Thickness/(2*math.Pi)*b.W, figure.Stroke{Color: figure.Black, Width: figure.Thin})
	}
	a.DrawFrame(c, 6)
	sheet.Title(c, b, head)
	placeAxis(c, figure.Box{X: b.X, Y: b.Bottom() + 9, W: b.W, H: 3}, reach, places, ink)
}

// paintRange draws the line of a range on a bare sheet.
func (d Data) paintRange(c *figure.Canvas, b figure.Box, reach float64, y string) {
	a := torus.Sheet(b, "φ_1 (rad)", y)
	var part []idealtable.Place
	for _, l := range d.Line {
		if l.X <= reach {
			part = append(part, l)
		}
	}
	torus.CodingLine(c, a, part, d.Line[len(d.Line)-1].X, figure.Viridis, 0.8)
	a.DrawFrame(c, 6)
}

// powers are ticks at powers of ten of an axis of logarithms to base ten.
func powers(lo, hi float64) []figure.Tick {
	raised := []string{"1", "10", "100", "1k", "10k", "100k"}
	var ticks []figure.Tick
	for e := math.Ceil(lo - 1e-9); e <= hi+1e-9; e++ {
		label := ""
		if e >= 0 && int(e) < len(raised) {
			label = raised[int(e)]
		}
		ticks = append(ticks, figure.Tick{At: e, Label: label})
	}
	return ticks
}

func (d Data) paintCapacity(c *figure.Canvas, b figure.Box) {
	most := d.Capacity[len(d.Capacity)-1]
	top := math.Ceil(math.Log10(most.High) + 0.1)
	a := figure.Axes{Box: b, X: figure.Axis{Min: 0.5, Max: float64(most.Modules) + 0.5, Label: "modules"},
		Y: figure.Axis{Max: top, Label: "range (smallest periods)", Ticks: powers(0, top)}}
	var medians []figure.Point
	for _, g := range d.Capacity {
		x := float64(g.Modules)
		a.X.Ticks = append(a.X.Ticks, figure.Tick{At: x, Label: fmt.Sprint(g.Modules)})
		c.Line(figure.Stroke{Color: figure.Series(0), Width: figure.Thin}, a.At(x, math.Log10(g.Low)), a.At(x, math.Log10(g.High)))
		medians = append(medians, a.At(x, math.Log10(g.Median)))
	}
	c.Line(figure.Stroke{Color: figure.Series(0), Width: figure.Thin}, medians...)
	c.Discs(medians, 0.7, figure.Series(0))
	a.Draw(c, 8)
	sheet.Title(c, b, "capacity")
	grey := figure.Type{Size: figure.Small, Color: figure.Grey}
	c.Text(b.X-8, b.Bottom()+8.6, "disc: median of draws,", grey)
	c.Text(b.X-8, b.Bottom()+11.4, "whisker: quartiles", grey)
}

func (d Data) paintSeparation(c *figure.Canvas, b figure.Box) {
	last := d.Separation[len(d.Separation)-1]
	right := math.Log10(last.Range)
	a := figure.Axes{Box: b, X: figure.Axis{Max: right, Label: "range (periods)", Ticks: powers(0, right)},
		Y: figure.Axis{Max: 4, Label: "least distance (rad)", Ticks: figure.Ticks(0, 4, 4)}}
	for m := int32(1); m <= last.Modules; m++ {
		var line []figure.Point
		for _, g := range d.Separation {
			if g.Modules == m {
				line = append(line, a.At(math.Log10(g.Range), math.Min(g.Median, 4)))
			}
		}
		c.Line(figure.Stroke{Color: figure.Series(int(m) - 1), Width: 0.9}, line...)
	}
	a.Draw(c, 7)
	sheet.Title(c, b, "separation")
	for m := int32(1); m <= last.Modules; m++ {
		name := fmt.Sprint(m)
		if m == last.Modules {
			name += " modules"
		}
		c.Text(b.Right(), b.Y+2.6*float64(last.Modules-m), name, figure.Type{Size: figure.Small, Color: figure.Series(int(m) - 1), X: figure.End})
	}
}

func (d Data) paintDistance(c *figure.Canvas, b figure.Box) {
	right := d.Distance[len(d.Distance)-1].Displacement
	top := 0.0
	for _, v := range d.Distance {
		top = math.Max(top, v.High)
	}
	top = math.Ceil(top*5) / 5
	a := figure.Axes{Box: b, X: figure.Axis{Max: right, Label: "displacement ‖x‖ (m)", Ticks: figure.Ticks(0, right, 5)},
		Y: figure.Axis{Max: top, Label: "‖g(0) − g(x)‖", Ticks: figure.Ticks(0, top, 5)}}
	var mean, low, high []figure.Point
	for _, v := range d.Distance {
		mean, low, high = append(mean, a.At(v.Displacement, v.Mean)), append(low, a.At(v.Displacement, v.Low)), append(high, a.At(v.Displacement, v.High))
	}
	for _, edge := range [][]figure.Point{low, high} {
		c.Line(figure.Stroke{Color: figure.Pale, Width: figure.Thin}, edge...)
	}
	half := figure.Stroke{Color: figure.Red, Width: figure.Thin, Dash: []float64{2, 1.5}}
	a.VLine(c, d.Smallest/2, half)
	c.Line(figure.Stroke{Color: figure.Black, Width: 1}, mean...)
	a.Draw(c, sheet.LabelGap)
	c.Text(a.At(d.Smallest/2, 0).X+1, a.At(0, 0).Y-2, "half the smallest period", figure.Type{Size: figure.Small, Color: figure.Red, Y: figure.End})
	sheet.Title(c, b, "mean and 10th to 90th percentile over places and directions")
}

// paintRoutes draws two orders of the same displacements, in space and on a module's sheet.
func (d Data) paintRoutes(c *figure.Canvas, left, right figure.Box) {
	reach := 0.0
	for _, l := range d.Routes {
		reach = math.Max(reach, math.Max(math.Abs(l.X), math.Abs(l.Y)))
	}
	reach *= 1.1
	space := figure.Axes{Box: left, X: figure.Axis{Min: -reach, Max: reach, Label: "x (m)", Ticks: figure.Ticks(-reach, reach, 4)},
		Y: figure.Axis{Min: -reach, Max: reach, Label: "y (m)", Ticks: figure.Ticks(-reach, reach, 4)}}
	phases := torus.Sheet(right, "φ_1 (rad)", "φ_2 (rad)")
	ends := d.ends()
	for route := range int32(2) {
		s := figure.Stroke{Color: figure.Series(int(route)), Width: 0.9}
		var way []figure.Point
		var phi [][2]float64
		for _, l := range d.Routes {
			if l.Route == route {
				way, phi = append(way, space.At(l.X, l.Y)), append(phi, [2]float64{l.Phi1, l.Phi2})
			}
		}
		c.Line(s, way...)
		torus.Path(c, phases, phi, s)
		c.Circles([]figure.Point{space.At(ends[route].X, ends[route].Y), phases.At(ends[route].Phi1, ends[route].Phi2)}, 1+0.5*float64(route), s)
	}
	start := d.Routes[0]
	c.Discs([]figure.Point{space.At(start.X, start.Y), phases.At(start.Phi1, start.Phi2)}, 0.9, figure.Black)
	space.DrawFrame(c, 7)
	phases.DrawFrame(c, 6)
	sheet.Title(c, left, "two orders of the same steps")
	sheet.Title(c, right, "end in the same phases")
}

// placeAxis draws places on the real line: an axis from 0 to reach with discs on it.
func placeAxis(c *figure.Canvas, b figure.Box, reach float64, places []float64, ink func(x float64) color.RGBA) {
	a := figure.Axes{Box: b, X: figure.Axis{Max: reach}, Y: figure.Axis{Max: 1}}
	line := figure.Stroke{Color: figure.Black, Width: figure.Thin}
	c.Line(line, a.At(0, 0.5), a.At(reach, 0.5))
	for _, t := range figure.Ticks(0, reach, 4) {
		p := a.At(t.At, 0.5)
		c.Line(line, p, figure.Point{X: p.X, Y: p.Y + 1.4})
		c.Text(p.X, p.Y+2, t.Label, figure.Type{Size: figure.Small, X: figure.Middle})
	}
	for _, x := range places {
		c.Discs([]figure.Point{a.At(x, 0.5)}, 0.75, ink(x))
	}
	c.Text(b.X+b.W/2, b.Y+b.H/2+5, "place x (m)", figure.Type{Size: figure.Normal, X: figure.Middle})
}
