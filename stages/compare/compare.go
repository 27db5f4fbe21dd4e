// Package compare sets two sets of results beside one another: in which parameters they differ, in
// which numbers of their figures, how much that is beside what seeds differ by, and the figures
// themselves.
//
//   - A side is one of the two: the JSON files of figures in a folder, of a profile or of settings
//     over it, of a commit, or a point of a sweep.
//   - A field is one number or word of a figure, by its path: "figure-4: modules[0].period_m".
//   - A sample is a field's value for one seed. Where a side has several, its spread is their
//     standard deviation.
package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/jsondiff"
)

// Side is one of the two that are compared.
type Side struct {
	Name       string            // as it was asked for
	Where      string            // the folder, file or commit
	Commits    []string          // that drew its figures
	Note       string            // what a reader must know of it; "" = nothing
	Parameters map[string]string // by dotted key; nil where they are not known
	Numbers    map[string]Samples
	Figures    map[string]Figure
}

// Samples are the values of one field, as text: the side's own first, then those of other seeds.
type Samples []string

// Figure is a drawing.
type Figure struct {
	Path   string // for people
	SHA256 string // of its PNG
	PNG    func() ([]byte, error)
}

// Comparison is what differs between A and B.
type Comparison struct {
	A          Shown        `json:"a"`
	B          Shown        `json:"b"`
	Parameters []Difference `json:"parameters"` // that differ
	Numbers    []Difference `json:"numbers"`    // that differ
	Equal      int          `json:"equal"`      // numbers that do not
	Figures    []Pair       `json:"figures"`    // that either has
}

// Shown is what is said of a side.
type Shown struct {
	Name    string   `json:"name"`
	Where   string   `json:"where"`
	Commits []string `json:"commits"`
	Note    string   `json:"note,omitempty"`
}

// Difference is a field that is not the same.
type Difference struct {
	Field  string   `json:"field"`
	A      Value    `json:"a"`
	B      Value    `json:"b"`
	Change *float64 `json:"change,omitempty"`          // B - A, of means where there are several seeds
	Share  *float64 `json:"share,omitempty"`           // of A
	Errors *float64 `json:"standard_errors,omitempty"` // the change, in standard errors of both means together

	SDs *float64 `json:"standard_deviations,omitempty"` // the change, in what seeds differ by, where just the seed is another
}

// Value is what a side has for a field.
type Value struct {
	Text  string   `json:"value"` // its own; "" = it has none
	Mean  *float64 `json:"mean,omitempty"`
	SD    *float64 `json:"sd,omitempty"`
	Seeds int      `json:"seeds,omitempty"` // with that field; where there are several
}

// Pair is a figure of both sides.
type Pair struct {
	Name string `json:"figure"`
	A    string `json:"a,omitempty"` // path
	B    string `json:"b,omitempty"`
	Same bool   `json:"same"` // to the byte
	a, b Figure
}

// Compare sets b beside a.
func Compare(a, b Side) Comparison {
	c := Comparison{A: a.shown(), B: b.shown(), Parameters: []Difference{}, Numbers: []Difference{}, Figures: []Pair{}}
	if a.Parameters != nil && b.Parameters != nil {
		for _, key := range union(a.Parameters, b.Parameters) {
			if x, y := a.Parameters[key], b.Parameters[key]; x != y {
				c.Parameters = append(c.Parameters, Difference{Field: key, A: Value{Text: x}, B: Value{Text: y}})
			}
		}
	}
	for _, field := range union(a.Numbers, b.Numbers) {
		x, y := a.Numbers[field], b.Numbers[field]
		if slices.Equal(x, y) {
			c.Equal++
			continue
		}
		c.Numbers = append(c.Numbers, between(field, x, y))
	}
	for _, name := range union(a.Figures, b.Figures) {
		x, y := a.Figures[name], b.Figures[name]
		c.Figures = append(c.Figures, Pair{Name: name, A: x.Path, B: y.Path, Same: x.SHA256 != "" && x.SHA256 == y.SHA256, a: x, b: y})
	}
	return c
}

func (s Side) shown() Shown {
	return Shown{Name: s.Name, Where: s.Where, Commits: append([]string{}, s.Commits...), Note: s.Note}
}

// union are the keys of both, in the order in which people count.
func union[V any](a, b map[string]V) []string {
	keys := map[string]bool{}
	for key := range a {
		keys[key] = true
	}
	for key := range b {
		keys[key] = true
	}
	return slices.SortedFunc(maps.Keys(keys), jsondiff.Order)
}

// between is the difference of two sides in one field.
func between(field string, a, b Samples) Difference {
	d := Difference{Field: field}
	var x, y moments
	var okA, okB bool
	d.A, x, okA = a.value()
	d.B, y, okB = b.value()
	if !okA || !okB {
		return d
	}
	if x.n > 1 && slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))) {
		return d.ofSeeds(a, b, x)
	}
	change := y.mean - x.mean
	d.Change = &change
	if x.mean != 0 {
		share := change / math.Abs(x.mean)
		d.Share = &share
	}
	if x.n > 1 && y.n > 1 {
		if e := change / math.Sqrt(x.variance/float64(x.n)+y.variance/float64(y.n)); !math.IsInf(e, 0) && !math.IsNaN(e) {
			d.Errors = &e
		}
	}
	return d
}

// ofSeeds is the difference of two seeds of the same settings, whose samples, those of all seeds,
// have these moments.
func (d Difference) ofSeeds(a, b Samples, all moments) Difference {
	x, errA := strconv.ParseFloat(a[0], 64)
	y, errB := strconv.ParseFloat(b[0], 64)
	d.A, d.B = Value{Text: a[0]}, Value{Text: b[0]}
	if errA != nil || errB != nil {
		return d
	}
	change := y - x
	d.Change = &change
	if sds := change / math.Sqrt(all.variance); all.variance > 0 {
		d.SDs = &sds
	}
	return d
}

// moments are those of samples that are all numbers; the variance has n-1.
type moments struct {
	n              int
	mean, variance float64
}

func (s Samples) value() (v Value, m moments, numbers bool) {
	if len(s) == 0 {
		return v, m, false
	}
	v.Text = s[0]
	var all []float64
	for _, text := range s {
		x, err := strconv.ParseFloat(text, 64)
		if err == nil && !math.IsNaN(x) && !math.IsInf(x, 0) {
			all = append(all, x)
			m.mean += x
		}
	}
	if m.n = len(all); m.n == 0 {
		return v, m, false
	}
	m.mean /= float64(m.n)
	for _, x := range all {
		m.variance += (x - m.mean) * (x - m.mean) / float64(max(1, m.n-1))
	}
	if m.n > 1 {
		sd := math.Sqrt(m.variance)
		v.Mean, v.SD, v.Seeds = &m.mean, &sd, m.n
	}
	return v, m, true
}

// String is the value as people are shown it.
func (v Value) String() string {
	switch {
	case v.Text == "":
		return "none"
	case v.Seeds > 1:
		return fmt.Sprintf("%.4g ± %.2g (%d seeds)", *v.Mean, *v.SD, v.Seeds)
	}
	if x, err := strconv.ParseFloat(v.Text, 64); err == nil && len(v.Text) > 7 {
		return fmt.Sprintf("%.5g", x)
	}
	return v.Text
}

// By says by how much B is away from A.
func (d Difference) By() string {
	if d.Change == nil {
		return ""
	}
	text := fmt.Sprintf("%+.3g", *d.Change)
	if d.Share != nil {
		text = fmt.Sprintf("%+.2g %%", 100**d.Share)
		if math.Abs(*d.Share) >= 1 {
			text = fmt.Sprintf("%+.0f %%", 100**d.Share)
		}
	}
	if d.SDs != nil {
		text += fmt.Sprintf(", %.1f standard deviations of seeds", math.Abs(*d.SDs))
	}
	if d.Errors != nil {
		text += fmt.Sprintf(", %.1f standard errors", math.Abs(*d.Errors))
	}
	return text
}

// Group is what stands before the colon of a field: its figure, or the network of a sweep's point.
func (d Difference) Group() string {
	group, _, _ := strings.Cut(d.Field, ": ")
	return group
}

// Within is the field without its group.
func (d Difference) Within() string {
	_, field, _ := strings.Cut(d.Field, ": ")
	return field
}
