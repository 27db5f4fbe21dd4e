package params

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Setting is a set of changes to a document: a point of a sweep.
type Setting struct {
	Name    string // of a list's setting; "" elsewhere
	changes []change
}

// change is a new value of one parameter.
type change struct {
	path  []string // keys from the root
	value *value   // its place is that of the sweep's file
}

// With is the document with the settings in its values' place, the last one first; d itself stays
// as it is.
func (d *Document) With(settings ...Setting) *Document {
	root := d.root
	for _, s := range settings {
		for _, c := range s.changes {
			root = root.with(c.path, c.value)
		}
	}
	return &Document{root}
}

func (v *value) with(path []string, to *value) *value {
	if len(path) == 0 {
		return to
	}
	changed := *v
	changed.keys, changed.items = slices.Clone(v.keys), slices.Clone(v.items)
	changed.put(path[0], v.child(path[0]).with(path[1:], to))
	return &changed
}

// Setting reads the mapping at key as a setting of base: parameters of the given sections, in the
// shape of base.
func (d *Document) Setting(key string, base *Document, sections []string) (Setting, error) {
	leaves, err := base.leavesOf(d.at(key), sections)
	return settingOf("", leaves), err
}

func settingOf(name string, leaves []change) Setting {
	return Setting{Name: name, changes: leaves}
}

// Scalar is the value at a dotted key: its text, and its number if it is one.
func (d *Document) Scalar(key string) (text string, number float64, isNumber bool) {
	v := d.at(key)
	if v.kind == list {
		var items []string
		for _, item := range v.items {
			items = append(items, item.text)
		}
		return strings.Join(items, " "), math.NaN(), false
	}
	return v.text, v.number, v.kind == integer || v.kind == float
}

// leavesOf lists what a mapping says of single parameters of the document, in the order of the
// mapping. The mapping has the document's shape down to its parameters; what stands in a
// parameter's place is for the caller to understand.
func (d *Document) leavesOf(over *value, sections []string) ([]change, error) {
	if over.kind != mapping {
		return nil, over.errorf("found %s, must be a mapping with some of the keys %s", over.found(), strings.Join(sections, ", "))
	}
	root := d.Sections(sections...).root
	return leaves(over, root, root, nil)
}

// leaves lists what over says of base, the mapping at path of the document.
func leaves(over, base, document *value, path []string) ([]change, error) {
	var out []change
	for i, key := range over.keys {
		item, child := *over.items[i], base.child(key)
		at := append(slices.Clone(path), key)
		item.key = strings.Join(at, ".")
		switch {
		case child == nil && len(Nearest(key, base.keys)) > 0:
			var near []string
			for _, word := range Nearest(key, base.keys) {
				near = append(near, strings.Join(append(slices.Clone(path), word), "."))
			}
			return nil, item.errorf("unknown parameter, did you mean %s?", strings.Join(near, " or "))
		case child == nil && len(NearestKeys(key, document.leafKeys(""))) > 0:
			return nil, item.errorf("unknown parameter, did you mean %s?", strings.Join(NearestKeys(key, document.leafKeys("")), " or "))
		case child == nil && len(base.keys) == 0:
			return nil, item.errorf("unknown parameter, must stand in the profile too, which sets nothing in %s", strings.Join(path, "."))
		case child == nil:
			return nil, item.errorf("unknown parameter, must be one of %s", strings.Join(base.keys, ", "))
		case child.kind != mapping:
			out = append(out, change{at, &item})
		case item.kind != mapping:
			return nil, item.errorf("found %s, must be a mapping with some of the keys %s", item.found(), strings.Join(child.keys, ", "))
		default:
			below, err := leaves(&item, child, document, at)
			if err != nil {
				return nil, err
			}
			out = append(out, below...)
		}
	}
	return out, nil
}

// leafKeys are the dotted keys of the parameters below a mapping at key.
func (v *value) leafKeys(key string) (keys []string) {
	for i, name := range v.keys {
		if at := joinKey(key, name); v.items[i].kind == mapping {
			keys = append(keys, v.items[i].leafKeys(at)...)
		} else {
			keys = append(keys, at)
		}
	}
	return keys
}

// scalarLike is a value in the place and under the key of another.
func (v *value) scalarLike(k kind, text string) *value {
	number, _ := strconv.ParseFloat(text, 64) // NaN of a word is never asked for
	return &value{kind: k, text: text, number: number, where: v.where, key: v.key}
}

// shortNumber is x with at most so many significant digits, as it would be written.
func shortNumber(x float64, digits int) string {
	text := strconv.FormatFloat(x, 'g', digits, 64)
	x, _ = strconv.ParseFloat(text, 64)
	return strconv.FormatFloat(x, 'g', -1, 64)
}
