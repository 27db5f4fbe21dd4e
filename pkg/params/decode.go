package params

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rule is a range of values and its name: "must be " + must.
type rule struct {
	must   string
	number func(float64) bool
	text   func(string) bool
}

// Decode fills *into, a struct whose fields' tags declare the keys, from the document. Every field
// must be given, but those whose json tag says omitempty, and nothing else; a value without a range
// may be any of its type (finite, where it is a number). A field of type map[string]any is taken
// unchecked: its user overlays and decodes it. Field types: bool, string, the integers, the floats,
// structs, and slices and string-keyed maps of these. Lists of uint64 (seeds) may hold ranges,
// 1000-1099, or be one.
func (d *Document) Decode(into any) error {
	to := reflect.ValueOf(into).Elem()
	err := decode(d.root, to, rule{})
	if unknown := (*unknownKey)(nil); errors.As(err, &unknown) {
		return unknown.suggest(to.Type())
	}
	return err
}

var unchecked = reflect.TypeFor[map[string]any]()

func decode(v *value, to reflect.Value, in rule) error {
	switch to.Kind() {
	case reflect.Struct:
		return decodeStruct(v, to)
	case reflect.Map:
		if v.kind != mapping {
			return v.errorf("found %s, must be a mapping", v.found())
		}
		to.Set(reflect.MakeMap(to.Type()))
		if to.Type() == unchecked {
			return nil
		}
		for i, key := range v.keys {
			item := reflect.New(to.Type().Elem()).Elem()
			if err := decode(v.items[i], item, in); err != nil {
				return err
			}
			to.SetMapIndex(reflect.ValueOf(key), item)
		}
		return nil
	case reflect.Slice:
		if to.Type().Elem().Kind() == reflect.Uint64 {
			var err error
			if v, err = v.spelledOut(); err != nil {
				return err
			}
		}
		if v.kind != list || len(v.items) == 0 {
			found := v.found()
			if v.kind == list {
				found = "an empty list"
			}
			return v.errorf("found %s, must be a list of at least one value", found)
		}
		to.Set(reflect.MakeSlice(to.Type(), len(v.items), len(v.items)))
		for i, item := range v.items {
			if err := decode(item, to.Index(i), in); err != nil {
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
			return v.errorf("found %s, must be %s", v.found(), mustOr(in, "a word"))
		}
		if in.text != nil && !in.text(v.text) {
			return v.errorf("found %s, must be %s", v.found(), in.must)
		}
		to.SetString(v.text)
		return nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return decodeInteger(v, to, in)
	case reflect.Uint64:
		x, err := strconv.ParseUint(digits(v.text), 10, 64)
		if v.kind != integer || err != nil {
			return v.errorf("found %s, must be a whole number from 0 to %d", v.found(), uint64(math.MaxUint64))
		}
		if in.number != nil && !in.number(float64(x)) {
			return v.errorf("found %d, must be %s", x, in.must)
		}
		to.SetUint(x)
		return nil
	case reflect.Float64, reflect.Float32:
		return decodeFloat(v, to, in)
	}
	return fmt.Errorf("params: cannot decode into %s", to.Type())
}

var rangeText = regexp.MustCompile(`^(\d+)-(\d+)$`)

// mostInRange is how many numbers a range may stand for: more are a slip of the hand.
const mostInRange = 10000

// spelledOut is a list in which ranges are replaced by the numbers that they stand for; a range
// alone is a list of one.
func (v *value) spelledOut() (*value, error) {
	items := v.items
	if v.kind == text {
		items = []*value{v}
	} else if v.kind != list {
		return v, nil
	}
	out := *v
	out.kind, out.items = list, nil
	for _, item := range items {
		m := rangeText.FindStringSubmatch(item.text)
		if item.kind != text || m == nil {
			if v.kind == text {
				return v, nil
			}
			out.items = append(out.items, item)
			continue
		}
		from, errFrom := strconv.ParseUint(m[1], 10, 64)
		to, errTo := strconv.ParseUint(m[2], 10, 64)
		if errFrom != nil || errTo != nil || from > to || to-from >= mostInRange {
			return nil, item.errorf("found %s, must be a range of at most %d numbers, the lesser first, such as 1000-1099", item.found(), mostInRange)
		}
		for n := range to - from + 1 {
			one := *item
			one.kind, one.text = integer, strconv.FormatUint(from+n, 10)
			one.number = float64(from + n)
			out.items = append(out.items, &one)
		}
	}
	return &out, nil
}

func mustOr(in rule, otherwise string) string {
	if in.must != "" {
		return in.must
	}
	return otherwise
}

func decodeInteger(v *value, to reflect.Value, in rule) error {
	if v.kind != integer {
		return v.errorf("found %s, must be a whole number", v.found())
	}
	x, err := strconv.ParseInt(digits(v.text), 10, to.Type().Bits())
	if err != nil {
		return v.errorf("found %s, must be a whole number that fits in %d bits", v.text, to.Type().Bits())
	}
	if in.number != nil && !in.number(float64(x)) {
		return v.errorf("found %d, must be %s", x, in.must)
	}
	to.SetInt(x)
	return nil
}

func decodeFloat(v *value, to reflect.Value, in rule) error {
	if v.kind != integer && v.kind != float {
		return v.errorf("found %s, must be a number", v.found())
	}
	x := v.number
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return v.errorf("found %s, must be a finite number", v.text)
	}
	if in.number != nil && !in.number(x) {
		return v.errorf("found %s, must be %s", v.text, in.must)
	}
	to.SetFloat(x)
	return nil
}

func decodeStruct(v *value, to reflect.Value) error {
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
			return &unknownKey{v.items[i], key, allowed}
		}
	}
	for _, d := range fields {
		child := v.child(d.key)
		if child == nil && d.optional {
			continue
		}
		if child == nil {
			return v.missing(d.key, mustOr(d.rule, typeName(d.of)))
		}
		if err := d.decode(child, to.FieldByIndex(d.index)); err != nil {
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
func (d *declaration) decode(v *value, to reflect.Value) error {
	if err := decode(v, to, d.rule); err != nil {
		return err
	}
	if d.items.must != "" && !d.items.number(float64(to.Len())) {
		return v.errorf("found %d values, must be %s", to.Len(), d.items.must)
	}
	return nil
}

// unknownKey is the fault of a mapping with a key that it does not have.
type unknownKey struct {
	value   *value // of the key
	key     string
	allowed []string
}

func (u *unknownKey) Error() string { return u.value.key + ": unknown key" }

// suggest is the error that names the keys that may have been meant: those of the mapping, or any
// of the document, whose type it is given, if it has one.
func (u *unknownKey) suggest(document reflect.Type) error {
	near := Nearest(u.key, u.allowed)
	if len(near) == 0 && document != nil {
		var all []string
		for _, p := range listed(nil, document, nil, "") {
			all = append(all, p.Key)
		}
		near = NearestKeys(u.key, all)
	}
	if len(near) > 0 {
		return u.value.errorf("unknown key, did you mean %s?", strings.Join(near, " or "))
	}
	return u.value.errorf("unknown key, must be one of %s", strings.Join(u.allowed, ", "))
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
