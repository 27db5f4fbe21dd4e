// Package jsondiff compares two JSON values leaf by leaf: words and truths must be equal, numbers as
// near as tolerances say. A leaf is a value with nothing in it, and is known by its path.
package jsondiff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/printable"
)

// A Difference is a field that is not as it must be.
type Difference struct {
	Field string   `json:"field"`         // "modules[0].period_m"
	Here  string   `json:"here"`          // JSON; "" where there is none
	There string   `json:"there"`         // in the file
	Off   *float64 `json:"off,omitempty"` // of two numbers, here less there
}

func (d Difference) String() string {
	there, here := shown(d.There), shown(d.Here)
	switch {
	case there == "":
		return fmt.Sprintf("%q is %s, the file has none", d.Field, here)
	case here == "":
		return fmt.Sprintf("%q is missing, the file has %s", d.Field, there)
	case d.Off == nil:
		return fmt.Sprintf("%q is %s, the file has %s", d.Field, here, there)
	}
	text := fmt.Sprintf("%q is %s, the file has %s: off by %.3g", d.Field, here, there, *d.Off)
	if y, _ := strconv.ParseFloat(there, 64); y != 0 {
		text += fmt.Sprintf(", %.3g %%", 100**d.Off/math.Abs(y))
	}
	return text
}

// shown is a text of a file on one line, of which no more is shown than a reader needs.
func shown(text string) string { return printable.Short(text, 60) }

// A Tolerance is how far a number may be from another.
type Tolerance struct {
	relative bool
	limit    float64
}

// ReadTolerances reads "5%", a share of the second value's number, and "0.01", a difference in its own
// unit.
func ReadTolerances(texts []string) ([]Tolerance, error) {
	var list []Tolerance
	for _, text := range texts {
		number, relative := strings.CutSuffix(text, "%")
		limit, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(limit >= 0) || math.IsInf(limit, 0) {
			return nil, fmt.Errorf("%s: must be a share such as 5%%, or a difference such as 0.01", text)
		}
		if relative {
			limit /= 100
		}
		list = append(list, Tolerance{relative, limit})
	}
	return list, nil
}

// near says whether a number is near enough to one of the file.
func near(here, there float64, tolerances []Tolerance) bool {
	if here == there {
		return true
	}
	return slices.ContainsFunc(tolerances, func(t Tolerance) bool {
		limit := t.limit
		if t.relative {
			limit *= math.Abs(there)
		}
		return math.Abs(here-there) <= limit
	})
}

// Compare compares two JSON values leaf by leaf; it returns how many fields there are in
// either.
func Compare(here, there json.RawMessage, tolerances []Tolerance) (fields int, differences []Difference) {
	ours, theirs := leavesOf(here), leavesOf(there)
	names := maps.Clone(ours)
	maps.Copy(names, theirs)
	for _, name := range slices.SortedFunc(maps.Keys(names), Order) {
		a, b := ours[name], theirs[name]
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		switch numbers := errX == nil && errY == nil; {
		case a == b, numbers && near(x, y, tolerances):
		case numbers:
			off := x - y
			differences = append(differences, Difference{name, a, b, &off})
		default:
			differences = append(differences, Difference{name, a, b, nil})
		}
	}
	return len(names), differences
}

// leavesOf are the texts of the leaves by their paths.
func leavesOf(data json.RawMessage) map[string]string {
	leaves := map[string]string{}
	Walk(data, func(i int, _ any) string { return strconv.Itoa(i) }, func(path string, v any) bool {
		if IsLeaf(v) {
			text, _ := json.Marshal(v) // what was read can be written
			leaves[path] = string(text)
		}
		return true
	})
	return leaves
}

// IsLeaf says whether nothing is within a value: it is neither a list nor a mapping, or an empty one.
func IsLeaf(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return true
}

// Walk calls visit with every value of data by its path, "modules[0].period_m", and goes into those
// for which it returns true. Between the brackets stands what index calls an element of a list.
// Numbers are json.Number, as they were written. What is no JSON has no values.
func Walk(data json.RawMessage, index func(i int, v any) string, visit func(path string, v any) bool) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var root any
	if decoder.Decode(&root) == nil {
		walk("", root, index, visit)
	}
}

func walk(path string, v any, index func(i int, v any) string, visit func(path string, v any) bool) {
	if !visit(path, v) {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			walk(strings.TrimPrefix(path+"."+key, "."), item, index, visit)
		}
	case []any:
		for i, item := range v {
			walk(fmt.Sprintf("%s[%s]", path, index(i, item)), item, index, visit)
		}
	}
}

// Order orders names with numbers in them as people do: x[2] before x[10].
func Order(a, b string) int {
	digits := func(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
	for a != "" && b != "" {
		if n, m := digits(a), digits(b); n > 0 && m > 0 {
			if n != m {
				return n - m
			}
			if c := strings.Compare(a[:n], b[:m]); c != 0 {
				return c
			}
			a, b = a[n:], b[m:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}
