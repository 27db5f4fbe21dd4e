package results

import (
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/integration/integrationtable"
)

// curve is a quantity of one walked network.
type curve struct {
	group int
	x, y  []float64
}

// curves are the quantities of all walked networks, and how far they reach.
type curves struct {
	variants                          []string
	same, loops, still, errors, reach []curve
	longest                           float64 // steps
	farthest                          float64 // m
	chance                            float64 // error (m) of the last step of a decoder that knows nothing
}

func (d Data) curves() curves {
	k := curves{longest: 10, farthest: 0.5, chance: math.NaN()}
	for _, w := range d.Walked {
		if !slices.Contains(k.variants, w.Variant) {
			k.variants = append(k.variants, w.Variant)
		}
		group := slices.Index(k.variants, w.Variant)
		add := func(to *[]curve, n int, point func(i int) (x, y float64)) {
			out := curve{group: group}
			for i := range n {
				if x, v := point(i); !math.IsNaN(v) && x > 0 {
					out.x, out.y = append(out.x, x), append(out.y, v)
					k.longest = math.Max(k.longest, x)
				}
			}
			*to = append(*to, out)
		}
		lags := pooled(w.Lags)
		add(&k.same, len(lags), func(i int) (float64, float64) { return float64(lags[i].Lag), lags[i].Same / w.Plateau })
		add(&k.loops, len(w.Returns), func(i int) (float64, float64) { return float64(w.Returns[i].Steps), w.Returns[i].Loop / w.Plateau })
		add(&k.still, len(w.Returns), func(i int) (float64, float64) { return float64(w.Returns[i].Steps), w.Returns[i].AtRest / w.Plateau })
		add(&k.errors, len(w.Errors), func(i int) (float64, float64) { return float64(w.Errors[i].Step), w.Errors[i].Median })
		add(&k.reach, len(w.Ranges), func(i int) (float64, float64) { return w.Ranges[i].Radius, w.Ranges[i].Median })
		for _, r := range w.Ranges {
			k.farthest = math.Max(k.farthest, r.Radius)
		}
		for _, e := range w.Errors {
			k.chance = e.Chance
		}
	}
	return k
}

// paintWalked draws four panels: states of the same place against lag, loops and stands, decoding
// error against steps, and against the radius of the places. A line a seed; the variants in their
// colours.
func (d Data) paintWalked(c *figure.Canvas, y float64, titles sheet.Titles) {
	if len(d.Walked) == 0 {
		sheet.Notice(c, figure.Box{X: 0, Y: y, W: figure.Width, H: 30}, "no network was walked")
		return
	}
	k := d.curves()
	for i, v := range k.variants {
		key := figure.Point{X: 12 + 45*float64(i), Y: y - 3.2}
		small := figure.Type{Size: figure.Small, Y: figure.Middle}
		c.Line(figure.Stroke{Color: figure.Series(i), Width: figure.Thick}, key, figure.Point{X: key.X + 4, Y: key.Y})
		c.Text(key.X+5, key.Y, sheet.Clip(titles.Of(v), 38, small), small)
	}
	const w, h, gap = 29.5, 30.0, 14.5
	panel := func(i int, heading string, x, yAxis figure.Axis, dashed, solid []curve) figure.Axes {
		a := figure.Axes{Box: figure.Box{X: 10 + (w+gap)*float64(i), Y: y + 3, W: w, H: h}, X: x, Y: yAxis}
		sheet.Title(c, a.Box, heading)
		paintCurves(c, a, i < 3, []float64{2, 1.2}, dashed)
		paintCurves(c, a, i < 3, nil, solid)
		a.Draw(c, 7)
		return a
	}
	quarter := figure.Stroke{Color: figure.Red, Width: figure.Thin}
	a := panel(0, "same place, walks in a box", logAxis(k.longest, "steps between"), upTo("distance / plateau", k.same), nil, k.same)
	a.HLine(c, mostApart, quarter)
	steps := logAxis(k.longest, "steps")
	a = panel(1, "after a loop; standing: dashed", steps, upTo("distance / plateau", k.loops, k.still), k.still, k.loops)
	a.HLine(c, mostApart, quarter)
	a = panel(2, "decoded walks; chance: grey", steps, upTo("decoding error (m)", k.errors), nil, k.errors)
	if !math.IsNaN(k.chance) {
		a.HLine(c, k.chance, sheet.GreyDashes)
	}
	radius := figure.Axis{Max: k.farthest, Label: "radius of places (m)", Ticks: figure.Ticks(0, k.farthest, 4)}
	panel(3, "decoded places", radius, upTo("decoding error (m)", k.reach), nil, k.reach)
}

// paintCurves draws curves whose x is drawn as its logarithm or as it is.
func paintCurves(c *figure.Canvas, a figure.Axes, log bool, dash []float64, set []curve) {
	for _, line := range set {
		var way []figure.Point
		for j, x := range line.x {
			if log {
				x = math.Log10(x)
			}
			way = append(way, a.At(x, math.Min(line.y[j], a.Y.Max)))
		}
		c.Line(figure.Stroke{Color: figure.Fade(figure.Series(line.group), 0.25), Width: 0.8, Dash: dash}, way...)
	}
}

// upTo is an axis from 0 that holds the curves, and 1.
func upTo(label string, sets ...[]curve) figure.Axis {
	top := 1.0
	for _, line := range slices.Concat(sets...) {
		for _, v := range line.y {
			top = math.Max(top, v)
		}
	}
	top = math.Ceil(top*2.1) / 2
	return figure.Axis{Max: top, Label: label, Ticks: figure.Ticks(0, top, 4)}
}

// logAxis has ticks at the powers of ten up to a number of steps.
func logAxis(most float64, label string) figure.Axis {
	a := figure.Axis{Max: math.Log10(most), Label: label}
	for p := 0.0; p <= a.Max+1e-9; p++ {
		a.Ticks = append(a.Ticks, figure.Tick{At: p, Label: figure.Number(math.Pow(10, p), 0)})
	}
	return a
}

// pooled averages lags, weighted by pairs, over bins that grow with the lag, so that a curve over a
// logarithmic axis is even.
func pooled(lags []integrationtable.Lag) []integrationtable.Lag {
	var out []integrationtable.Lag
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
			out = append(out, integrationtable.Lag{Lag: int32(math.Round(at)), Same: sum / n, Pairs: int64(n)})
		}
		i = end
	}
	return out
}

// mostApart is what path invariance is judged by, in plateaus.
const mostApart = 0.25

// fewPairs are too few to draw.
const fewPairs = 20
