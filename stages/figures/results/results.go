// Package results draws the paper's claims beside what was found, and writes them as Markdown
// and Parquet.
package results

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"math"
	"slices"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/figure"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/claims/claimstable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/figures/sheet"
	"sicgrid/stages/integration/integrationtable"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Params says how the results are drawn, and the networks of which there are inputs.
type Params struct {
	sheet.MapParams
	Seeds    []uint64     `json:"seeds"`
	Variants []string     `json:"variants"` // whose maps are shown where a claim about them does not hold
	Walked   []string     `json:"walked"`   // those whose path integration was tested
	Titles   sheet.Titles `json:"titles"`
}

// runRole begins the names of the inputs of one network.
func runRole(variant string, seed uint64) string { return fmt.Sprintf("%s/seed-%d/", variant, seed) }

// SeedMaps is a network's maps in one box.
type SeedMaps struct {
	Variant string
	Seed    uint64
	Units   []spectratable.Unit
	Maps    []ratemapstable.Map
}

// Walked is the path integration of a network: rows of the integration stage's outputs.
type Walked struct {
	Variant string
	Seed    uint64
	Plateau float64
	Lags    []integrationtable.Lag
	Errors  []integrationtable.Error
	Returns []integrationtable.Return
	Ranges  []integrationtable.Range
}

// Data is what the results show.
type Data struct {
	BoxM     float64 // of the maps
	Claims   []claimstable.Claim
	Findings []claimstable.Finding
	Networks []SeedMaps
	Walked   []Walked
}

type shownNumbers struct {
	Figure string         `json:"figure"`
	Seeds  []uint64       `json:"seeds"`
	Claims []claimNumbers `json:"claims"`
}

type claimNumbers struct {
	Claim   string         `json:"claim"`
	Text    string         `json:"text"`
	Paper   string         `json:"paper"`
	Rule    string         `json:"rule"`
	Unit    string         `json:"unit"`
	Values  []sheet.Number `json:"values"`
	Shown   []string       `json:"shown"`
	Low     sheet.Number   `json:"low"`
	Median  sheet.Number   `json:"median"`
	High    sheet.Number   `json:"high"`
	Holds   int32          `json:"holds"`
	Unknown int32          `json:"unknown"`
	Verdict string         `json:"verdict"`
}

// Run reads claims and findings, maps and units of every variant and seed of the parameters (roles
// "full/seed-1/maps" and so on) in one box, and the path integration of those walked, and emits the
// results: figure, Markdown and Parquet.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	r := sheet.NewReader(t)
	d := Data{Claims: sheet.Read[claimstable.Claim](&r, "claims"), Findings: sheet.Read[claimstable.Finding](&r, "findings")}
	for _, seed := range p.Seeds {
		for _, v := range p.Variants {
			role := runRole(v, seed)
			d.Networks = append(d.Networks, SeedMaps{v, seed, sheet.Read[spectratable.Unit](&r, role+"units"), sheet.Read[ratemapstable.Map](&r, role+"maps")})
		}
		for _, v := range p.Walked {
			role := runRole(v, seed)
			box := r.Box
			r.Box = 0 // plateaus may be of another one
			plateau := sheet.One[distancestable.Summary](&r, role+"decorrelation").Plateau
			r.Box = box
			d.Walked = append(d.Walked, Walked{v, seed, plateau,
				sheet.Read[integrationtable.Lag](&r, role+"lags"), sheet.Read[integrationtable.Error](&r, role+"errors"), sheet.Read[integrationtable.Return](&r, role+"returns"), sheet.Read[integrationtable.Range](&r, role+"ranges")})
		}
	}
	d.BoxM = r.Box
	return r.Emit(func() ([]sheet.File, error) { return Draw(d, p) })
}

// Draw draws the claims that have a rule, seed by seed, the path integration of every seed, and
// maps of the networks of which a claim does not hold; and writes all claims as Markdown and
// Parquet.
func Draw(d Data, p Params) ([]sheet.File, error) {
	rates := p.RateColours.Map()
	ruled := slices.DeleteFunc(slices.Clone(d.Claims), func(c claimstable.Claim) bool { return c.Rule == "" })
	blocks := d.disagreeing()
	nets, gaps := map[string]sheet.Network{}, ""
	for _, n := range d.Networks {
		if !slices.Contains(blocks, n.Variant) {
			continue
		}
		net, err := sheet.NewNetwork(n.Units, n.Maps)
		if err != nil {
			return nil, fmt.Errorf("results: %s, seed %d: %w", n.Variant, n.Seed, err)
		}
		nets[runRole(n.Variant, n.Seed)] = net
		gaps = net.Gaps()
	}
	const top, pitch, walked, mapPitch = 8.0, 10.2, 52.0, 18.5
	walksY := top + pitch*float64(len(ruled)) + 6
	mapsY := walksY + walked
	page := figure.Page{Height: mapsY + mapPitch*float64(len(blocks)) + 15, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		d.paintClaims(c, ruled, p.Seeds, top, pitch)
		c.PanelLetter(0, walksY, "b")
		d.paintWalked(c, walksY+5, p.Titles)
		if len(blocks) > 0 {
			c.PanelLetter(0, mapsY, "c")
			c.Text(5, mapsY+0.6, fmt.Sprintf("where ours disagrees: for each seed its two best units; box of %s%s", figure.Metres(d.BoxM), gaps), figure.Type{Size: figure.Normal})
			c.Text(5, mapsY+4.4, sheet.Choice, figure.Type{Size: figure.Small, Color: figure.Grey})
		}
		for i, v := range blocks {
			d.paintMaps(c, v, nets, p, mapsY+8.5+mapPitch*float64(i), rates)
		}
	}
	drawn, err := sheet.Render("results", page, paint, d.numbers(p.Seeds), d.caption(p, blocks))
	if err != nil {
		return nil, err
	}
	rec, err := artifact.FromRows(d.Claims, nil)
	if err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	var parquet bytes.Buffer
	if err := artifact.Write(&parquet, rec); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	return append(drawn, sheet.File{Name: "results.md", Data: d.markdown(p.Seeds)}, sheet.File{Name: "results.parquet", Data: parquet.Bytes()}), nil
}

func (d Data) caption(p Params, disagreeing []string) sheet.Caption {
	roles := func(variants []string) (roles []string) {
		for _, v := range variants {
			for _, s := range p.Seeds {
				roles = append(roles, runRole(v, s))
			}
		}
		return roles
	}
	c := sheet.Caption{
		Title: "The paper's claims beside ours",
		Lead:  fmt.Sprintf("Networks of %d seeds; each claim has a rule that was fixed before they were trained, and holds if the rule does in four seeds of five", len(p.Seeds)),
		Panels: []sheet.Panel{
			{Panel: "a", Shows: "What the paper says, the rule, each seed's value, whether the rule holds (disc), fails (cross) or cannot be measured (circle), and the verdict", Tables: []string{"claims", "findings"}},
			{Panel: "b", Shows: "Path integration, a line a seed: distance of states at the same place over the steps between, as a share of the plateau; the same after a loop (solid) and after standing still (dashed); error of places decoded from the states over the steps of a walk (dashes: a decoder that knows nothing) and over the radius of the places. Red: a quarter of the plateau",
				Tables: sheet.Tables(roles(p.Walked), "lags", "returns", "errors", "ranges", "decorrelation")},
		},
	}
	if len(disagreeing) > 0 {
		c.Panels = append(c.Panels, sheet.Panel{Panel: "c", Shows: fmt.Sprintf("Two units of every seed of the networks of which a claim does not hold, in a box of %s. %s", figure.Metres(d.BoxM), sheet.Choice), Tables: sheet.Tables(roles(disagreeing), "maps", "units")})
	}
	return c
}

// shown are the values of a claim as they are printed, and the outcomes, seed by seed.
func (d Data) shown(id string) (text, outcome []string) {
	for _, f := range d.Findings {
		if f.ID == id {
			text, outcome = append(text, f.Shown), append(outcome, f.Outcome)
		}
	}
	return text, outcome
}

// disagreeing are the variants of claims that do not hold or could not be measured, in the order of
// the table.
func (d Data) disagreeing() []string {
	var out []string
	for _, c := range d.Claims {
		there := slices.ContainsFunc(d.Networks, func(n SeedMaps) bool { return n.Variant == c.Network })
		if c.Rule != "" && c.Verdict != claimstable.Holds && there && !slices.Contains(out, c.Network) {
			out = append(out, c.Network)
		}
	}
	return out
}

func (d Data) numbers(seeds []uint64) shownNumbers {
	out := shownNumbers{Figure: "results", Seeds: seeds}
	for _, c := range d.Claims {
		text, _ := d.shown(c.ID)
		out.Claims = append(out.Claims, claimNumbers{c.ID, c.Text, c.Paper, c.Rule, c.Unit, sheet.Numbers(c.Values), text, sheet.Number(c.Low), sheet.Number(c.Median), sheet.Number(c.High), c.Holds, c.Undefined, c.Verdict})
	}
	return out
}

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

// paintClaims draws a row a claim: what the paper says, the rule, each seed's value and outcome,
// and the verdict.
func (d Data) paintClaims(c *figure.Canvas, ruled []claimstable.Claim, seeds []uint64, top, pitch float64) {
	const left, right = 65.0, 158.0
	width := (right - left) / float64(len(seeds))
	head := figure.Type{Size: figure.Normal, Bold: true}
	line := figure.Stroke{Color: figure.Pale, Width: figure.Hair}
	c.Text(5, 0.9, "claim; the paper; rule", head)
	c.Text(right+1, 0.9, "verdict", head)
	head.X = figure.Middle
	for i, s := range seeds {
		label := fmt.Sprintf("seed %d", s)
		if len(seeds) > sheet.NamedSeeds {
			label = fmt.Sprint(s)
		}
		c.Text(left+width*(float64(i)+0.5), 0.9, label, head)
	}
	small := figure.Type{Size: figure.Tiny, Color: figure.Grey}
	for i, row := range ruled {
		y := top + pitch*float64(i)
		c.Line(line, figure.Point{X: 0, Y: y - 1.4}, figure.Point{X: figure.Width, Y: y - 1.4})
		c.Text(0, y, row.Text, figure.Type{Size: figure.Small, Bold: true})
		c.Text(0, y+2.9, sheet.Clip(row.Figure+": "+row.Paper, left-1, small), small)
		c.Text(0, y+5.3, sheet.Clip(row.Rule, left-1, small), small)
		text, outcome := d.shown(row.ID)
		for k := range min(len(seeds), len(text)) {
			at := figure.Point{X: left + width*(float64(k)+0.5), Y: y + 1.6}
			mark(c, at, outcome[k])
			value := figure.Type{Size: figure.Tiny, X: figure.Middle}
			if width < narrow {
				continue
			}
			for l, line := range sheet.TwoLines(text[k], width-0.6, value) {
				c.Text(at.X, at.Y+1.8+2.2*float64(l), line, value)
			}
		}
		verdict := figure.Type{Size: figure.Small, Bold: true, Color: outcomeColour(row.Verdict)}
		c.Text(right+1, y, row.Verdict, verdict)
		c.Text(right+1, y+2.9, fmt.Sprintf("%d of %d seeds", row.Holds, row.Seeds), small)
		if row.Undefined > 0 {
			c.Text(right+1, y+5.3, fmt.Sprintf("%d unknown", row.Undefined), small)
		}
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
		s := figure.Stroke{Color: ink, Width: figure.Thick}
		c.Line(s, figure.Point{X: at.X - r, Y: at.Y - r}, figure.Point{X: at.X + r, Y: at.Y + r})
		c.Line(s, figure.Point{X: at.X - r, Y: at.Y + r}, figure.Point{X: at.X + r, Y: at.Y - r})
	default:
		c.Circles([]figure.Point{at}, r, figure.Stroke{Color: ink, Width: figure.Thin})
	}
}

// narrow is the width in mm of a seed's column that has no room for a value.
const narrow = 12

// paintMaps draws the two best examples of every seed of a variant.
func (d Data) paintMaps(c *figure.Canvas, variant string, nets map[string]sheet.Network, p Params, y float64, rates figure.Map) {
	const left = 32.0
	pitch := (figure.Width - left) / float64(len(p.Seeds))
	size := math.Min(13, pitch/2-0.8)
	bold := figure.Type{Size: figure.Small, Bold: true}
	for i, line := range sheet.TwoLines(p.Titles.Of(variant), left-1, bold) {
		c.Text(0, y+0.5+3*float64(i), line, bold)
	}
	for i, seed := range p.Seeds {
		x := left + pitch*float64(i)
		net, ok := nets[runRole(variant, seed)]
		units, by := net.Examples()
		if !ok || len(units) == 0 {
			none := figure.Type{Size: figure.Small, Color: figure.Grey, X: figure.Middle, Y: figure.Middle}
			c.Text(x+size+0.4, y+size/2, sheet.Clip("no active unit", pitch-0.6, none), none)
			continue
		}
		for k, u := range units[:min(2, len(units))] {
			b := figure.Box{X: x + float64(k)*(size+0.8), Y: y, W: size, H: size}
			c.RateMap(b, net.Maps[u.Unit], net.Bins, rates)
			c.Text(b.X+size/2, b.Bottom()+0.8, by.Label(net, u), figure.Type{Size: figure.Tiny, X: figure.Middle})
		}
	}
}
