package plot

import (
	"fmt"
	"math"

	"sicgrid/pkg/figure"
)

// Figure8Params says how figure 8 is drawn.
type Figure8Params struct {
	DPI         int    `json:"dpi" range:"[50, 1200]" default:"200" doc:"dots per inch of the PNG"`
	Columns     int    `json:"columns" range:"[8, 20]" default:"16" doc:"ratemaps in a row"`
	RateColours string `json:"rate_colours" range:"cyclic|diverging|grey|jet|viridis" default:"jet" doc:"colour map of ratemaps"`
}

// Check returns an error that names the first impossible parameter.
func (p Figure8Params) Check() error {
	for _, err := range []error{
		checkDPI(p.DPI),
		checkRange("columns", p.Columns, 8, 20),
		checkMap("rate_colours", p.RateColours),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Figure8Network is one block of figure 8: all units of one network.
type Figure8Network struct {
	Name  string // of the variant: "full"
	Units []Unit
	Maps  []RateMap
}

// Figure8Data is what figure 8 shows: networks in one box.
type Figure8Data struct {
	BoxM     float64
	Networks []Figure8Network
}

type figure8Numbers struct {
	Figure   string        `json:"figure"`
	BoxM     number        `json:"box_m"`
	Networks []unitNumbers `json:"networks"`
}

type unitNumbers struct {
	Name      string   `json:"name"`
	Units     int      `json:"units"`
	Active    int      `json:"active"`
	Weak      int      `json:"weak"`
	Dead      int      `json:"dead"`
	Score     number   `json:"grid_expanding_median"`
	AboveLine number   `json:"above_0_3"`
	Scores    []number `json:"grid_expanding"` // of every unit in order
}

// unitTable counts a network's units; the median is over the active units with a
// score, the share above the line over all active ones.
func unitTable(name string, units []Unit) unitNumbers {
	cells := active(units)
	n := unitNumbers{Name: name, Units: len(units), Active: len(cells), AboveLine: number(math.NaN()),
		Scores: numbers(column(units, score)), Score: number(median(column(cells, score)))}
	above := 0
	for _, u := range cells {
		if u.Score > scoreLine {
			above++
		}
	}
	if len(cells) > 0 {
		n.AboveLine = number(float64(above) / float64(len(cells)))
	}
	for _, u := range units {
		if u.dead() {
			n.Dead++
		}
	}
	n.Weak = n.Units - n.Active - n.Dead
	return n
}

var variantTitles = map[string]string{
	"full":            "all loss terms",
	"no-capacity":     "without the capacity term",
	"from-scratch":    "all terms, from random initialisation",
	"no-isometry":     "without the isometry term",
	"no-separation":   "without separation",
	"no-invariance":   "without invariance",
	"no-permutations": "independent walks",
	"sigma-g-02":      "σ_g = 0.2",
	"sigma-g-01":      "σ_g = 0.1",
	"pytorch-init":    "PyTorch initialisation",
	"identity-init":   "identity initialisation",
}

// variantTitle says what a variant was trained with.
func variantTitle(name string) string {
	if title, ok := variantTitles[name]; ok {
		return title
	}
	return name
}

// DrawFigure8 draws the ratemaps of all units of each network, with their scores;
// dead units in red, weak ones in amber.
func DrawFigure8(d Figure8Data, p Figure8Params) ([]File, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("figure-8: %w", err)
	}
	if len(d.Networks) == 0 {
		return nil, fmt.Errorf("figure-8: no network to draw")
	}
	rates, _ := figure.MapNamed(p.RateColours)
	const gap, below, head, between = 1.1, 3.3, 5.5, 4.0
	size := (figure.Width - float64(p.Columns-1)*gap) / float64(p.Columns)
	pitch := size + below
	shown := figure8Numbers{Figure: "figure-8", BoxM: number(d.BoxM)}
	nets := make([]network, len(d.Networks))
	tops := make([]float64, len(d.Networks))
	y := 0.0
	for i, block := range d.Networks {
		net, err := newNetwork(block.Units, block.Maps)
		if err != nil {
			return nil, fmt.Errorf("figure-8: %s: %w", block.Name, err)
		}
		nets[i], tops[i] = net, y
		shown.Networks = append(shown.Networks, unitTable(block.Name, net.units))
		rows := (len(net.units) + p.Columns - 1) / p.Columns
		y += head + float64(max(rows, 1))*pitch + between
	}
	keysY := y
	page := figure.Page{Title: "Figure 8: ratemaps of all units", Height: keysY + 8, DPI: p.DPI}
	paint := func(c *figure.Canvas) {
		for i, net := range nets {
			n := shown.Networks[i]
			c.PanelLetter(0, tops[i]+0.3, string(rune('a'+i)))
			c.Text(4.5, tops[i]+0.9, variantTitle(n.Name), figure.Type{Size: figure.Normal, Bold: true})
			c.Text(47, tops[i]+0.9, fmt.Sprintf("%d units: %d active, %d weak, %d dead; active units: median score %s, %s above %s",
				n.Units, n.Active, n.Weak, n.Dead, figure.Number(float64(n.Score), 2), figure.Percent(float64(n.AboveLine), 0), figure.Number(scoreLine, 1)),
				figure.Type{Size: figure.Normal})
			for j, u := range net.units {
				b := figure.Box{X: float64(j%p.Columns) * (size + gap), Y: tops[i] + head + float64(j/p.Columns)*pitch, W: size, H: size}
				unit8(c, b, u, net, rates)
			}
		}
		keys8(c, keysY, d.BoxM, size, rates)
		if gaps := nets[0].gaps(); gaps != "" {
			c.Text(0, keysY+7.4, fmt.Sprintf("box of %s%s", figure.Metres(d.BoxM), gaps), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
		}
	}
	return files("figure-8", page, paint, shown)
}

// unit8 draws one small ratemap, its frame and what stands below it.
func unit8(c *figure.Canvas, b figure.Box, u Unit, net network, rates figure.Map) {
	label := figure.Type{Size: figure.Tiny, X: figure.Middle}
	text := figure.Number(u.Score, 2)
	c.RateMap(b, net.maps[u.Unit], net.bins, rates)
	switch {
	case u.dead():
		label.Color, text = figure.Red, "dead"
		c.Rect(b, figure.Stroke{Color: figure.Red, Width: frame8})
	case !u.Active:
		label.Color, text = figure.Amber, "weak"
		c.Rect(b, figure.Stroke{Color: figure.Amber, Width: frame8})
	}
	c.Text(b.X+b.W/2, b.Bottom()+0.7, text, label)
}

// frame8 is the width in points of the frame of a dead or weak unit.
const frame8 = 1.4

// keys8 explains the colours below the blocks.
func keys8(c *figure.Canvas, y, boxM, size float64, rates figure.Map) {
	small := figure.Type{Size: figure.Small, Y: figure.Middle}
	mid := y + 1.2
	c.ScaleBar(0, mid, boxM, size)
	c.ColorBar(figure.Box{X: 38, Y: y, W: 30, H: 2.4}, rates, 0, 1,
		[]figure.Tick{{At: 0, Label: "0"}, {At: 0.5, Label: "0.5"}, {At: 1, Label: "1"}}, "rate / peak")
	c.Text(76, mid, "number: grid score (expanding ring)", small)
	swatch := func(x float64, stroke figure.Stroke, name string) {
		c.Rect(figure.Box{X: x, Y: mid - 1.3, W: 2.6, H: 2.6}, stroke)
		c.Text(x+4, mid, name, small)
	}
	swatch(119, figure.Stroke{Color: figure.Red, Width: frame8}, "dead: never fires")
	swatch(146, figure.Stroke{Color: figure.Amber, Width: frame8}, "weak: fires, not active")
}
