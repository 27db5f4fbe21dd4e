package experiment

import (
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/params"
	"sicgrid/stages/figures/table1"
)

// profileTable is what table 1 shows: this profile, and those beside it in its folder that are
// valid, but for the defaults, which bases has read.
func profileTable(path string, doc *params.Document, bases *params.Bases) []table1.Profile {
	table := []table1.Profile{profileColumn(path, doc)}
	for _, other := range Profiles(filepath.Dir(path)) {
		if filepath.Base(other) == filepath.Base(path) {
			continue
		}
		doc, err := bases.ReadProfile(other)
		if err != nil {
			continue // whoever runs that profile is told
		}
		if _, err := checkParameters(other, doc, nil); err == nil && len(table) < 6 {
			table = append(table, profileColumn(other, doc))
		}
	}
	return table
}

// profileColumn is the training of the network with all losses, as Table 1 is.
func profileColumn(path string, doc *params.Document) table1.Profile {
	doc = doc.Overlay("variants.full", trainingSections)
	p := table1.Profile{Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Values: map[string]string{}, Comments: map[string]string{}}
	foreign := doc.YAML("weights.file") != ""
	for _, key := range table1.Keys() {
		if foreign && !slices.Contains([]string{"network.units", "network.hidden", "network.layers"}, key) {
			p.Values[key], p.Comments[key] = "not known", "the network was trained elsewhere"
			continue
		}
		p.Values[key], p.Comments[key] = doc.Text(key)
		// The defaults' comment has the range too.
		if meaning := params.Meaning(Profile{}, key); strings.Contains(p.Comments[key], meaning) {
			p.Comments[key] = meaning
		}
	}
	return p
}

// Profiles are the paths of the files in a folder that are called as profiles are, neither the
// defaults nor sweeps.
func Profiles(dir string) []string {
	return slices.DeleteFunc(yamlFiles(dir), func(path string) bool { return filepath.Base(path) == defaultsFile || IsSweep(path) })
}
