package analysis

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/printable"
)

const (
	mostTiles = 200 // units whose maps are drawn, those of the highest scores
	dpi       = 200
	gapMM     = 1.2
	panelMM   = 48 // height of the panels below the maps
)

// Draw draws the maps with their autocorrelograms, period against orientation, and the scores,
// against those of the shuffles where there are any. It returns SVG and PNG.
func (f *Result) Draw() (svg, png []byte, err error) {
	t := f.tiles()
	page := figure.Page{Title: fmt.Sprintf("%d units, %s", len(f.Units), printable.Count(len(f.Modules), "module")), Height: t.height() + panelMM + 22, DPI: dpi}
	return figure.Render(page, func(c *figure.Canvas) {
		t.draw(c)
		top := t.height() + 8
		f.drawLattices(c, figure.Box{X: 12, Y: top, W: 68, H: panelMM})
		f.drawScores(c, figure.Box{X: 104, Y: top, W: 68, H: panelMM})
	})
}

// tiles lays out the units' maps: each beside its autocorrelogram, names above and measures below.
type tiles struct {
	*Result
	units       []int
	columns     int
	side, high  float64 // mm of one image
	text, note  float64
	leftOutText string
}

func (f *Result) tiles() tiles {
	t := tiles{Result: f, columns: 6, text: figure.Small}
	for i := range f.Units {
		t.units = append(t.units, i)
	}
	if n := len(t.units); n > mostTiles {
		slices.SortStableFunc(t.units, func(a, b int) int { return -cmp.Compare(f.Units[a].Score, f.Units[b].Score) })
		t.units = t.units[:mostTiles]
		t.note, t.leftOutText = 5, fmt.Sprintf("The %d units of the highest scores, of %d.", mostTiles, n)
	}
	if len(t.units) > 36 {
		t.columns, t.text = 9, figure.Tiny
	}
	t.side = (figure.Width/float64(t.columns) - 3*gapMM) / 2
	t.high = t.side * heightOverWidth(f.Maps[0])
	return t
}

// heightOverWidth is the shape of the box.
func heightOverWidth(m gridcell.Map) float64 {
	return m.BinY() * float64(m.NY) / (m.BinX() * float64(m.NX))
}

func (t tiles) row() float64 { return t.high + 7 }

func (t tiles) height() float64 {
	return float64((len(t.units)+t.columns-1)/t.columns)*t.row() + t.note
}

func (t tiles) draw(c *figure.Canvas) {
	if t.leftOutText != "" {
		c.Text(0, t.height()-t.note+1, t.leftOutText, figure.Type{Size: figure.Small})
	}
	for n, i := range t.units {
		x := float64(n%t.columns) * figure.Width / float64(t.columns)
		y := float64(n/t.columns)*t.row() + 3
		u, m := t.Units[i], t.Maps[i]
		values := make([]float32, len(m.Values))
		for b, v := range m.Values {
			values[b] = float32(v)
		}
		ink := figure.Black
		if u.Module >= 0 {
			ink = figure.Series(int(u.Module))
		}
		c.RateMap(figure.Box{X: x, Y: y, W: t.side, H: t.high}, values, m.NX, figure.Jet)
		lags := figure.Box{X: x + t.side + gapMM, Y: y, W: t.side, H: t.high}
		if a := t.Analysis.Autocorrelograms[i]; a != nil {
			c.Image(lags, figure.HeatMap(a.Values, a.NX, -1, 1, figure.Diverging))
		}
		c.Rect(lags, figure.Stroke{Color: figure.Black, Width: figure.Hair})
		look := figure.Type{Size: t.text, Color: ink, Y: figure.End}
		c.Text(x, y-0.6, plain(t.name(i)), look)
		look.X = figure.End
		c.Text(x+2*t.side+gapMM, y-0.6, figure.Number(m.Peak(), 2), look)
		look.X, look.Y = figure.Start, figure.Start
		c.Text(x, y+t.high+0.7, figure.Number(u.Score, 2)+t.chance(i), look)
		look.X = figure.End
		c.Text(x+2*t.side+gapMM, y+t.high+0.7, figure.Length(u.Period), look)
	}
}

// chance is the p of a unit's score, where it was tested.
func (f *Result) chance(i int) string {
	if f.Shuffled == nil || math.IsNaN(f.Units[i].GridP) {
		return ""
	}
	return fmt.Sprintf(" (p %s)", figure.Number(f.Units[i].GridP, 3))
}

// plain is a name without the sign that lowers a letter.
func plain(name string) string {
	var out []rune
	for _, r := range name {
		if r == '_' {
			r = ' '
		}
		out = append(out, r)
	}
	return string(out)
}

// drawLattices draws period against orientation, each module in its colour.
func (f *Result) drawLattices(c *figure.Canvas, b figure.Box) {
	top := 0.0
	for _, u := range f.Units {
		if u.Active && u.Period > top {
			top = u.Period
		}
	}
	if top == 0 {
		top = 1
	}
	top *= 1.1
	a := figure.Axes{Box: b, X: figure.Axis{Max: 60, Label: "orientation (degrees)", Ticks: figure.Ticks(0, 60, 6)},
		Y: figure.Axis{Max: top, Label: "period (m)", Ticks: figure.Ticks(0, top, 5)}}
	for i := -1; i < len(f.Modules); i++ {
		var x, y []float64
		for _, u := range f.Units {
			if int(u.Module) == i && u.Active {
				x, y = append(x, u.Orientation), append(y, u.Period)
			}
		}
		ink, what := figure.Series(i), "in no module"
		if i >= 0 {
			what = fmt.Sprintf("module %d: %d units, %s", i, len(x), figure.Length(f.Modules[i].Period))
		}
		c.Discs(a.Points(x, y), 0.7, ink)
		key(c, b, i+1, ink, what)
	}
	a.Draw(c, 9)
	c.PanelLetter(b.X-11, b.Y-5, "a")
}

// key writes what a colour stands for into a line of its own above a panel's bottom.
func key(c *figure.Canvas, b figure.Box, line int, ink color.RGBA, what string) {
	y := b.Bottom() - 3 - 3*float64(line)
	c.Discs([]figure.Point{{X: b.X + 2.5, Y: y}}, 0.7, ink)
	c.Text(b.X+4.2, y, what, figure.Type{Size: figure.Small, Y: figure.Middle})
}

// drawScores draws the units' grid scores by descending score, and beside each the median and the
// 95th percentile of its shuffles.
func (f *Result) drawScores(c *figure.Canvas, b figure.Box) {
	var order []int
	for i, u := range f.Units {
		if !math.IsNaN(u.Score) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return -cmp.Compare(f.Units[i].Score, f.Units[j].Score) })
	a := figure.Axes{Box: b, X: figure.Axis{Min: 0, Max: float64(len(order) + 1), Label: "units, by descending score", Ticks: nil},
		Y: figure.Axis{Min: -0.6, Max: 1.6, Label: "grid score", Ticks: figure.Ticks(-0.6, 1.6, 6)}}
	a.HLine(c, 0, figure.Stroke{Color: figure.Pale, Width: figure.Hair})
	for n, i := range order {
		u, x := f.Units[i], float64(n+1)
		if f.Shuffled != nil && !math.IsNaN(u.Grid95) {
			low, high := a.At(x, gridcell.Median(f.Shuffled[i].Score)), a.At(x, u.Grid95)
			c.Line(figure.Stroke{Color: figure.Grey, Width: figure.Thin}, low, high)
			c.Line(figure.Stroke{Color: figure.Grey, Width: figure.Thin}, figure.Point{X: high.X - 0.5, Y: high.Y}, figure.Point{X: high.X + 0.5, Y: high.Y})
		}
		c.Discs([]figure.Point{a.At(x, min(1.6, max(-0.6, u.Score)))}, 0.7, figure.Series(int(u.Module)))
	}
	a.Draw(c, 9)
	c.PanelLetter(b.X-11, b.Y-5, "b")
	if f.Shuffled != nil {
		c.Text(b.Right(), b.Y-1.6, fmt.Sprintf("lines: median to 95th percentile of %d shuffles", len(f.Shuffled[0].Score)),
			figure.Type{Size: figure.Small, X: figure.End, Y: figure.End})
	}
}
