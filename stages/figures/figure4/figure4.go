// Package figure4 draws the cells of each module of one network: ratemaps, autocorrelograms,
// periods, orientations and scores.
package figure4

import (
	"cmp"
	"context"
	"fmt"
	"image/color"
	"math"
	"slices"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Look says how figure 4 is drawn.
type Look struct {
	sheet.CorrelationLook
	CellsPerModule int `json:"cells_per_module" range:"[2, 7]" default:"5" doc:"example cells in a row"`
	MaxModules     int `json:"max_modules" range:"[1, 8]" default:"6" doc:"rows; further modules are only named"`
}

// Params are that look and what the network is called.
type Params struct {
	Look
	RateColours sheet.Colours `json:"rate_colours"`
	Network     string        `json:"network"`
}

// Data is what figure 4 shows: one network in one box.
type Data struct {
	BoxM             float64
	Units            []spectratable.Unit
	Maps             []ratemapstable.Map
	Autocorrelograms []spectratable.Autocorrelogram
	Modules          []spectratable.Module
	Summary          spectratable.Summary
}

type shownNumbers struct {
	Figure string       `json:"figure"`
	BoxM   sheet.Number `json:"box_m"`
	sheet.SummaryNumbers
	Modules []sheet.ModuleNumbers `json:"modules"`
	Cells   []cellNumbers         `json:"cells"`
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

// Run reads maps, units, modules, autocorrelograms and summary of one network in
// one box and emits figure 4.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	d := Data{
		Maps:             sheet.Read[ratemapstable.Map](&r, "maps"),
		Units:            sheet.Read[spectratable.Unit](&r, "units"),
		Modules:          sheet.Read[spectratable.Module](&r, "modules"),
		Autocorrelograms: sheet.Read[spectratable.Autocorrelogram](&r, "autocorrelograms"),
	}
	d.Summary = sheet.One[spectratable.Summary](&r, "summary")
	d.BoxM = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws the cells of each module: ratemaps with period, orientation
// and score, an autocorrelogram, and the population's periods, orientations and scores.
// Without a module the best examples of the active units are shown, and the figure says so.
func Draw(d Data, p Params) ([]sheet.File, error) {
	net, err := sheet.NewNetwork(d.Units, d.Maps)
	if err != nil {
		return nil, fmt.Errorf("figure-4: %w", err)
	}
	lags, err := d.lags()
	if err != nil {
		return nil, fmt.Errorf("figure-4: %w", err)
	}
	rates := p.RateColours.Map()
	correlations := p.CorrelationColours.Map()
	rows := rowsOf(net, d.Modules, p)

	shown := shownNumbers{Figure: "figure-4", BoxM: sheet.Number(d.BoxM), SummaryNumbers: sheet.SummaryTable(d.Summary),
		Modules: sheet.ModuleTable(d.Modules), Cells: []cellNumbers{}}
	for _, r := range rows {
		for _, u := range r.cells {
			shown.Cells = append(shown.Cells, cellNumbers{u.Unit, u.Module, sheet.Number(u.Period), sheet.Number(u.Orientation), sheet.Number(u.Score)})
		}
	}

	const (
		left      = 20.0 // width of the column of row labels
		gap       = 2.2
		wideGap   = 6.0
		top       = 5.5
		above     = 3.2 // room for the unit's number
		below     = 10.5
		keys      = 9.0  // height of the line of colour bars
		lower     = 46.0 // height of the lower panels
		lowerRoom = 11.0
	)
	n := float64(p.CellsPerModule)
	size := math.Min(28, (figure.Width-left-(n-1)*gap-wideGap)/(n+1))
	pitch := above + size + below
	correlogramX := left + n*size + (n-1)*gap + wideGap
	keysY := top + float64(len(rows))*pitch
	lowerY := keysY + keys + 10
	page := figure.Page{Height: lowerY + lower + lowerRoom, DPI: int(p.DPI)}

	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		head := figure.Type{Size: figure.Normal, X: figure.Middle}
		c.Text(left+(n*size+(n-1)*gap)/2, 0.8, fmt.Sprintf("ratemaps in a box of %s%s", figure.Metres(d.BoxM), net.Gaps()), head)
		c.Text(correlogramX+size/2, 0.8, "autocorrelogram", head)
		for i, r := range rows {
			y := top + float64(i)*pitch + above
			c.Text(0, y, r.title, figure.Type{Size: figure.Normal, Bold: true, Color: ink(r.colour)})
			for j, fact := range r.facts {
				c.Text(0, y+3.6+3.1*float64(j), fact, figure.Type{Size: figure.Small})
			}
			for j, u := range r.cells {
				paintCell(c, figure.Box{X: left + float64(j)*(size+gap), Y: y, W: size, H: size}, u, r.by, net, rates)
			}
			if len(r.cells) == 0 {
				continue
			}
			correlogram(c, figure.Box{X: correlogramX, Y: y, W: size, H: size}, r.cells[0], lags[r.cells[0].Unit], d.BoxM, r.period, correlations)
		}
		if len(rows) > 0 && len(rows[0].cells) > 0 {
			c.ScaleBar(figure.Point{X: left, Y: keysY + 1.2}, d.BoxM, size)
			bar := 2*size + gap
			c.ColorBar(figure.Box{X: left + (n*size + (n-1)*gap) - bar, Y: keysY, W: bar, H: 2.4}, rates, 0, 1,
				[]figure.Tick{{At: 0, Label: "0"}, {At: 0.5, Label: "0.5"}, {At: 1, Label: "1"}}, "rate / peak")
			c.ColorBar(figure.Box{X: correlogramX, Y: keysY, W: size, H: 2.4}, correlations, -1, 1,
				[]figure.Tick{{At: -1, Label: "−1"}, {At: 0, Label: "0"}, {At: 1, Label: "1"}}, "")
			c.Text(correlogramX+size/2, keysY+7.2, "correlation", figure.Type{Size: figure.Small, X: figure.Middle})
		}
		c.PanelLetter(0, lowerY-6, "b")
		paintPeriods(c, figure.Box{X: 12, Y: lowerY, W: 58, H: lower}, net.Units, d.Modules)
		c.PanelLetter(102, lowerY-6, "c")
		paintScores(c, figure.Box{X: 115, Y: lowerY, W: 61, H: lower}, net.Units, d.Modules, d.Summary)
	}
	return sheet.Render("figure-4", page, paint, shown, d.caption(net, p))
}

func (d Data) caption(net sheet.Network, p Params) sheet.Caption {
	return sheet.Caption{
		Title: "Figure 4: cells of each module",
		Lead:  fmt.Sprintf("The network: %s. %d of its %d units are active, in a box of %s%s", p.Network, d.Summary.Active, d.Summary.Units, figure.Metres(d.BoxM), net.Gaps()),
		Panels: []sheet.Panel{
			{Panel: "a", Shows: "A row a module, by ascending period λ: ratemaps of some of its n units, each scaled to its peak, with period, orientation and grid score (expanding ring), and the autocorrelogram of the first", Tables: []string{"maps", "units", "modules", "autocorrelograms"}},
			{Panel: "b", Shows: "Period against orientation of every active unit", Tables: []string{"units", "modules"}},
			{Panel: "c", Shows: fmt.Sprintf("Grid scores of the active units, those of modules in their colours; dashes: %s, above which a unit counts as a grid cell", figure.Number(sheet.ScoreLine, 1)), Tables: []string{"units", "modules", "summary"}},
		},
	}
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

// ink is the type colour of a group: black for none, whose marks are grey.
func ink(group int) color.RGBA {
	if group < 0 {
		return figure.Black
	}
	return figure.Series(group)
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
		rows = append(rows, row{fmt.Sprintf("module %d", m.Module+1), facts, i, m.Period,
			exampleCells(sheet.Members(net.Units, m.Module), p.CellsPerModule), sheet.ByGrid})
	}
	if len(rows) > 0 {
		return rows
	}
	cells, by := net.Examples()
	if len(cells) == 0 {
		return []row{{title: "no module", facts: []string{"no active unit"}, colour: -1}}
	}
	return []row{{"no module", []string{"found in this box;", "the active units", "of highest", by.Name}, -1, cells[0].Period,
		cells[:min(len(cells), p.CellsPerModule)], by}}
}

// exampleCells picks n cells: the best by score, then from the better half of the
// rest, one after the other, the cell whose phases lie farthest from those picked.
func exampleCells(cells []spectratable.Unit, n int) []spectratable.Unit {
	cells = append([]spectratable.Unit(nil), cells...)
	sortByScore(cells)
	if len(cells) <= n {
		return cells
	}
	pool := cells[:max(n, (len(cells)+1)/2)]
	picked, used := []spectratable.Unit{pool[0]}, make([]bool, len(pool))
	used[0] = true
	for len(picked) < n {
		best, distance := -1, math.Inf(-1)
		for i, u := range pool {
			if used[i] {
				continue
			}
			nearest := math.Inf(1)
			for _, v := range picked {
				nearest = math.Min(nearest, phaseDistance(u, v))
			}
			if nearest > distance {
				best, distance = i, nearest
			}
		}
		used[best] = true
		picked = append(picked, pool[best])
	}
	return picked
}

// phaseDistance is the sum over the three phases of 1 - cos of their difference; 0
// where a phase is undefined.
func phaseDistance(u, v spectratable.Unit) float64 {
	d := 3 - math.Cos(u.Phi1-v.Phi1) - math.Cos(u.Phi2-v.Phi2) - math.Cos(u.Phi3-v.Phi3)
	if math.IsNaN(d) {
		return 0
	}
	return d
}

// sortByScore puts the best score first, undefined ones last, ties by unit.
func sortByScore(units []spectratable.Unit) {
	slices.SortStableFunc(units, func(u, v spectratable.Unit) int { return cmp.Compare(v.Score, u.Score) })
}

// paintCell draws one ratemap with its numbers.
func paintCell(c *figure.Canvas, b figure.Box, u spectratable.Unit, by sheet.Measure, net sheet.Network, rates figure.Map) {
	c.Text(b.X, b.Y-1, fmt.Sprintf("unit %d", u.Unit), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	c.RateMap(b, net.Maps[u.Unit], net.Bins, rates)
	label := figure.Type{Size: figure.Small, X: figure.Middle}
	if by.Name != sheet.ByGrid.Name { // which has no lattice to be measured
		c.Text(b.X+b.W/2, b.Bottom()+1.3, by.Label(net, u), label)
		return
	}
	c.Text(b.X+b.W/2, b.Bottom()+1.3, figure.Length(u.Period)+" · "+figure.Number(u.Orientation, 1)+"°", label)
	c.Text(b.X+b.W/2, b.Bottom()+4.2, "score "+by.Label(net, u), label)
}

// correlogram draws the middle of an autocorrelogram: lags up to half the box, or as far as
// the first ring of peaks needs.
func correlogram(c *figure.Canvas, b figure.Box, u spectratable.Unit, values []float32, boxM, period float64, m figure.Map) {
	if len(values) == 0 {
		c.Rect(b, figure.Stroke{Color: figure.Pale, Width: figure.Hair})
		sheet.Notice(c, b, "none")
		return
	}
	n, _ := sheet.Side("autocorrelogram", len(values)) // checked by the caller
	// n = 2 bins - 1 lags of boxM / bins.
	lag := boxM / (float64(n+1) / 2)
	reach := boxM / 2
	if period > 0 {
		reach = math.Max(reach, 1.3*period)
	}
	half := min(n/2, max(1, int(math.Round(reach/lag))))
	middle := sheet.Crop(values, n, half)
	if img := figure.HeatMap(middle, 2*half+1, -1, 1, m); img != nil {
		c.Image(b, img)
	}
	c.Rect(b, figure.Stroke{Color: figure.Black, Width: figure.Hair})
	c.Text(b.X, b.Y-1, fmt.Sprintf("unit %d", u.Unit), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	c.ScaleBar(figure.Point{X: b.X, Y: b.Bottom() + 2.2}, float64(2*half+1)*lag, b.W)
}

// paintPeriods draws period against orientation of the active units.
func paintPeriods(c *figure.Canvas, b figure.Box, units []spectratable.Unit, modules []spectratable.Module) {
	units = sheet.Active(units)
	top := sheet.PeriodRange(units)
	a := figure.Axes{Box: b,
		X: figure.Axis{Min: 0, Max: 60, Label: "orientation (deg)", Ticks: figure.Ticks(0, 60, 4)},
		Y: figure.Axis{Min: 0, Max: top, Label: "period (m)", Ticks: figure.Ticks(0, top, 5)}}
	groups, none := sheet.ByModule(units, modules)
	a.Draw(c, 9.5)
	legend := figure.Box{X: b.Right() + 3, Y: b.Y + 1}
	mark := func(i int, name string, units []spectratable.Unit) {
		at := a.Points(sheet.Column(units, sheet.Orientation), sheet.Column(units, sheet.Period))
		key := []figure.Point{{X: legend.X, Y: legend.Y + 3.6*float64(i)}}
		label := figure.Type{Size: figure.Small, Y: figure.Middle}
		if name == "no module" {
			ring := figure.Stroke{Color: figure.Grey, Width: figure.Thin}
			c.Circles(at, 0.65, ring)
			c.Circles(key, 0.65, ring)
		} else {
			c.Discs(at, 0.8, figure.Series(i))
			c.Discs(key, 0.8, figure.Series(i))
		}
		c.Text(key[0].X+2, key[0].Y, fmt.Sprintf("%s (%d)", name, len(units)), label)
	}
	if len(none) > 0 {
		mark(len(modules), "no module", none)
	}
	for i, g := range groups {
		mark(i, fmt.Sprintf("module %d", modules[i].Module+1), g)
	}
	if len(units) == 0 {
		sheet.Notice(c, b, "no active unit")
	}
}

// paintScores draws the histogram of the active units' scores, stacked by module.
func paintScores(c *figure.Canvas, b figure.Box, units []spectratable.Unit, modules []spectratable.Module, s spectratable.Summary) {
	units = sheet.Active(units)
	const lo, hi, bins = -1.2, 1.6, 28
	groups, none := sheet.ByModule(units, modules)
	total := make([]float64, bins)
	clipped := func(u spectratable.Unit) float64 { // a score outside the axis falls into its end bins
		if math.IsNaN(u.Score) {
			return u.Score
		}
		return math.Max(lo, math.Min(hi, u.Score))
	}
	edges, all := figure.Histogram(sheet.Column(units, clipped), lo, hi, bins)
	top := sheet.CountRange(all)
	a := figure.Axes{Box: b,
		X: figure.Axis{Min: lo, Max: hi, Label: "grid score (expanding ring)", Ticks: figure.Ticks(-1, 1.5, 5)},
		Y: figure.Axis{Min: 0, Max: top, Label: "active units", Ticks: sheet.CountTicks(top)}}
	stack := func(units []spectratable.Unit, group int) {
		_, counts := figure.Histogram(sheet.Column(units, clipped), lo, hi, bins)
		a.Bars(c, edges, counts, total, figure.Series(group))
	}
	stack(none, -1)
	for i, g := range groups {
		stack(g, i)
	}
	a.Draw(c, 9.5)
	a.VLine(c, sheet.ScoreLine, figure.Stroke{Color: figure.Black, Width: figure.Thin, Dash: []float64{2, 1.5}})
	a.VLine(c, s.Score, figure.Stroke{Color: figure.Black, Width: figure.Thick})
	c.Text(b.X+1, b.Y-2, scoreSentence(s), figure.Type{Size: figure.Small, Y: figure.End})
	if len(units) == 0 {
		sheet.Notice(c, b, "no active unit")
	}
}

// scoreSentence says a network's scores in one line.
func scoreSentence(s spectratable.Summary) string {
	return fmt.Sprintf("median %s (line), %s above %s (dashes)", figure.Number(s.Score, 2), figure.Percent(s.Above, 0), figure.Number(sheet.ScoreLine, 1))
}
