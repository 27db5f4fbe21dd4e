// Package figure3 draws the framework on a real training batch: separated and invariant pairs,
// the network, permuted walks.
package figure3

import (
	"context"
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/batch/batchtable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/walks"
)

// Data is what figure 3 shows: the first batch of a training.
type Data struct {
	SigmaX  float64 // m
	States  []batchtable.State
	Summary batchtable.Summary
}

// Params says how figure 3 is drawn, and the size of the network that it draws.
type Params struct {
	sheet.Params
	Units  int `json:"units"` // of the network, named in the drawing
	Layers int `json:"layers"`
}

type shownNumbers struct {
	Figure    string       `json:"figure"`
	SigmaX    sheet.Number `json:"sigma_x_m"`
	States    int          `json:"states"`
	Near      int64        `json:"near_pairs"`
	Far       int64        `json:"far_pairs"`
	Crossings int          `json:"crossings"` // places of the three walks shown
}

// Run reads states and summary of the batch stage and emits figure 3.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	d := Data{States: sheet.Read[batchtable.State](&r, "states")}
	d.SigmaX = sheet.MetaNumber(&r, "states", "sigma_x")
	d.Summary = sheet.One[batchtable.Summary](&r, "summary")
	return r.EmitUnboxed(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws the framework on a real batch: (a) pairs of states that the separation loss pushes
// apart, (b) pairs that the invariance loss pulls together, (c) the network, (d) three permuted
// walks with their crossings.
func Draw(d Data, p Params) ([]sheet.File, error) {
	if len(d.States) < 2 || !(d.SigmaX > 0) {
		return nil, fmt.Errorf("figure-3: %d states and sigma_x of %g m make no pairs", len(d.States), d.SigmaX)
	}
	ways := walks.First(d.States, min(3, d.Summary.Trajectories))
	crossings := d.crossings(ways)
	page := figure.Page{Height: 137, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		all := float64(d.Summary.Near + d.Summary.Far)
		c.PanelLetter(0, 0.3, "a")
		some := d.some()
		a := walks.Space(figure.Box{X: 10, Y: 10, W: 46, H: 46}, some, d.SigmaX)
		d.paintFar(c, a, some)
		head(c, a.Box, "separation pushes apart", fmt.Sprintf("%.1f %% of the pairs: farther than σ_x", 100*float64(d.Summary.Far)/all))
		c.PanelLetter(62, 0.3, "b")
		d.paintNear(c, figure.Box{X: 72, Y: 10, W: 46, H: 46}, some)
		head(c, figure.Box{X: 72, Y: 10, W: 46, H: 46}, "invariance pulls together", fmt.Sprintf("%.1f %% of the pairs: nearer than σ_x", 100*float64(d.Summary.Near)/all))
		c.PanelLetter(124, 0.3, "c")
		paintNetwork(c, figure.Box{X: 130, Y: 6, W: 47, H: 54}, p)
		c.PanelLetter(0, 73, "d")
		d.paintWalks(c, ways, crossings)
	}
	return sheet.Render("figure-3", page, paint, shownNumbers{"figure-3", sheet.Number(d.SigmaX), len(d.States), d.Summary.Near, d.Summary.Far, len(crossings)}, d.caption(p))
}

func (d Data) caption(p Params) sheet.Caption {
	return sheet.Caption{
		Title: "Figure 3: separation, invariance, network and permuted walks",
		Lead:  fmt.Sprintf("The first batch of the training: %d trajectories of %d steps, all of which take the same velocities, each in an order of its own. σ_x = %s", d.Summary.Trajectories, d.Summary.Length, figure.Metres(d.SigmaX)),
		Panels: []sheet.Panel{
			{Panel: "a", Shows: fmt.Sprintf("Discs: states of %d trajectories where they are, a colour a trajectory. Lines: %d of the pairs farther apart than σ_x, whose states the separation loss pushes apart", trajectoriesShown, pairsShown), Tables: []string{"states", "summary"}},
			{Panel: "b", Shows: "The surroundings of one of these places. Lines: all pairs nearer than σ_x (dashed circle), whose states the invariance loss pulls together", Tables: []string{"states", "summary"}},
			{Panel: "c", Shows: fmt.Sprintf("The network of %d units: a velocity, through an MLP, gives the matrix that takes one state to the next; a state is rectified and has norm 1. There is no readout", p.Units)},
			{Panel: "d", Shows: "Three of the trajectories, to one scale, and together. They begin (disc) and end (square) in the same places, and come within σ_x of one another on the way (red circles)", Tables: []string{"states"}},
		},
	}
}

// head writes two lines above a panel.
func head(c *figure.Canvas, b figure.Box, first, second string) {
	c.Text(b.X+b.W/2, b.Y-5, first, figure.Type{Size: figure.Normal, X: figure.Middle, Y: figure.End})
	c.Text(b.X+b.W/2, b.Y-1.6, second, figure.Type{Size: figure.Small, Color: figure.Grey, X: figure.Middle, Y: figure.End})
}

// trajectoriesShown is how many trajectories panels a and b show: more would hide the pairs.
const trajectoriesShown = 5

// some are the states of the first trajectories.
func (d Data) some() []batchtable.State {
	var out []batchtable.State
	for _, s := range d.States {
		if s.Trajectory < trajectoriesShown {
			out = append(out, s)
		}
	}
	return out
}

func apart(a, b batchtable.State) float64 {
	return math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y))
}

// crowdedState is the one with most neighbours of other trajectories; beginning and end have them
// by construction and do not count.
func (d Data) crowdedState(states []batchtable.State) batchtable.State {
	best, most := states[0], -1
	for _, s := range states {
		n := 0
		for _, o := range states {
			if o.Trajectory != s.Trajectory && apart(s, o) < d.SigmaX {
				n++
			}
		}
		if s.Step > 5 && s.Step < d.Summary.Length-6 && n > most {
			best, most = s, n
		}
	}
	return best
}

// pairsShown is the number of lines of panel a.
const pairsShown = 70

// paintFar draws states, and far pairs of them spread evenly over the batch.
func (d Data) paintFar(c *figure.Canvas, a figure.Axes, states []batchtable.State) {
	n := len(states)
	for k, shown := 0, 0; k < 10*n && shown < pairsShown; k++ {
		// Steps of the golden ratio and of the plastic number reach all over the batch.
		s, o := states[int(float64(n)*frac(0.6180339887*float64(k)))], states[int(float64(n)*frac(0.7548776662*float64(k)+0.5))]
		if apart(s, o) > d.SigmaX {
			c.Line(figure.Stroke{Color: figure.Red, Width: 0.3}, a.At(float64(s.X), float64(s.Y)), a.At(float64(o.X), float64(o.Y)))
			shown++
		}
	}
	d.paintStates(c, a, states, 0.45)
	a.DrawFrame(c, sheet.LabelGap)
}

// paintNear draws the surroundings of a crowded state and all near pairs of other trajectories in
// it.
func (d Data) paintNear(c *figure.Canvas, b figure.Box, states []batchtable.State) {
	centre := d.crowdedState(states)
	a := walks.Around(b, float64(centre.X), float64(centre.Y), 2.2*d.SigmaX)
	var inside []batchtable.State
	for _, s := range states {
		if a.Holds(float64(s.X), float64(s.Y)) {
			inside = append(inside, s)
		}
	}
	for i, s := range inside {
		for _, o := range inside[:i] {
			if apart(s, o) < d.SigmaX {
				c.Line(figure.Stroke{Color: figure.Series(0), Width: 0.6}, a.At(float64(s.X), float64(s.Y)), a.At(float64(o.X), float64(o.Y)))
			}
		}
	}
	d.paintStates(c, a, inside, 0.8)
	at := a.At(float64(centre.X), float64(centre.Y))
	radius := d.SigmaX / (a.X.Max - a.X.Min) * b.W
	c.Circles([]figure.Point{at}, radius, figure.Stroke{Color: figure.Black, Width: figure.Thin, Dash: []float64{2, 1.5}})
	c.Text(at.X+0.75*radius, at.Y+0.75*radius, "σ_x", figure.Type{Size: figure.Small})
	a.DrawFrame(c, sheet.LabelGap)
}

// paintStates draws states in the colours of their trajectories.
func (d Data) paintStates(c *figure.Canvas, a figure.Axes, states []batchtable.State, radius float64) {
	for k := range int32(trajectoriesShown) {
		var dots []figure.Point
		for _, s := range states {
			if s.Trajectory == k {
				dots = append(dots, a.At(float64(s.X), float64(s.Y)))
			}
		}
		c.Discs(dots, radius, figure.Series(int(k)+1))
	}
}

func frac(v float64) float64 { return v - math.Floor(v) }

// paintNetwork draws equations 2 and 3.
func paintNetwork(c *figure.Canvas, b figure.Box, p Params) {
	line := figure.Stroke{Color: figure.Black, Width: figure.Thin}
	label := figure.Type{Size: figure.Normal, X: figure.Middle, Y: figure.Middle}
	small := figure.Type{Size: figure.Small, Color: figure.Grey, X: figure.Middle, Y: figure.Middle}
	box := func(x, y, w, h float64, text, note string) figure.Box {
		r := figure.Box{X: b.X + x, Y: b.Y + y, W: w, H: h}
		c.Rect(r, line)
		shift := 0.0
		if note != "" {
			shift = 1.7
			c.Text(r.X+w/2, r.Y+h/2+2, note, small)
		}
		c.Text(r.X+w/2, r.Y+h/2-shift, text, label)
		return r
	}
	arrow := func(points ...figure.Point) {
		c.Line(line, points...)
		tip, from := points[len(points)-1], points[len(points)-2]
		n := math.Max(math.Hypot(tip.X-from.X, tip.Y-from.Y), 1e-9)
		ux, uy := (tip.X-from.X)/n, (tip.Y-from.Y)/n
		c.Line(line, figure.Point{X: tip.X - 1.6*ux + 0.8*uy, Y: tip.Y - 1.6*uy - 0.8*ux}, tip, figure.Point{X: tip.X - 1.6*ux - 0.8*uy, Y: tip.Y - 1.6*uy + 0.8*ux})
	}
	// From below: velocity, MLP, W(v), and to the right the state.
	velocity := box(4, 44, 16, 7, "v_t", "2 numbers, m")
	mlp := box(4, 28, 16, 8, "MLP", fmt.Sprintf("%d layers", p.Layers))
	matrix := box(4, 10, 16, 10, "W(v_t)", fmt.Sprintf("%d × %d", p.Units, p.Units))
	sigma := box(29, 10, 16, 10, "Norm(ReLU)", "")
	middle := func(r figure.Box) float64 { return r.X + r.W/2 }
	arrow(figure.Point{X: middle(velocity), Y: velocity.Y}, figure.Point{X: middle(mlp), Y: mlp.Bottom()})
	arrow(figure.Point{X: middle(mlp), Y: mlp.Y}, figure.Point{X: middle(matrix), Y: matrix.Bottom()})
	arrow(figure.Point{X: matrix.Right(), Y: matrix.Y + 5}, figure.Point{X: sigma.X, Y: matrix.Y + 5})
	c.Text((matrix.Right()+sigma.X)/2, matrix.Y+2.6, "W g", small)
	// The state goes back.
	top := b.Y + 3
	arrow(figure.Point{X: middle(sigma), Y: sigma.Y}, figure.Point{X: middle(sigma), Y: top}, figure.Point{X: middle(matrix), Y: top}, figure.Point{X: middle(matrix), Y: matrix.Y})
	c.Text((middle(sigma)+middle(matrix))/2, top-2.4, "g_t becomes g_t_−_1", label)
	arrow(figure.Point{X: middle(sigma), Y: sigma.Bottom()}, figure.Point{X: middle(sigma), Y: sigma.Bottom() + 9})
	c.Text(middle(sigma), sigma.Bottom()+11.5, "g_t", label)
	c.Text(middle(sigma), sigma.Bottom()+15, fmt.Sprintf("%d units ≥ 0,", p.Units), small)
	c.Text(middle(sigma), sigma.Bottom()+18, "norm 1", small)
	c.Text(middle(sigma), sigma.Bottom()+22, "no readout", small)
}

// crossings are places where states of two of the walks are nearer than sigma_x, beginning and
// common end left out; those within sigma_x of each other are one place.
func (d Data) crossings(ways [][]batchtable.State) [][2]float64 {
	var out [][2]float64
	for i, w := range ways {
		for _, other := range ways[:i] {
			for _, s := range w[1 : len(w)-1] {
				for _, o := range other[1 : len(other)-1] {
					at := [2]float64{float64(s.X+o.X) / 2, float64(s.Y+o.Y) / 2}
					known := slices.ContainsFunc(out, func(x [2]float64) bool { return math.Hypot(x[0]-at[0], x[1]-at[1]) < d.SigmaX })
					if apart(s, o) < d.SigmaX && !known {
						out = append(out, at)
					}
				}
			}
		}
	}
	return out
}

// paintWalks draws the first velocities of a sequence in the order of each walk, and the walks.
func (d Data) paintWalks(c *figure.Canvas, ways [][]batchtable.State, crossings [][2]float64) {
	var all []batchtable.State
	for _, w := range ways {
		all = append(all, w...)
	}
	const top = 80.0
	// Each walk by itself, with its first velocities as arrows, and then all three.
	for i, w := range ways {
		b := figure.Box{X: 10 + 37*float64(i), Y: top, W: 33, H: 33}
		a := walks.Space(b, all, d.SigmaX)
		a.X, a.Y = figure.Axis{Min: a.X.Min, Max: a.X.Max}, figure.Axis{Min: a.Y.Min, Max: a.Y.Max}
		d.paintWalk(c, a, w, i)
		a.DrawFrame(c, sheet.LabelGap)
		sheet.Title(c, b, fmt.Sprintf("permutation %d", i+1))
		c.ScaleBar(figure.Point{X: b.X, Y: b.Bottom() + 4}, a.X.Max-a.X.Min, b.W)
	}
	b := figure.Box{X: 131, Y: top, W: 46, H: 46}
	a := walks.Space(b, all, d.SigmaX)
	for i, w := range ways {
		d.paintWalk(c, a, w, i)
	}
	var marks []figure.Point
	for _, x := range crossings {
		marks = append(marks, a.At(x[0], x[1]))
	}
	c.Circles(marks, 1.1, figure.Stroke{Color: figure.Red, Width: figure.Thin})
	a.DrawFrame(c, sheet.LabelGap)
	sheet.Title(c, b, fmt.Sprintf("they cross at %d places on the way", len(crossings)))
	c.Text(10, top+44.5, "One sequence of velocities in three orders. Walks begin (disc) and end (square) together.",
		figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
}

func (d Data) paintWalk(c *figure.Canvas, a figure.Axes, w []batchtable.State, group int) {
	var way []figure.Point
	for _, s := range w {
		way = append(way, a.At(float64(s.X), float64(s.Y)))
	}
	c.Line(figure.Stroke{Color: figure.Series(group), Width: 0.8}, way...)
	c.Discs(way[:1], 0.9, figure.Black)
	end := way[len(way)-1]
	c.FillRect(figure.Box{X: end.X - 0.8, Y: end.Y - 0.8, W: 1.6, H: 1.6}, figure.Black)
}
