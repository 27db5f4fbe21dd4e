// Package figure5 draws how one network generalises: states against places, training against
// evaluation walks, the same cells in every box.
package figure5

import (
	"context"
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/batch/batchtable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/figures/sheet"
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
	const top, mapsX = 118.0, 22.0
	height := top
	rows := make([]float64, len(d.Boxes)) // their heights
	for i, b := range d.Boxes {
		rows[i] = max(b.BoxM*mm+7, 14+3.2*float64(len(b.facts(nets[i]))))
		height += rows[i]
	}
	page := figure.Page{Height: height, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		d.paintDensity(c, figure.Box{X: 11, Y: 8, W: 58, H: 36})
		d.paintLags(c, figure.Box{X: 105, Y: 8, W: 50, H: 36})
		c.PanelLetter(0, 57, "b")
		d.paintWalks(c, figure.Box{X: 4, Y: 63, W: 36, H: 36}, figure.Box{X: 92, Y: 63, W: 36, H: 36})
		d.paintSpeeds(c, figure.Box{X: 52, Y: 63, W: 30, H: 36}, figure.Box{X: 142, Y: 63, W: 34, H: 36})
		y := top
		if len(shown) > 0 {
			c.Text(5, y-3, caption(shown, by, d.Boxes[len(d.Boxes)-1].BoxM), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
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
			{Panel: "a", Shows: fmt.Sprintf("Left: distance of two states against the distance of their places, on walks in a box of %s: how often (blue, each column to its own peak) and the mean (line); black, right axis: the share of training that lies up to that distance, of any two states of a batch (solid) and of states and their start (dashed). Right: the mean by the time between the two. Red: σ_x. Grey dots and cross: the paper's plateau of %s, and %s at %s", figure.Metres(d.WalkBox), figure.Number(paperPlateau, 2), figure.Number(paperReached, 1), figure.Metres(paperReachM)),
				Tables: []string{"density", "lags", "decorrelation", "training"}},
			{Panel: "b", Shows: "Three walks of a training batch and three of the evaluation; lengths of the steps of many batches and of 50 evaluation walks", Tables: []string{"batch", "training", "walks"}},
		},
	}
	for i, b := range d.Boxes {
		role := fmt.Sprintf("%gm/", b.BoxM)
		c.Panels = append(c.Panels, sheet.Panel{Panel: string(rune('c' + i)), Shows: fmt.Sprintf("The same units in a box of %s, and the periods of the modules found there", figure.Metres(b.BoxM)),
			Tables: []string{role + "maps", role + "units", role + "modules"}})
	}
	if len(shown) > 0 {
		c.Notes = caption(shown, by, d.Boxes[len(d.Boxes)-1].BoxM) + ". All maps are to one scale, each scaled to its peak. " + sheet.Oddities
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
