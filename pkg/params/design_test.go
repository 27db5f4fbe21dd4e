package params

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const designBase = `
network: {units: 40, init: identity}
loss:
  sigma_g: 0.4
  capacity: 0.5
  separation: 1.0
boxes: [2, 4]
others: {}
seed: 1
`

type designed struct {
	Network struct {
		Units int    `json:"units"`
		Init  string `json:"init"`
	} `json:"network"`
	Loss struct {
		SigmaG     float64 `json:"sigma_g"`
		Capacity   float64 `json:"capacity"`
		Separation float64 `json:"separation"`
	} `json:"loss"`
	Boxes  []float64 `json:"boxes"`
	Others struct{}  `json:"others"`
	Seed   uint64    `json:"seed"`
}

var sweepable = []string{"network", "loss", "boxes", "others"}

func readDesigns(t testing.TB, text string) (base *Document, designs []Design, err error) {
	t.Helper()
	base, err = Parse("base.yaml", []byte(designBase))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse("sweep.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	designs, err = d.Designs("designs", base, sweepable)
	return base, designs, err
}

// expand decodes every setting of every design over the base.
func expand(t testing.TB, text string) (out []designed, names []string) {
	t.Helper()
	base, designs, err := readDesigns(t, text)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range designs {
		for i := range d.Len() {
			var p designed
			s := d.Setting(i)
			if err := base.With(s).Decode(&p); err != nil {
				t.Fatal(err)
			}
			out, names = append(out, p), append(names, s.Name)
		}
	}
	return out, names
}

func TestAGridHasEveryCombinationTheLastParameterFastest(t *testing.T) {
	points, _ := expand(t, "designs: {plane: {grid: {loss: {sigma_g: [0.3, 0.4], capacity: {times: [0.56, 1, 1.8]}}, network: {units: [32]}}}}")
	var got []string
	for _, p := range points {
		got = append(got, fmt.Sprint(p.Loss.SigmaG, p.Loss.Capacity, p.Network.Units, p.Loss.Separation))
	}
	want := []string{"0.3 0.28 32 1", "0.3 0.5 32 1", "0.3 0.9 32 1", "0.4 0.28 32 1", "0.4 0.5 32 1", "0.4 0.9 32 1"}
	if strings.Join(got, ",") != strings.Join(want, ",") {
		t.Errorf("points %v, want %v", got, want)
	}
}

func TestAListHasNamedSettingsOverTheBase(t *testing.T) {
	points, names := expand(t, "designs:\n  tried:\n    list:\n      as it is: {}\n      more units, a box: {network: {units: 64}, boxes: [2, 3, 4]}\n")
	if strings.Join(names, ";") != "as it is;more units, a box" || points[0].Network.Units != 40 || points[1].Network.Units != 64 || len(points[1].Boxes) != 3 || points[1].Loss.SigmaG != 0.4 {
		t.Errorf("%v: %+v", names, points)
	}
}

// A random design depends on its seed alone: what was drawn stays when points or
// parameters are added, and every value lies within its bounds.
func TestARandomDesignIsDrawnFromItsSeed(t *testing.T) {
	design := func(points int, seed uint64, more string) []designed {
		out, _ := expand(t, fmt.Sprintf("designs: {search: {random: {points: %d, seed: %d, over: {loss: {sigma_g: {from: 0.2, to: 0.8, scale: log}}, network: {units: {from: 32, to: 34, scale: linear}%s}}}}}", points, seed, more))
		return out
	}
	few, many := design(20, 7, ""), design(400, 7, ", init: [identity, pytorch]")
	for i, p := range few {
		if p.Loss != many[i].Loss || p.Network.Units != many[i].Network.Units {
			t.Errorf("point %d: %+v, with more points and parameters %+v", i, p, many[i])
		}
	}
	if other := design(20, 8, ""); other[0].Loss == few[0].Loss {
		t.Error("another seed draws the same")
	}
	below, units, inits := 0, map[int]int{}, map[string]int{}
	for _, p := range many {
		if p.Loss.SigmaG < 0.2 || p.Loss.SigmaG > 0.8 {
			t.Errorf("sigma_g %v outside its interval", p.Loss.SigmaG)
		}
		if p.Loss.SigmaG < 0.4 {
			below++
		}
		units[p.Network.Units]++
		inits[p.Network.Init]++
	}
	if below < 160 || below > 240 {
		t.Errorf("on a log scale half of the draws lie below the geometric mean: %d of 400", below)
	}
	if len(units) != 3 || units[32] < 95 || units[33] < 95 || units[34] < 95 || inits["identity"] < 160 || inits["pytorch"] < 160 {
		t.Errorf("units %v, inits %v: not alike", units, inits)
	}
}

// Making settings changes neither the base nor each other.
func TestSettingsLeaveTheBaseAlone(t *testing.T) {
	base, designs, err := readDesigns(t, "designs: {plane: {grid: {loss: {sigma_g: [0.1, 0.2, 0.3], capacity: [1, 2, 3]}}}}")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		i, j := rapid.IntRange(0, 8).Draw(t, "i"), rapid.IntRange(0, 8).Draw(t, "j")
		a := base.With(designs[0].Setting(i))
		var before, after, own designed
		_ = a.Decode(&before)
		base.With(designs[0].Setting(j))
		_ = a.Decode(&after)
		if err := base.Decode(&own); err != nil || own.Loss.SigmaG != 0.4 || before.Loss != after.Loss {
			t.Fatalf("base %+v, setting %+v then %+v, %v", own, before, after, err)
		}
	})
}

func TestFaultsOfADesignNameTheirLine(t *testing.T) {
	for text, want := range map[string]string{
		"designs: {}":                                                     `sweep.yaml:1: designs: found no design, must name at least one, as in "scales: {grid: {loss: {sigma_g: [0.3, 0.4]}}}"`,
		"designs: {a: {}}":                                                "sweep.yaml:1: designs.a: found a mapping, must be a mapping with one of the keys grid, list, random",
		"designs: {a: {gird: {}}}":                                        "sweep.yaml:1: designs.a.gird: unknown key, did you mean grid?",
		"designs:\n a:\n  grid: {}":                                       "sweep.yaml:3: designs.a.grid: found an empty grid, must have at least one parameter with a list of values",
		"designs:\n a:\n  grid: {loss: {}}":                               "sweep.yaml:3: designs.a.grid: found an empty grid, must have at least one parameter with a list of values",
		"designs:\n a:\n  grid:\n   loss: {sigma_g: []}":                  "sweep.yaml:4: loss.sigma_g: found an empty list, must be a list of at least one value",
		"designs:\n a:\n  grid:\n   loss: {sigma_h: [1]}":                 "sweep.yaml:4: loss.sigma_h: unknown parameter, did you mean loss.sigma_g?",
		"designs:\n a:\n  grid:\n   tulips: {a: [1]}":                     "sweep.yaml:4: tulips: unknown parameter, must be one of network, loss, boxes, others",
		"designs:\n a:\n  grid:\n   seed: [1]":                            "sweep.yaml:4: seed: unknown parameter, must be one of network, loss, boxes, others",
		"designs:\n a:\n  grid:\n   others: {tulips: [1]}":                "sweep.yaml:4: others.tulips: unknown parameter, must stand in the profile too, which sets nothing in others",
		"designs:\n a:\n  grid:\n   loss: 3":                              "sweep.yaml:4: loss: found 3, must be a mapping with some of the keys sigma_g, capacity, separation",
		"designs:\n a:\n  grid:\n   loss: {sigma_g: 0.4}":                 "sweep.yaml:4: loss.sigma_g: found 0.4, must be a list of at least one value",
		"designs:\n a:\n  grid:\n   loss: {sigma_g: [0.4, 0.4]}":          "sweep.yaml:4: loss.sigma_g: found 0.4 twice, must be given once",
		"designs:\n a:\n  grid:\n   network: {init: {times: [1]}}":        `sweep.yaml:4: network.init: found factors, must be values: the profile's own is "identity"`,
		"designs:\n a:\n  grid:\n   loss: {sigma_g: {time: [1]}}":         "sweep.yaml:4: loss.sigma_g: found a mapping, must be a list of values, or {times: [...]}, factors on the profile's own",
		"designs: {a: {list: {}}}":                                        "sweep.yaml:1: designs.a.list: found a mapping, must be a mapping of at least one name to a setting",
		"designs:\n a:\n  random:\n   points: 0\n   seed: 1\n   over: {}": "sweep.yaml:4: designs.a.random.points: found 0, must be from 1 to 1000000000",
		"designs:\n a:\n  random:\n   points: 1\n   seed: 1\n   over: {}": "sweep.yaml:6: designs.a.random.over: found no parameter, must have at least one with an interval or a list of values",
		"designs:\n a:\n  random:\n   points: 1\n   seed: 1\n   over: {loss: {sigma_g: {from: 2, to: 1, scale: log}}}": "sweep.yaml:6: loss.sigma_g: found 2 to 1, must end above its beginning",
		"designs:\n a:\n  random:\n   points: 1\n   seed: 1\n   over: {loss: {sigma_g: {from: 0, to: 1, scale: log}}}": "sweep.yaml:6: loss.sigma_g: found 0 to 1, must begin above 0 on a log scale",
	} {
		if _, _, err := readDesigns(t, text); err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
	// Values are checked where they are put.
	base, designs, err := readDesigns(t, "designs:\n a:\n  grid:\n   network: {units: {times: [1, 0.56]}}")
	if err != nil {
		t.Fatal(err)
	}
	var p designed
	if err := base.With(designs[0].Setting(1)).Decode(&p); err == nil || err.Error() != "sweep.yaml:4: network.units: found 22.4, must be a whole number" {
		t.Error(err)
	}
}

// A grid of a thousand million points is counted at once.
func TestAHugeGridIsCountedNotMade(t *testing.T) {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "%d,", i+1)
	}
	values := strings.TrimSuffix(b.String(), ",")
	_, designs, err := readDesigns(t, fmt.Sprintf("designs: {a: {grid: {loss: {sigma_g: [%s], capacity: [%s], separation: [%s]}}}}", values, values, values))
	if err != nil || designs[0].Len() != 1_000_000_000 {
		t.Fatalf("%v, %v", designs, err)
	}
}
