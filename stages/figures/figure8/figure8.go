// Package figure8 draws the ratemaps of all units of several networks.
package figure8

import (
	"context"
	"fmt"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Look says how figure 8 is drawn.
type Look struct {
	sheet.Params
	Columns int `json:"columns" range:"[8, 20]" default:"16" doc:"ratemaps in a row"`
}

// Params are that look and what the networks are called.
type Params struct {
	Look
	RateColours sheet.Colours `json:"rate_colours"`
	Titles      sheet.Titles  `json:"titles"`
}

// Network is one block of figure 8: all units of one network.
type Network struct {
	Name  string // of the variant: "full"
	Units []spectratable.Unit
	Maps  []ratemapstable.Map
}

// Data is what figure 8 shows: networks in one box.
type Data struct {
	BoxM     float64
	Networks []Network
}

type shownNumbers struct {
	Figure   string        `json:"figure"`
	BoxM     sheet.Number  `json:"box_m"`
	Networks []unitNumbers `json:"networks"`
}

type unitNumbers struct {
	Name      string         `json:"name"`
	Units     int            `json:"units"`
	Active    int            `json:"active"`
	Weak      int            `json:"weak"`
	Silent    int            `json:"silent"`
	Score     sheet.Number   `json:"grid_expanding_median"`
	AboveLine sheet.Number   `json:"above_0_3"`
	Scores    []sheet.Number `json:"grid_expanding"` // of every unit in order
}

// unitTable counts a network's units; the median is over the active units with a
// score, the share above the line over all active ones.
func unitTable(name string, units []spectratable.Unit) unitNumbers {
	cells := sheet.Active(units)
	n := unitNumbers{Name: name, Units: len(units), Active: len(cells), AboveLine: sheet.Number(math.NaN()),
		Scores: sheet.Numbers(sheet.Column(units, sheet.Score)), Score: sheet.Number(sheet.Median(sheet.Column(cells, sheet.Score)))}
	above := 0
	for _, u := range cells {
		if u.Score > sheet.ScoreLine {
			above++
		}
	}
	if len(cells) > 0 {
		n.AboveLine = sheet.Number(float64(above) / float64(len(cells)))
	}
	for _, u := range units {
		if sheet.Silent(u) {
			n.Silent++
		}
	}
	n.Weak = n.Units - n.Active - n.Silent
	return n
}

// Run reads maps and units of the networks "full", "no-isometry" and "no-capacity", those of them that
// there are, in one box (roles "full/maps" and so on) and emits figure 8.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	var d Data
	for _, v := range []string{"full", "no-isometry", "no-capacity"} {
		if t.Record(v+"/units") == nil {
			continue
		}
		d.Networks = append(d.Networks, Network{
			Name:  v,
			Units: sheet.Read[spectratable.Unit](&r, v+"/units"),
			Maps:  sheet.Read[ratemapstable.Map](&r, v+"/maps"),
		})
	}
	d.BoxM = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws the ratemaps of all units of each network, with their scores;
// silent units in red, weak ones in amber.
func Draw(d Data, p Params) ([]sheet.File, error) {
	if len(d.Networks) == 0 {
		return nil, fmt.Errorf("figure-8: no network to draw")
	}
	rates := p.RateColours.Map()
	const gap, below, head, between = 1.1, 5.6, 5.5, 3.0
	size := (figure.Width - float64(p.Columns-1)*gap) / float64(p.Columns)
	pitch := size + below
	shown := shownNumbers{Figure: "figure-8", BoxM: sheet.Number(d.BoxM)}
	nets := make([]sheet.Network, len(d.Networks))
	tops := make([]float64, len(d.Networks))
	y := 0.0
	for i, block := range d.Networks {
		net, err := sheet.NewNetwork(block.Units, block.Maps)
		if err != nil {
			return nil, fmt.Errorf("figure-8: %s: %w", block.Name, err)
		}
		nets[i], tops[i] = net, y
		shown.Networks = append(shown.Networks, unitTable(block.Name, net.Units))
		rows := (len(net.Units) + p.Columns - 1) / p.Columns
		y += head + float64(max(rows, 1))*pitch + between
	}
	keysY := y
	page := figure.Page{Height: keysY + 9, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		for i, net := range nets {
			n := shown.Networks[i]
			c.PanelLetter(0, tops[i]+0.3, string(rune('a'+i)))
			bold := figure.Type{Size: figure.Normal, Bold: true}
			c.Text(4.5, tops[i]+0.9, sheet.Clip(p.Titles.Of(n.Name), 54, bold), bold)
			c.Text(60, tops[i]+0.9, fmt.Sprintf("%d units: %d active, %d weak, %d silent; active units: median score %s, %s above %s",
				n.Units, n.Active, n.Weak, n.Silent, figure.Number(float64(n.Score), 2), figure.Percent(float64(n.AboveLine), 0), figure.Number(sheet.ScoreLine, 1)),
				figure.Type{Size: figure.Normal})
			for j, u := range net.Units {
				b := figure.Box{X: float64(j%p.Columns) * (size + gap), Y: tops[i] + head + float64(j/p.Columns)*pitch, W: size, H: size}
				paintUnit(c, b, u, net, rates)
			}
		}
		paintKeys(c, keysY, d, size, rates)
		if gaps := nets[0].Gaps(); gaps != "" {
			c.Text(0, keysY+8.6, fmt.Sprintf("box of %s%s", figure.Metres(d.BoxM), gaps), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
		}
	}
	return sheet.Render("figure-8", page, paint, shown, d.caption(p))
}

func (d Data) caption(p Params) sheet.Caption {
	c := sheet.Caption{
		Title: "Figure 8: ratemaps of all units",
		Lead:  fmt.Sprintf("Every unit of each network in a box of %s, in the order of their numbers, each scaled to its peak", figure.Metres(d.BoxM)),
		Notes: "Below each map its grid score (expanding ring), and in grey its depth of modulation, (highest − lowest rate) / highest. Silent units (red) never fire; weak ones (amber) fire, but too little to be active. " + sheet.Oddities,
	}
	for i, n := range d.Networks {
		c.Panels = append(c.Panels, sheet.Panel{Panel: string(rune('a' + i)), Shows: p.Titles.Of(n.Name), Tables: sheet.Tables([]string{n.Name + "/"}, "maps", "units")})
	}
	return c
}

// paintUnit draws one small ratemap, its frame and what stands below it.
func paintUnit(c *figure.Canvas, b figure.Box, u spectratable.Unit, net sheet.Network, rates figure.Map) {
	label := figure.Type{Size: figure.Tiny, X: figure.Middle}
	text := figure.Number(u.Score, 2)
	net.UnitMap(c, b, u, rates)
	switch {
	case sheet.Silent(u):
		label.Color, text = figure.Red, "silent"
		c.Rect(b, figure.Stroke{Color: figure.Red, Width: frame})
	case !u.Active:
		label.Color, text = figure.Amber, "weak"
		c.Rect(b, figure.Stroke{Color: figure.Amber, Width: frame})
	}
	c.Text(b.X+b.W/2, b.Bottom()+0.7, text, label)
	if !sheet.Silent(u) {
		c.Text(b.X+b.W/2, b.Bottom()+2.9, figure.Percent(u.Modulation, 0), figure.Type{Size: figure.Tiny, Color: figure.Grey, X: figure.Middle})
	}
}

// frame is the width in points of the frame of a silent or weak unit.
const frame = 1.4

// paintKeys explains below the blocks the colours that are there.
func paintKeys(c *figure.Canvas, y float64, d Data, size float64, rates figure.Map) {
	small := figure.Type{Size: figure.Small, Y: figure.Middle}
	mid := y + 1.2
	c.ScaleBar(figure.Point{X: 0, Y: mid}, d.BoxM, size)
	sheet.RateBar(c, figure.Box{X: 32, Y: y, W: 26, H: 2.4}, rates)
	c.Text(64, mid-1.4, "below each map: grid score (expanding ring),", small)
	c.Text(64, mid+1.8, "and depth of modulation (lowest to highest rate)", small)
	swatch := func(x float64, stroke figure.Stroke, name string) {
		c.Rect(figure.Box{X: x, Y: mid - 1.3, W: 2.6, H: 2.6}, stroke)
		c.Text(x+4, mid, name, small)
	}
	silent, weak := false, false
	for _, n := range d.Networks {
		for _, u := range n.Units {
			silent = silent || sheet.Silent(u)
			weak = weak || !u.Active && !sheet.Silent(u)
		}
	}
	if silent {
		swatch(119, figure.Stroke{Color: figure.Red, Width: frame}, "silent: never fires")
	}
	if weak {
		swatch(146, figure.Stroke{Color: figure.Amber, Width: frame}, "weak: fires, not active")
	}
}
