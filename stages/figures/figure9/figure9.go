// Package figure9 draws the construction of the grid code (equations 9 and 10).
package figure9

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

// Data is what figure 9 shows: the cells of two modules, and the line of their phases.
type Data struct {
	Periods [2]float64 // m
	Tuning  []idealtable.Rate
	Line    []idealtable.Place
}

type shownNumbers struct {
	Figure  string         `json:"figure"`
	Periods []sheet.Number `json:"periods_m"`
	Shown   sheet.Number   `json:"line_m"` // length of the coding line
}

// Run reads tuning and line of the ideal stage and emits figure 9.
func Run(_ context.Context, p sheet.Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	d := Data{Tuning: sheet.Read[idealtable.Rate](&r, "tuning"), Line: sheet.Read[idealtable.Place](&r, "line")}
	d.Periods = [2]float64{sheet.MetaNumber(&r, "line", "period_1"), sheet.MetaNumber(&r, "line", "period_2")}
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws the construction of the grid code: (a) cells of preferred phase 0 and pi of two
// modules over place (equation 9) and over phase (equation 10), (b) the states as a torus and as a
// sheet.
func Draw(d Data, p sheet.Params) ([]sheet.File, error) {
	if len(d.Tuning) == 0 || len(d.Line) == 0 {
		return nil, fmt.Errorf("figure-9: no cells or no coding line to draw")
	}
	reach := d.Line[len(d.Line)-1].X
	page := figure.Page{Height: 118, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		for m := range 2 {
			d.paintModule(c, int32(m), figure.Box{X: 12, Y: 6 + 27*float64(m), W: 98, H: 18}, figure.Box{X: 132, Y: 6 + 27*float64(m), W: 42, H: 18})
		}
		c.PanelLetter(0, 62, "b")
		torus.Torus(c, figure.Box{X: 4, Y: 65, W: 62, H: 50}, d.Line, reach, figure.Viridis)
		b := figure.Box{X: 90, Y: 68, W: 42, H: 42}
		a := torus.Sheet(b, "phase of module 1 (rad)", "phase of module 2 (rad)")
		torus.CodingLine(c, a, d.Line, reach, figure.Viridis, figure.Thin)
		a.DrawFrame(c, 7)
		sheet.Title(c, b, "the torus, cut open")
		c.ColorBar(figure.Box{X: 146, Y: 72, W: 2.4, H: 34}, figure.Viridis, 0, reach, figure.Ticks(0, reach, 4), "place x (m)")
	}
	return sheet.Render("figure-9", page, paint, shownNumbers{"figure-9", []sheet.Number{sheet.Number(d.Periods[0]), sheet.Number(d.Periods[1])}, sheet.Number(reach)}, caption())
}

func caption() sheet.Caption {
	return sheet.Caption{
		Title: "Figure 9: construction of the grid code",
		Lead:  "Two modules of idealised cells on a line; nothing is trained",
		Panels: []sheet.Panel{
			{Panel: "a", Shows: "Rates of two cells of each module, of preferred phase 0 (solid) and π (dashed), over place (equation 9) and over the module's phase (equation 10); R_m: their peak", Tables: []string{"tuning"}},
			{Panel: "b", Shows: "The phases of both modules along the line, coloured by place, as a path on a torus and on the square that it is cut open to", Tables: []string{"line"}},
		},
	}
}

// paintModule draws the two cells of a module over place and over phase.
func (d Data) paintModule(c *figure.Canvas, module int32, left, right figure.Box) {
	top := 0.0
	for _, r := range d.Tuning {
		top = math.Max(top, r.X)
	}
	levels := []figure.Tick{{At: 0, Label: "0"}, {At: 1, Label: "R_m"}}
	over := figure.Axes{Box: left, X: figure.Axis{Max: top, Ticks: figure.Ticks(0, top, 6)}, Y: figure.Axis{Max: 1.08, Label: "rate", Ticks: levels}}
	around := figure.Axes{Box: right, X: figure.Axis{Max: 2 * math.Pi, Ticks: torus.TurnTicks}, Y: figure.Axis{Max: 1.08, Ticks: sheet.Bare(levels)}}
	if module == 1 {
		over.X.Label, around.X.Label = "place x (m)", "phase of the module (rad)"
	}
	for i, preferred := range []float64{0, math.Pi} {
		s := figure.Stroke{Color: figure.Series(int(module)), Width: 1}
		if i == 1 {
			s.Dash = []float64{2.4, 1.2}
		}
		var places, phases []figure.Point
		last := -1.0
		for _, r := range d.Tuning {
			if r.Module != module || r.Preferred != preferred {
				continue
			}
			places = append(places, over.At(r.X, r.Rate))
			if len(phases) == 0 || r.Phase > last { // the first turn
				phases = append(phases, around.At(r.Phase, r.Rate))
				last = r.Phase
			}
		}
		c.Line(s, places...)
		c.Line(s, phases...)
		key := figure.Point{X: left.Right() - 33 + 17*float64(i), Y: left.Y - 2.1}
		c.Line(s, key, figure.Point{X: key.X + 4, Y: key.Y})
		c.Text(key.X+5, key.Y, "φ_i = "+[]string{"0", "π"}[i], figure.Type{Size: figure.Small, Y: figure.Middle})
	}
	sheet.Title(c, right, "equation 10")
	c.Text(left.X+left.W/2-4, left.Y-1.6, "equation 9", figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
	over.Draw(c, sheet.LabelGap)
	around.Draw(c, sheet.LabelGap)
	c.Text(left.X, left.Y-1.3, fmt.Sprintf("module %d, λ = %s", module+1, figure.Length(d.Periods[module])), figure.Type{Size: figure.Small, Y: figure.End})
}
