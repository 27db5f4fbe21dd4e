// Package seeds draws scores and modules of both networks, seed by seed.
package seeds

import (
	"context"
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/spectra/spectratable"
)

// Params says how the figure over seeds is drawn, and which runs it holds: the
// inputs are those of every seed and variant.
type Params struct {
	sheet.Params
	Seeds    []uint64     `json:"seeds"`
	Variants []string     `json:"variants"`
	Titles   sheet.Titles `json:"titles"`
}

// Network is one trained network of the figure over seeds.
type Network struct {
	Seed    uint64
	Variant string
	Units   []spectratable.Unit
	Modules []spectratable.Module
	Summary spectratable.Summary
}

// Data is what the figure over seeds shows: runs in any order, one of every
// seed and variant of the parameters, all in one box.
type Data struct {
	BoxM float64
	Runs []Network
}

type shownNumbers struct {
	Figure string       `json:"figure"`
	BoxM   sheet.Number `json:"box_m"`
	Runs   []runNumbers `json:"runs"` // variant by variant, seed by seed
}

type runNumbers struct {
	Variant string `json:"variant"`
	Seed    uint64 `json:"seed"`
	sheet.SummaryNumbers
	ModuleCount int                   `json:"module_count"`
	Modules     []sheet.ModuleNumbers `json:"modules"`
}

// Role begins the names of the inputs of one network.
func Role(variant string, seed uint64) string { return fmt.Sprintf("seed-%d/%s/", seed, variant) }

// Run reads units, modules and summary of every seed and variant of the parameters
// (roles "seed-1/full/units" and so on) and emits the figure over seeds.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	var d Data
	for _, s := range p.Seeds {
		for _, v := range p.Variants {
			role := Role(v, s)
			d.Runs = append(d.Runs, Network{
				Seed: s, Variant: v,
				Units:   sheet.Read[spectratable.Unit](&r, role+"units"),
				Modules: sheet.Read[spectratable.Module](&r, role+"modules"),
				Summary: sheet.One[spectratable.Summary](&r, role+"summary"),
			})
		}
	}
	d.BoxM = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws for every variant a panel of the active units' scores, seed by
// seed, with their medians, and a panel of the modules' periods.
func Draw(d Data, p Params) ([]sheet.File, error) {
	table := make([][]Network, len(p.Variants))
	shown := shownNumbers{Figure: "seeds", BoxM: sheet.Number(d.BoxM)}
	top := 0.0
	for i, v := range p.Variants {
		for _, s := range p.Seeds {
			r, err := runOf(d.Runs, s, v)
			if err != nil {
				return nil, fmt.Errorf("seeds: %w", err)
			}
			table[i] = append(table[i], r)
			shown.Runs = append(shown.Runs, runNumbers{v, s, sheet.SummaryTable(r.Summary), len(r.Modules), sheet.ModuleTable(r.Modules)})
			for _, m := range r.Modules {
				if m.Period > top {
					top = m.Period
				}
			}
		}
	}
	if top == 0 {
		top = 1
	}
	page := figure.Page{Height: 133, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		const left, gap = 22.0, 6.0
		n := float64(len(table))
		width := (figure.Width - left - 0.5 - (n-1)*gap) / n
		for i, runs := range table {
			x := left + float64(i)*(width+gap)
			letterX := x - 5
			if i == 0 {
				letterX = 0
			}
			c.PanelLetter(letterX, 0.3, string(rune('a'+i)))
			c.Text(x+width/2, 0.8, p.Titles.Of(p.Variants[i]), figure.Type{Size: figure.Normal, Bold: true, X: figure.Middle})
			strips(c, figure.Box{X: x, Y: 7, W: width, H: 52}, runs, i == 0)
			c.PanelLetter(letterX, 79, string(rune('a'+len(table)+i)))
			modulePeriods(c, figure.Box{X: x, Y: 83, W: width, H: 38}, runs, math.Ceil(top*1.15/0.5)*0.5, i == 0)
		}
		c.Text(left, 132.5, fmt.Sprintf("Box of %s. Bars: medians over active units; dashes: score %s. Discs: modules, area by number of units, filled if hexagonal.",
			figure.Metres(d.BoxM), figure.Number(sheet.ScoreLine, 1)), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	}
	return sheet.Render("seeds", page, paint, shown, d.caption(p))
}

func (d Data) caption(p Params) sheet.Caption {
	c := sheet.Caption{
		Title: "Grid scores and modules over seeds",
		Lead:  fmt.Sprintf("Networks trained from other random numbers, in a box of %s", figure.Metres(d.BoxM)),
	}
	rows := []struct {
		shows  string
		tables []string
	}{
		{"grid scores (expanding ring) of the active units, in the colours of their modules; bars: medians; dashes: " + figure.Number(sheet.ScoreLine, 1), []string{"units", "modules", "summary"}},
		{"periods of the modules; the area of a disc is the number of units, and it is filled if the lattice is hexagonal", []string{"modules"}},
	}
	for k, row := range rows {
		for i, v := range p.Variants {
			var prefixes []string
			for _, s := range p.Seeds {
				prefixes = append(prefixes, Role(v, s))
			}
			c.Panels = append(c.Panels, sheet.Panel{Panel: string(rune('a' + k*len(p.Variants) + i)), Shows: p.Titles.Of(v) + ": " + row.shows, Tables: sheet.Tables(prefixes, row.tables...)})
		}
	}
	return c
}

func runOf(runs []Network, seed uint64, variant string) (Network, error) {
	for _, r := range runs {
		if r.Seed == seed && r.Variant == variant {
			return r, nil
		}
	}
	return Network{}, fmt.Errorf("seed %d, %s: no such run", seed, variant)
}

// seedAxis has a place for each seed.
func seedAxis(runs []Network) figure.Axis {
	a := figure.Axis{Min: 0.4, Max: float64(len(runs)) + 0.6}
	for i, r := range runs {
		t := figure.Tick{At: float64(i + 1), Label: fmt.Sprintf("seed %d", r.Seed)}
		if len(runs) > sheet.NamedSeeds {
			t.Label = fmt.Sprint(r.Seed)
		}
		a.Ticks = append(a.Ticks, t)
	}
	return a
}

// strips draws the scores of each seed as a strip, and a small table below.
func strips(c *figure.Canvas, b figure.Box, runs []Network, first bool) {
	const lo, hi = -1.2, 1.6
	a := figure.Axes{Box: b, X: seedAxis(runs),
		Y: figure.Axis{Min: lo, Max: hi, Ticks: figure.Ticks(-1, 1.5, 5)}}
	if first {
		a.Y.Label = "grid score (expanding ring)"
	} else {
		a.Y.Ticks = sheet.Bare(a.Y.Ticks)
	}
	a.HLine(c, sheet.ScoreLine, sheet.GreyDashes)
	lines := []string{"active", "median", "above 0.3", "modules"}
	head := figure.Type{Size: figure.Small, X: figure.End}
	if first {
		for j, s := range lines {
			c.Text(b.X-1.5, tableY(b, j), s, head)
		}
	}
	if first && len(runs) > sheet.NamedSeeds {
		c.Text(b.X-1.5, b.Bottom()+1.6, "seed", head)
	}
	cell := figure.Type{Size: figure.Small, X: figure.Middle}
	for i, r := range runs {
		x := float64(i + 1)
		cells := sheet.Active(r.Units)
		groups, none := sheet.ByModule(cells, r.Modules)
		mark := func(units []spectratable.Unit, group int) {
			var at []figure.Point
			for _, u := range units {
				if y := math.Max(lo, math.Min(hi, u.Score)); !math.IsNaN(u.Score) {
					at = append(at, a.At(x+jitter(u.Unit), y))
				}
			}
			c.Discs(at, 0.5, figure.Series(group))
		}
		mark(none, -1)
		for g := range groups {
			mark(groups[g], g)
		}
		if m := r.Summary.Score; a.Holds(x, m) {
			c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thick}, a.At(x-0.36, m), a.At(x+0.36, m))
		}
		centre := a.At(x, lo).X
		for j, s := range []string{
			fmt.Sprintf("%d", r.Summary.Active),
			figure.Number(r.Summary.Score, 2),
			figure.Percent(r.Summary.Above, 0),
			fmt.Sprintf("%d", len(r.Modules)),
		} {
			c.Text(centre, tableY(b, j), s, cell)
		}
	}
	a.Draw(c, 10)
}

// tableY is the top of a line of the table below the strips.
func tableY(b figure.Box, line int) float64 { return b.Bottom() + 6 + 3.4*float64(line) }

// jitter spreads a strip's points evenly over a width of 0.5 by their unit number:
// multiples of the golden ratio, which leave no gaps and no clumps.
func jitter(unit int32) float64 {
	t := float64(unit) * 0.6180339887498949
	return 0.5 * (t - math.Floor(t) - 0.5)
}

// modulePeriods draws every seed's modules by period.
func modulePeriods(c *figure.Canvas, b figure.Box, runs []Network, top float64, first bool) {
	a := figure.Axes{Box: b, X: seedAxis(runs),
		Y: figure.Axis{Min: 0, Max: top, Ticks: figure.Ticks(0, top, 4)}}
	if first {
		a.Y.Label = "period of modules (m)"
	} else {
		a.Y.Ticks = sheet.Bare(a.Y.Ticks)
	}
	a.Draw(c, 10)
	for i, r := range runs {
		x := float64(i + 1)
		crowd := crowded(a, x, r.Modules)
		for j, m := range r.Modules {
			if !a.Holds(x, m.Period) {
				continue
			}
			at := []figure.Point{a.At(x, m.Period)}
			radius := math.Min(3, 0.22*math.Sqrt(float64(max(m.N, 1))))
			label := figure.Type{Size: figure.Small, Y: figure.Middle}
			place := at[0]
			switch {
			case crowd[j] < 0: // the label below, the disc to the left
				at[0].X -= math.Min(radius, 0.15*b.W/float64(len(runs)))
				label.X, label.Y = figure.Middle, figure.Start
				place.Y += radius + 0.8
			case crowd[j] > 0 || len(runs) > 6: // no room for a label at the side
				at[0].X += float64(crowd[j]) * math.Min(radius, 0.15*b.W/float64(len(runs)))
				label.X, label.Y = figure.Middle, figure.End
				place.Y -= radius + 0.8
			default:
				place.X += radius + 0.8
			}
			if m.Hexagonal {
				c.Discs(at, radius, figure.Series(j))
			} else {
				c.Circles(at, radius, figure.Stroke{Color: figure.Series(j), Width: 0.9})
			}
			c.Text(place.X, place.Y, figure.Number(m.Period, 2), label)
		}
		if len(r.Modules) == 0 {
			c.Text(a.At(x, 0).X, b.Y+b.H/2, "none", figure.Type{Size: figure.Small, Color: figure.Grey, X: figure.Middle, Y: figure.Middle})
		}
	}
}

// crowded tells modules whose discs would hide each other apart: -1 for those to set
// lower, 1 for those to set higher, 0 for those that stand free.
func crowded(a figure.Axes, x float64, modules []spectratable.Module) []int {
	out := make([]int, len(modules))
	for i := range modules {
		for j := range modules[:i] {
			lower, higher := j, i
			if modules[j].Period > modules[i].Period {
				lower, higher = i, j
			}
			if a.At(x, modules[lower].Period).Y-a.At(x, modules[higher].Period).Y < 4 {
				out[lower], out[higher] = -1, 1
			}
		}
	}
	return out
}
