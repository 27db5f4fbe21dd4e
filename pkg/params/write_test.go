package params

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func written(t interface{ Fatal(...any) }, d *Document, v any) string {
	var out strings.Builder
	if err := d.WriteYAML(&out, v); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheWrittenFileExplainsItself(t *testing.T) {
	defaults, err := Defaults(visit{})
	if err != nil {
		t.Fatal(err)
	}
	want := `hours: 2                     # h, time that it takes, which is a matter of taste, of the weather and
                             # of the children; greater than 0 and at most 24
angle: 0.5                   # rad, of the sun; from 0 to pi/2

feeding:                     # of the animals
  apples: 3                  # in it; at least 1
  # sizes:                   # cm, of each; from 1 to 3 values, each greater than 0

# night:                     # feeding once more
#   apples: 1                # in it; at least 1
#   # sizes:                 # cm, of each; from 1 to 3 values, each greater than 0

note: ""                     # for the keeper
`
	if diff := cmp.Diff(want, written(t, defaults, visit{})); diff != "" {
		t.Error(diff)
	}
	free, err := Parse("free", []byte(`
breeds:
  plain: {}                  # nothing is changed
  "fat one":                 # a name that needs quotes,
                             # and a comment of two lines
    animal: {mass: 2}
    boxes: [1, 2]            # smaller
  null: {}                   # the word itself
keepers: {day: 1, night: 0}
`))
	if err != nil {
		t.Fatal(err)
	}
	if defaults, err = Defaults(zoo{}); err != nil {
		t.Fatal(err)
	}
	want = `seed: 18446744073709551615   # of the visitors

animal:                      # the one that there is
  name: rat                  # of its species; one of cat, rat
  legs: 4                    # legs it stands on; from 0 to 8
  mass: 0.25                 # kg, of a grown one; greater than 0
  wings: false               # whether it has any

boxes: [2, 3.5]              # m, sides of its boxes; at most 3 values, each at least 1

breeds:                      # how others differ from it
  plain: {}                  # nothing is changed
  "fat one":                 # a name that needs quotes, and a comment of two lines
    animal: {mass: 2}
    boxes: [1, 2]            # smaller
  "null": {}                 # the word itself

keepers:                     # how many there are; 0 or greater
  day: 1
  night: 0
`
	got := written(t, defaults.Merge(free), zoo{})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	again, err := Parse("again", []byte(got))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, written(t, again, zoo{})); diff != "" {
		t.Errorf("written once more:\n%s", diff)
	}
}

func TestWhatIsWrittenReadsBackAsTheSameValues(t *testing.T) {
	type day struct {
		Zoo   zoo               `json:"zoo"`
		Notes map[string]string `json:"notes"`
	}
	rapid.Check(t, func(t *rapid.T) {
		want := day{Zoo: drawZoo(t, 0), Notes: rapid.MapOfN(rapid.String(), rapid.String(), 1, 3).Draw(t, "notes")}
		var read day
		d := documentOf(t, want)
		if err := d.Decode(&read, nil); err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(read, want) {
			t.Skip("the YAML parser takes this JSON for something else")
		}
		text := written(t, d, day{})
		again, err := Parse("again", []byte(text))
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		var got day
		if err := again.Decode(&got, nil); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s in\n%s", diff, text)
		}
	})
}
