// Package figure5 draws how one network generalises: states against places, training against
// evaluation walks, the same cells in every box.
package figure5

import (
	"context"
	"fmt"
	"image/color"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/batch/batchtable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/walks"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/trajectories/trajectoriestable"
)

// InBox is what one network does in one box.
type InBox struct {
	BoxM    float64
	Units   []spectratable.Unit
	Modules []spectratable.Module
	Maps    []ratemapstable.Map
}

// Params says how figure 5 is drawn, and the boxes of which there are inputs.
type Params struct {
	sheet.MapParams
	Network string    `json:"network"` // what it is called
	BoxesM  []float64 `json:"boxes_m"`
}

// Data is what figure 5 shows of one network.
type Data struct {
	Density  []distancestable.Density
	ReachM   float64
	Lags     []distancestable.Lag
	Summary  distancestable.Summary
	Training []batchtable.Quantile
	Batch    []batchtable.State
	Walks    []trajectoriestable.Walk
	WalkBox  float64 // m
	Boxes    []InBox // ascending
}

type shownNumbers struct {
	Figure       string         `json:"figure"`
	Plateau      sheet.Number   `json:"plateau"`
	Reach90      sheet.Number   `json:"distance_of_90_percent_of_plateau_m"`
	SigmaX       sheet.Number   `json:"sigma_x_m"`
	Same         sheet.Number   `json:"same_place_to_60_steps"`
	PairsMedian  sheet.Number   `json:"training_pairs_median_m"`
	Pairs90      sheet.Number   `json:"training_pairs_90_m"`
	StartsMedian sheet.Number   `json:"training_from_start_median_m"`
	Starts90     sheet.Number   `json:"training_from_start_90_m"`
	ChosenBy     string         `json:"cells_chosen_by"`
	Cells        []int32        `json:"cells"`
	Boxes        []inBoxNumbers `json:"boxes"`
}

type inBoxNumbers struct {
	BoxM    sheet.Number          `json:"box_m"`
	Modules []sheet.ModuleNumbers `json:"modules"`
}

// Run reads density, lags and distances/summary of the distances stage, distances and states of the
// batch stage, the walks, and maps, units and modules in every box (roles "4m/maps" and so on), and
// emits figure 5.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	var d Data
	for _, box := range p.BoxesM {
		role := fmt.Sprintf("%gm/", box)
		r.Box = 0 // the boxes differ by design
		d.Boxes = append(d.Boxes, InBox{box, sheet.Read[spectratable.Unit](&r, role+"units"), sheet.Read[spectratable.Module](&r, role+"modules"), sheet.Read[ratemapstable.Map](&r, role+"maps")})
	}
	r.Box = 0
	d.Density = sheet.Read[distancestable.Density](&r, "density")
	d.ReachM = sheet.MetaNumber(&r, "density", "reach_m")
	d.Lags, d.Summary = sheet.Read[distancestable.Lag](&r, "lags"), sheet.One[distancestable.Summary](&r, "decorrelation")
	d.Training, d.Batch = sheet.Read[batchtable.Quantile](&r, "training"), sheet.Read[batchtable.State](&r, "batch")
	d.Walks = sheet.Read[trajectoriestable.Walk](&r, "walks")
	d.WalkBox = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// cellsShown is how many cells panels c to e show in every box.
const cellsShown = 5

// Draw draws how one network generalises: (a) the distance of states over the distance of places,
// with the distances in training batches, and over the time between them, (b) training and
// evaluation walks and their speeds, (c-e) the same cells in every box.
func Draw(d Data, p Params) ([]sheet.File, error) {
	if len(d.Density) == 0 || len(d.Training) == 0 || len(d.Boxes) == 0 || !(d.ReachM > 0) {
		return nil, fmt.Errorf("figure-5: a table is empty")
	}
	nets := make([]sheet.Network, len(d.Boxes))
	widest := 0.0
	for i, b := range d.Boxes {
		net, err := sheet.NewNetwork(b.Units, b.Maps)
		if err != nil {
			return nil, fmt.Errorf("figure-5: box of %g m: %w", b.BoxM, err)
		}
		nets[i] = net
		widest = math.Max(widest, b.BoxM)
	}
	units, by := nets[len(nets)-1].Examples() // of the largest box
	shown := units[:min(cellsShown, len(units))]
	rates := p.RateColours.Map()
	mm := 29 / widest // page mm a metre: maps of all boxes are to one scale
	const top, mapsX = 116.0, 22.0
	height := top
	rows := make([]float64, len(d.Boxes)) // their heights
	for i, b := range d.Boxes {
		rows[i] = max(b.BoxM*mm+7, 10+3.2*float64(len(b.facts(nets[i]))))
		height += rows[i]
	}
	page := figure.Page{Height: height, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		d.paintDensity(c, figure.Box{X: 11, Y: 6, W: 58, H: 36})
		d.paintLags(c, figure.Box{X: 105, Y: 6, W: 50, H: 36})
		c.PanelLetter(0, 55, "b")
		d.paintWalks(c, figure.Box{X: 4, Y: 61, W: 36, H: 36}, figure.Box{X: 92, Y: 61, W: 36, H: 36})
		d.paintSpeeds(c, figure.Box{X: 52, Y: 61, W: 30, H: 36}, figure.Box{X: 142, Y: 61, W: 34, H: 36})
		y := top
		if len(shown) > 0 {
			c.Text(mapsX, y-3, caption(shown, by, d.Boxes[len(d.Boxes)-1].BoxM), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
		}
		for i, b := range d.Boxes {
			c.PanelLetter(0, y+0.3, string(rune('c'+i)))
			c.Text(5, y+2.5, figure.Metres(b.BoxM), figure.Type{Size: figure.Normal, Bold: true})
			d.paintBox(c, b, nets[i], shown, by, figure.Point{X: mapsX, Y: y}, mm, rates)
			y += rows[i]
		}
	}
	return sheet.Render("figure-5", page, paint, d.numbers(shown, by), d.caption(p, shown, by))
}

func (d Data) caption(p Params, shown []spectratable.Unit, by sheet.Measure) sheet.Caption {
	c := sheet.Caption{
		Title: "Figure 5: generalisation to other velocities and larger boxes",
		Lead:  fmt.Sprintf("The network: %s. It is trained on short, jerky walks and recorded on long, smooth ones", p.Network),
		Panels: []sheet.Panel{
			{Panel: "a", Shows: fmt.Sprintf("Left: distance of two states against the distance of their places, on walks in a box of %s: how often (blue, each column to its own peak) and the mean (line); black: the shares of pairs of places up to that distance in training, of any two states of a batch and of states and the start. Right: the mean by the time between the two. Red: σ_x", figure.Metres(d.WalkBox)),
				Tables: []string{"density", "lags", "decorrelation", "training"}},
			{Panel: "b", Shows: "Three walks of a training batch and three of the evaluation, with the lengths of their steps", Tables: []string{"batch", "walks"}},
		},
	}
	for i, b := range d.Boxes {
		role := fmt.Sprintf("%gm/", b.BoxM)
		c.Panels = append(c.Panels, sheet.Panel{Panel: string(rune('c' + i)), Shows: fmt.Sprintf("The same units in a box of %s, and the periods of the modules found there", figure.Metres(b.BoxM)),
			Tables: []string{role + "maps", role + "units", role + "modules"}})
	}
	if len(shown) > 0 {
		c.Notes = caption(shown, by, d.Boxes[len(d.Boxes)-1].BoxM)
	}
	return c
}

func (d Data) numbers(shown []spectratable.Unit, by sheet.Measure) shownNumbers {
	at := func(share float64) batchtable.Quantile {
		return d.Training[int(math.Round(share*float64(len(d.Training)-1)))]
	}
	out := shownNumbers{Figure: "figure-5", Plateau: sheet.Number(d.Summary.Plateau), Reach90: sheet.Number(d.Summary.Reach90), SigmaX: sheet.Number(d.Summary.SigmaX), Same: sheet.Number(d.Summary.Same),
		PairsMedian: sheet.Number(at(0.5).Pairs), Pairs90: sheet.Number(at(0.9).Pairs), StartsMedian: sheet.Number(at(0.5).FromStart), Starts90: sheet.Number(at(0.9).FromStart),
		ChosenBy: by.Name, Cells: []int32{}}
	for _, u := range shown {
		out.Cells = append(out.Cells, u.Unit)
	}
	for _, b := range d.Boxes {
		out.Boxes = append(out.Boxes, inBoxNumbers{sheet.Number(b.BoxM), sheet.ModuleTable(b.Modules)})
	}
	return out
}

var rootOfTwo = []figure.Tick{{At: 0, Label: "0"}, {At: 0.5, Label: "0.5"}, {At: 1, Label: "1"}, {At: math.Sqrt2, Label: "√2"}}

// paintDensity draws the pairs column by column, each to its own peak, their mean, and the shares
// of distances in training.
func (d Data) paintDensity(c *figure.Canvas, b figure.Box) {
	rows := len(d.Density[0].Counts)
	image := make([]float64, rows*len(d.Density))
	for i, col := range d.Density {
		most := int32(1)
		for _, n := range col.Counts {
			most = max(most, n)
		}
		for j, n := range col.Counts {
			image[j*len(d.Density)+i] = float64(n) / float64(most)
		}
	}
	c.Image(b, figure.HeatMap(image, len(d.Density), 0, 1, func(t float64) color.RGBA { return figure.Fade(figure.Series(0), 1-t) }))
	a := figure.Axes{Box: b, X: figure.Axis{Max: d.ReachM, Label: "distance of places (m)", Ticks: figure.Ticks(0, d.ReachM, 5)},
		Y: figure.Axis{Max: math.Sqrt2, Label: "distance of states", Ticks: rootOfTwo}}
	var mean []figure.Point
	for _, col := range d.Density {
		if !math.IsNaN(col.Mean) {
			mean = append(mean, a.At(col.Distance, col.Mean))
		}
	}
	c.Line(figure.Stroke{Color: figure.White, Width: 1.8}, mean...)
	c.Line(figure.Stroke{Color: figure.Series(0), Width: 1}, mean...)
	share := figure.Axes{Box: b, X: a.X, Y: figure.Axis{Max: 1}}
	for i, of := range []func(batchtable.Quantile) float64{func(q batchtable.Quantile) float64 { return q.Pairs }, func(q batchtable.Quantile) float64 { return q.FromStart }} {
		s := figure.Stroke{Color: figure.Black, Width: 0.9}
		if i == 1 {
			s.Dash = []float64{2, 1.2}
		}
		var line []figure.Point
		for _, q := range d.Training {
			if x := of(q); x <= d.ReachM {
				line = append(line, share.At(x, q.Share))
			}
		}
		c.Line(s, line...)
		key := figure.Point{X: b.X + 26*float64(i), Y: b.Y - 2.2}
		c.Line(s, key, figure.Point{X: key.X + 4, Y: key.Y})
		c.Text(key.X+5, key.Y, []string{"training pairs", "training, from start"}[i], figure.Type{Size: figure.Small, Y: figure.Middle})
	}
	a.VLine(c, d.Summary.SigmaX, figure.Stroke{Color: figure.Red, Width: figure.Thin})
	a.DrawFrame(c, 8)
	for _, t := range []float64{0, 0.5, 1} {
		p := share.At(d.ReachM, t)
		c.Text(p.X+1.5, p.Y, figure.Number(t, 1), figure.Type{Size: figure.Small, Y: figure.Middle})
	}
	c.Text(b.Right()+8, b.Y+b.H/2, "share of training", figure.Type{Size: figure.Normal, X: figure.Middle, Y: figure.Middle, Upward: true})
}

// paintLags draws the mean distance of states by distance of places and time between them.
func (d Data) paintLags(c *figure.Canvas, b figure.Box) {
	if len(d.Lags) == 0 {
		sheet.Notice(c, b, "walks too short")
		return
	}
	var image []float64
	for _, l := range d.Lags {
		image = append(image, l.Mean...)
	}
	c.Image(b, figure.HeatMap(image, len(d.Lags[0].Mean), 0, math.Sqrt2, figure.Viridis))
	last := d.Lags[len(d.Lags)-1].Lag
	step := last
	if len(d.Lags) > 1 {
		step = d.Lags[1].Lag - d.Lags[0].Lag
	}
	a := figure.Axes{Box: b, X: figure.Axis{Max: d.ReachM, Label: "distance of places (m)", Ticks: figure.Ticks(0, d.ReachM, 5)},
		Y: figure.Axis{Max: last + step/2, Label: "time between (steps)", Ticks: figure.Ticks(0, last, 4)}}
	a.VLine(c, d.Summary.SigmaX, figure.Stroke{Color: figure.Red, Width: figure.Thin})
	a.DrawFrame(c, sheet.LabelGap)
	sheet.Title(c, b, "mean distance of states; red: σ_x")
	c.ColorBar(figure.Box{X: b.Right() + 3, Y: b.Y, W: 2.4, H: b.H}, figure.Viridis, 0, math.Sqrt2, rootOfTwo, "distance of states")
}

// paintWalks draws three walks of a training batch, and three of the evaluation, to one scale each.
func (d Data) paintWalks(c *figure.Canvas, training, evaluation figure.Box) {
	const number = 3
	ways := walks.First(d.Batch, number)
	a := walks.Space(training, slices.Concat(ways...), d.Summary.SigmaX)
	for i, w := range ways {
		var way []figure.Point
		for _, s := range w {
			way = append(way, a.At(float64(s.X), float64(s.Y)))
		}
		c.Line(figure.Stroke{Color: figure.Series(i), Width: 0.7}, way...)
	}
	c.Rect(training, figure.Stroke{Color: figure.Black, Width: figure.Thin})
	sheet.Title(c, training, "training: permuted")
	c.ScaleBar(figure.Point{X: training.X, Y: training.Bottom() + 3}, a.X.Max-a.X.Min, training.W)

	half := d.WalkBox / 2
	e := figure.Axes{Box: evaluation, X: figure.Axis{Min: -half, Max: half}, Y: figure.Axis{Min: -half, Max: half}}
	for i, w := range d.Walks[:min(number, len(d.Walks))] {
		way := []figure.Point{e.At(0, 0)}
		for k := 0; k+1 < len(w.Position); k += 2 {
			way = append(way, e.At(float64(w.Position[k]), float64(w.Position[k+1])))
		}
		c.Line(figure.Stroke{Color: figure.Series(i), Width: 0.4}, way...)
	}
	c.Rect(evaluation, figure.Stroke{Color: figure.Black, Width: figure.Thin})
	sheet.Title(c, evaluation, "evaluation: smooth, in a box")
	c.ScaleBar(figure.Point{X: evaluation.X, Y: evaluation.Bottom() + 3}, d.WalkBox, evaluation.W)
}

// paintSpeeds draws the distributions of the lengths of steps.
func (d Data) paintSpeeds(c *figure.Canvas, training, evaluation figure.Box) {
	var trained, walked []float64
	for _, s := range d.Batch {
		trained = append(trained, math.Hypot(float64(s.VX), float64(s.VY)))
	}
	for _, w := range d.Walks[:min(50, len(d.Walks))] {
		for k := 0; k+1 < len(w.Velocity); k += 2 {
			walked = append(walked, math.Hypot(float64(w.Velocity[k]), float64(w.Velocity[k+1])))
		}
	}
	const top, steps = 0.22, 22
	for i, set := range [][]float64{trained, walked} {
		edges, counts := figure.Histogram(set, 0, top, steps)
		most := 0.0
		for k := range counts {
			counts[k] /= math.Max(float64(len(set)), 1)
			most = math.Max(most, counts[k])
		}
		b := []figure.Box{training, evaluation}[i]
		a := figure.Axes{Box: b, X: figure.Axis{Max: top, Label: "step (m)", Ticks: figure.Ticks(0, top, 3)},
			Y: figure.Axis{Max: math.Max(math.Ceil(most*22)/20, 0.05), Label: "share"}}
		a.Y.Ticks = figure.Ticks(0, a.Y.Max, 3)
		a.Bars(c, edges, counts, make([]float64, len(counts)), figure.Series(-1))
		a.Draw(c, 8)
	}
}

// caption says which cells the panels c to e show, chosen in the largest box.
func caption(shown []spectratable.Unit, by sheet.Measure, boxM float64) string {
	which, below := "Active units of highest "+by.Name, by.Name
	if shown[0].Module >= 0 {
		which = "Units of highest grid score, one of each module in turn,"
	}
	if by.Name == sheet.ByGrid.Name {
		below = "period and " + below
	}
	return fmt.Sprintf("%s in the box of %s; below each its %s", which, figure.Metres(boxM), below)
}

// paintBox draws the cells' maps in one box and the periods of its modules.
func (d Data) paintBox(c *figure.Canvas, b InBox, net sheet.Network, shown []spectratable.Unit, by sheet.Measure, at figure.Point, mm float64, rates figure.Map) {
	size := b.BoxM * mm
	byUnit := map[int32]spectratable.Unit{}
	for _, u := range b.Units {
		byUnit[u.Unit] = u
	}
	for i, example := range shown {
		box := figure.Box{X: at.X + 31*float64(i), Y: at.Y, W: size, H: size}
		c.RateMap(box, net.Maps[example.Unit], net.Bins, rates)
		u := byUnit[example.Unit]
		label := by.Label(net, u)
		if by.Name == sheet.ByGrid.Name { // only such a unit has a period
			label = figure.Length(u.Period) + ", " + label
		}
		c.Text(box.X+size/2, box.Bottom()+1.1, label, figure.Type{Size: figure.Small, X: figure.Middle})
	}
	if len(shown) == 0 {
		sheet.Notice(c, figure.Box{X: at.X, Y: at.Y, W: 60, H: size}, "no active unit")
	}
	for i, l := range b.facts(net) {
		c.Text(5, at.Y+6+3.2*float64(i), l, figure.Type{Size: figure.Small, Color: figure.Grey})
	}
}

// facts are the lines beside the maps of a box: what of it no walk came to, and the periods of the
// modules, five lines at most.
func (b InBox) facts(net sheet.Network) []string {
	var lines []string
	if share := net.Unvisited(); share > sheet.Uncovered {
		lines = append(lines, figure.Percent(share, 0)+" unvisited")
	}
	if len(b.Modules) == 0 {
		return append(lines, "no module")
	}
	lines = append(lines, "modules")
	for _, m := range b.Modules {
		lines = append(lines, figure.Length(m.Period))
	}
	return lines[:min(len(lines), 5)]
}
