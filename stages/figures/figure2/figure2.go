// Package figure2 draws the coding theory of the idealised grid code: capacity, separation, and
// the line that places make on the torus of phases.
package figure2

import (
	"context"
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/torus"
	"sicgrid/stages/ideal/idealtable"
)

// Data is what figure 2 shows of an idealised code.
type Data struct {
	Smallest   float64 // period, m
	Thickness  float64 // rad
	Line       []idealtable.Place
	Near       []idealtable.Place // the first row is the place whose neighbours the others are
	Capacity   []idealtable.Growth
	Separation []idealtable.Growth
	Distance   []idealtable.Distance
	Routes     []idealtable.Leg
}

type shownNumbers struct {
	Figure    string         `json:"figure"`
	Thickness sheet.Number   `json:"thickness_rad"`
	Capacity  []sheet.Number `json:"capacity_periods_median"` // for 1, 2, ... modules
	Slope     sheet.Number   `json:"capacity_factor_per_module"`
	HalfWay   sheet.Number   `json:"displacement_of_half_plateau_m"`
	Plateau   sheet.Number   `json:"plateau"`
	Gap       sheet.Number   `json:"route_end_gap_rad"` // between the phases at the ends of the two routes
}

// Run reads line, near, capacity, separation, distance and routes of the ideal stage and emits
// figure 2.
func Run(_ context.Context, p sheet.Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	d := Data{Line: sheet.Read[idealtable.Place](&r, "line")}
	d.Smallest, d.Thickness = sheet.MetaNumber(&r, "line", "period_1"), sheet.MetaNumber(&r, "line", "thickness_rad")
	d.Near = sheet.Read[idealtable.Place](&r, "near")
	d.Capacity, d.Separation = sheet.Read[idealtable.Growth](&r, "capacity"), sheet.Read[idealtable.Growth](&r, "separation")
	d.Distance, d.Routes = sheet.Read[idealtable.Distance](&r, "distance"), sheet.Read[idealtable.Leg](&r, "routes")
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws the properties of the idealised code: (a) the coding line on the torus, (b) places far
// apart that are near in phase, (c) places nearby that are far apart in phase, (d) capacity, (e)
// separation, (f) distance of states over displacement, (g) two routes to one place.
func Draw(d Data, p sheet.Params) ([]sheet.File, error) {
	if len(d.Line) == 0 || len(d.Near) == 0 || len(d.Capacity) == 0 || len(d.Distance) == 0 || len(d.Routes) == 0 {
		return nil, fmt.Errorf("figure-2: a table is empty")
	}
	page := figure.Page{Height: 161, DPI: int(p.DPI)}
	return sheet.Render("figure-2", page, d.paint, d.numbers(), d.caption())
}

func (d Data) caption() sheet.Caption {
	return sheet.Caption{
		Title: "Figure 2: coding theory of the idealised grid code",
		Lead:  "Places on a line, and the phases of grid modules there, reckoned from their periods; nothing is trained",
		Panels: []sheet.Panel{
			{Panel: "a", Shows: "The coding line of two modules: each place has a pair of phases, a point on a torus, which is cut open to a square on the right; the colour is the place", Tables: []string{"line"}},
			{Panel: "b", Shows: fmt.Sprintf("Places far apart that are near in phase. Discs: places whose phases lie within %s rad (circle) of those of one place; below, where they are on the line", figure.Number(d.Thickness, 1)), Tables: []string{"line", "near"}},
			{Panel: "c", Shows: "Places nearby that are far apart in phase. Discs: the places next to the same one; below, where they are on the line", Tables: []string{"line", "near"}},
			{Panel: "d", Shows: "Left: the range at which the line has filled the torus. Right: capacity, the range in smallest periods until two places are confused, of codes of 1, 2, … modules with random periods; discs: medians over draws of the periods, whiskers: first to third quartile", Tables: []string{"line", "capacity"}},
			{Panel: "e", Shows: "Separation: the line over a fifth and a half of that range, and the least distance of two places' phases over the range, of codes of 1, 2, … modules (medians over the same draws)", Tables: []string{"line", "separation"}},
			{Panel: "f", Shows: "Distance of the states of two places against their distance: mean (black), 10th and 90th percentile over places and directions (grey); dashes: half the smallest period", Tables: []string{"distance"}},
			{Panel: "g", Shows: "The same displacements in two orders end in the same place and in the same phases. Disc: start; circles: ends", Tables: []string{"routes"}},
		},
	}
}

func (d Data) numbers() shownNumbers {
	out := shownNumbers{Figure: "figure-2", Thickness: sheet.Number(d.Thickness)}
	var sx, sy, sxx, sxy, n float64
	for _, g := range d.Capacity {
		out.Capacity = append(out.Capacity, sheet.Number(g.Median))
		x, y := float64(g.Modules), math.Log(g.Median)
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	out.Slope = sheet.Number(math.Exp((n*sxy - sx*sy) / (n*sxx - sx*sx)))
	plateau := d.plateau()
	out.Plateau = sheet.Number(plateau)
	out.HalfWay = sheet.Number(math.NaN())
	for _, a := range d.Distance {
		if a.Mean >= plateau/2 {
			out.HalfWay = sheet.Number(a.Displacement)
			break
		}
	}
	ends := d.ends()
	out.Gap = sheet.Number(math.Hypot(math.Remainder(ends[0].Phi1-ends[1].Phi1, 2*math.Pi), math.Remainder(ends[0].Phi2-ends[1].Phi2, 2*math.Pi)))
	return out
}

// plateau is the mean distance over the farther half of the displacements.
func (d Data) plateau() float64 {
	half := d.Distance[len(d.Distance)/2:]
	sum := 0.0
	for _, a := range half {
		sum += a.Mean / float64(len(half))
	}
	return sum
}

// ends are the last legs of the two routes.
func (d Data) ends() (ends [2]idealtable.Leg) {
	for _, l := range d.Routes {
		ends[l.Route&1] = l
	}
	return ends
}

func (d Data) paint(c *figure.Canvas) {
	reach := d.Line[len(d.Line)-1].X
	c.PanelLetter(0, 0.3, "a")
	torus.Torus(c, figure.Box{X: 2, Y: 4, W: 41, H: 38}, d.Line, reach, figure.Viridis)
	b := figure.Box{X: 53, Y: 6, W: 30, H: 30}
	a := torus.Sheet(b, "φ_1 (rad)", "φ_2 (rad)")
	torus.CodingLine(c, a, d.Line, reach, figure.Viridis, figure.Thin)
	a.DrawFrame(c, 6)
	sheet.Title(c, b, "coding line, cut open")
	c.ColorBar(figure.Box{X: 14, Y: 45, W: 22, H: 2}, figure.Viridis, 0, reach, figure.Ticks(0, reach, 2), "x (m)")

	c.PanelLetter(87, 0.3, "b")
	d.paintNear(c, figure.Box{X: 94, Y: 6, W: 30, H: 30}, "phase", "near in phase, far in space", "φ_2 (rad)")
	c.PanelLetter(134, 0.3, "c")
	d.paintNear(c, figure.Box{X: 143, Y: 6, W: 30, H: 30}, "place", "near in space, far in phase", "φ_2 (rad)")

	c.PanelLetter(0, 58, "d")
	dense := figure.Box{X: 7, Y: 64, W: 27, H: 27}
	d.paintRange(c, dense, reach, "φ_2 (rad)")
	sheet.Title(c, dense, "fills the torus: "+figure.Metres(reach))
	d.paintCapacity(c, figure.Box{X: 48, Y: 64, W: 26, H: 27})

	c.PanelLetter(79, 58, "e")
	for i, share := range []float64{0.2, 0.5} {
		b := figure.Box{X: 84 + 31*float64(i), Y: 64, W: 27, H: 27}
		d.paintRange(c, b, share*reach, "")
		sheet.Title(c, b, "range "+figure.Metres(share*reach))
	}
	d.paintSeparation(c, figure.Box{X: 154, Y: 64, W: 20, H: 27})

	c.PanelLetter(0, 108, "f")
	d.paintDistance(c, figure.Box{X: 12, Y: 114, W: 62, H: 34})
	c.PanelLetter(84, 108, "g")
	d.paintRoutes(c, figure.Box{X: 92, Y: 114, W: 34, H: 34}, figure.Box{X: 141, Y: 114, W: 34, H: 34})
}
