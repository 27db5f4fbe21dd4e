package table1

import (
	"encoding/json"
	"strings"
	"testing"

	"sicgrid/stages/figures/sheet/figuretest"
)

func TestTable1MarksAndExplainsDifferences(t *testing.T) {
	profile := func(name, units string) Profile {
		p := Profile{Name: name, Values: map[string]string{}, Comments: map[string]string{}}
		for _, r := range rows {
			p.Values[r.key], p.Comments[r.key] = r.want, "as in the paper"
		}
		p.Values["network.units"], p.Comments["network.units"] = units, "fewer; "+strings.Repeat("very ", 60)+"long"
		p.Values["optimiser.steps"] = "2000000" // the same number written otherwise
		return p
	}
	p := Params{figuretest.Params, []Profile{profile("paper", "128"), profile("laptop", "40")}}
	files, err := Draw(p)
	d := figuretest.Open(t, "table-1", files, err)
	d.Want(t, "Number of RNN units", "128", "40", "Uniform²(−0.15, 0.15) m", "not given", "laptop: fewer; very", "…")
	var shown shownNumbers
	if err := json.Unmarshal(d.Numbers, &shown); err != nil {
		t.Fatal(err)
	}
	if len(shown.Differences) != 1 || shown.Differences[0].Value != "40" || shown.Differences[0].Paper != "128" {
		t.Errorf("differences %+v, want the 40 units of laptop alone", shown.Differences)
	}
	if text := string(files[4].Data); files[4].Name != "table-1.md" || !strings.Contains(text, "| Number of RNN units | 128 | 128 | **40** |") {
		t.Errorf("%s:\n%s", files[4].Name, text)
	}
}
