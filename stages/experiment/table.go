package experiment

import (
	"path/filepath"
	"strings"

	"sicgrid/pkg/params"
	"sicgrid/stages/figures/table1"
)

// profileTable is what table 1 shows: this profile, and those beside it in its folder that are
// valid, but for the defaults.
func profileTable(path string, doc *params.Document) []table1.Profile {
	table := []table1.Profile{profileColumn(path, doc)}
	beside, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.yaml")) // only a malformed pattern is an error
	for _, other := range beside {
		if filepath.Base(other) == filepath.Base(path) || filepath.Base(other) == defaultsFile || IsSweep(other) {
			continue
		}
		doc, err := params.ReadProfile(other)
		if err != nil {
			continue // whoever runs that profile is told
		}
		if _, err := checkParameters(other, doc, nil); err == nil && len(table) < 4 {
			table = append(table, profileColumn(other, doc))
		}
	}
	return table
}

// profileColumn is the training of the network with all losses, as Table 1 is.
func profileColumn(path string, doc *params.Document) table1.Profile {
	doc = doc.Overlay("variants.full", trainingSections)
	p := table1.Profile{Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Values: map[string]string{}, Comments: map[string]string{}}
	for _, key := range table1.Keys() {
		p.Values[key], p.Comments[key] = doc.Text(key)
		// The defaults' comment has the range too.
		if meaning := params.Meaning(Profile{}, key); strings.Contains(p.Comments[key], meaning) {
			p.Comments[key] = meaning
		}
	}
	return p
}
