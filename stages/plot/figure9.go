package plot

import (
	"context"
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
)

// Rate is a row of the ideal stage's "tuning": the rate of a cell at a place (m) and at its module's phase (rad).
type Rate struct {
	Module    int32   `col:"module"`
	Preferred float64 `col:"preferred"`
	X         float64 `col:"x"`
	Phase     float64 `col:"phase"`
	Rate      float64 `col:"rate"`
}

// Figure9Data is what figure 9 shows: the cells of two modules, and the line of their phases.
type Figure9Data struct {
	Periods [2]float64 // m
	Tuning  []Rate
	Line    []Place
}

type figure9Numbers struct {
	Figure  string   `json:"figure"`
	Periods []number `json:"periods_m"`
	Shown   number   `json:"line_m"` // length of the coding line
}

// Figure9 reads tuning and line of the ideal stage and emits figure 9.
func Figure9(_ context.Context, p DPIParams, t *pipeline.Task) error {
	r := reader{t: t}
	d := Figure9Data{Tuning: read[Rate](&r, "tuning"), Line: read[Place](&r, "line")}
	d.Periods = [2]float64{metaNumber(&r, "line", "period_1"), metaNumber(&r, "line", "period_2")}
	return r.emit(func() ([]File, error) { return DrawFigure9(d, p) })
}

// DrawFigure9 draws the construction of the grid code: (a) cells of preferred phase 0 and pi of two modules over place
// (equation 9) and over phase (equation 10), (b) the states as a torus and as a sheet.
func DrawFigure9(d Figure9Data, p DPIParams) ([]File, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("figure-9: %w", err)
	}
	if len(d.Tuning) == 0 || len(d.Line) == 0 {
		return nil, fmt.Errorf("figure-9: no cells or no coding line to draw")
	}
	reach := d.Line[len(d.Line)-1].X
	page := figure.Page{Title: "Figure 9: construction of the grid code", Height: 118, DPI: p.DPI}
	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		for m := range 2 {
			d.paintModule(c, int32(m), figure.Box{X: 12, Y: 6 + 27*float64(m), W: 98, H: 18}, figure.Box{X: 132, Y: 6 + 27*float64(m), W: 42, H: 18})
		}
		c.PanelLetter(0, 62, "b")
		torus(c, figure.Box{X: 4, Y: 65, W: 62, H: 50}, d.Line, reach, figure.Viridis)
		b := figure.Box{X: 90, Y: 68, W: 42, H: 42}
		a := sheet(b, "phase of module 1 (rad)", "phase of module 2 (rad)")
		codingLine(c, a, d.Line, reach, figure.Viridis, figure.Thin)
		a.DrawFrame(c, 7)
		title(c, b, "the torus, cut open")
		c.ColorBar(figure.Box{X: 146, Y: 72, W: 2.4, H: 34}, figure.Viridis, 0, reach, figure.Ticks(0, reach, 4), "place x (m)")
	}
	return files("figure-9", page, paint, figure9Numbers{"figure-9", []number{number(d.Periods[0]), number(d.Periods[1])}, number(reach)})
}

// paintModule draws the two cells of a module over place and over phase.
func (d Figure9Data) paintModule(c *figure.Canvas, module int32, left, right figure.Box) {
	top := 0.0
	for _, r := range d.Tuning {
		top = math.Max(top, r.X)
	}
	levels := []figure.Tick{{At: 0, Label: "0"}, {At: 1, Label: "R_m"}}
	over := figure.Axes{Box: left, X: figure.Axis{Max: top, Ticks: figure.Ticks(0, top, 6)}, Y: figure.Axis{Max: 1.08, Label: "rate", Ticks: levels}}
	around := figure.Axes{Box: right, X: figure.Axis{Max: 2 * math.Pi, Ticks: turnTicks}, Y: figure.Axis{Max: 1.08, Ticks: bare(levels)}}
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
	title(c, right, "equation 10")
	c.Text(left.X+left.W/2-4, left.Y-1.6, "equation 9", figure.Type{Size: figure.Small, X: figure.Middle, Y: figure.End})
	over.Draw(c, labelGap)
	around.Draw(c, labelGap)
	c.Text(left.X, left.Y-1.3, fmt.Sprintf("module %d, λ = %s", module+1, figure.Length(d.Periods[module])), figure.Type{Size: figure.Small, Y: figure.End})
}
