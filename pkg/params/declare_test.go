package params

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// visit has what a zoo has not: what may be left out, and a section with a default of its own.
type visit struct {
	Hours int `json:"hours" unit:"h" range:"(0, 24]" default:"2" doc:"time that it takes, which is a matter of taste, of the weather and of the children"`
	where
	Guide   *int   `json:"-"`
	Feeding bucket `json:"feeding" default:"{apples: 3}" doc:"of the animals"`
	Night   bucket `json:"night,omitempty" doc:"feeding once more"`
	Note    string `json:"note" default:"''" doc:"for the keeper"`
}

type where struct {
	Angle float64 `json:"angle" unit:"rad" range:"[0, pi/2]" default:"0.5" doc:"of the sun"`
}

type bucket struct {
	Apples int       `json:"apples" range:">= 1" default:"1" doc:"in it"`
	Sizes  []float64 `json:"sizes,omitempty" unit:"cm" range:"> 0" items:"[1, 3]" doc:"of each"`
}

func TestDeclaredFindsMalformedTags(t *testing.T) {
	for _, sound := range []any{zoo{}, &visit{}, []animal{}, struct {
		A species `json:"a" range:"bat" default:"bat"` // overrules the type's
	}{}} {
		if err := Declared(sound); err != nil {
			t.Error(err)
		}
	}
	type inner struct {
		X float64 `json:"x" range:"> zero"`
	}
	for name, bad := range map[string]any{
		"no range": struct{ A inner }{},
		"in a section": struct {
			A inner `json:"a"`
		}{},
		"in a list": struct {
			A []inner `json:"a"`
		}{},
		"in a map": struct {
			A map[string]inner `json:"a"`
		}{},
		"embedded": struct{ inner }{},
		"range of a truth": struct {
			A bool `json:"a" range:"> 0"`
		}{},
		"range of a section": struct {
			A animal `json:"a" range:"> 0"`
		}{},
		"number for words": struct {
			A string `json:"a" range:"> 0"`
		}{},
		"items of a number": struct {
			A int `json:"a" items:"> 0"`
		}{},
		"default of another type": struct {
			A int `json:"a" default:"1.5"`
		}{},
		"default that is not YAML": struct {
			A int `json:"a" default:"[1"`
		}{},
		"default outside its range": struct {
			A int `json:"a" range:"> 1" default:"1"`
		}{},
		"default of too many": struct {
			A []int `json:"a" items:"< 2" default:"[1, 2]"`
		}{},
		"section's default: key": struct {
			A animal `json:"a" default:"{tails: 1}"`
		}{},
		"section's default: range": struct {
			A animal `json:"a" default:"{legs: 9}"`
		}{},
		"type's own range, overruled": struct {
			A species `json:"a" range:"> 0"`
		}{},
	} {
		if err := Declared(bad); (err == nil) != (name == "no range") { // a field without a key is no parameter
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// drawZoo draws what a document may say and, where slack is 1, what it may not.
func drawZoo(t *rapid.T, slack int) zoo {
	names := []species{"cat", "rat", "bat"}
	return zoo{
		Seed: rapid.Uint64().Draw(t, "seed"),
		Animal: animal{rapid.SampledFrom(names[:2+slack]).Draw(t, "name"), rapid.IntRange(-slack, 8+slack).Draw(t, "legs"),
			rapid.Float64Range(1e-300-float64(slack), 1e9).Draw(t, "mass"), rapid.Bool().Draw(t, "wings")},
		Boxes:   rapid.SliceOfN(rapid.Float64Range(1-0.1*float64(slack), 1e18), 1, 3+slack).Draw(t, "boxes"),
		Breeds:  map[string]any{},
		Keepers: rapid.MapOfN(rapid.String(), rapid.IntRange(-slack, 20), 0, 3).Draw(t, "keepers"),
	}
}

func documentOf(t *rapid.T, v any) *Document {
	text, err := json.Marshal(v) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse("drawn", text)
	if err != nil {
		t.Skip(err) // a name that this YAML parser does not read
	}
	return d
}

func TestListSaysWhatTheTagsSay(t *testing.T) {
	want := []Parameter{
		{Key: "hours", Type: "whole number", Unit: "h", Range: "greater than 0 and at most 24", Default: "2", Meaning: "time that it takes, which is a matter of taste, of the weather and of the children"},
		{Key: "angle", Type: "number", Unit: "rad", Range: "from 0 to pi/2", Default: "0.5", Meaning: "of the sun"},
		{Key: "feeding", Type: "mapping", Meaning: "of the animals"},
		{Key: "feeding.apples", Type: "whole number", Range: "at least 1", Default: "3", Meaning: "in it"},
		{Key: "feeding.sizes", Type: "list of numbers", Unit: "cm", Range: "from 1 to 3 values, each greater than 0", Optional: true, Meaning: "of each"},
		{Key: "night", Type: "mapping", Optional: true, Meaning: "feeding once more"},
		{Key: "night.apples", Type: "whole number", Range: "at least 1", Default: "1", Meaning: "in it"},
		{Key: "night.sizes", Type: "list of numbers", Unit: "cm", Range: "from 1 to 3 values, each greater than 0", Optional: true, Meaning: "of each"},
		{Key: "note", Type: "word", Default: `""`, Meaning: "for the keeper"},
	}
	if diff := cmp.Diff(want, List(visit{})); diff != "" {
		t.Error(diff)
	}
	for _, p := range want {
		if got := Meaning(visit{}, p.Key); got != p.Meaning {
			t.Errorf("%s means %q, want %q", p.Key, got, p.Meaning)
		}
	}
	for _, key := range []string{"", "days", "feeding.pears", "note.apples"} {
		if got := Meaning(visit{}, key); got != "" {
			t.Errorf("%q, which is no key, means %q", key, got)
		}
	}
}

func TestDefaultsAreThoseOfTheTags(t *testing.T) {
	d, err := Defaults(visit{})
	if err != nil {
		t.Fatal(err)
	}
	var v visit
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	want := visit{Hours: 2, where: where{0.5}, Feeding: bucket{Apples: 3}}
	if diff := cmp.Diff(want, v, cmp.AllowUnexported(visit{})); diff != "" {
		t.Error(diff)
	}
	if _, err := Defaults(struct {
		A animal `json:"a"`
		B int    `json:"b"`
	}{}); err == nil || err.Error() != "defaults: b: missing, must be a whole number" {
		t.Errorf("a parameter without default: %v", err)
	}
}
