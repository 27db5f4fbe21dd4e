package params

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Rules say which values a key may have that has no range among its tags, by the key's dotted path in the
// document. For a list the rule holds for each element.
type Rules map[string]Rule

// A Rule is a range of values and its name: "must be " + Must.
type Rule struct {
	Must   string
	Number func(float64) bool
	Text   func(string) bool
}

// Positive numbers are greater than 0.
var Positive = Rule{Must: "greater than 0", Number: func(x float64) bool { return x > 0 }}

// NotNegative numbers are 0 or greater.
var NotNegative = Rule{Must: "0 or greater", Number: func(x float64) bool { return x >= 0 }}

// AtLeast is the numbers from least on.
func AtLeast(least float64) Rule {
	return Rule{Must: fmt.Sprintf("at least %v", least), Number: func(x float64) bool { return x >= least }}
}

// Between is the numbers from least to most, both included.
func Between(least, most float64) Rule {
	return Rule{Must: fmt.Sprintf("from %v to %v", least, most), Number: func(x float64) bool { return x >= least && x <= most }}
}

// Below is the numbers from least up to, but not including, limit.
func Below(least, limit float64) Rule {
	return Rule{Must: fmt.Sprintf("at least %v and less than %v", least, limit), Number: func(x float64) bool { return x >= least && x < limit }}
}

// OneOf is a choice of words.
func OneOf(words ...string) Rule {
	return Rule{Must: "one of " + strings.Join(words, ", "), Text: func(s string) bool {
		return slices.Contains(words, s)
	}}
}

// Decode fills *into, a struct whose fields' tags declare the keys, from the document. Every field must be
// given, but those whose json tag says omitempty, and nothing else; a value without a range may be any of its
// type (finite, where it is a number). A field of type map[string]any is taken unchecked: its user overlays
// and decodes it. Field types: bool, string, the integers, the floats, structs, and slices and string-keyed
// maps of these. Rules may be nil.
func (d *Document) Decode(into any, rules Rules) error {
	return decode(d.root, reflect.ValueOf(into).Elem(), "", Rule{}, rules)
}

var unchecked = reflect.TypeFor[map[string]any]()

func decode(v *value, to reflect.Value, path string, rule Rule, rules Rules) error {
	switch to.Kind() {
	case reflect.Struct:
		return decodeStruct(v, to, path, rules)
	case reflect.Map:
		if v.kind != mapping {
			return v.errorf("found %s, must be a mapping", v.found())
		}
		to.Set(reflect.MakeMap(to.Type()))
		if to.Type() == unchecked {
			return nil
		}
		if rule.Must == "" {
			rule = rules[path+".*"]
		}
		for i, key := range v.keys {
			item := reflect.New(to.Type().Elem()).Elem()
			if err := decode(v.items[i], item, path+".*", rule, rules); err != nil {
				return err
			}
			to.SetMapIndex(reflect.ValueOf(key), item)
		}
		return nil
	case reflect.Slice:
		if v.kind != list || len(v.items) == 0 {
			found := v.found()
			if v.kind == list {
				found = "an empty list"
			}
			return v.errorf("found %s, must be a list of at least one value", found)
		}
		to.Set(reflect.MakeSlice(to.Type(), len(v.items), len(v.items)))
		for i, item := range v.items {
			if err := decode(item, to.Index(i), path, rule, rules); err != nil {
				return err
			}
		}
		return nil
	case reflect.Bool:
		if v.kind != boolean {
			return v.errorf("found %s, must be true or false", v.found())
		}
		to.SetBool(strings.EqualFold(v.text, "true"))
		return nil
	case reflect.String:
		if v.kind != text {
			return v.errorf("found %s, must be %s", v.found(), mustOr(rule, "a word"))
		}
		if rule.Text != nil && !rule.Text(v.text) {
			return v.errorf("found %s, must be %s", v.found(), rule.Must)
		}
		to.SetString(v.text)
		return nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return decodeInteger(v, to, rule)
	case reflect.Uint64:
		x, err := strconv.ParseUint(v.text, 0, 64)
		if v.kind != integer || err != nil {
			return v.errorf("found %s, must be a whole number from 0 to %d", v.found(), uint64(math.MaxUint64))
		}
		if rule.Number != nil && !rule.Number(float64(x)) {
			return v.errorf("found %d, must be %s", x, rule.Must)
		}
		to.SetUint(x)
		return nil
	case reflect.Float64, reflect.Float32:
		return decodeFloat(v, to, rule)
	}
	return fmt.Errorf("params: %s: cannot decode into %s", path, to.Type())
}

func mustOr(rule Rule, otherwise string) string {
	if rule.Must != "" {
		return rule.Must
	}
	return otherwise
}

func decodeInteger(v *value, to reflect.Value, rule Rule) error {
	if v.kind != integer {
		return v.errorf("found %s, must be a whole number", v.found())
	}
	x, err := strconv.ParseInt(v.text, 0, to.Type().Bits())
	if err != nil {
		return v.errorf("found %s, must be a whole number that fits in %d bits", v.text, to.Type().Bits())
	}
	if rule.Number != nil && !rule.Number(float64(x)) {
		return v.errorf("found %d, must be %s", x, rule.Must)
	}
	to.SetInt(x)
	return nil
}

func decodeFloat(v *value, to reflect.Value, rule Rule) error {
	if v.kind != integer && v.kind != float {
		return v.errorf("found %s, must be a number", v.found())
	}
	x := v.number
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return v.errorf("found %s, must be a finite number", v.text)
	}
	if rule.Number != nil && !rule.Number(x) {
		return v.errorf("found %s, must be %s", v.text, rule.Must)
	}
	to.SetFloat(x)
	return nil
}

func decodeStruct(v *value, to reflect.Value, path string, rules Rules) error {
	fields := declarationsOf(to.Type())
	allowed := make([]string, len(fields))
	for i, d := range fields {
		allowed[i] = d.key
	}
	if v.kind != mapping {
		found := v.found()
		if v.key == "" && v.kind == null {
			found = "an empty file"
		}
		return v.errorf("found %s, must be a mapping with the keys %s", found, strings.Join(allowed, ", "))
	}
	for i, key := range v.keys {
		if !slices.Contains(allowed, key) {
			return unknownKey(v.items[i], key, allowed)
		}
	}
	for _, d := range fields {
		child := v.child(d.key)
		at := joinKey(path, d.key)
		if d.rule.Must == "" {
			d.rule = rules[at]
		}
		if child == nil && d.optional {
			continue
		}
		if child == nil {
			return v.missing(d.key, mustOr(d.rule, typeName(d.of)))
		}
		if err := d.decode(child, to.FieldByIndex(d.index), at, rules); err != nil {
			return err
		}
	}
	return nil
}

// missing says that a mapping lacks a key, and where that was removed.
func (v *value) missing(key, must string) error {
	if removed := v.removed[key]; removed != nil {
		return removed.errorf("found nothing, must be %s", must)
	}
	missing := *v
	missing.key = joinKey(v.key, key)
	return missing.errorf("missing, must be %s", must)
}

// decode is decode of the key's value.
func (d *declaration) decode(v *value, to reflect.Value, path string, rules Rules) error {
	if err := decode(v, to, path, d.rule, rules); err != nil {
		return err
	}
	if d.items.Must != "" && !d.items.Number(float64(to.Len())) {
		return v.errorf("found %d values, must be %s", to.Len(), d.items.Must)
	}
	return nil
}

func unknownKey(v *value, key string, allowed []string) error {
	if near := Nearest(key, allowed); len(near) > 0 {
		return v.errorf("unknown key, did you mean %s?", strings.Join(near, " or "))
	}
	return v.errorf("unknown key, must be one of %s", strings.Join(allowed, ", "))
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Interface:
		return "a mapping"
	case reflect.Slice:
		return "a list"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a word"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}
