package params

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// declaration is one key of a struct: what the field's tags say of it.
type declaration struct {
	key           string
	index         []int // of the field, through embedded structs
	of            reflect.Type
	optional      bool
	unit, meaning string
	preset        string // default as YAML; "" without one
	rule          rule   // of the value, or of each element
	items         rule   // of the number of elements
}

// Declared is the first fault of the tags of v's type and of all types within it: a range that
// cannot be read, a default that is outside its range. One test that calls it keeps malformed tags
// from users; all other functions panic where they come upon one.
func Declared(v any) error { return declared(structOf(reflect.TypeOf(v))) }

func declared(t reflect.Type) error {
	if t == nil {
		return nil
	}
	list, err := declare(t)
	if err != nil {
		return err
	}
	for _, d := range list {
		if err := declared(structOf(d.of)); err != nil {
			return err
		}
		preset, err := d.defaults(d.key, true)
		if err == nil && d.preset != "" {
			err = d.decode(preset, reflect.New(d.of).Elem())
		}
		if err != nil {
			return fmt.Errorf("params: %s.%s: %w", t, d.key, err)
		}
	}
	return nil
}

// structOf is the struct that a type is, points to or has as elements, nil where there is none.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

var declarations sync.Map // of a reflect.Type: a sweep decodes the same structs for thousands of points

func declarationsOf(t reflect.Type) []declaration {
	if known, ok := declarations.Load(t); ok {
		return known.([]declaration)
	}
	list, err := declare(t)
	if err != nil {
		panic(err)
	}
	declarations.Store(t, list)
	return list
}

// declare lists a struct's keys; those of an embedded struct are its own, as in JSON.
func declare(t reflect.Type) ([]declaration, error) {
	var list []declaration
	for i := range t.NumField() {
		f := t.Field(i)
		key, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && key == "" {
			embedded, err := declare(f.Type)
			if err != nil {
				return nil, err
			}
			for _, d := range embedded {
				d.index = append([]int{i}, d.index...)
				list = append(list, d)
			}
			continue
		}
		if key == "" || key == "-" {
			continue
		}
		d := declaration{key: key, index: f.Index, of: f.Type, optional: option == "omitempty",
			unit: f.Tag.Get("unit"), meaning: f.Tag.Get("doc"), preset: f.Tag.Get("default")}
		if err := d.readRanges(f.Tag); err != nil {
			return nil, fmt.Errorf("params: %s.%s: %w", t, f.Name, err)
		}
		list = append(list, d)
	}
	return list, nil
}

// readRanges reads the ranges of the tags, or that of the field's type.
func (d *declaration) readRanges(tag reflect.StructTag) (err error) {
	element := d.of
	for element.Kind() == reflect.Slice || element.Kind() == reflect.Map {
		element = element.Elem()
	}
	text, given := tag.Lookup("range")
	if own, ok := reflect.Zero(element).Interface().(interface{ Range() string }); ok && !given {
		text, given = own.Range(), true
	}
	if given {
		switch element.Kind() {
		case reflect.Struct, reflect.Bool, reflect.Interface:
			return fmt.Errorf("range %q: %s has none", text, typeName(element))
		}
		if d.rule, err = parseRange(text, element.Kind()); err != nil {
			return err
		}
	}
	if text, given = tag.Lookup("items"); given {
		if d.of.Kind() != reflect.Slice {
			return fmt.Errorf("items %q: %s has none", text, typeName(d.of))
		}
		d.items, err = parseRange(text, reflect.Int)
	}
	return err
}

// defaults is the value that a key at path has by its tags, nil where there is none: a section's is
// its keys', with or without those that may be left out, over which the section's own default is
// laid.
func (d *declaration) defaults(path string, optional bool) (v *value, err error) {
	switch d.of.Kind() {
	case reflect.Struct:
		if v, err = structDefaults(d.of, path, optional); err != nil {
			return nil, err
		}
	case reflect.Map:
		v = &value{kind: mapping}
	}
	if d.preset == "" {
		return v, nil
	}
	given, err := parse([]byte(d.preset), source{name: "default of " + path})
	if err != nil {
		return nil, err
	}
	return overlay(v, given), nil
}

func structDefaults(t reflect.Type, path string, optional bool) (*value, error) {
	section := &value{kind: mapping, key: path, where: "defaults"}
	for _, d := range declarationsOf(t) {
		if d.optional && !optional {
			continue
		}
		v, err := d.defaults(joinKey(path, d.key), optional)
		if err != nil {
			return nil, err
		}
		if v != nil {
			section.put(d.key, v)
		}
	}
	return section, nil
}

// Defaults is the document of all defaults of v's type, in the order of its fields. It has no keys
// that may be left out and nothing in mappings of free names; any other key that has no default is
// an error.
func Defaults(v any) (*Document, error) {
	t := structOf(reflect.TypeOf(v))
	root, err := structDefaults(t, "", false)
	if err != nil {
		return nil, err
	}
	d := &Document{root: root}
	return d, d.Decode(reflect.New(t).Interface())
}

// A Parameter is what there is to say of one key.
type Parameter struct {
	Key      string `json:"key"`  // dotted
	Type     string `json:"type"` // "number", "whole number", "word", "list of numbers", ...; "mapping" is a section
	Unit     string `json:"unit,omitempty"`
	Range    string `json:"range,omitempty"`   // "greater than 0"
	Default  string `json:"default,omitempty"` // as YAML; of an optional section's keys, what they might be
	Optional bool   `json:"optional,omitempty"`
	Meaning  string `json:"meaning,omitempty"`
}

// Meaning is that of one parameter of v's type; "" where there is no such key.
func Meaning(v any, key string) (meaning string) {
	of := reflect.TypeOf(v)
	for name := range strings.SplitSeq(key, ".") {
		t := structOf(of)
		if t == nil {
			return ""
		}
		list := declarationsOf(t)
		i := slices.IndexFunc(list, func(d declaration) bool { return d.key == name })
		if i < 0 {
			return ""
		}
		of, meaning = list[i].of, list[i].meaning
	}
	return meaning
}

// List is every parameter of v's type, sections before their keys, in the order of the fields.
func List(v any) []Parameter {
	t := structOf(reflect.TypeOf(v))
	presets, err := structDefaults(t, "", true)
	if err != nil {
		panic(err) // a default that is not YAML: Declared says so
	}
	return listed(nil, t, presets, "")
}

func listed(list []Parameter, t reflect.Type, presets *value, section string) []Parameter {
	for _, d := range declarationsOf(t) {
		p := Parameter{joinKey(section, d.key), strings.TrimPrefix(typeName(d.of), "a "), d.unit, d.allowed(), "", d.optional, d.meaning}
		preset := presets.child(d.key)
		switch d.of.Kind() {
		case reflect.Struct:
			list = listed(append(list, p), d.of, preset, p.Key)
			continue
		case reflect.Slice:
			p.Type = "list of " + strings.TrimPrefix(typeName(d.of.Elem()), "a ") + "s"
		}
		if preset != nil {
			p.Default = preset.flow()
		}
		list = append(list, p)
	}
	return list
}

// allowed is the range of a key in words, "" for any value of its type.
func (d *declaration) allowed() string {
	each := d.rule.must
	if each != "" && d.of.Kind() == reflect.Slice {
		each = "each " + each
	}
	if d.items.must == "" {
		return each
	}
	return strings.TrimSuffix(d.items.must+" values, "+each, ", ")
}
