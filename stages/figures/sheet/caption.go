package sheet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sicgrid/pkg/pipeline"
)

// CaptionFile holds what stands below a figure: a Legend.
const CaptionFile = "caption.json"

// Caption is what is said of a figure: what all its panels share, what each of them shows, and what
// the marks mean and the examples are.
type Caption struct {
	Title  string // "Figure 4: cells of each module"
	Lead   string
	Panels []Panel
	Notes  string
}

// Panel is a panel of a figure and the tables behind it.
type Panel struct {
	Panel  string   `json:"panel"` // its letter; empty where there is one panel alone
	Shows  string   `json:"shows"`
	Tables []string `json:"tables"` // the names that the figure's inputs have: "units", "full/maps"
}

// Legend is a caption as it is written beside the drawing.
type Legend struct {
	Title   string  `json:"title"`
	Caption string  `json:"caption"`
	Panels  []Panel `json:"panels"`
}

// Legend is the caption as one text, and its panels.
func (c Caption) Legend() Legend {
	parts := []string{sentence(c.Title)}
	add := func(text string) {
		if text != "" {
			parts = append(parts, sentence(text))
		}
	}
	add(c.Lead)
	panels := slices.Clone(c.Panels)
	for i, p := range panels {
		if p.Panel != "" {
			p.Shows = "(" + p.Panel + ") " + p.Shows
		}
		add(p.Shows)
		panels[i].Tables = append([]string{}, p.Tables...) // a list in JSON, also of none
	}
	add(c.Notes)
	return Legend{c.Title, strings.Join(parts, " "), panels}
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// Tables are these tables of every prefix, in their order: "full/units", "full/maps", ...
func Tables(prefixes []string, tables ...string) []string {
	var out []string
	for _, p := range prefixes {
		for _, t := range tables {
			out = append(out, p+t)
		}
	}
	return out
}

// LegendOf is the legend among a figure's files.
func LegendOf(files []File) (Legend, error) {
	for _, f := range files {
		if f.Name == CaptionFile {
			return readLegend(f.Data)
		}
	}
	return Legend{}, fmt.Errorf("lacks %s", CaptionFile)
}

func readLegend(data []byte) (l Legend, err error) {
	if err := json.Unmarshal(data, &l); err != nil {
		return l, fmt.Errorf("no legend: %w", err)
	}
	if l.Title == "" || l.Caption == "" || len(l.Panels) == 0 {
		return l, fmt.Errorf("no legend: title, caption or panels are missing")
	}
	return l, nil
}

// checkTables finds a panel's table that is none of the task's inputs.
func checkTables(files []File, t *pipeline.Task) error {
	l, err := LegendOf(files)
	if err != nil {
		return err
	}
	for _, p := range l.Panels {
		for _, table := range p.Tables {
			if t.Record(table) == nil {
				return fmt.Errorf("caption of panel %q: the figure has no table %q", p.Panel, table)
			}
		}
	}
	return nil
}
