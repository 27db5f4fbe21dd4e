package params

import (
	"slices"
	"strings"
	"testing"
)

type seeded struct {
	Seeds []uint64 `json:"seeds" range:"[0, 100] or [111, 100000]"`
}

// Seeds are written one by one or as ranges, and each is bounded like one that is written out.
func TestSeedsMayBeRanges(t *testing.T) {
	for text, want := range map[string][]uint64{
		"seeds: 1000-1003":         {1000, 1001, 1002, 1003},
		"seeds: [3, 1000-1001, 5]": {3, 1000, 1001, 5},
		"seeds: [7-7]":             {7},
	} {
		doc, err := Parse("a.yaml", []byte(text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		var got seeded
		if err := doc.Decode(&got); err != nil || !slices.Equal(got.Seeds, want) {
			t.Errorf("%s: %v, error %v, want %v", text, got.Seeds, err, want)
		}
	}
	for text, says := range map[string]string{
		"seeds: 1099-1000":     "the lesser first",
		"seeds: 1000-90000":    "at most 10000",
		"seeds: [99-103]":      "found 101, must be",
		"seeds: many":          "must be a list",
		"seeds: [1, 2-x]":      "whole number",
		"seeds: [1, -3-4]":     "whole number",
		"seeds: {from: 1000 }": "must be a list",
	} {
		doc, err := Parse("a.yaml", []byte(text+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		var got seeded
		if err := doc.Decode(&got); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "a.yaml:1") {
			t.Errorf("%s: error %v, want one with %q and the line", text, err, says)
		}
	}
}
