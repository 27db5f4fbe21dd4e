package params

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type animal struct {
	Name  species `json:"name" default:"rat" doc:"of its species"`
	Legs  int     `json:"legs" range:"[0, 8]" default:"4" doc:"legs it stands on"`
	Mass  float64 `json:"mass" unit:"kg" range:"> 0" default:"0.25" doc:"of a grown one"`
	Wings bool    `json:"wings" default:"false" doc:"whether it has any"`
}

type species string

func (species) Range() string { return "cat|rat" }

type zoo struct {
	Seed    uint64         `json:"seed" default:"18446744073709551615" doc:"of the visitors"`
	Animal  animal         `json:"animal" doc:"the one that there is"`
	Boxes   []float64      `json:"boxes" unit:"m" range:">= 1" items:"<= 3" default:"[2, 3.5]" doc:"sides of its boxes"`
	Breeds  map[string]any `json:"breeds" doc:"how others differ from it"`
	Keepers map[string]int `json:"keepers" range:">= 0" doc:"how many there are"`
}

const good = `# a comment
seed: 18446744073709551615
animal:
  name: rat # the usual one
  legs: 4
  mass: 0.25
  wings: false
boxes: [2, 3.5]
breeds:
  plain: {}
  fat: {mass: 2}
keepers: {day: 1, night: 0}
`

func read(t *testing.T, yaml string, sets ...string) (zoo, error) {
	t.Helper()
	var z zoo
	d, err := Parse("zoo.yaml", []byte(yaml))
	if err != nil {
		return z, err
	}
	for _, s := range sets {
		if err := d.Set(s); err != nil {
			return z, err
		}
	}
	return z, d.Decode(&z)
}

func TestEveryValueArrives(t *testing.T) {
	z, err := read(t, good, "animal.mass=16", "boxes=[4]", "animal.wings=true")
	if err != nil {
		t.Fatal(err)
	}
	if z.Seed != 1<<64-1 || z.Animal != (animal{"rat", 4, 16, true}) || len(z.Boxes) != 1 || z.Boxes[0] != 4 || z.Keepers["day"] != 1 {
		t.Errorf("got %+v", z)
	}
}

func TestNumbersAreThoseOfYAML12(t *testing.T) {
	for text, want := range map[string]float64{"1e-5": 1e-5, "1E3": 1e3, "2.5e+2": 250, ".5": 0.5, "+1.5": 1.5, "3": 3, "1_000": 1000} {
		if z, err := read(t, good, "animal.mass="+text); err != nil || z.Animal.Mass != want {
			t.Errorf("%s: got %v, %v", text, z.Animal.Mass, err)
		}
	}
}

func TestFaultsAreOneLineWithPlaceKeyFoundAndAllowed(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the sample has no %q", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, c := range []struct {
		name, yaml string
		sets       []string
		want       string
	}{
		{"too small", replace("mass: 0.25", "mass: 0"), nil, `zoo.yaml:6: animal.mass: found 0, must be greater than 0`},
		{"NaN", replace("0.25", ".nan"), nil, `zoo.yaml:6: animal.mass: found .nan, must be a finite number`},
		{"infinite", replace("0.25", "-.inf"), nil, `zoo.yaml:6: animal.mass: found -.inf, must be a finite number`},
		{"text for a number", replace("0.25", "heavy"), nil, `zoo.yaml:6: animal.mass: found "heavy", must be a number`},
		{"number beyond 64 bits", replace("0.25", "1e999"), nil, `zoo.yaml:6: animal.mass: found 1e999, must be a finite number`},
		{"quoted number", replace("0.25", `"0.25"`), nil, `zoo.yaml:6: animal.mass: found "0.25", must be a number`},
		{"fraction for a count", replace("legs: 4", "legs: 4.5"), nil, `zoo.yaml:5: animal.legs: found 4.5, must be a whole number`},
		{"count out of 64 bits", replace("legs: 4", "legs: 9223372036854775808"), nil, `zoo.yaml:5: animal.legs: found 9223372036854775808, must be a whole number that fits in 64 bits`},
		{"number for a word", replace("name: rat", "name: 3"), nil, `zoo.yaml:4: animal.name: found 3, must be one of cat, rat`},
		{"unknown word", replace("name: rat", "name: bat"), nil, `zoo.yaml:4: animal.name: found "bat", must be one of cat, rat`},
		{"word for a truth", replace("false", "no"), nil, `zoo.yaml:7: animal.wings: found "no", must be true or false`},
		{"nothing", replace("mass: 0.25", "mass:"), nil, `zoo.yaml:6: animal.mass: found nothing, must be a number`},
		{"list for a number", replace("0.25", "[1]"), nil, `zoo.yaml:6: animal.mass: found a list, must be a number`},
		{"number for a mapping", replace("animal:\n  name: rat # the usual one\n  legs: 4\n  mass: 0.25\n  wings: false\n", "animal: 7\n"), nil, `zoo.yaml:3: animal: found 7, must be a mapping with the keys name, legs, mass, wings`},
		{"number for a list", replace("[2, 3.5]", "2"), nil, `zoo.yaml:8: boxes: found 2, must be a list of at least one value`},
		{"empty list", replace("[2, 3.5]", "[]"), nil, `zoo.yaml:8: boxes: found an empty list, must be a list of at least one value`},
		{"bad element", replace("[2, 3.5]", "[2, 0.5]"), nil, `zoo.yaml:8: boxes[1]: found 0.5, must be at least 1`},
		{"list for a mapping", replace("keepers: {day: 1, night: 0}", "keepers: [1]"), nil, `zoo.yaml:12: keepers: found a list, must be a mapping`},
		{"too many elements", replace("[2, 3.5]", "[1, 2, 3, 4]"), nil, `zoo.yaml:8: boxes: found 4 values, must be at most 3`},
		{"map element", replace("night: 0", "night: -1"), nil, `zoo.yaml:12: keepers.night: found -1, must be 0 or greater`},
		{"negative seed", replace("18446744073709551615", "-1"), nil, `zoo.yaml:2: seed: found -1, must be a whole number from 0 to 18446744073709551615`},
		{"typing error", replace("mass:", "mas:"), nil, `zoo.yaml:6: animal.mas: unknown key, did you mean mass?`},
		{"a key without its section", replace("seed:", "legs: 3\nseed:"), nil, `zoo.yaml:2: legs: unknown key, did you mean animal.legs?`},
		{"unknown key", replace("seed:", "temperature: 3\nseed:"), nil, `zoo.yaml:2: temperature: unknown key, must be one of seed, animal, boxes, breeds, keepers`},
		{"missing value", replace("  legs: 4\n", ""), nil, `zoo.yaml:3: animal.legs: missing, must be from 0 to 8`},
		{"missing section", replace("boxes: [2, 3.5]\n", ""), nil, `zoo.yaml:2: boxes: missing, must be at least 1`},
		{"given twice", replace("  wings: false\n", "  wings: false\n  legs: 2\n"), nil, `zoo.yaml:8: animal.legs: found twice, first on line 5, must be given once`},
		{"empty file", "", nil, `zoo.yaml:1: found an empty file, must be a mapping with the keys seed, animal, boxes, breeds, keepers`},
		{"comments alone", "# nothing\n", nil, `zoo.yaml:1: found an empty file, must be a mapping with the keys seed, animal, boxes, breeds, keepers`},
		{"a list of things", "- 1\n- 2\n", nil, `zoo.yaml:1: found a list, must be a mapping with the keys seed, animal, boxes, breeds, keepers`},
		{"two documents", good + "---\nseed: 1\n", nil, `zoo.yaml:1: found 2 YAML documents, must be one`},
		{"an alias", replace("0.25", "*x"), nil, `zoo.yaml:6: animal.mass: found a YAML alias, must be a plain value`},
		{"not YAML", "seed: [1, 2\nanimal: }", nil, `zoo.yaml:2: not valid YAML: ',' or ']' must be specified`},
		{"set: bad value", good, []string{"animal.mass=-1"}, `--set animal.mass=-1: found -1, must be greater than 0`},
		{"set: unknown key", good, []string{"animal.legz=4"}, `--set animal.legz=4: unknown key, did you mean legs?`},
		{"set: not an assignment", good, []string{"animal.mass"}, `--set animal.mass: must be written key=value, such as loss.sigma_g=0.5`},
		{"set: into a scalar", good, []string{"seed.x=4"}, `--set seed.x=4: seed: found a mapping, must be a whole number from 0 to 18446744073709551615`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(t, c.yaml, c.sets...)
			if err == nil {
				t.Fatalf("was accepted; want %s", c.want)
			}
			if err.Error() != c.want {
				t.Errorf("\n got %s\nwant %s", err, c.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Error("the message has more than one line")
			}
		})
	}
}

func TestAnOverlayKeepsThePlaceOfEachValue(t *testing.T) {
	d, err := Parse("zoo.yaml", []byte(strings.Replace(good, "fat: {mass: 2}", "fat: {animal: {mass: 2, legs: 11}}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	var fat struct {
		Animal animal `json:"animal"`
	}
	err = d.Overlay("breeds.fat", []string{"animal"}).Decode(&fat)
	want := "zoo.yaml:11: breeds.fat.animal.legs: found 11, must be from 0 to 8"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := d.Overlay("breeds.plain", []string{"animal"}).Decode(&fat); err != nil {
		t.Fatalf("a breed that changes nothing: %v", err)
	}
	if err := d.Set("breeds.plain.animal={mass: null}"); err != nil {
		t.Fatal(err)
	}
	err = d.Overlay("breeds.plain", []string{"animal"}).Decode(&fat)
	if want := "--set breeds.plain.animal={mass: null}: mass: found nothing, must be greater than 0"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if fat.Animal.Mass != 0.25 {
		t.Errorf("laying one variant over the base changed the base: mass %v", fat.Animal.Mass)
	}
}

// Whatever the bytes, reading ends with a value or with one line.
func TestNothingPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{"seed", ":", " ", "\n", "-", "[", "]", "{", "}", "&a", "*a", "<<", "!!int", "0x", "1e999", ".nan", "'", "\"", "|", ">", "?", ",", "\t", "\r", "#", " #", "---", "\x00", "é"}), 0, 30).Draw(t, "pieces")
		text := strings.Join(pieces, "")
		d, err := Parse("f", []byte(text))
		if err == nil {
			var z zoo
			err = d.Decode(&z)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("%q gives more than one line: %q", text, err)
		}
	})
}

func TestNearest(t *testing.T) {
	list := []string{"figure-4", "figure-6", "train", "train/full", "ratemaps"}
	for word, want := range map[string]string{"figure4": "figure-4 figure-6", "tarin": "train", "train/ful": "train/full", "xyz": ""} {
		if got := strings.Join(Nearest(word, list), " "); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestKeysAreSuggestedByTheirLastNameToo(t *testing.T) {
	keys := []string{"seed", "loss", "loss.sigma_g", "loss.capacity", "pretraining.sigma_g", "optimiser.learning_rate", "evaluation.seed"}
	for key, want := range map[string]string{
		"loss.sigma_q":       "loss.sigma_g",
		"sigma_g":            "loss.sigma_g pretraining.sigma_g",
		"sigm_g":             "loss.sigma_g pretraining.sigma_g",
		"loss.learning_rate": "optimiser.learning_rate",
		"learning_rat":       "optimiser.learning_rate",
		"sed":                "seed",
		"tulips":             "",
	} {
		if got := strings.Join(NearestKeys(key, keys), " "); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}
