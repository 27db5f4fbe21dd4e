package report

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"sicgrid/pkg/printable"
	"sicgrid/stages/claims/claimstable"
)

// Claims are the paper's beside what was measured over several seeds.
type Claims struct {
	State           State
	Reason          string
	Seeds           int
	SeedList        []int
	Judged, Holding int
	Groups          []ClaimGroup
}

// ClaimGroup is a table of them.
type ClaimGroup struct {
	Title  string
	Judged bool
	Rows   []*Claim
}

// Claim is one row.
type Claim struct {
	ID, Text, Paper, Rule, Unit string
	Verdict                     Verdict
	Word                        string // "holds (4 of 5)"
	Shown                       []string
	Spread                      string // lowest, median, highest
	Dots                        []Dot
	Holds                       int // seeds in which it does
}

// Dot is one seed's value on a line from the least to the greatest, in a drawing 100 wide.
type Dot struct{ X, Y float64 }

// claims reads them off the numbers of the figure "results".
func readClaims(f *Figure) (c Claims) {
	c.State, c.Reason = f.State, f.Reason
	var n struct {
		Seeds  []int `json:"seeds"`
		Claims []struct {
			Claim   string     `json:"claim"`
			Text    string     `json:"text"`
			Paper   string     `json:"paper"`
			Rule    string     `json:"rule"`
			Unit    string     `json:"unit"`
			Values  []*float64 `json:"values"`
			Shown   []string   `json:"shown"`
			Low     *float64   `json:"low"`
			Median  *float64   `json:"median"`
			High    *float64   `json:"high"`
			Holds   int        `json:"holds"`
			Verdict string     `json:"verdict"`
		} `json:"claims"`
	}
	if json.Unmarshal(f.numbers, &n) != nil || len(n.Claims) == 0 {
		return c
	}
	c.Seeds, c.SeedList = len(n.Seeds), n.Seeds
	judged, numbers, beyond := ClaimGroup{Title: "Claims", Judged: true}, ClaimGroup{Title: "Numbers of the paper’s figures"}, ClaimGroup{Title: "What the paper does not report"}
	for _, row := range n.Claims {
		one := &Claim{ID: row.Claim, Text: row.Text, Paper: row.Paper, Rule: row.Rule, Unit: row.Unit, Shown: row.Shown, Dots: dots(row.Values)}
		if row.Low != nil && row.Median != nil && row.High != nil {
			one.Spread = strings.Join([]string{short(*row.Low), short(*row.Median), short(*row.High)}, " · ")
		}
		one.judge(row.Verdict, row.Holds, c.Seeds)
		switch {
		case row.Rule != "":
			c.Judged++
			if one.Verdict == Yes {
				c.Holding++
			}
			judged.Rows = append(judged.Rows, one)
		case row.Paper == "not reported":
			beyond.Rows = append(beyond.Rows, one)
		default:
			numbers.Rows = append(numbers.Rows, one)
		}
	}
	for _, g := range []ClaimGroup{judged, numbers, beyond} {
		if len(g.Rows) > 0 {
			c.Groups = append(c.Groups, g)
		}
	}
	return c
}

// needed are the ingredients that the claims find needed, and what they say of each.
func (c Claims) needed() (names []string, text string) {
	var parts []string
	for _, g := range c.Groups {
		for _, row := range g.Rows {
			name, found := strings.CutSuffix(row.Text, " is needed")
			if !found {
				name, found = strings.CutSuffix(row.Text, " are needed")
			}
			if !found {
				continue
			}
			if row.Verdict == Yes {
				names = append(names, strings.ToLower(name))
			}
			parts = append(parts, fmt.Sprintf("%s in %d", strings.ToLower(name), row.Holds))
		}
	}
	if len(parts) == 0 {
		return nil, ""
	}
	return names, fmt.Sprintf("Of %s, needed: %s%s.", printable.Count(c.Seeds, "seed"), printable.List(parts), c.whose())
}

// whose says whether the claims were judged elsewhere.
func (c Claims) whose() string {
	if c.State == Published {
		return " (as published)"
	}
	return ""
}

// row is the claim of this name, or nil.
func (c Claims) row(id string) *Claim {
	for _, g := range c.Groups {
		for _, row := range g.Rows {
			if row.ID == id {
				return row
			}
		}
	}
	return nil
}

func (c *Claim) judge(verdict string, holds, seeds int) {
	c.Holds = holds
	switch verdict {
	case claimstable.Holds:
		c.Verdict = Yes
	case claimstable.DoesNotHold:
		c.Verdict = No
	case claimstable.Reported:
		c.Verdict, c.Word = Plain, "reported"
		return
	default:
		c.Verdict = Unknown
	}
	c.Word = verdict + " (" + number(float64(holds), 0) + " of " + number(float64(seeds), 0) + ")"
}

// dots places values between the least and the greatest of them.
func dots(values []*float64) (list []Dot) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if v != nil {
			low, high = min(low, *v), max(high, *v)
		}
	}
	for i, v := range values {
		if v == nil {
			continue
		}
		x := 50.0
		if high > low {
			x = 6 + 88*(*v-low)/(high-low)
		}
		list = append(list, Dot{x, 4 + 8*float64(i%3)/2})
	}
	return list
}

// short is a number of three figures.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100 || v == math.Trunc(v):
		return number(v, 0)
	case a >= 10:
		return number(v, 1)
	case a >= 0.1 || a == 0:
		return number(v, 2)
	}
	return number(v, 4)
}
