package params

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	wordsText      = regexp.MustCompile(`^[\w.-]+(\|[\w.-]+)*$`)
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

// parseRange reads a range of the package's grammar: words for a string, else numbers.
func parseRange(text string, of reflect.Kind) (rule, error) {
	if of == reflect.String {
		if !wordsText.MatchString(text) {
			return rule{}, fmt.Errorf("range %q: must be words with | between them, such as jet|grey", text)
		}
		words := strings.Split(text, "|")
		return rule{must: "one of " + strings.Join(words, ", "), text: func(s string) bool { return slices.Contains(words, s) }}, nil
	}
	var names []string
	var parts []func(float64) bool
	for part := range strings.SplitSeq(text, " or ") {
		name, holds, err := parseInterval(strings.TrimSpace(part))
		if err != nil {
			return rule{}, fmt.Errorf("range %q: %w", text, err)
		}
		names, parts = append(names, name), append(parts, holds)
	}
	return rule{must: strings.Join(names, " or "), number: func(x float64) bool {
		return slices.ContainsFunc(parts, func(holds func(float64) bool) bool { return holds(x) })
	}}, nil
}

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
