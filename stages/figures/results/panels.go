package results

import (
	"fmt"
	"image/color"
	"math"

	"sicgrid/pkg/figure"
	"sicgrid/stages/claims/claimstable"
	"sicgrid/stages/figures/sheet"
)

// outcomeColour is that of a finding or verdict.
func outcomeColour(outcome string) color.RGBA {
	switch outcome {
	case claimstable.Holds:
		return figure.Series(2)
	case claimstable.Fails, claimstable.DoesNotHold:
		return figure.Series(1)
	}
	return figure.Grey
}

// claimRow is a claim with its texts broken into lines.
type claimRow struct {
	claimstable.Claim
	paper, rule []string
	height      float64 // mm
}

const (
	claimsX = 66.0  // where the seeds begin
	verdict = 157.0 // where the verdicts begin
)

var (
	paperType = figure.Type{Size: figure.Small, Color: figure.Grey}
	ruleType  = figure.Type{Size: figure.Small}
)

// rowsOf breaks what the paper says and the rules into two lines at most.
func rowsOf(ruled []claimstable.Claim) []claimRow {
	var rows []claimRow
	for _, c := range ruled {
		r := claimRow{Claim: c, paper: sheet.TwoLines(c.Figure+": "+c.Paper, claimsX-4, paperType), rule: sheet.TwoLines("rule: "+c.Rule, claimsX-4, ruleType)}
		r.height = 6.2 + 2.9*float64(len(r.paper)+len(r.rule))
		rows = append(rows, r)
	}
	return rows
}

// paintClaims draws a row a claim: what the paper says, the rule, each seed's value and outcome,
// and the verdict.
func (d Data) paintClaims(c *figure.Canvas, rows []claimRow, seeds []uint64, top float64) {
	width := (verdict - 2 - claimsX) / float64(len(seeds))
	head := figure.Type{Size: figure.Normal, Bold: true}
	c.Text(5, 0.9, "claim; the paper; rule", head)
	c.Text(verdict, 0.9, "verdict", head)
	head.X = figure.Middle
	for i, s := range seeds {
		label := fmt.Sprintf("seed %d", s)
		if len(seeds) > sheet.NamedSeeds {
			label = fmt.Sprint(s)
		}
		c.Text(claimsX+width*(float64(i)+0.5), 0.9, label, head)
	}
	y := top
	for _, row := range rows {
		c.Line(figure.Stroke{Color: figure.Pale, Width: figure.Hair}, figure.Point{X: 0, Y: y - 1.6}, figure.Point{X: figure.Width, Y: y - 1.6})
		c.Text(0, y, row.Text, figure.Type{Size: figure.Normal, Bold: true})
		at := y + 3.6
		for _, line := range row.paper {
			c.Text(0, at, line, paperType)
			at += 2.9
		}
		for _, line := range row.rule {
			c.Text(0, at, line, ruleType)
			at += 2.9
		}
		d.paintSeeds(c, row.ID, y+2, width, len(seeds))
		c.Text(verdict, y, row.Verdict, figure.Type{Size: figure.Normal, Bold: true, Color: outcomeColour(row.Verdict)})
		c.Text(verdict, y+3.6, fmt.Sprintf("%d of %d seeds", row.Holds, row.Seeds), paperType)
		if row.Undefined > 0 {
			c.Text(verdict, y+6.5, fmt.Sprintf("%d unknown", row.Undefined), paperType)
		}
		y += row.height
	}
}

// paintSeeds draws outcome and value of a claim in every seed.
func (d Data) paintSeeds(c *figure.Canvas, id string, y, width float64, seeds int) {
	text, outcome := d.shown(id)
	for k := range min(seeds, len(text)) {
		at := figure.Point{X: claimsX + width*(float64(k)+0.5), Y: y}
		mark(c, at, outcome[k])
		if width < narrow {
			continue
		}
		value := figure.Type{Size: figure.Small, X: figure.Middle}
		for l, line := range sheet.TwoLines(text[k], width-0.8, value) {
			c.Text(at.X, at.Y+2+2.7*float64(l), line, value)
		}
	}
}

// ablationRow is the height in mm of a network in panel c.
const ablationRow = 6.2

func ablationsHeight(networks int) float64 { return 6 + ablationRow*float64(networks) + 17 }

// choice says how examples were chosen, in lines of the figure.
var choice = []string{
	"Typical: grid score near the median of their module, phases far apart; without a module, near the median of the value below the map: grid score,",
	"of square networks 90° score, where both fail spatial information (bit). Marked: superlattices (√N), flat and constant units.",
}

// paintAblations draws for every network the median score of each seed and its share of units in
// modules, and the medians over the seeds.
func (d Data) paintAblations(c *figure.Canvas, y float64, p Params) {
	c.Text(5, y+0.6, fmt.Sprintf("every network over the seeds, a circle a seed; bars: medians; dashes: score %s", figure.Number(sheet.ScoreLine, 1)), figure.Type{Size: figure.Normal})
	const left = 66.0
	height := ablationRow * float64(len(p.Variants))
	score := figure.Axes{Box: figure.Box{X: left, Y: y + 6, W: 50, H: height}, X: figure.Axis{Min: -1.2, Max: 1.6, Label: "grid score, median of active units", Ticks: figure.Ticks(-1, 1.5, 5)}, Y: figure.Axis{Max: 1}}
	share := figure.Axes{Box: figure.Box{X: left + 58, Y: y + 6, W: 50, H: height}, X: figure.Axis{Min: -0.02, Max: 1.02, Label: "share of active units in modules", Ticks: figure.Ticks(0, 1, 4)}, Y: figure.Axis{Max: 1}}
	score.VLine(c, sheet.ScoreLine, sheet.GreyDashes)
	label := figure.Type{Size: figure.Small, X: figure.End, Y: figure.Middle}
	for i, v := range p.Variants {
		mid := y + 6 + ablationRow*(float64(i)+0.5)
		c.Text(left-2, mid, sheet.Clip(p.Titles.Of(v), left-3, label), label)
		var scores, shares []float64
		for _, n := range d.Networks {
			if active := sheet.Active(n.Units); n.Variant == v && len(active) > 0 {
				inModules := len(active) - len(sheet.Members(active, -1))
				scores = append(scores, sheet.Median(sheet.Column(active, sheet.Score)))
				shares = append(shares, float64(inModules)/float64(len(active)))
			}
		}
		paintStrip(c, score, mid, scores)
		paintStrip(c, share, mid, shares)
	}
	score.Draw(c, sheet.LabelGap)
	share.Draw(c, sheet.LabelGap)
}

// paintStrip draws values as circles in a line of the page, on their median.
func paintStrip(c *figure.Canvas, a figure.Axes, mid float64, values []float64) {
	var at []float64
	for _, v := range values {
		if a.Holds(v, 0) {
			at = append(at, a.At(v, 0).X)
		}
	}
	if m := sheet.Median(values); a.Holds(m, 0) {
		x := a.At(m, 0).X
		c.Line(figure.Stroke{Color: figure.Black, Width: figure.Thick}, figure.Point{X: x, Y: mid - 2.7}, figure.Point{X: x, Y: mid + 2.7})
	}
	const width = 1.1
	for i, off := range sheet.Swarm(at, width) {
		off = math.Max(-2.5, math.Min(2.5, off)) // within the row
		c.Circles([]figure.Point{{X: at[i], Y: mid + off}}, width/2-0.1, figure.Stroke{Color: figure.Series(0), Width: figure.Thin})
	}
}

// mark is a disc where a claim holds, a cross where it fails, and a ring where nothing can be said.
func mark(c *figure.Canvas, at figure.Point, outcome string) {
	const r = 1.1
	ink := outcomeColour(outcome)
	switch outcome {
	case claimstable.Holds:
		c.Discs([]figure.Point{at}, r, ink)
	case claimstable.Fails:
		c.Crosses([]figure.Point{at}, r, figure.Stroke{Color: ink, Width: figure.Thick})
	default:
		c.Circles([]figure.Point{at}, r, figure.Stroke{Color: ink, Width: figure.Thin})
	}
}

// narrow is the width in mm of a seed's column that has no room for a value.
const narrow = 14

// paintMaps draws two typical units of every seed of a variant.
func (d Data) paintMaps(c *figure.Canvas, variant string, nets map[string]sheet.Network, p Params, y float64, rates figure.Map) {
	const left = 32.0
	pitch := (figure.Width - left) / float64(len(p.Seeds))
	size := math.Min(13, pitch/2-0.8)
	value := figure.Type{Size: figure.Small, X: figure.Middle}
	if size < 8 {
		value.Size = figure.Tiny
	}
	bold := figure.Type{Size: figure.Small, Bold: true}
	for i, line := range sheet.TwoLines(p.Titles.Of(variant), left-1, bold) {
		c.Text(0, y+0.5+3*float64(i), line, bold)
	}
	for i, seed := range p.Seeds {
		x := left + pitch*float64(i)
		net, ok := nets[sheet.SeedRole(variant, seed)]
		units, by := net.Examples()
		if !ok || len(units) == 0 {
			none := figure.Type{Size: figure.Small, Color: figure.Grey, X: figure.Middle, Y: figure.Middle}
			c.Text(x+size+0.4, y+size/2, sheet.Clip("no active unit", pitch-0.6, none), none)
			continue
		}
		for k, u := range units[:min(2, len(units))] {
			b := figure.Box{X: x + float64(k)*(size+0.8), Y: y, W: size, H: size}
			net.UnitMap(c, b, u, rates)
			c.Text(b.X+size/2, b.Bottom()+0.8, by.Label(net, u), value)
		}
	}
}
