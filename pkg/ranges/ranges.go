// Package ranges is the grammar of what numbers may be, as the tags of parameters and of columns
// give it: an interval such as [0, 1] or (0, pi/3), a comparison such as >= 0, a single number, or
// several of these with " or " between them.
package ranges

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Range is a set of numbers.
type Range struct {
	Must  string // in words: "from 0 to 1", "at least 5 or 0"
	holds []func(float64) bool
}

// Has reports whether x is in the range.
func (r Range) Has(x float64) bool {
	return slices.ContainsFunc(r.holds, func(holds func(float64) bool) bool { return holds(x) })
}

// Parse reads a range.
func Parse(text string) (Range, error) {
	var r Range
	var names []string
	for part := range strings.SplitSeq(text, " or ") {
		name, holds, err := parseInterval(strings.TrimSpace(part))
		if err != nil {
			return Range{}, fmt.Errorf("range %q: %w", text, err)
		}
		names, r.holds = append(names, name), append(r.holds, holds)
	}
	r.Must = strings.Join(names, " or ")
	return r, nil
}

var (
	comparisonText = regexp.MustCompile(`^(>=|>|<=|<)(.*)$`)
	intervalText   = regexp.MustCompile(`^([\[(])(.*),(.*)([\])])$`)
)

// comparisons are what numbers may be asked for, and how that is said; the ends of an interval are
// four of them.
var comparisons = map[string]struct {
	must  string
	holds func(x, limit float64) bool
}{
	">":  {"greater than ", func(x, limit float64) bool { return x > limit }},
	">=": {"at least ", func(x, limit float64) bool { return x >= limit }},
	"<":  {"less than ", func(x, limit float64) bool { return x < limit }},
	"<=": {"at most ", func(x, limit float64) bool { return x <= limit }},
	"":   {"", func(x, limit float64) bool { return x == limit }},
}

var ends = map[string]string{"(": ">", "[": ">=", ")": "<", "]": "<="}

// parseInterval reads an interval, a comparison or a single number.
func parseInterval(part string) (must string, holds func(float64) bool, err error) {
	asked, texts := []string{""}, []string{part}
	if m := intervalText.FindStringSubmatch(part); m != nil {
		asked, texts = []string{ends[m[1]], ends[m[4]]}, m[2:4]
	} else if m := comparisonText.FindStringSubmatch(part); m != nil {
		asked, texts = m[1:2], m[2:]
	}
	names, limits := make([]string, len(texts)), make([]float64, len(texts))
	for i, text := range texts {
		text = strings.TrimSpace(text)
		if limits[i], err = parseLimit(text); err != nil {
			return "", nil, err
		}
		names[i], texts[i] = comparisons[asked[i]].must+text, text
	}
	must = strings.Join(names, " and ")
	switch {
	case len(limits) == 2 && limits[0] >= limits[1]:
		return "", nil, fmt.Errorf("%s is not below %s", texts[0], texts[1])
	case len(limits) == 2 && asked[0] == ">=" && asked[1] == "<=":
		must = fmt.Sprintf("from %s to %s", texts[0], texts[1])
	case asked[0] == ">=" && texts[0] == "0" && len(limits) == 1:
		must = "0 or greater"
	}
	return must, func(x float64) bool {
		for i, limit := range limits {
			if !comparisons[asked[i]].holds(x, limit) {
				return false
			}
		}
		return true
	}, nil
}

// parseLimit reads a finite number, pi, or pi over a number.
func parseLimit(text string) (float64, error) {
	if over, isPi := strings.CutPrefix(text, "pi"); isPi {
		if over == "" {
			return math.Pi, nil
		}
		divisor, err := strconv.ParseFloat(strings.TrimPrefix(over, "/"), 64)
		if err == nil && over[0] == '/' && divisor > 0 {
			return math.Pi / divisor, nil
		}
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(x, 0) || math.IsNaN(x) {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return x, nil
}
