// Package figure4 draws the cells of each module of one network: ratemaps, autocorrelograms,
// periods, orientations and scores.
package figure4

import (
	"context"
	"fmt"
	"math"
	"strings"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ambiguity/ambiguitytable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Look says how figure 4 is drawn.
type Look struct {
	sheet.CorrelationLook
	CellsPerModule int `json:"cells_per_module" range:"[2, 7]" default:"4" doc:"example cells in a row"`
	MaxModules     int `json:"max_modules" range:"[1, 8]" default:"6" doc:"rows; further modules are only named"`
}

// Params are that look and what the network is called.
type Params struct {
	Look
	RateColours sheet.Colours `json:"rate_colours"`
	Network     string        `json:"network"`
	FinerBoxM   float64       `json:"finer_box_m,omitempty"` // of the maps with finer bins; 0: there are none
}

// Data is what figure 4 shows: one network in one box.
type Data struct {
	BoxM             float64
	Units            []spectratable.Unit
	Maps             []ratemapstable.Map
	Finer            []ratemapstable.Map // of the same units in a smaller box, with smaller bins
	Autocorrelograms []spectratable.Autocorrelogram
	Modules          []spectratable.Module
	Summary          spectratable.Summary
	Told             ambiguitytable.Row // places beyond the cell of the coarsest module
}

type shownNumbers struct {
	Figure string       `json:"figure"`
	BoxM   sheet.Number `json:"box_m"`
	sheet.SummaryNumbers
	Independent int32                 `json:"independent_modules"`
	Generators  int32                 `json:"generators"`
	Beyond      sheet.Number          `json:"beyond_cell_right"`
	Chance      sheet.Number          `json:"beyond_cell_chance"`
	Modules     []sheet.ModuleNumbers `json:"modules"`
	Cells       []cellNumbers         `json:"cells"`
	Paper       paperNumbers          `json:"paper"`
}

// paperNumbers are the values of the paper's figure.
type paperNumbers struct {
	Periods      []sheet.Number `json:"period_m"`
	Orientations []sheet.Number `json:"orientation_deg"`
	Scores       []sheet.Number `json:"grid_expanding_range"`
}

type cellNumbers struct {
	Unit        int32        `json:"unit"`
	Module      int32        `json:"module"`
	Period      sheet.Number `json:"period_m"`
	Orientation sheet.Number `json:"orientation_deg"`
	Score       sheet.Number `json:"grid_expanding"`
}

// row is a row of example cells.
type row struct {
	title  string
	facts  []string
	colour int // of the module, -1 for none
	period float64
	cells  []spectratable.Unit
	by     sheet.Measure // what the cells were chosen by
}

// Run reads maps, units, modules, autocorrelograms, summary and ambiguity of one network in one box,
// and its maps in a smaller one if there are any, and emits figure 4.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	d := Data{
		Maps:             sheet.Read[ratemapstable.Map](&r, "maps"),
		Units:            sheet.Read[spectratable.Unit](&r, "units"),
		Modules:          sheet.Read[spectratable.Module](&r, "modules"),
		Autocorrelograms: sheet.Read[spectratable.Autocorrelogram](&r, "autocorrelograms"),
	}
	d.Summary, d.Told = sheet.One[spectratable.Summary](&r, "summary"), sheet.One[ambiguitytable.Row](&r, "ambiguity")
	d.BoxM = r.Box
	if p.FinerBoxM > 0 {
		r.Box = 0 // another one
		d.Finer = sheet.Read[ratemapstable.Map](&r, "finer")
	}
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws the cells of each module: ratemaps with period, orientation and score, the first with
// finer bins, its autocorrelogram, and the population's periods, orientations and scores beside the
// paper's. Without a module examples of the active units are shown, and the figure says so.
func Draw(d Data, p Params) ([]sheet.File, error) {
	net, err := sheet.NewNetwork(d.Units, d.Maps)
	if err != nil {
		return nil, fmt.Errorf("figure-4: %w", err)
	}
	lags, err := d.lags()
	if err != nil {
		return nil, fmt.Errorf("figure-4: %w", err)
	}
	finer, err := d.finer(net)
	if err != nil {
		return nil, fmt.Errorf("figure-4: %w", err)
	}
	l := newLayout(d, p, rowsOf(net, d.Modules, p))
	l.net, l.fine, l.lags = net, finer, lags
	page := figure.Page{Height: l.lowerY + lower + 18, DPI: int(p.DPI)}
	return sheet.Render("figure-4", page, l.paint, l.numbers(), l.caption())
}

// layout is the data of the figure and where its parts stand, in mm.
type layout struct {
	Data
	p            Params
	rows         []row
	net, fine    sheet.Network // fine has no maps where there are none
	lags         map[int32][]float32
	size, pitch  float64 // of a ratemap, of a row
	cellsW       float64 // of the ratemaps of a row
	fineX, lagsX float64
	keysY        float64 // of the colour bars
	lowerY       float64 // of panels b and c
}

const (
	left    = 20.0 // width of the column of row labels
	gap     = 2.2
	wideGap = 5.0
	top     = 5.5
	above   = 3.2  // room for the unit's number
	below   = 10.5 // room for its period, orientation and score
	lower   = 46.0 // height of the lower panels
)

func newLayout(d Data, p Params, rows []row) layout {
	l := layout{Data: d, p: p, rows: rows}
	n, columns, gaps := float64(p.CellsPerModule), float64(p.CellsPerModule+1), wideGap
	if len(d.Finer) > 0 {
		columns, gaps = columns+1, 2*wideGap
	}
	l.size = math.Min(28, (figure.Width-left-(n-1)*gap-gaps)/columns)
	l.pitch = above + l.size + below
	l.cellsW = n*l.size + (n-1)*gap
	l.fineX = left + l.cellsW + wideGap
	l.lagsX = l.fineX
	if len(d.Finer) > 0 {
		l.lagsX += l.size + wideGap
	}
	l.keysY = top + float64(len(rows))*l.pitch
	l.lowerY = l.keysY + 23
	return l
}

func (l layout) paint(c *figure.Canvas) {
	rates, correlations := l.p.RateColours.Map(), l.p.CorrelationColours.Map()
	c.PanelLetter(0, 0.3, "a")
	head := figure.Type{Size: figure.Normal, X: figure.Middle}
	c.Text(left+l.cellsW/2, 0.8, fmt.Sprintf("ratemaps in a box of %s%s", figure.Metres(l.BoxM), l.net.Gaps()), head)
	if len(l.Finer) > 0 {
		c.Text(l.fineX+l.size/2, 0.8, "in "+figure.Metres(l.p.FinerBoxM), head)
	}
	c.Text(l.lagsX+l.size/2, 0.8, "autocorrelogram", head)
	for i, r := range l.rows {
		l.paintRow(c, r, top+float64(i)*l.pitch+above, rates, correlations)
	}
	if len(l.rows) > 0 && len(l.rows[0].cells) > 0 {
		c.ScaleBar(figure.Point{X: left, Y: l.keysY + 1.2}, l.BoxM, l.size)
		bar := 2*l.size + gap
		sheet.RateBar(c, figure.Box{X: left + l.cellsW - bar, Y: l.keysY, W: bar, H: 2.4}, rates)
		c.ColorBar(figure.Box{X: l.lagsX, Y: l.keysY, W: l.size, H: 2.4}, correlations, -1, 1,
			[]figure.Tick{{At: -1, Label: "−1"}, {At: 0, Label: "0"}, {At: 1, Label: "1"}}, "")
		c.Text(l.lagsX+l.size/2, l.keysY+6.2, "correlation", figure.Type{Size: figure.Small, X: figure.Middle})
		c.Text(left, l.keysY+8.6, l.chosen(), figure.Type{Size: figure.Small, Color: figure.Grey})
	}
	c.PanelLetter(0, l.lowerY-6.5, "b")
	paintPeriods(c, figure.Box{X: 12, Y: l.lowerY, W: 58, H: lower}, l.net.Units, l.Modules)
	c.PanelLetter(102, l.lowerY-6.5, "c")
	paintScores(c, figure.Box{X: 115, Y: l.lowerY, W: 61, H: lower}, l.net.Units, l.Modules, l.Summary)
	for i, line := range l.independence() {
		c.Text(12, l.lowerY+lower+8.5+3.2*float64(i), line, figure.Type{Size: figure.Small})
	}
}

// paintRow draws the examples of a module, the first also with finer bins, and its autocorrelogram.
func (l layout) paintRow(c *figure.Canvas, r row, y float64, rates, correlations figure.Map) {
	c.Text(0, y, r.title, figure.Type{Size: figure.Normal, Bold: true, Color: ink(r.colour)})
	for j, fact := range r.facts {
		c.Text(0, y+3.6+3.1*float64(j), fact, figure.Type{Size: figure.Small})
	}
	for j, u := range r.cells {
		paintCell(c, figure.Box{X: left + float64(j)*(l.size+gap), Y: y, W: l.size, H: l.size}, u, r.by, l.net, rates)
	}
	if len(r.cells) == 0 {
		return
	}
	first := r.cells[0]
	name := fmt.Sprintf("unit %d", first.Unit)
	if len(l.Finer) > 0 {
		b := figure.Box{X: l.fineX, Y: y, W: l.size, H: l.size}
		c.Text(b.X, b.Y-1, name, figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
		c.RateMap(b, l.fine.Maps[first.Unit], l.fine.Bins, rates)
		c.ScaleBar(figure.Point{X: b.X, Y: b.Bottom() + 2.2}, l.p.FinerBoxM, l.size)
	}
	c.Text(l.lagsX, y-1, name, figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	correlogram(c, figure.Box{X: l.lagsX, Y: y, W: l.size, H: l.size}, first, l.lags[first.Unit], l.BoxM, r.period, correlations)
}

func (l layout) numbers() shownNumbers {
	shown := shownNumbers{Figure: "figure-4", BoxM: sheet.Number(l.BoxM), SummaryNumbers: sheet.SummaryTable(l.Summary),
		Independent: l.Summary.Independent, Generators: l.Summary.Generators, Beyond: sheet.Number(l.Told.Right), Chance: sheet.Number(l.Told.Chance),
		Modules: sheet.ModuleTable(l.Modules), Cells: []cellNumbers{}}
	for _, r := range l.rows {
		for _, u := range r.cells {
			shown.Cells = append(shown.Cells, cellNumbers{u.Unit, u.Module, sheet.Number(u.Period), sheet.Number(u.Orientation), sheet.Number(u.Score)})
		}
	}
	for _, m := range paperModules {
		shown.Paper.Periods = append(shown.Paper.Periods, sheet.Number(m.period))
		shown.Paper.Orientations = append(shown.Paper.Orientations, sheet.Number(m.orientation))
	}
	shown.Paper.Scores = sheet.Numbers(paperScores[:])
	return shown
}

// chosen says how the examples were.
func (l layout) chosen() string {
	if len(l.Modules) == 0 {
		return "Examples: the active units nearest the median."
	}
	return "Examples: of the half of a module's units nearest its median grid score, those whose phases lie farthest apart."
}

func (l layout) caption() sheet.Caption {
	examples := "A row a module, by ascending period λ, with its orientation θ and its n units: ratemaps of some of them, each scaled to its peak, with period, orientation and grid score (expanding ring), and the autocorrelogram of the first"
	tables := []string{"maps", "units", "modules", "autocorrelograms"}
	if len(l.Finer) > 0 {
		examples += fmt.Sprintf("; before that its ratemap in a box of %s, in which the bins are smaller", figure.Metres(l.p.FinerBoxM))
		tables = append(tables, "finer")
	}
	periods := "Period against orientation of every active unit; crosses: the three modules of the paper (0.51, 0.83 and 1.40 m)"
	for _, line := range l.independence() {
		periods += ". " + strings.ToUpper(line[:1]) + line[1:]
	}
	if len(l.Modules) > 1 {
		periods += ". Modules at a coincidence of hexagonal lattices may share one torus; the wave vectors of one torus are sums of 2 generators, those of two or three independent ones of 4 or 6"
	}
	return sheet.Caption{
		Title: "Figure 4: cells of each module",
		Lead:  fmt.Sprintf("The network: %s. %d of its %d units are active, in a box of %s%s", l.p.Network, l.Summary.Active, l.Summary.Units, figure.Metres(l.BoxM), l.net.Gaps()),
		Panels: []sheet.Panel{
			{Panel: "a", Shows: examples + ". " + l.chosen(), Tables: tables},
			{Panel: "b", Shows: periods, Tables: []string{"units", "modules", "summary"}},
			{Panel: "c", Shows: fmt.Sprintf("Grid scores of the active units, those of modules in their colours; dashes: %s, above which a unit counts as a grid cell; tick above: median; grey: the scores of the paper's cells, %s to %s",
				figure.Number(sheet.ScoreLine, 1), figure.Number(paperScores[0], 2), figure.Number(paperScores[1], 2)), Tables: []string{"units", "modules", "summary"}},
		},
		Notes: sheet.Oddities,
	}
}

// finer are the maps of the same units in a smaller box, if there are any.
func (d Data) finer(net sheet.Network) (sheet.Network, error) {
	if len(d.Finer) == 0 {
		return sheet.Network{}, nil
	}
	return sheet.NewNetwork(net.Units, d.Finer)
}

// lags are the autocorrelograms by unit.
func (d Data) lags() (map[int32][]float32, error) {
	lags := make(map[int32][]float32, len(d.Autocorrelograms))
	for _, a := range d.Autocorrelograms {
		if _, err := sheet.Side(fmt.Sprintf("autocorrelogram of unit %d", a.Unit), len(a.Values)); err != nil {
			return nil, err
		}
		lags[a.Unit] = a.Values
	}
	return lags, nil
}

// rowsOf chooses what the rows of panel a show.
func rowsOf(net sheet.Network, modules []spectratable.Module, p Params) []row {
	var rows []row
	for i, m := range modules {
		if i == p.MaxModules {
			last := &rows[len(rows)-1]
			last.facts = append(last.facts, fmt.Sprintf("(+%d more)", len(modules)-i))
			break
		}
		facts := []string{
			"λ = " + figure.Length(m.Period),
			"θ = " + figure.Number(m.Orientation, 1) + "°",
			fmt.Sprintf("n = %d", m.N),
			"median score " + figure.Number(m.Score, 2),
		}
		if !m.Hexagonal {
			facts = append(facts, "not hexagonal")
		}
		examples := sheet.Typical(sheet.Members(net.Units, m.Module), sheet.Score)
		rows = append(rows, row{fmt.Sprintf("module %d", m.Module+1), facts, i, m.Period,
			examples[:min(len(examples), p.CellsPerModule)], sheet.ByGrid})
	}
	if len(rows) > 0 {
		return rows
	}
	cells, by := net.Examples()
	if len(cells) == 0 {
		return []row{{title: "no module", facts: []string{"no active unit"}, colour: -1}}
	}
	return []row{{"no module", []string{"found in this box;", "active units", "of median", by.Name}, -1, cells[0].Period,
		cells[:min(len(cells), p.CellsPerModule)], by}}
}
