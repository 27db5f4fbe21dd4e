// Package figuretraining draws how a network comes about over the steps of its training: losses,
// variance explained by position, spectral power, and ratemaps.
package figuretraining

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic/loss"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/train/traintable"
)

// Look says how the figure is drawn.
type Look struct {
	sheet.Params
	Cells int `json:"cells" range:"[1, 6]" default:"4" doc:"units whose ratemaps are followed"`
}

// Params are that look and what is shown.
type Params struct {
	Look
	RateColours sheet.Colours `json:"rate_colours"`
	Network     string        `json:"network"` // what it is called
	Terms       []string      `json:"terms"`   // keys of the loss terms that act
	Steps       []int         `json:"steps"`   // of the snapshots
}

// Snapshot is the network after some steps, in one box.
type Snapshot struct {
	Step    int
	Units   []spectratable.Unit
	Maps    []ratemapstable.Map
	Spectra []spectratable.Spectrum
	Summary spectratable.Summary
}

// Data is what the figure shows.
type Data struct {
	BoxM      float64
	History   []traintable.Losses
	Snapshots []Snapshot // by ascending step
}

type shownNumbers struct {
	Figure    string           `json:"figure"`
	BoxM      sheet.Number     `json:"box_m"`
	Snapshots []snapshotNumber `json:"snapshots"`
	Cells     []int32          `json:"cells"`
}

type snapshotNumber struct {
	Step int `json:"step"`
	sheet.SummaryNumbers
	Lattice   sheet.Number `json:"power_of_last_lattice"` // share of the power in the six strongest wave vectors of the last snapshot
	Strongest sheet.Number `json:"strongest_wave_number_rad_per_m"`
}

// Role begins the names of the inputs of snapshot i = 0, 1, ...
func Role(i int) string { return fmt.Sprintf("snapshot-%d/", i+1) }

// Run reads the history of a training, and maps, units, spectrum and summary of its snapshots
// (roles "snapshot-1/maps" and so on), and emits the figure.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	d := Data{History: sheet.Read[traintable.Losses](&r, "history")}
	for i, step := range p.Steps {
		role := Role(i)
		d.Snapshots = append(d.Snapshots, Snapshot{step, sheet.Read[spectratable.Unit](&r, role+"units"), sheet.Read[ratemapstable.Map](&r, role+"maps"),
			sheet.Read[spectratable.Spectrum](&r, role+"spectrum"), sheet.One[spectratable.Summary](&r, role+"summary")})
	}
	d.BoxM = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// drawing is the data of the figure, ready to be drawn.
type drawing struct {
	Data
	p       Params
	nets    []sheet.Network
	power   []power
	lattice []float64           // share of the power in the six strongest wave vectors of the last snapshot
	cells   []spectratable.Unit // typical ones of the last snapshot
}

const (
	lossesY  = 7.0
	lossH    = 24.0
	measureY = 52.0
	measureH = 34.0
	gridY    = 109.0
	gridX    = 12.0
	gap      = 1.6
)

// Draw draws (a) the losses over the steps, (b) the variance explained by position, (c) the share of
// the power by wave number, (d) power spectrum and ratemaps at each snapshot.
func Draw(d Data, p Params) ([]sheet.File, error) {
	if len(d.Snapshots) < 2 || len(d.History) == 0 {
		return nil, fmt.Errorf("figure-training: %d snapshots and %d rows of the history, want two and one or more", len(d.Snapshots), len(d.History))
	}
	f := drawing{Data: d, p: p}
	for _, s := range d.Snapshots {
		net, err := sheet.NewNetwork(s.Units, s.Maps)
		if err != nil {
			return nil, fmt.Errorf("figure-training: step %d: %w", s.Step, err)
		}
		w, err := powerOf(s.Spectra)
		if err != nil {
			return nil, fmt.Errorf("figure-training: step %d: %w", s.Step, err)
		}
		f.nets, f.power = append(f.nets, net), append(f.power, w)
	}
	six := f.power[len(f.power)-1].peaks(6)
	for _, w := range f.power {
		f.lattice = append(f.lattice, w.share(six))
	}
	last := f.nets[len(f.nets)-1]
	f.cells, _ = last.Examples()
	f.cells = f.cells[:min(len(f.cells), p.Cells)]
	page := figure.Page{Height: gridY + (f.size()+gap)*float64(1+max(len(f.cells), 1)) + 9, DPI: int(p.DPI)}
	return sheet.Render("figure-training", page, f.paint, f.numbers(), f.caption())
}

// size is the side of a picture of panel d, in mm.
func (f drawing) size() float64 {
	n := float64(len(f.Snapshots))
	return math.Min(22, (figure.Width-gridX-(n-1)*gap)/n)
}

func (f drawing) numbers() shownNumbers {
	out := shownNumbers{Figure: "figure-training", BoxM: sheet.Number(f.BoxM), Cells: []int32{}}
	for i, s := range f.Snapshots {
		out.Snapshots = append(out.Snapshots, snapshotNumber{s.Step, sheet.SummaryTable(s.Summary), sheet.Number(f.lattice[i]), sheet.Number(f.power[i].strongest)})
	}
	for _, u := range f.cells {
		out.Cells = append(out.Cells, u.Unit)
	}
	return out
}

func (f drawing) caption() sheet.Caption {
	var roles []string
	for i := range f.Snapshots {
		roles = append(roles, Role(i))
	}
	return sheet.Caption{
		Title: "How a network comes about over its training",
		Lead: fmt.Sprintf("The network: %s, from its random initialisation (step 0) to the end of its training (step %s). Its weights were kept at %d steps, and its units recorded with each of them in a box of %s. %s",
			f.p.Network, stepText(f.Snapshots[len(f.Snapshots)-1].Step), len(f.Snapshots), figure.Metres(f.BoxM), f.found()),
		Panels: []sheet.Panel{
			{Panel: "a", Shows: "The loss (equation 8) and those of its terms that act, before they are weighted, means over some steps each (disc: the first), over the logarithm of the steps", Tables: []string{"history"}},
			{Panel: "b", Shows: "Variance of the states that position explains (disc), median grid score (expanding ring) of the active units (circle), and share of the power in the six strongest wave vectors of the last step (cross), 1 for a single lattice of plane waves", Tables: sheet.Tables(roles, "summary", "spectrum")},
			{Panel: "c", Shows: "Share of the power of all active units' ratemaps by wave number; the right axis has the period of a hexagonal lattice of that wave number", Tables: sheet.Tables(roles, "spectrum")},
			{Panel: "d", Shows: fmt.Sprintf("A column a step: mean power spectrum (each to its peak, wave vector 0 in the middle, up to %s rad/m along each axis), and below it ratemaps of the same units, each scaled to its peak", figure.Number(float64(f.half())*f.power[0].step, 0)), Tables: sheet.Tables(roles, "spectrum", "maps", "units")},
		},
		Notes: "The units are typical of the network at the end: grid score near the median of their module, phases far apart. Every walk begins in the middle of the box, where an untrained network has the rates of its first state. " + sheet.Oddities,
	}
}

// found says when grid cells come.
func (f drawing) found() string {
	for i, s := range f.Snapshots {
		switch {
		case !(s.Summary.Score > sheet.ScoreLine):
		case i == 0:
			return "The median grid score is above " + figure.Number(sheet.ScoreLine, 1) + " from the start"
		default:
			before := f.Snapshots[i-1]
			return fmt.Sprintf("The median grid score is %s at step %s, and %s at step %s", figure.Number(before.Summary.Score, 2), stepText(before.Step), figure.Number(s.Summary.Score, 2), stepText(s.Step))
		}
	}
	return "The median grid score stays below " + figure.Number(sheet.ScoreLine, 1)
}

func (f drawing) paint(c *figure.Canvas) {
	c.PanelLetter(0, 0.3, "a")
	f.paintLosses(c)
	c.PanelLetter(0, measureY-6, "b")
	f.paintMeasures(c, figure.Box{X: 12, Y: measureY, W: 62, H: measureH})
	c.PanelLetter(92, measureY-6, "c")
	f.paintPower(c, figure.Box{X: 106, Y: measureY, W: 44, H: measureH})
	c.PanelLetter(0, gridY-9, "d")
	f.paintGrid(c)
}

// stepText writes a number of steps.
func stepText(n int) string {
	digits := fmt.Sprint(n)
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return strings.Join(append([]string{digits}, groups...), " ")
}

// terms are the loss terms that act, in the order of their table.
func (p Params) terms() (out []loss.Term) {
	for term := range loss.Term(loss.NumTerms) {
		if slices.Contains(p.Terms, loss.Table[term].Key) {
			out = append(out, term)
		}
	}
	return out
}
