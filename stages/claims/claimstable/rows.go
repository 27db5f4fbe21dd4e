// Package claimstable has the rows of what the claims stage writes.
package claimstable

// Outcomes of a finding and verdicts on a claim.
const (
	Holds         = "holds"
	Fails         = "fails"
	Unknown       = "unknown"
	Reported      = "reported" // of what has no rule
	DoesNotHold   = "does not hold"
	NotMeasurable = "not measurable"
)

// Claim is a row of "claims".
type Claim struct {
	ID        string    `col:"claim" doc:"name of the claim"`
	Group     string    `col:"group" range:"claim|number|beyond" doc:"claim, number (of a figure) or beyond (the paper)"`
	Text      string    `col:"text" doc:"what is claimed"`
	Network   string    `col:"network" doc:"variant whose maps show it"`
	Figure    string    `col:"figure" doc:"figure or section of the paper"`
	Paper     string    `col:"paper" doc:"what the paper says there"`
	Source    string    `col:"source" doc:"where the paper's number comes from"`
	Rule      string    `col:"rule" doc:"when the claim holds; empty for what is only reported"`
	Unit      string    `col:"unit" doc:"unit of the values"`
	SeedList  []int64   `col:"seed_list" shape:"seeds" doc:"seeds of the networks"`
	Values    []float64 `col:"values" shape:"seeds" doc:"value in each seed; NaN where it could not be measured"`
	Low       float64   `col:"low" doc:"least value over the seeds where it could be measured"`
	Median    float64   `col:"median" doc:"median over those seeds"`
	High      float64   `col:"high" doc:"greatest value over those seeds"`
	Holds     int32     `col:"holds" range:">= 0" doc:"number of seeds in which the claim holds"`
	Seeds     int32     `col:"seeds" range:">= 0" doc:"number of seeds"`
	Undefined int32     `col:"unknown" range:">= 0" doc:"number of seeds in which it could not be measured"`
	Verdict   string    `col:"verdict" range:"holds|does not hold|not measurable|reported" doc:"holds, does not hold, not measurable or reported"`
}

// Finding is a row of "findings": a claim in one seed.
type Finding struct {
	ID      string  `col:"claim" doc:"name of the claim"`
	Seed    int64   `col:"seed" doc:"seed of the network"`
	Value   float64 `col:"value" doc:"value; NaN where it could not be measured"`
	Shown   string  `col:"shown" doc:"the value as it is printed"`
	Outcome string  `col:"outcome" range:"holds|fails|unknown|reported" doc:"holds, fails, unknown or reported"`
}
