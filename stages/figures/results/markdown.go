package results

import (
	"bytes"
	"fmt"
	"strings"

	"sicgrid/pkg/figure"
	"sicgrid/stages/claims/claimstable"
)

// markdown is all claims as tables.
func (d Data) markdown(seeds []uint64) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Ours are the values of seeds %s; spread: lowest, median, highest. A claim holds if its rule does in four seeds of five; a seed in which\nit cannot be measured (in brackets, why) does not count for it.\n\n", seedList(seeds))
	for _, group := range []struct{ name, heading string }{
		{"claim", "| claim | the paper | ours | spread | rule | verdict |"},
		{"number", "| number of the paper's figures | the paper | ours | spread |"},
		{"beyond", "| beyond the paper | ours | spread |"},
	} {
		columns := strings.Count(group.heading, "|") - 1
		fmt.Fprintf(&b, "%s\n|%s\n", group.heading, strings.Repeat("---|", columns))
		for _, c := range d.Claims {
			if c.Group != group.name {
				continue
			}
			of := strings.TrimPrefix(c.Figure+": "+c.Paper, ": ")
			cells := []string{c.Text, of, d.ours(c.ID), spread(c)}
			switch group.name {
			case "claim":
				cells = append(cells, c.Rule, fmt.Sprintf("**%s** (%d of %d)", c.Verdict, c.Holds, c.Seeds))
			case "beyond":
				cells = []string{c.Text, d.ours(c.ID), spread(c)}
			}
			for _, cell := range cells {
				fmt.Fprintf(&b, "| %s ", strings.ReplaceAll(cell, "|", "\\|"))
			}
			b.WriteString("|\n")
		}
		b.WriteString("\n")
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// ours are a claim's values, seed by seed.
func (d Data) ours(id string) string {
	text, outcome := d.shown(id)
	for i := range text {
		if outcome[i] == claimstable.Unknown {
			text[i] = "[" + text[i] + "]"
		}
	}
	return strings.Join(text, "; ")
}

func spread(c claimstable.Claim) string {
	if c.Undefined == c.Seeds {
		return "–"
	}
	out := make([]string, 3)
	for i, v := range []float64{c.Low, c.Median, c.High} {
		out[i] = significant(v)
	}
	return strings.Join(out, ", ") + map[bool]string{true: "", false: " " + c.Unit}[c.Unit == "1"]
}

// significant prints a number with two significant digits, whole ones as such.
func significant(v float64) string {
	if v == float64(int64(v)) {
		return figure.Number(v, 0)
	}
	return strings.Replace(fmt.Sprintf("%.2g", v), "-", "−", 1)
}

// seedList joins seeds, a run of them as its ends.
func seedList(seeds []uint64) string {
	run := len(seeds) > 2
	for i, s := range seeds {
		run = run && s == seeds[0]+uint64(i)
	}
	if run {
		return fmt.Sprintf("%d to %d", seeds[0], seeds[len(seeds)-1])
	}
	var out []string
	for _, s := range seeds {
		out = append(out, fmt.Sprint(s))
	}
	return strings.Join(out, ", ")
}
