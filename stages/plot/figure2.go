package plot

import (
	"context"
	"fmt"
	"image/color"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
)

// Growth is a row of the ideal stage's "capacity" and "separation": quartiles over sets of random periods.
type Growth struct {
	Modules int32   `col:"modules"`
	Range   float64 `col:"range"`
	Low     float64 `col:"low"`
	Median  float64 `col:"median"`
	High    float64 `col:"high"`
}

// Apart is a row of "distance": of two states whose places are this far apart (m).
type Apart struct {
	Displacement float64 `col:"displacement"`
	Mean         float64 `col:"mean"`
	Low          float64 `col:"low"`
	High         float64 `col:"high"`
}

// Leg is a row of "routes": a place on one of two ways, and its phases in a module.
type Leg struct {
	Route int32   `col:"route"`
	X     float64 `col:"x"`
	Y     float64 `col:"y"`
	Phi1  float64 `col:"phi1"`
	Phi2  float64 `col:"phi2"`
}

// Figure2Data is what figure 2 shows of an idealised code.
type Figure2Data struct {
	Smallest   float64 // period, m
	Thickness  float64 // rad
	Line       []Place
	Near       []Place // the first row is the place whose neighbours the others are
	Capacity   []Growth
	Separation []Growth
	Distance   []Apart
	Routes     []Leg
}

type figure2Numbers struct {
	Figure    string   `json:"figure"`
	Thickness number   `json:"thickness_rad"`
	Capacity  []number `json:"capacity_periods_median"` // for 1, 2, ... modules
	Slope     number   `json:"capacity_factor_per_module"`
	HalfWay   number   `json:"displacement_of_half_plateau_m"`
	Plateau   number   `json:"plateau"`
	Gap       number   `json:"route_end_gap_rad"` // between the phases at the ends of the two routes
}

// Figure2 reads line, near, capacity, separation, distance and routes of the ideal stage and emits figure 2.
func Figure2(_ context.Context, p DPIParams, t *pipeline.Task) error {
	r := reader{t: t}
	d := Figure2Data{Line: read[Place](&r, "line")}
	d.Smallest, d.Thickness = metaNumber(&r, "line", "period_1"), metaNumber(&r, "line", "thickness_rad")
	d.Near = read[Place](&r, "near")
	d.Capacity, d.Separation = read[Growth](&r, "capacity"), read[Growth](&r, "separation")
	d.Distance, d.Routes = read[Apart](&r, "distance"), read[Leg](&r, "routes")
	return r.emit(func() ([]File, error) { return DrawFigure2(d, p) })
}

// DrawFigure2 draws the properties of the idealised code: (a) the coding line on the torus, (b) places far apart that are near
// in phase, (c) places nearby that are far apart in phase, (d) capacity, (e) separation, (f) distance of states over
// displacement, (g) two routes to one place.
func DrawFigure2(d Figure2Data, p DPIParams) ([]File, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("figure-2: %w", err)
	}
	if len(d.Line) == 0 || len(d.Near) == 0 || len(d.Capacity) == 0 || len(d.Distance) == 0 || len(d.Routes) == 0 {
		return nil, fmt.Errorf("figure-2: a table is empty")
	}
	page := figure.Page{Title: "Figure 2: coding theory of the idealised grid code", Height: 161, DPI: p.DPI}
	return files("figure-2", page, d.paint, d.numbers())
}

func (d Figure2Data) numbers() figure2Numbers {
	out := figure2Numbers{Figure: "figure-2", Thickness: number(d.Thickness)}
	var sx, sy, sxx, sxy, n float64
	for _, g := range d.Capacity {
		out.Capacity = append(out.Capacity, number(g.Median))
		x, y := float64(g.Modules), math.Log(g.Median)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	out.Slope = number(math.Exp((n*sxy - sx*sy) / (n*sxx - sx*sx)))
	plateau := d.plateau()
	out.Plateau = number(plateau)
	out.HalfWay = number(math.NaN())
	for _, a := range d.Distance {
		if a.Mean >= plateau/2 {
			out.HalfWay = number(a.Displacement)
			break
		}
	}
	ends := d.ends()
	out.Gap = number(math.Hypot(math.Remainder(ends[0].Phi1-ends[1].Phi1, 2*math.Pi), math.Remainder(ends[0].Phi2-ends[1].Phi2, 2*math.Pi)))
	return out
}

// plateau is the mean distance over the farther half of the displacements.
func (d Figure2Data) plateau() float64 {
	half := d.Distance[len(d.Distance)/2:]
	sum := 0.0
	for _, a := range half {
		sum += a.Mean / float64(len(half))
	}
	return sum
}

// ends are the last legs of the two routes.
func (d Figure2Data) ends() (ends [2]Leg) {
	for _, l := range d.Routes {
		ends[l.Route&1] = l
	}
	return ends
}

func (d Figure2Data) paint(c *figure.Canvas) {
	reach := d.Line[len(d.Line)-1].X
	c.PanelLetter(0, 0.3, "a")
	torus(c, figure.Box{X: 2, Y: 4, W: 41, H: 38}, d.Line, reach, figure.Viridis)
	b := figure.Box{X: 53, Y: 6, W: 30, H: 30}
	a := sheet(b, "φ_1 (rad)", "φ_2 (rad)")
	codingLine(c, a, d.Line, reach, figure.Viridis, figure.Thin)
	a.DrawFrame(c, 6)
	title(c, b, "coding line, cut open")
	c.ColorBar(figure.Box{X: 14, Y: 45, W: 22, H: 2}, figure.Viridis, 0, reach, figure.Ticks(0, reach, 2), "x (m)")

	c.PanelLetter(87, 0.3, "b")
	d.paintNear(c, figure.Box{X: 94, Y: 6, W: 30, H: 30}, "phase", "near in phase, far in space", "φ_2 (rad)")
	c.PanelLetter(134, 0.3, "c")
	d.paintNear(c, figure.Box{X: 143, Y: 6, W: 30, H: 30}, "place", "near in space, far in phase", "φ_2 (rad)")

	c.PanelLetter(0, 58, "d")
	dense := figure.Box{X: 7, Y: 64, W: 27, H: 27}
	d.paintRange(c, dense, reach, "φ_2 (rad)")
	title(c, dense, "fills the torus: "+figure.Metres(reach))
	d.paintCapacity(c, figure.Box{X: 48, Y: 64, W: 26, H: 27})

	c.PanelLetter(79, 58, "e")
	for i, share := range []float64{0.2, 0.5} {
		b := figure.Box{X: 84 + 31*float64(i), Y: 64, W: 27, H: 27}
		d.paintRange(c, b, share*reach, "")
		title(c, b, "range "+figure.Metres(share*reach))
	}
	d.paintSeparation(c, figure.Box{X: 154, Y: 64, W: 20, H: 27})

	c.PanelLetter(0, 108, "f")
	d.paintDistance(c, figure.Box{X: 12, Y: 114, W: 62, H: 34})
	c.PanelLetter(84, 108, "g")
	d.paintRoutes(c, figure.Box{X: 92, Y: 114, W: 34, H: 34}, figure.Box{X: 141, Y: 114, W: 34, H: 34})
}

// paintNear marks the neighbours of a place of one kind on the sheet and on the real line.
func (d Figure2Data) paintNear(c *figure.Canvas, b figure.Box, kind, head, y string) {
	reach := d.Line[len(d.Line)-1].X
	a := sheet(b, "φ_1 (rad)", y)
	path(c, a, phasesOf(d.Line), figure.Stroke{Color: figure.Pale, Width: figure.Hair})
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
	title(c, b, head)
	placeAxis(c, figure.Box{X: b.X, Y: b.Bottom() + 9, W: b.W, H: 3}, reach, places, ink)
}

// paintRange draws the line of a range on a bare sheet.
func (d Figure2Data) paintRange(c *figure.Canvas, b figure.Box, reach float64, y string) {
	a := sheet(b, "φ_1 (rad)", y)
	var part []Place
	for _, l := range d.Line {
		if l.X <= reach {
			part = append(part, l)
		}
	}
	codingLine(c, a, part, d.Line[len(d.Line)-1].X, figure.Viridis, 0.8)
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

func (d Figure2Data) paintCapacity(c *figure.Canvas, b figure.Box) {
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
	title(c, b, "capacity")
}

func (d Figure2Data) paintSeparation(c *figure.Canvas, b figure.Box) {
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
	title(c, b, "separation")
	for m := int32(1); m <= last.Modules; m++ {
		name := fmt.Sprint(m)
		if m == last.Modules {
			name += " modules"
		}
		c.Text(b.Right(), b.Y+2.6*float64(last.Modules-m), name, figure.Type{Size: figure.Small, Color: figure.Series(int(m) - 1), X: figure.End})
	}
}

func (d Figure2Data) paintDistance(c *figure.Canvas, b figure.Box) {
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
	a.Draw(c, labelGap)
	c.Text(a.At(d.Smallest/2, 0).X+1, a.At(0, 0).Y-2, "half the smallest period", figure.Type{Size: figure.Small, Color: figure.Red, Y: figure.End})
	title(c, b, "mean and 10th to 90th percentile over places and directions")
}

// paintRoutes draws two orders of the same displacements, in space and on a module's sheet.
func (d Figure2Data) paintRoutes(c *figure.Canvas, left, right figure.Box) {
	reach := 0.0
	for _, l := range d.Routes {
		reach = math.Max(reach, math.Max(math.Abs(l.X), math.Abs(l.Y)))
	}
	reach *= 1.1
	space := figure.Axes{Box: left, X: figure.Axis{Min: -reach, Max: reach, Label: "x (m)", Ticks: figure.Ticks(-reach, reach, 4)},
		Y: figure.Axis{Min: -reach, Max: reach, Label: "y (m)", Ticks: figure.Ticks(-reach, reach, 4)}}
	phases := sheet(right, "φ_1 (rad)", "φ_2 (rad)")
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
		path(c, phases, phi, s)
		c.Circles([]figure.Point{space.At(ends[route].X, ends[route].Y), phases.At(ends[route].Phi1, ends[route].Phi2)}, 1+0.5*float64(route), s)
	}
	start := d.Routes[0]
	c.Discs([]figure.Point{space.At(start.X, start.Y), phases.At(start.Phi1, start.Phi2)}, 0.9, figure.Black)
	space.DrawFrame(c, 7)
	phases.DrawFrame(c, 6)
	title(c, left, "two orders of the same steps")
	title(c, right, "end in the same phases")
}
