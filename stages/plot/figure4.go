package plot

import (
	"fmt"
	"image/color"
	"math"
	"sort"

	"sicgrid/pkg/figure"
)

// Figure4Params says how figure 4 is drawn.
type Figure4Params struct {
	DPI                int    `json:"dpi" range:"[50, 1200]" default:"200" doc:"dots per inch of the PNG"`
	CellsPerModule     int    `json:"cells_per_module" range:"[2, 7]" default:"5" doc:"example cells in a row"`
	MaxModules         int    `json:"max_modules" range:"[1, 8]" default:"6" doc:"rows; further modules are only named"`
	RateColours        string `json:"rate_colours" range:"cyclic|diverging|grey|jet|viridis" default:"jet" doc:"colour map of ratemaps, as in the paper"`
	CorrelationColours string `json:"correlation_colours" range:"cyclic|diverging|grey|jet|viridis" default:"diverging" doc:"colour map of autocorrelograms"`
}

// Check returns an error that names the first impossible parameter.
func (p Figure4Params) Check() error {
	for _, err := range []error{
		checkDPI(p.DPI),
		checkRange("cells_per_module", p.CellsPerModule, 2, 7),
		checkRange("max_modules", p.MaxModules, 1, 8),
		checkMap("rate_colours", p.RateColours),
		checkMap("correlation_colours", p.CorrelationColours),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Figure4Data is what figure 4 shows: one network in one box.
type Figure4Data struct {
	BoxM             float64
	Units            []Unit
	Maps             []RateMap
	Autocorrelograms []Autocorrelogram
	Modules          []Module
	Summary          Summary
}

type figure4Numbers struct {
	Figure string `json:"figure"`
	BoxM   number `json:"box_m"`
	summaryNumbers
	Modules []moduleNumbers `json:"modules"`
	Cells   []cellNumbers   `json:"cells"`
}

type cellNumbers struct {
	Unit        int32  `json:"unit"`
	Module      int32  `json:"module"`
	Period      number `json:"period_m"`
	Orientation number `json:"orientation_deg"`
	Score       number `json:"grid_expanding"`
}

// row4 is a row of example cells.
type row4 struct {
	title  string
	facts  []string
	colour int // of the module, -1 for none
	period float64
	cells  []Unit
	by     measure // what the cells were chosen by
}

// DrawFigure4 draws the cells of each module: ratemaps with period, orientation
// and score, an autocorrelogram, and the population's periods, orientations and scores.
// Without a module the best examples of the active units are shown, and the figure says so.
func DrawFigure4(d Figure4Data, p Figure4Params) ([]File, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("figure-4: %w", err)
	}
	net, err := newNetwork(d.Units, d.Maps)
	if err != nil {
		return nil, fmt.Errorf("figure-4: %w", err)
	}
	lags := make(map[int32][]float32, len(d.Autocorrelograms))
	for _, a := range d.Autocorrelograms {
		if _, err := side(fmt.Sprintf("autocorrelogram of unit %d", a.Unit), len(a.Values)); err != nil {
			return nil, fmt.Errorf("figure-4: %w", err)
		}
		lags[a.Unit] = a.Values
	}
	rates, _ := figure.MapNamed(p.RateColours)
	correlations, _ := figure.MapNamed(p.CorrelationColours)
	rows := rows4(net, d.Modules, p)

	shown := figure4Numbers{Figure: "figure-4", BoxM: number(d.BoxM), summaryNumbers: summaryTable(d.Summary),
		Modules: moduleTable(d.Modules), Cells: []cellNumbers{}}
	for _, r := range rows {
		for _, u := range r.cells {
			shown.Cells = append(shown.Cells, cellNumbers{u.Unit, u.Module, number(u.Period), number(u.Orientation), number(u.Score)})
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
	page := figure.Page{Title: "Figure 4: cells of each module", Height: lowerY + lower + lowerRoom, DPI: p.DPI}

	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		head := figure.Type{Size: figure.Normal, X: figure.Middle}
		c.Text(left+(n*size+(n-1)*gap)/2, 0.8, fmt.Sprintf("ratemaps in a box of %s%s", figure.Metres(d.BoxM), net.gaps()), head)
		c.Text(correlogramX+size/2, 0.8, "autocorrelogram", head)
		for i, r := range rows {
			y := top + float64(i)*pitch + above
			c.Text(0, y, r.title, figure.Type{Size: figure.Normal, Bold: true, Color: ink(r.colour)})
			for j, fact := range r.facts {
				c.Text(0, y+3.6+3.1*float64(j), fact, figure.Type{Size: figure.Small})
			}
			for j, u := range r.cells {
				cell4(c, figure.Box{X: left + float64(j)*(size+gap), Y: y, W: size, H: size}, u, r.by, net, rates)
			}
			if len(r.cells) == 0 {
				continue
			}
			correlogram(c, figure.Box{X: correlogramX, Y: y, W: size, H: size}, r.cells[0], lags[r.cells[0].Unit], d.BoxM, r.period, correlations)
		}
		if len(rows) > 0 && len(rows[0].cells) > 0 {
			c.ScaleBar(left, keysY+1.2, d.BoxM, size)
			bar := 2*size + gap
			c.ColorBar(figure.Box{X: left + (n*size + (n-1)*gap) - bar, Y: keysY, W: bar, H: 2.4}, rates, 0, 1,
				[]figure.Tick{{At: 0, Label: "0"}, {At: 0.5, Label: "0.5"}, {At: 1, Label: "1"}}, "rate / peak")
			c.ColorBar(figure.Box{X: correlogramX, Y: keysY, W: size, H: 2.4}, correlations, -1, 1,
				[]figure.Tick{{At: -1, Label: "−1"}, {At: 0, Label: "0"}, {At: 1, Label: "1"}}, "")
			c.Text(correlogramX+size/2, keysY+7.2, "correlation", figure.Type{Size: figure.Small, X: figure.Middle})
		}
		c.PanelLetter(0, lowerY-6, "b")
		periods4(c, figure.Box{X: 12, Y: lowerY, W: 58, H: lower}, net.units, d.Modules)
		c.PanelLetter(102, lowerY-6, "c")
		scores4(c, figure.Box{X: 115, Y: lowerY, W: 61, H: lower}, net.units, d.Modules, d.Summary)
	}
	return files("figure-4", page, paint, shown)
}

// ink is the type colour of a group: black for none, whose marks are grey.
func ink(group int) color.RGBA {
	if group < 0 {
		return figure.Black
	}
	return figure.Series(group)
}

// rows4 chooses what the rows of panel a show.
func rows4(net network, modules []Module, p Figure4Params) []row4 {
	var rows []row4
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
		rows = append(rows, row4{fmt.Sprintf("module %d", m.Module+1), facts, i, m.Period,
			exampleCells(members(net.units, m.Module), p.CellsPerModule), byGrid})
	}
	if len(rows) > 0 {
		return rows
	}
	cells, by := net.examples()
	if len(cells) == 0 {
		return []row4{{title: "no module", facts: []string{"no active unit"}, colour: -1}}
	}
	return []row4{{"no module", []string{"found in this box;", "the active units", "of highest", by.name}, -1, cells[0].Period,
		cells[:min(len(cells), p.CellsPerModule)], by}}
}

// exampleCells picks n cells: the best by score, then from the better half of the
// rest, one after the other, the cell whose phases lie farthest from those picked.
func exampleCells(cells []Unit, n int) []Unit {
	cells = append([]Unit(nil), cells...)
	sortByScore(cells)
	if len(cells) <= n {
		return cells
	}
	pool := cells[:max(n, (len(cells)+1)/2)]
	picked, used := []Unit{pool[0]}, make([]bool, len(pool))
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
func phaseDistance(u, v Unit) float64 {
	d := 3 - math.Cos(u.Phi1-v.Phi1) - math.Cos(u.Phi2-v.Phi2) - math.Cos(u.Phi3-v.Phi3)
	if math.IsNaN(d) {
		return 0
	}
	return d
}

// sortByScore puts the best score first, undefined ones last, ties by unit.
func sortByScore(units []Unit) {
	sort.SliceStable(units, func(i, j int) bool {
		a, b := units[i].Score, units[j].Score
		if math.IsNaN(a) || math.IsNaN(b) {
			return !math.IsNaN(a) && math.IsNaN(b)
		}
		return a > b
	})
}

// cell4 draws one ratemap with its numbers.
func cell4(c *figure.Canvas, b figure.Box, u Unit, by measure, net network, rates figure.Map) {
	c.Text(b.X, b.Y-1, fmt.Sprintf("unit %d", u.Unit), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	c.RateMap(b, net.maps[u.Unit], net.bins, rates)
	label := figure.Type{Size: figure.Small, X: figure.Middle}
	if by.name != byGrid.name { // which has no lattice to be measured
		c.Text(b.X+b.W/2, b.Bottom()+1.3, by.label(net, u), label)
		return
	}
	c.Text(b.X+b.W/2, b.Bottom()+1.3, figure.Length(u.Period)+" · "+figure.Number(u.Orientation, 1)+"°", label)
	c.Text(b.X+b.W/2, b.Bottom()+4.2, "score "+by.label(net, u), label)
}

// correlogram draws the middle of an autocorrelogram: lags up to half the box, or as far as
// the first ring of peaks needs.
func correlogram(c *figure.Canvas, b figure.Box, u Unit, values []float32, boxM, period float64, m figure.Map) {
	if len(values) == 0 {
		c.Rect(b, figure.Stroke{Color: figure.Pale, Width: figure.Hair})
		notice(c, b, "none")
		return
	}
	n, _ := side("autocorrelogram", len(values)) // checked by the caller
	// n = 2 bins - 1 lags of boxM / bins.
	lag := boxM / (float64(n+1) / 2)
	reach := boxM / 2
	if period > 0 {
		reach = math.Max(reach, 1.3*period)
	}
	half := min(n/2, max(1, int(math.Round(reach/lag))))
	middle := crop(values, n, half)
	if img := figure.HeatMap(middle, 2*half+1, -1, 1, m); img != nil {
		c.Image(b, img)
	}
	c.Rect(b, figure.Stroke{Color: figure.Black, Width: figure.Hair})
	c.Text(b.X, b.Y-1, fmt.Sprintf("unit %d", u.Unit), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	c.ScaleBar(b.X, b.Bottom()+2.2, float64(2*half+1)*lag, b.W)
}

// crop cuts the square of 2 half + 1 about the middle n/2 out of a square of n.
func crop[T any](values []T, n, half int) []T {
	out := make([]T, 0, (2*half+1)*(2*half+1))
	for y := n/2 - half; y <= n/2+half; y++ {
		out = append(out, values[y*n+n/2-half:y*n+n/2+half+1]...)
	}
	return out
}

// periods4 draws period against orientation of the active units.
func periods4(c *figure.Canvas, b figure.Box, units []Unit, modules []Module) {
	units = active(units)
	top := periodRange(units)
	a := figure.Axes{Box: b,
		X: figure.Axis{Min: 0, Max: 60, Label: "orientation (deg)", Ticks: figure.Ticks(0, 60, 4)},
		Y: figure.Axis{Min: 0, Max: top, Label: "period (m)", Ticks: figure.Ticks(0, top, 5)}}
	groups, none := byModule(units, modules)
	a.Draw(c, 9.5)
	legend := figure.Box{X: b.Right() + 3, Y: b.Y + 1}
	mark := func(i int, name string, units []Unit) {
		at := a.Points(column(units, orientation), column(units, period))
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
		notice(c, b, "no active unit")
	}
}

// periodRange is the top of a period axis: half a metre or more, in steps of 0.5 m.
func periodRange(units []Unit) float64 {
	top := figure.Peak(column(units, period))
	if !(top > 0) {
		return 1
	}
	return math.Ceil(top*1.05/0.5) * 0.5
}

// scores4 draws the histogram of the active units' scores, stacked by module.
func scores4(c *figure.Canvas, b figure.Box, units []Unit, modules []Module, s Summary) {
	units = active(units)
	const lo, hi, bins = -1.2, 1.6, 28
	groups, none := byModule(units, modules)
	total := make([]float64, bins)
	clipped := func(u Unit) float64 { // a score outside the axis falls into its end bins
		if math.IsNaN(u.Score) {
			return u.Score
		}
		return math.Max(lo, math.Min(hi, u.Score))
	}
	edges, all := figure.Histogram(column(units, clipped), lo, hi, bins)
	top := countRange(all)
	a := figure.Axes{Box: b,
		X: figure.Axis{Min: lo, Max: hi, Label: "grid score (expanding ring)", Ticks: figure.Ticks(-1, 1.5, 5)},
		Y: figure.Axis{Min: 0, Max: top, Label: "active units", Ticks: countTicks(top)}}
	stack := func(units []Unit, group int) {
		_, counts := figure.Histogram(column(units, clipped), lo, hi, bins)
		a.Bars(c, edges, counts, total, figure.Series(group))
	}
	stack(none, -1)
	for i, g := range groups {
		stack(g, i)
	}
	a.Draw(c, 9.5)
	a.VLine(c, scoreLine, figure.Stroke{Color: figure.Black, Width: figure.Thin, Dash: []float64{2, 1.5}})
	a.VLine(c, s.Score, figure.Stroke{Color: figure.Black, Width: figure.Thick})
	c.Text(b.X+1, b.Y-2, scoreSentence(s), figure.Type{Size: figure.Small, Y: figure.End})
	if len(units) == 0 {
		notice(c, b, "no active unit")
	}
}

// scoreSentence says a network's scores in one line.
func scoreSentence(s Summary) string {
	return fmt.Sprintf("median %s (line), %s above %s (dashes)", figure.Number(s.Score, 2), figure.Percent(s.AboveLine, 0), figure.Number(scoreLine, 1))
}

// countRange is the top of an axis of counts, at least 4.
func countRange(counts []float64) float64 {
	top := 4.0
	for _, n := range counts {
		top = math.Max(top, n)
	}
	return math.Ceil(top * 1.06)
}

// countTicks are whole numbers.
func countTicks(top float64) []figure.Tick {
	var ticks []figure.Tick
	for _, t := range figure.Ticks(0, top, 4) {
		if t.At == math.Trunc(t.At) {
			ticks = append(ticks, figure.Tick{At: t.At, Label: figure.Number(t.At, 0)})
		}
	}
	return ticks
}

// notice writes a grey sentence into the middle of an empty panel.
func notice(c *figure.Canvas, b figure.Box, s string) {
	c.Text(b.X+b.W/2, b.Y+b.H/2, s, figure.Type{Size: figure.Normal, Color: figure.Grey, X: figure.Middle, Y: figure.Middle})
}
