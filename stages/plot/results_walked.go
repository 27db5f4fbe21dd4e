package plot

import (
	"math"
	"slices"

	"sicgrid/pkg/figure"
)

// curve is a quantity of one walked network.
type curve struct {
	group int
	x, y  []float64
}

// paintWalked draws four panels: states of the same place against lag, loops and stands, decoding error against steps, and against
// the radius of the places. A line a seed; the variants in their colours.
func (d ResultsData) paintWalked(c *figure.Canvas, y float64) {
	if len(d.Walked) == 0 {
		notice(c, figure.Box{X: 0, Y: y, W: figure.Width, H: 30}, "no network was walked")
		return
	}
	var variants []string
	var same, loops, still, errors, reach []curve
	longest, farthest, chance := 10.0, 0.5, math.NaN()
	for _, w := range d.Walked {
		if !slices.Contains(variants, w.Variant) {
			variants = append(variants, w.Variant)
		}
		g := slices.Index(variants, w.Variant)
		of := func(n int, point func(i int) (x, y float64)) curve {
			out := curve{group: g}
			for i := range n {
				if x, v := point(i); !math.IsNaN(v) && x > 0 {
					out.x, out.y = append(out.x, x), append(out.y, v)
					longest = math.Max(longest, x)
				}
			}
			return out
		}
		lags := pooled(w.Lags)
		same = append(same, of(len(lags), func(i int) (float64, float64) { return float64(lags[i].Lag), lags[i].Same / w.Plateau }))
		loops = append(loops, of(len(w.Closures), func(i int) (float64, float64) { return float64(w.Closures[i].Steps), w.Closures[i].Loop / w.Plateau }))
		still = append(still, of(len(w.Closures), func(i int) (float64, float64) { return float64(w.Closures[i].Steps), w.Closures[i].Still / w.Plateau }))
		errors = append(errors, of(len(w.Errors), func(i int) (float64, float64) { return float64(w.Errors[i].Step), w.Errors[i].Median }))
		reach = append(reach, of(len(w.Ranges), func(i int) (float64, float64) { return w.Ranges[i].Radius, w.Ranges[i].Median }))
		for _, r := range w.Ranges {
			farthest = math.Max(farthest, r.Radius)
		}
		for _, e := range w.Errors {
			chance = e.Chance // of the last step
		}
	}
	for i, v := range variants {
		key := figure.Point{X: 12 + 45*float64(i), Y: y - 3.2}
		c.Line(figure.Stroke{Color: figure.Series(i), Width: figure.Thick}, key, figure.Point{X: key.X + 4, Y: key.Y})
		c.Text(key.X+5, key.Y, variantTitle(v), figure.Type{Size: figure.Small, Y: figure.Middle})
	}
	const w, h, gap = 29.5, 30.0, 14.5
	box := func(i int) figure.Box { return figure.Box{X: 10 + (w+gap)*float64(i), Y: y + 3, W: w, H: h} }
	steps := logAxis(longest)
	share := func(label string, curves ...[]curve) figure.Axis {
		top := 1.0
		for _, set := range curves {
			for _, k := range set {
				for _, v := range k.y {
					top = math.Max(top, v)
				}
			}
		}
		top = math.Ceil(top*2.1) / 2
		return figure.Axis{Max: top, Label: label, Ticks: figure.Ticks(0, top, 4)}
	}
	panel := func(i int, heading string, a figure.Axes, log bool, dashed []curve, solid []curve) {
		a.Box = box(i)
		title(c, a.Box, heading)
		for k, set := range [][]curve{dashed, solid} {
			for _, line := range set {
				s := figure.Stroke{Color: figure.Fade(figure.Series(line.group), 0.25), Width: 0.8}
				if k == 0 {
					s.Dash = []float64{2, 1.2}
				}
				var way []figure.Point
				for j := range line.x {
					x := line.x[j]
					if log {
						x = math.Log10(x)
					}
					way = append(way, a.At(x, math.Min(line.y[j], a.Y.Max)))
				}
				c.Line(s, way...)
			}
		}
		a.Draw(c, 7)
	}
	quarter := figure.Stroke{Color: figure.Red, Width: figure.Thin}
	x := steps
	x.Label = "steps between"
	a := figure.Axes{X: x, Y: share("distance / plateau", same)}
	panel(0, "same place, walks in a box", a, true, nil, same)
	a.Box = box(0)
	a.HLine(c, mostApart, quarter)
	x.Label = "steps"
	a = figure.Axes{X: x, Y: share("distance / plateau", loops, still)}
	panel(1, "after a loop; standing: dashed", a, true, still, loops)
	a.Box = box(1)
	a.HLine(c, mostApart, quarter)
	a = figure.Axes{X: x, Y: share("decoding error (m)", errors)}
	panel(2, "decoded walks; chance: grey", a, true, nil, errors)
	if a.Box = box(2); !math.IsNaN(chance) {
		a.HLine(c, chance, figure.Stroke{Color: figure.Grey, Width: figure.Thin, Dash: []float64{2, 1.5}})
	}
	farther := share("decoding error (m)", reach)
	panel(3, "decoded places", figure.Axes{X: figure.Axis{Max: farthest, Label: "radius of places (m)", Ticks: figure.Ticks(0, farthest, 4)}, Y: farther}, false, nil, reach)
}

// logAxis has ticks at the powers of ten up to a number of steps.
func logAxis(most float64) figure.Axis {
	a := figure.Axis{Max: math.Log10(most)}
	for p := 0.0; p <= a.Max+1e-9; p++ {
		a.Ticks = append(a.Ticks, figure.Tick{At: p, Label: figure.Number(math.Pow(10, p), 0)})
	}
	return a
}

// pooled averages lags, weighted by pairs, over bins that grow with the lag, so that a curve over a logarithmic axis is even.
func pooled(lags []SameLag) []SameLag {
	var out []SameLag
	for i := 0; i < len(lags); {
		width := max(1, int(lags[i].Lag)/12)
		var sum, n, at float64
		end := min(i+width, len(lags))
		for _, l := range lags[i:end] {
			at += float64(l.Lag) / float64(end-i)
			if l.Pairs > 0 && !math.IsNaN(l.Same) {
				sum, n = sum+l.Same*float64(l.Pairs), n+float64(l.Pairs)
			}
		}
		if n >= fewPairs {
			out = append(out, SameLag{int32(math.Round(at)), sum / n, int64(n)})
		}
		i = end
	}
	return out
}

// mostApart is what path invariance is judged by, in plateaus.
const mostApart = 0.25

// fewPairs are too few to draw.
const fewPairs = 20
