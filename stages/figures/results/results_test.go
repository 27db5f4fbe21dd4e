package results

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/claims/claimstable"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/figures/sheet/figuretest"
	"sicgrid/stages/integration/integrationtable"
)

// fiveSeeds is claims of every verdict in five seeds, one of which is a silent network.
func fiveSeeds() (Data, Params) {
	p := Params{MapParams: figuretest.MapParams, Titles: figuretest.Titles, Seeds: []uint64{11, 12, 13, 14, 15}, Variants: []string{"full", "sigma-g-01"}, Walked: []string{"full", "no-capacity"}}
	d := Data{BoxM: 2}
	nan := math.NaN()
	add := func(c claimstable.Claim, outcome string, shown ...string) {
		c.Seeds = int32(len(p.Seeds))
		for i, seed := range p.Seeds {
			o := outcome
			if outcome == claimstable.Fails && i < 2 {
				o = claimstable.Holds
				c.Holds++
			}
			c.SeedList, c.Values = append(c.SeedList, int64(seed)), append(c.Values, float64(i))
			d.Findings = append(d.Findings, claimstable.Finding{ID: c.ID, Shown: shown[i%len(shown)], Outcome: o})
		}
		d.Claims = append(d.Claims, c)
	}
	add(claimstable.Claim{ID: "several", Group: "claim", Text: "Several discrete modules", Network: "full", Figure: "Fig. 4, 6.1", Paper: "3: 0.51, 0.83, 1.40 m", Rule: "≥ 2 modules that differ by 1.2 × in period",
		Unit: "modules", Low: 2, Median: 3, High: 3, Holds: 5, Verdict: claimstable.Holds}, claimstable.Holds, "3 (0.51, 0.83, 1.40 m)")
	add(claimstable.Claim{ID: "isometry", Group: "claim", Text: "No isometry loss: more shear", Network: "sigma-g-01", Figure: "Fig. 8b", Paper: "a sentence " + strings.Repeat("that goes on ", 12), Unit: "ratio",
		Rule: "larger median ellipse ratio or square score (without/with; the same)", Low: -0.1, Median: 0.5, High: 1, Verdict: claimstable.DoesNotHold}, claimstable.Fails, "2.22/1.28; 0.15/0.20")
	add(claimstable.Claim{ID: "periods", Group: "claim", Text: "The same periods in boxes of 2, 3 and 4 m", Network: "full", Figure: "Fig. 5c–e", Paper: "remained the same", Unit: "difference",
		Rule: "within 5 %", Low: nan, Median: nan, High: nan, Undefined: 5, Verdict: "not measurable"}, claimstable.Unknown, "no module in some box")
	add(claimstable.Claim{ID: "score", Group: "number", Text: "Grid score of units in modules", Network: "full", Figure: "Fig. 4", Paper: "0.40–0.74", Unit: "score", Low: 0.1, Median: 0.52, High: 1, Verdict: "reported"}, "reported", "0.52", "1.00")
	add(claimstable.Claim{ID: "error", Group: "beyond", Text: "Decoding error after 60 steps", Network: "full", Paper: "not reported", Unit: "m", Low: 0.01, Median: 0.02, High: 0.03, Verdict: "reported"}, "reported", "0.02 m")
	for _, seed := range p.Seeds {
		net := figuretest.Ideal(2, 2, figuretest.Grid(6, 0.5, 10, 1.2))
		d.Networks = append(d.Networks, SeedMaps{"full", seed, net.Units, net.Maps})
		if net = figuretest.Ideal(2, 0, figuretest.Noise(5)); seed == 13 {
			net = figuretest.Ideal(2, 6)
		}
		d.Networks = append(d.Networks, SeedMaps{"sigma-g-01", seed, net.Units, net.Maps})
		for _, v := range p.Walked {
			w := Walked{Variant: v, Seed: seed, Plateau: 0.8}
			for n := 1; n <= 1000; n++ {
				w.Lags = append(w.Lags, integrationtable.Lag{Lag: int32(n), Same: 0.1 + 0.0005*float64(n), Pairs: int64(2000 / n)})
				if n < 60 || n%100 == 0 {
					w.Returns = append(w.Returns, integrationtable.Return{Steps: int32(n), Loop: 0.001 * float64(n), AtRest: nan})
					w.Errors = append(w.Errors, integrationtable.Error{Step: int32(n), Median: 0.0004 * float64(n) * float64(seed-10), Chance: 0.9})
				}
			}
			for r := 0.25; r <= 3; r += 0.25 {
				w.Ranges = append(w.Ranges, integrationtable.Range{Radius: r, Median: 0.3 * r})
			}
			d.Walked = append(d.Walked, w)
		}
	}
	return d, p
}

func TestResultsShowEveryVerdictAndWhereOursDisagrees(t *testing.T) {
	d, p := fiveSeeds()
	files, err := Draw(d, p)
	f := figuretest.Open(t, "results", files, err)
	f.Want(t, "Several discrete modules", "seed 11", "seed 15", "does not hold", "not measurable", "2 of 5 seeds", "5 unknown", "where ours disagrees", "all loss terms",
		"no active unit", "decoding error (m)", "distance / plateau", "σg = 0.1", "…")
	if f.Count("Grid score of units in modules") != 0 {
		t.Error("a number without a rule is drawn among the claims")
	}
	var shown shownNumbers
	if err := json.Unmarshal(f.Numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if len(shown.Claims) != 5 || shown.Claims[1].Holds != 2 || shown.Claims[1].Shown[4] != "2.22/1.28; 0.15/0.20" {
		t.Errorf("numbers %+v", shown)
	}
	for _, want := range []string{
		"seeds 11 to 15;", "| claim | the paper | ours | spread | rule | verdict |\n|---|---|---|---|---|---|\n",
		"| Several discrete modules | Fig. 4, 6.1: 3: 0.51, 0.83, 1.40 m |", "| **does not hold** (2 of 5) |", "[no module in some box]; [no module", "| – | within 5 % | **not measurable** (0 of 5) |",
		"| Grid score of units in modules | Fig. 4: 0.40–0.74 | 0.52; 1.00; 0.52; 1.00; 0.52 | 0.1, 0.52, 1 score |", "| Decoding error after 60 steps | 0.02 m; 0.02 m; 0.02 m; 0.02 m; 0.02 m | 0.01, 0.02, 0.03 m |",
	} {
		if text := string(files[4].Data); files[4].Name != "results.md" || !strings.Contains(text, want) {
			t.Errorf("%s lacks %q:\n%s", files[4].Name, want, text)
		}
	}
	rec, err := artifact.Read(files[5].Data)
	if err != nil || files[5].Name != "results.parquet" {
		t.Fatal(files[5].Name, err)
	}
	rows, err := artifact.Rows[claimstable.Claim](rec)
	if err != nil || len(rows) != 5 || rows[1].Verdict != claimstable.DoesNotHold || rows[1].SeedList[4] != 15 || rows[1].Values[4] != 4 {
		t.Errorf("Parquet rows %+v, %v", rows, err)
	}
}

func TestTheResultsStageReadsEveryNetwork(t *testing.T) {
	d, p := fiveSeeds()
	in := map[string]pipeline.Ref{"claims": figuretest.Table("claims", d.Claims, nil), "findings": figuretest.Table("findings", d.Findings, nil)}
	for _, n := range d.Networks {
		role := fmt.Sprintf("%s/seed-%d/", n.Variant, n.Seed)
		in[role+"units"] = figuretest.Table(role+"units", n.Units, map[string]string{"box_m": "2"})
		in[role+"maps"] = figuretest.Table(role+"maps", n.Maps, map[string]string{"box_m": "2"})
	}
	for _, w := range d.Walked {
		role := fmt.Sprintf("%s/seed-%d/", w.Variant, w.Seed)
		in[role+"lags"], in[role+"errors"] = figuretest.Table(role+"lags", w.Lags, nil), figuretest.Table(role+"errors", w.Errors, nil)
		in[role+"returns"], in[role+"ranges"] = figuretest.Table(role+"returns", w.Returns, nil), figuretest.Table(role+"ranges", w.Ranges, nil)
		in[role+"decorrelation"] = figuretest.Table(role+"decorrelation", []distancestable.Summary{{Plateau: w.Plateau}}, nil)
	}
	files, err := figuretest.Draw(t, p, Run, in)
	figuretest.Open(t, "results", files, err).Want(t, "where ours disagrees", "2 of 5 seeds")
}

func TestManySeedsLeaveRoomForMarksAlone(t *testing.T) {
	d, p := fiveSeeds()
	for s := uint64(21); s < 28; s++ {
		p.Seeds = append(p.Seeds, s)
	}
	files, err := Draw(d, p)
	figuretest.Open(t, "results", files, err).Want(t, "27")
}

func TestResultsSayWhatIsWrongWithTheirNetworks(t *testing.T) {
	networks := figuretest.Faulty()
	for name, want := range map[string]string{"walks that do not cover the box": "no walk came to 90 % of it", "fewer than six units": "not measurable", "no module": "not measurable", "all units silent": "no active unit"} {
		d, p := fiveSeeds()
		for i := range d.Networks {
			d.Networks[i].Units, d.Networks[i].Maps = networks[name].Units, networks[name].Maps
		}
		files, err := Draw(d, p)
		figuretest.Open(t, "results", files, err).Want(t, want)
	}
}
