// Package claims is the stage that sets the claims of the paper beside what was measured: one row a
// claim, over the seeds. What the paper says and the rule by which a claim holds are in table.go,
// the rules themselves in rules.go.
package claims

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/claims/claimstable"
)

// Params say which networks there are; the inputs of each begin with its Role.
type Params struct {
	Seeds    []uint64 `json:"seeds"`
	Variants []string `json:"variants"` // claims about others are not measurable
	// Reference is the network that the ablations change one thing of, "full" or one of another recipe.
	Reference string `json:"reference"`
	// Differences are in what the training of each variant differs from the reference's:
	// "loss.sigma_g=0.2".
	Differences map[string][]string `json:"differences"`
	BoxesM      []float64           `json:"boxes_m"` // in which periods are compared
	SigmaX      float64             `json:"sigma_x"` // m
}

// variant is the first of those that are trained with this difference; where there is none, the
// difference itself. No difference is the reference's.
func (p Params) variant(difference string) string {
	if difference == "" {
		return p.Reference
	}
	for _, v := range p.Variants {
		if slices.Contains(p.Differences[v], difference) {
			return v
		}
	}
	return difference
}

// Role begins the names of the inputs of one network.
func Role(variant string, seed uint64) string { return fmt.Sprintf("%s/seed-%d/", variant, seed) }

// BoxRole is the role of the modules in one box.
func BoxRole(boxM float64) string { return fmt.Sprintf("%gm/modules", boxM) }

// Outputs of the stage.
var Outputs = []string{"claims", "findings"}

// Run reads every network and judges every claim.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	if len(p.Seeds) == 0 {
		return fmt.Errorf("seeds: found none, must be at least one")
	}
	seeds := make([]experiment, len(p.Seeds))
	for i, seed := range p.Seeds {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if seeds[i], err = p.read(t, seed); err != nil {
			return err
		}
		t.Progress(int64(i+1), int64(len(p.Seeds)), "seeds")
	}
	claims, findings := p.judge(seeds)
	if err := pipeline.Emit(t, "claims", claims, nil); err != nil {
		return err
	}
	return pipeline.Emit(t, "findings", findings, nil)
}

// judge applies every rule of the table to every seed.
func (p Params) judge(seeds []experiment) (claims []claimstable.Claim, findings []claimstable.Finding) {
	boxes := listed(p.BoxesM)
	for i, c := range table {
		row := claimstable.Claim{ID: c.id, Group: group(i), Text: strings.ReplaceAll(c.text, "{boxes}", boxes), Network: p.variant(c.network), Figure: c.figure, Paper: c.paper, Source: c.source, Rule: c.rule, Unit: c.unit,
			Seeds: int32(len(seeds)), SeedList: []int64{}, Values: []float64{}}
		var values []float64
		for i, e := range seeds {
			f := c.measure(e)
			if c.rule == "" && f.outcome != claimstable.Unknown {
				f.outcome = claimstable.Reported
			}
			row.SeedList, row.Values = append(row.SeedList, int64(p.Seeds[i])), append(row.Values, f.value)
			findings = append(findings, claimstable.Finding{ID: c.id, Seed: int64(p.Seeds[i]), Value: f.value, Shown: f.shown, Outcome: f.outcome})
			switch f.outcome {
			case claimstable.Holds:
				row.Holds++
			case claimstable.Unknown:
				row.Undefined++
				continue
			}
			values = append(values, f.value)
		}
		row.Low, row.Median, row.High = math.NaN(), gridcell.Median(values), math.NaN()
		if len(values) > 0 {
			row.Low, row.High = slices.Min(values), slices.Max(values)
		}
		row.Verdict = verdict(c.rule != "", row)
		claims = append(claims, row)
	}
	return claims, findings
}

// listed are numbers as a sentence has them: "2, 3 and 4".
func listed(numbers []float64) string {
	text := strings.Trim(fmt.Sprint(numbers), "[]")
	if i := strings.LastIndex(text, " "); i > 0 {
		return strings.ReplaceAll(text[:i], " ", ", ") + " and" + text[i:]
	}
	return text
}

// verdict of a claim over seeds: it holds if it does in four of five. A seed in which it cannot be
// measured does not count for it.
func verdict(judged bool, c claimstable.Claim) string {
	switch {
	case c.Undefined == c.Seeds:
		return claimstable.NotMeasurable
	case !judged:
		return claimstable.Reported
	case 5*c.Holds >= 4*c.Seeds:
		return claimstable.Holds
	}
	return claimstable.DoesNotHold
}
