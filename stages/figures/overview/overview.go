// Package overview draws every setting of a sweep as a row: what came of its runs, and how many
// succeed.
package overview

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/figures/sheet/sweepdata"
	"sicgrid/stages/sweep/sweeptable"
)

// Run reads the tables of a sweep and emits their overview.
func Run(_ context.Context, p sweepdata.Params, t *pipeline.Task) error {
	return sweepdata.Emit(p, t, false, Draw)
}

// mostRows is how many settings a block of the overview shows: of more, the best.
const mostRows = 60

// block is what the overview shows of one variant and purpose: settings, one a row.
type block struct {
	variant, purpose string
	points           []sweeptable.Point
	left             int       // settings that are not shown
	panels           []panel   // of the runs' measures, with the heights of the rows
	heights          []float64 // of the rows, mm
}

// panel is a measure of the runs beside the settings.
type panel struct {
	x, w  float64 // mm
	value func(sweeptable.Run) float64
	axis  figure.Axis
	whole bool // whole numbers, whose marks may stand beside their place
}

// panelsOf are those of every block.
func panelsOf(d sweepdata.Data) []panel {
	most := d.MostModules()
	explained := d.ExplainedAxis()
	explained.Label = "explained"
	return []panel{
		{labels + 2, 44, sweepdata.Score, d.ScoreAxis(), false},
		{labels + 50, 18, sweepdata.Modules, figure.Axis{Min: -0.4, Max: most + 0.4, Label: "modules", Ticks: figure.Ticks(0, most, int(math.Min(most, 4)))}, true},
		{labels + 72, 18, sweepdata.Explained, explained, false},
	}
}

// axes are the panel's over a block.
func (p panel) axes(y, height float64) figure.Axes {
	return figure.Axes{Box: figure.Box{X: p.x, Y: y, W: p.w, H: height}, X: p.axis, Y: figure.Axis{Max: 1}}
}

// places are those of a row's marks: along the panel in mm, and from the middle of the row.
func (p panel) places(runs []sweeptable.Run) (at, off []float64) {
	a := p.axes(0, 1)
	for _, r := range runs {
		at = append(at, a.At(p.value(r), 0).X)
	}
	if !p.whole {
		return at, sheet.Swarm(at, sweepdata.MarkWidth)
	}
	// Of one number in lines of as many as there is room for.
	room := max(1, int(0.9*p.w/(p.axis.Max-p.axis.Min)/sweepdata.MarkWidth))
	of := map[float64][]int{}
	for i, x := range at {
		of[x] = append(of[x], i)
	}
	off = make([]float64, len(at))
	for _, same := range of {
		lines := (len(same) + room - 1) / room
		for k, i := range same {
			inLine := min(room, len(same)-k/room*room)
			at[i] += sweepdata.MarkWidth * (float64(k%room) - float64(inLine-1)/2)
			off[i] = sweepdata.MarkWidth * (float64(k/room) - float64(lines-1)/2)
		}
	}
	return at, off
}

// height is that of all rows.
func (b block) height() (sum float64) {
	for _, h := range b.heights {
		sum += h
	}
	return sum
}

// Sizes of the overview in mm.
const (
	rowHeight  = 4.4
	headHeight = 8.0
	below      = 14.0
	labels     = 62.0 // width of the settings
)

// Draw draws every setting as a row: the grid score, number of modules and explained variance of
// its runs, and how many of them succeed. Below, what a random design drew is set against the
// scores.
func Draw(d sweepdata.Data, p sweepdata.Params) ([]sheet.File, error) {
	if len(d.Runs) == 0 {
		return nil, fmt.Errorf("%s: no run to draw", p.Figure)
	}
	blocks := blocks(d)
	panels := scatters(d, p)
	page := figure.Page{DPI: int(p.DPI)}
	tops := make([]float64, len(blocks))
	for i, b := range blocks {
		tops[i] = page.Height
		page.Height += headHeight + b.height() + below
	}
	scatterTop := page.Height
	if len(panels) > 0 {
		page.Height += 6 + scatterPitch*math.Ceil(float64(len(panels))/scatterColumns)
	}
	page.Height += 5
	paint := func(c *figure.Canvas) {
		for i, b := range blocks {
			c.PanelLetter(0, tops[i]+0.3, string(rune('a'+i)))
			paintBlock(d, c, p, b, tops[i])
		}
		for i, s := range panels {
			paintScatter(d, c, s, i, scatterTop)
		}
		if len(panels) > 0 {
			c.PanelLetter(0, scatterTop, string(rune('a'+len(blocks))))
			sweepdata.VariantKeys(c, 12, scatterTop+1.3, d.Variants(), p.Titles)
		}
		c.Text(0, page.Height-0.5, fmt.Sprintf("Box of %s. A disc is a run, filled if it has what the paper reports, crossed out if it ended early; bars: medians; dashes: score %s.",
			figure.Metres(d.BoxM), figure.Number(sheet.ScoreLine, 1)), figure.Type{Size: figure.Small, Color: figure.Grey, Y: figure.End})
	}
	return sheet.Render(p.Figure, page, paint, sweepdata.Numbers(d, p), caption(d, p, blocks, len(panels) > 0))
}

func caption(d sweepdata.Data, p sweepdata.Params, blocks []block, drawn bool) sheet.Caption {
	c := sheet.Caption{
		Title: "Sweep " + strings.TrimPrefix(p.Figure, "sweep-") + ": what came of every setting",
		Lead:  fmt.Sprintf("Networks trained with other parameters and seeds, in a box of %s. A row is a setting: the median grid score (expanding ring; dashes: %s) of its runs, the number of their modules, the variance of their states that position explains, and how many have what the paper reports, with the 95 %% interval of that rate", figure.Metres(d.BoxM), figure.Number(sheet.ScoreLine, 1)),
		Notes: sweepdata.Marks,
	}
	letter := 'a'
	for _, b := range blocks {
		c.Panels = append(c.Panels, sheet.Panel{Panel: string(letter), Shows: p.Titles.Of(b.variant) + ", seeds for " + b.purpose, Tables: []string{"runs", "points"}})
		letter++
	}
	if drawn {
		c.Panels = append(c.Panels, sheet.Panel{Panel: string(letter), Shows: "Grid score against each parameter that a random design drew, a disc a run", Tables: []string{"runs"}})
	}
	return c
}

// blocks gathers the points of each variant and purpose in the order of the table; of very many,
// the best.
func blocks(d sweepdata.Data) []block {
	var out []block
	for _, pt := range d.Points {
		at := -1
		for i, b := range out {
			if b.variant == pt.Variant && b.purpose == pt.Purpose {
				at = i
			}
		}
		if at < 0 {
			at = len(out)
			out = append(out, block{variant: pt.Variant, purpose: pt.Purpose})
		}
		out[at].points = append(out[at].points, pt)
	}
	for i := range out {
		b := &out[i]
		if b.left = len(b.points) - mostRows; b.left <= 0 {
			b.left = 0
			continue
		}
		slices.SortStableFunc(b.points, func(x, y sweeptable.Point) int {
			return cmp.Or(cmp.Compare(y.Successes, x.Successes), cmp.Compare(y.Score, x.Score)) // NaN last
		})
		b.points = b.points[:mostRows]
	}
	panels := panelsOf(d)
	for i := range out {
		out[i].panels = panels
		for _, pt := range out[i].points {
			height := rowHeight
			for _, p := range panels {
				_, off := p.places(d.Of(pt))
				height = math.Max(height, 2*sheet.Widest(off)+sweepdata.MarkWidth+1)
			}
			out[i].heights = append(out[i].heights, height)
		}
	}
	return out
}

// paintBlock draws the rows of a variant and purpose.
func paintBlock(d sweepdata.Data, c *figure.Canvas, p sweepdata.Params, b block, y float64) {
	head := p.Titles.Of(b.variant) + ", seeds for " + b.purpose
	if b.left > 0 {
		head += fmt.Sprintf(", the best %d of %d settings", len(b.points), len(b.points)+b.left)
	}
	c.Text(4.5, y+0.9, head, figure.Type{Size: figure.Normal, Bold: true})
	small := figure.Type{Size: figure.Small, Y: figure.Middle}
	right := small
	right.X = figure.End
	const column = labels + 94
	c.Text(column, y+headHeight-3, "succeed (95 % interval)", small)
	for k, p := range b.panels {
		a := p.axes(y+headHeight, b.height())
		if k == 0 {
			a.VLine(c, sheet.ScoreLine, sheet.GreyDashes)
		}
		mid := y + headHeight
		for row, pt := range b.points {
			paintRow(c, p, a, mid+b.heights[row]/2, b.heights[row], d.Of(pt))
			mid += b.heights[row]
		}
		a.Draw(c, sheet.LabelGap)
	}
	mid := y + headHeight
	for row, pt := range b.points {
		at := mid + b.heights[row]/2
		c.Text(labels, at, sheet.Clip(settingText(d, p, pt), labels, small), right)
		c.Text(column, at, fmt.Sprintf("%d of %d (%s–%s %%)", pt.Successes, pt.N, figure.Number(100*pt.Low, 0), figure.Number(100*pt.High, 0)), small)
		mid += b.heights[row]
	}
}

// paintRow draws a row's runs as discs, none on another, on their median as an upright bar.
func paintRow(c *figure.Canvas, p panel, a figure.Axes, mid, height float64, runs []sweeptable.Run) {
	if m := sweepdata.Middle(sweepdata.Over(runs, p.value)); m >= p.axis.Min && m <= p.axis.Max {
		x := a.At(m, 0).X
		c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thick}, figure.Point{X: x, Y: mid - height/2 + 0.2}, figure.Point{X: x, Y: mid + height/2 - 0.2})
	}
	at, off := p.places(runs)
	for k, r := range runs {
		if !math.IsNaN(at[k]) {
			sweepdata.Mark(c, figure.Point{X: at[k], Y: mid + off[k]}, figure.Series(0), r)
		}
	}
}

// plainName finds the "_" of a name that lowers nothing, as it does in σ_g.
var plainName = regexp.MustCompile(`([a-zA-Z0-9])_`)

// settingText is a setting's name, or the values of what its designs set.
func settingText(d sweepdata.Data, p sweepdata.Params, pt sweeptable.Point) string {
	if pt.Name != "" {
		return plainName.ReplaceAllString(pt.Name, "$1 ")
	}
	first := d.Of(pt)[0]
	var items []string
	for i, key := range p.Parameters {
		for _, design := range first.Designs {
			if slices.Contains(p.Designs[design].Parameters, key) {
				items = append(items, sweepdata.ParameterTitle(key)+" "+sweepdata.ValueText(d.Values[first.Run][i]))
				break
			}
		}
	}
	return strings.Join(items, ", ")
}

// Panels of what was drawn by chance.
const (
	scatterColumns = 4
	scatterPitch   = 42.0
)

// scatter is a parameter of random designs with the runs that it was drawn for.
type scatter struct {
	key    string
	runs   []sweeptable.Run
	values []float64
	axis   figure.Axis
	log    bool
}

// scatters are the parameters of random designs whose values are different numbers.
func scatters(d sweepdata.Data, p sweepdata.Params) []scatter {
	var out []scatter
	for _, key := range p.Parameters {
		s := scatter{key: key}
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, r := range d.Runs {
			if !slices.ContainsFunc(r.Designs, func(i int32) bool {
				return p.Designs[i].Kind == "random" && slices.Contains(p.Designs[i].Parameters, key)
			}) {
				continue
			}
			if v, err := strconv.ParseFloat(d.Value(p, r.Run, key), 64); err == nil {
				s.runs, s.values = append(s.runs, r), append(s.values, v)
				lo, hi = math.Min(lo, v), math.Max(hi, v)
			}
		}
		if lo < hi {
			s.scale(lo, hi)
			out = append(out, s)
		}
	}
	return out
}

// scale chooses the axis, a logarithmic one over more than a decade.
func (s *scatter) scale(lo, hi float64) {
	s.log = lo > 0 && hi >= 10*lo
	if s.log {
		lo, hi = math.Log10(lo), math.Log10(hi)
		for i := range s.values {
			s.values[i] = math.Log10(s.values[i])
		}
	}
	margin := 0.05 * (hi - lo)
	s.axis = figure.Axis{Min: lo - margin, Max: hi + margin, Label: sweepdata.ParameterTitle(s.key), Ticks: figure.Ticks(lo-margin, hi+margin, 3)}
	if s.log {
		s.axis.Ticks = nil
		for e := math.Floor(lo); e <= hi; e++ {
			for _, m := range []float64{1, 3} {
				v := m * math.Pow(10, e)
				if at := math.Log10(v); at >= lo-margin && at <= hi+margin {
					s.axis.Ticks = append(s.axis.Ticks, figure.Tick{At: at, Label: strconv.FormatFloat(v, 'g', 3, 64)})
				}
			}
		}
	}
}

// paintScatter sets the score of every run against what was drawn for a parameter.
func paintScatter(d sweepdata.Data, c *figure.Canvas, s scatter, i int, top float64) {
	const left, gap, height = 12.0, 8.0, 28.0
	width := (figure.Width - left - (scatterColumns-1)*gap - 0.5) / scatterColumns
	b := figure.Box{X: left + float64(i%scatterColumns)*(width+gap), Y: top + 8 + scatterPitch*float64(i/scatterColumns), W: width, H: height}
	a := figure.Axes{Box: b, X: s.axis, Y: d.ScoreAxis()}
	if i%scatterColumns > 0 {
		a.Y.Label, a.Y.Ticks = "", sheet.Bare(a.Y.Ticks)
	}
	a.HLine(c, sheet.ScoreLine, sheet.GreyDashes)
	variants := d.Variants()
	for k, r := range s.runs {
		if a.Holds(s.values[k], r.Score) {
			sweepdata.Mark(c, a.At(s.values[k], r.Score), figure.Series(slices.Index(variants, r.Variant)), r)
		}
	}
	a.Draw(c, sheet.LabelGap)
}
