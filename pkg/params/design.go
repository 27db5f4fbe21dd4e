package params

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// A Design says at which settings of a document runs are to be made:
//
//	grid:                       every combination of the values of its parameters
//	  loss: {sigma_g: [0.3, 0.4], capacity: {times: [0.5, 1, 2]}}     values, or factors on the document's own
//	list:                       settings one by one, each with a name
//	  two batches: {optimiser: {accumulate: 2}}
//	random:                     settings drawn by chance
//	  points: 40                the first ones stay what they are if there are to be more
//	  seed: 7                   of the draw, which depends on nothing else
//	  over: {loss: {sigma_g: {from: 0.2, to: 0.6, scale: log}, reduction: [mean, sum]}}
type Design struct {
	Name string
	Kind string   // "grid", "list" or "random"
	Keys []string // dotted keys of the parameters that it sets, in the order of the file
	size int
	at   func(i int) Setting
}

// Len is the number of settings; Setting(i) is one of them. They are made when they are asked for.
func (d *Design) Len() int { return d.size }

// Setting is the i-th of the settings: of a grid, the last parameter changes fastest.
func (d *Design) Setting(i int) Setting { return d.at(i) }

// mostPoints of one design: more cannot be meant.
const mostPoints = 1_000_000_000

// Designs reads the mapping at key, name by name, as designs over parameters of the given sections
// of base. What is set must be a parameter there; whether its values are possible is for Decode to
// say, of base.With(setting).
func (d *Document) Designs(key string, base *Document, sections []string) ([]Design, error) {
	v := d.at(key)
	if v.kind != mapping || len(v.keys) == 0 {
		return nil, v.errorf("found no design, must name at least one, as in \"scales: {grid: {loss: {sigma_g: [0.3, 0.4]}}}\"")
	}
	var designs []Design
	for i, name := range v.keys {
		design, err := readDesign(name, v.items[i], base, sections)
		if err != nil {
			return nil, err
		}
		designs = append(designs, design)
	}
	return designs, nil
}

var designKinds = []string{"grid", "list", "random"}

func readDesign(name string, v *value, base *Document, sections []string) (design Design, err error) {
	if v.kind != mapping || len(v.keys) != 1 {
		return design, v.errorf("found %s, must be a mapping with one of the keys %s", v.found(), strings.Join(designKinds, ", "))
	}
	design.Name, design.Kind = name, v.keys[0]
	switch design.Kind {
	case "grid":
		err = design.readGrid(v.items[0], base, sections)
	case "list":
		err = design.readList(v.items[0], base, sections)
	case "random":
		err = design.readRandom(v.items[0], base, sections)
	default:
		err = unknownKey(v.items[0], design.Kind, designKinds)
	}
	return design, err
}

func (d *Design) readGrid(v *value, base *Document, sections []string) error {
	axes, err := base.leavesOf(v, sections)
	if err != nil {
		return err
	}
	if len(axes) == 0 {
		return v.errorf("found an empty grid, must have at least one parameter with a list of values")
	}
	values := make([][]*value, len(axes))
	d.size = 1
	for i, axis := range axes {
		d.Keys = append(d.Keys, axis.value.key)
		if values[i], err = axisValues(axis, base); err != nil {
			return err
		}
		if d.size > mostPoints/len(values[i]) {
			return v.errorf("found more than %d points, must be fewer", mostPoints)
		}
		d.size *= len(values[i])
	}
	d.at = func(n int) Setting {
		changes := make([]change, len(axes))
		for i := len(axes) - 1; i >= 0; i-- {
			changes[i] = change{axes[i].path, values[i][n%len(values[i])]}
			n /= len(values[i])
		}
		return settingOf("", changes)
	}
	return nil
}

// axisValues are those of one parameter of a grid.
func axisValues(axis change, base *Document) ([]*value, error) {
	v := axis.value
	factors := v.child("times")
	switch {
	case v.kind == mapping && (factors == nil || len(v.keys) != 1):
		return nil, v.errorf("found a mapping, must be a list of values, or {times: [...]}, factors on the profile's own")
	case factors != nil:
		return timesOwn(v, factors, base.at(v.key))
	}
	return items(v)
}

// items are the values of a list, under the list's key.
func items(v *value) ([]*value, error) {
	if v.kind != list {
		return nil, v.errorf("found %s, must be a list of at least one value", v.found())
	}
	if len(v.items) == 0 {
		return nil, v.errorf("found an empty list, must be a list of at least one value")
	}
	out := make([]*value, len(v.items))
	for i, item := range v.items {
		renamed := *item
		renamed.key, out[i] = v.key, &renamed
		for _, other := range out[:i] {
			if other.kind == renamed.kind && other.text == renamed.text && renamed.text != "" {
				return nil, v.errorf("found %s twice, must be given once", renamed.text)
			}
		}
	}
	return out, nil
}

// timesOwn are a number's multiples, to 12 digits: once itself is itself.
func timesOwn(v, factors, own *value) ([]*value, error) {
	if own.kind != integer && own.kind != float {
		return nil, v.errorf("found factors, must be values: the profile's own is %s", own.found())
	}
	list := *factors
	list.key = v.key
	given, err := items(&list)
	if err != nil {
		return nil, err
	}
	out := make([]*value, len(given))
	for i, f := range given {
		if f.kind != integer && f.kind != float {
			return nil, f.errorf("found %s, must be a factor", f.found())
		}
		text := shortNumber(f.number*own.number, 12)
		k := float
		if !strings.ContainsAny(text, ".e") && own.kind == integer {
			k = integer
		}
		if out[i] = v.scalarLike(k, text); f.number == 1 {
			out[i] = v.scalarLike(own.kind, own.text)
			out[i].number = own.number
		}
	}
	return out, nil
}

func (d *Design) readList(v *value, base *Document, sections []string) error {
	if v.kind != mapping || len(v.keys) == 0 {
		return v.errorf("found %s, must be a mapping of at least one name to a setting", v.found())
	}
	var settings []Setting
	seen := map[string]bool{}
	for i, name := range v.keys {
		changes, err := base.leavesOf(v.items[i], sections)
		if err != nil {
			return err
		}
		settings = append(settings, settingOf(name, changes))
		for _, c := range changes {
			if !seen[c.value.key] {
				seen[c.value.key] = true
				d.Keys = append(d.Keys, c.value.key)
			}
		}
	}
	d.size, d.at = len(settings), func(i int) Setting { return settings[i] }
	return nil
}

// interval is what a random design draws a number from.
type interval struct {
	From  float64 `json:"from"`
	To    float64 `json:"to"`
	Scale string  `json:"scale" range:"linear|log"`
}

func (d *Design) readRandom(v *value, base *Document, sections []string) error {
	var given struct {
		Points int            `json:"points" range:"[1, 1000000000]"` // more cannot be meant
		Seed   uint64         `json:"seed"`
		Over   map[string]any `json:"over"`
	}
	if err := (&Document{root: v}).Decode(&given); err != nil {
		return err
	}
	axes, err := base.leavesOf(v.child("over"), sections)
	if err != nil {
		return err
	}
	if len(axes) == 0 {
		return v.child("over").errorf("found no parameter, must have at least one with an interval or a list of values")
	}
	draws := make([]func(u float64) *value, len(axes))
	for i, axis := range axes {
		d.Keys = append(d.Keys, axis.value.key)
		if draws[i], err = drawFrom(axis.value, base.at(axis.value.key)); err != nil {
			return err
		}
	}
	d.size = given.Points
	d.at = func(n int) Setting {
		changes := make([]change, len(axes))
		for i, axis := range axes {
			changes[i] = change{axis.path, draws[i](uniform(given.Seed, axis.value.key, n))}
		}
		return settingOf("", changes)
	}
	return nil
}

// uniform is a number in [0, 1) that depends on its arguments alone: neither more points nor more
// parameters change it.
func uniform(seed uint64, key string, n int) float64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d", seed, key, n))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}

// drawFrom turns a number in [0, 1) into a value: of a list, each alike; of an interval, to four
// digits, and a whole number if its ends and the document's own value are written as such.
func drawFrom(v, own *value) (func(u float64) *value, error) {
	if v.kind == list {
		choices, err := items(v)
		return func(u float64) *value { return choices[int(u*float64(len(choices)))] }, err
	}
	var in interval
	if err := (&Document{root: v}).Decode(&in); err != nil {
		return nil, err
	}
	switch {
	case own.kind != integer && own.kind != float:
		return nil, v.errorf("found an interval, must be a list of values: the profile's own is %s", own.found())
	case in.To <= in.From:
		return nil, v.errorf("found %v to %v, must end above its beginning", in.From, in.To)
	case in.Scale == "log" && in.From <= 0:
		return nil, v.errorf("found %v to %v, must begin above 0 on a log scale", in.From, in.To)
	}
	whole := own.kind == integer && v.child("from").kind == integer && v.child("to").kind == integer
	return func(u float64) *value {
		lo, hi := in.From, in.To
		if whole {
			lo, hi = lo-0.5, hi+0.5 // the ends are as likely as the rest
		}
		x := lo + u*(hi-lo)
		if in.Scale == "log" {
			lo = math.Max(lo, in.From/2)
			x = lo * math.Pow(hi/lo, u)
		}
		if whole {
			return v.scalarLike(integer, fmt.Sprint(int64(math.Min(math.Round(x), in.To))))
		}
		return v.scalarLike(float, shortNumber(x, 4))
	}, nil
}
