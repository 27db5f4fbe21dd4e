// Package results draws the paper's claims beside what was found, and writes them as Markdown
// and Parquet.
package results

import (
	"bytes"
	"context"
	"fmt"
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
			role := sheet.SeedRole(v, seed)
			d.Networks = append(d.Networks, SeedMaps{v, seed, sheet.Read[spectratable.Unit](&r, role+"units"), sheet.Read[ratemapstable.Map](&r, role+"maps")})
		}
		for _, v := range p.Walked {
			role := sheet.SeedRole(v, seed)
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
// every network's scores over the seeds, and maps of the networks of which a claim does not hold; and
// writes all claims as Markdown and Parquet.
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
		nets[sheet.SeedRole(n.Variant, n.Seed)] = net
		gaps = net.Gaps()
	}
	const top, walked, mapPitch = 8.0, 54.0, 19.0
	rows := rowsOf(ruled)
	walksY := top + 4
	for _, r := range rows {
		walksY += r.height
	}
	ablationsY := walksY + walked
	mapsY := ablationsY + ablationsHeight(len(p.Variants))
	page := figure.Page{Height: mapsY + mapPitch*float64(len(blocks)) + 18, DPI: int(p.DPI)}
	paint := func(c *figure.Canvas) {
		c.PanelLetter(0, 0.3, "a")
		d.paintClaims(c, rows, p.Seeds, top)
		c.PanelLetter(0, walksY, "b")
		d.paintWalked(c, walksY+5, p.Titles)
		c.PanelLetter(0, ablationsY, "c")
		d.paintAblations(c, ablationsY, p)
		if len(blocks) > 0 {
			c.PanelLetter(0, mapsY, "d")
			c.Text(5, mapsY+0.6, fmt.Sprintf("where ours disagrees: of each seed two typical units; box of %s%s", figure.Metres(d.BoxM), gaps), figure.Type{Size: figure.Normal})
			for i, line := range choice {
				c.Text(5, mapsY+4.4+3*float64(i), line, figure.Type{Size: figure.Small, Color: figure.Grey})
			}
		}
		for i, v := range blocks {
			d.paintMaps(c, v, nets, p, mapsY+12+mapPitch*float64(i), rates)
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
				roles = append(roles, sheet.SeedRole(v, s))
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
	c.Panels = append(c.Panels, sheet.Panel{Panel: "c", Shows: fmt.Sprintf("Every network over the seeds, a circle a seed: median grid score (expanding ring) of its active units, and the share of them in modules; bars: medians over the seeds; dashes: %s", figure.Number(sheet.ScoreLine, 1)), Tables: sheet.Tables(roles(p.Variants), "units")})
	if len(disagreeing) > 0 {
		c.Panels = append(c.Panels, sheet.Panel{Panel: "d", Shows: fmt.Sprintf("Two units of every seed of the networks of which a claim does not hold, in a box of %s. %s %s", figure.Metres(d.BoxM), sheet.Choice, sheet.Oddities), Tables: sheet.Tables(roles(disagreeing), "maps", "units")})
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
