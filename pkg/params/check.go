package params

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
)

// Check is the first fault of a filled struct by its own tags, as an *Error that names the key, the value and
// the range. It asks what Decode asks of a document's values; a zero field that may be left out is left out.
func Check(v any) error { return check(reflect.Indirect(reflect.ValueOf(v)), "", Rule{}) }

func check(v reflect.Value, key string, rule Rule) error {
	must := func(found any, must string) error {
		return &Error{fmt.Sprintf("%s: found %v, must be %s", key, found, must)}
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, d := range declarationsOf(v.Type()) {
			field, at := v.FieldByIndex(d.index), joinKey(key, d.key)
			if d.optional && field.IsZero() {
				continue
			}
			if err := check(field, at, d.rule); err != nil {
				return err
			}
			if d.items.Must != "" && !d.items.Number(float64(field.Len())) {
				return &Error{fmt.Sprintf("%s: found %d values, must be %s", at, field.Len(), d.items.Must)}
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := check(v.Index(i), fmt.Sprintf("%s[%d]", key, i), rule); err != nil {
				return err
			}
		}
	case reflect.Map:
		if v.Type() == unchecked {
			return nil
		}
		names := v.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
		for _, name := range names {
			if err := check(v.MapIndex(name), joinKey(key, name.String()), rule); err != nil {
				return err
			}
		}
	case reflect.String:
		if rule.Text != nil && !rule.Text(v.String()) {
			return must(fmt.Sprintf("%q", v.String()), rule.Must)
		}
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint64, reflect.Float32, reflect.Float64:
		x := v.Convert(reflect.TypeFor[float64]()).Float()
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return must(x, "a finite number")
		}
		if rule.Number != nil && !rule.Number(x) {
			return must(v, rule.Must)
		}
	}
	return nil
}
