package report

import (
	"encoding/json"
	"strings"
)

// Table is the paper's Table 1 beside the profiles, and why they differ from it.
type Table struct {
	Figure      *Figure
	Header      []string
	Rows        [][]Cell
	Differences []Difference
}

// Cell is one value.
type Cell struct {
	Text    string
	Differs bool // from the paper's
}

// Difference is one value of a profile that is not the paper's.
type Difference struct {
	Profile     string `json:"profile"`
	Name        string `json:"name"`
	Paper       string `json:"paper"`
	Value       string `json:"value"`
	Explanation string `json:"explanation"`
}

// readTable reads the Markdown that the figure has beside its drawing, and its numbers.
func readTable(f *Figure) *Table {
	t := &Table{Figure: f}
	for line := range strings.SplitSeq(f.markdown, "\n") {
		inner, found := strings.CutPrefix(strings.TrimSpace(line), "|")
		if !found {
			if t.Header != nil {
				break // of the table; remarks follow
			}
			continue
		}
		cells := strings.Split(strings.TrimSuffix(inner, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case t.Header == nil:
			t.Header = cells
		case strings.Trim(strings.Join(cells, ""), "-: ") != "":
			var row []Cell
			for _, c := range cells {
				text := strings.Trim(c, "*")
				row = append(row, Cell{text, text != c})
			}
			t.Rows = append(t.Rows, row)
		}
	}
	var n struct {
		Differences []Difference `json:"differences"`
	}
	if json.Unmarshal(f.numbers, &n) == nil {
		t.Differences = n.Differences
	}
	return t
}
