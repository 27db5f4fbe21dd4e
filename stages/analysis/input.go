package analysis

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"sicgrid/pkg/ndarray"
	"sicgrid/pkg/usage"
)

// source is a file and, behind a colon, the keys or columns that are meant.
type source struct {
	path  string
	names []string
}

// parseSource reads "table.parquet:x,y", "session.npz:spikes" or a plain path.
func parseSource(text string) source {
	for _, ext := range []string{".npz:", ".parquet:"} {
		if i := strings.LastIndex(text, ext); i >= 0 {
			at := i + len(ext) - 1
			return source{text[:at], strings.Split(text[at+1:], ",")}
		}
	}
	return source{path: text}
}

// read returns the array of a file. wanted are the names of its columns or keys by which, in this
// order, the first that are all there are taken if the source names none; without wanted, and where
// none of them fit an .npz file, it is whatever array the file holds.
func (s source) read(wanted ...[]string) (*ndarray.Array, error) {
	switch filepath.Ext(s.path) {
	case ".npy":
		return ndarray.ReadNpy(s.path)
	case ".npz":
		return s.readNpz(wanted)
	case ".parquet":
		if s.names != nil || len(wanted) == 0 {
			return ndarray.ReadParquet(s.path, s.names...)
		}
		var last error
		for _, names := range wanted {
			a, err := ndarray.ReadParquet(s.path, names...)
			if err == nil {
				return a, nil
			}
			last = err
		}
		return nil, fmt.Errorf("%w; name those that are meant as %s:%s", last, s.path, strings.Join(wanted[len(wanted)-1], ","))
	}
	return nil, usage.Errorf("%s: must end in .npy, .npz or .parquet", s.path)
}

// Read returns the array of a file, "FILE" or "FILE:KEY"; of a table with several columns of lists
// the one that is named.
func Read(text, column string) (*ndarray.Array, error) {
	s := parseSource(text)
	if column != "" {
		s.names = []string{column}
	}
	return s.read()
}

// readNpz returns one array, or several of equal length as the columns of one.
func (s source) readNpz(wanted [][]string) (*ndarray.Array, error) {
	file, err := ndarray.OpenNpz(s.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	names := s.names
	for _, w := range wanted {
		if names == nil && !slices.ContainsFunc(w, func(n string) bool { return !slices.Contains(file.Keys(), n) }) {
			names = w
		}
	}
	switch len(names) {
	case 0:
		return file.Read("")
	case 1:
		return file.Read(names[0])
	}
	out := &ndarray.Array{Names: names}
	for c, name := range names {
		a, err := file.Read(name)
		if err != nil {
			return nil, err
		}
		if c == 0 {
			out.Shape = []int{len(a.Values), len(names)}
			out.Values = make([]float64, len(a.Values)*len(names))
		}
		if len(a.Values) != out.Shape[0] {
			return nil, fmt.Errorf("%s: %s has %d values, %s has %d: must be as many", s.path, name, len(a.Values), names[0], out.Shape[0])
		}
		for i, v := range a.Values {
			out.Values[i*len(names)+c] = v
		}
	}
	return out, nil
}

// column is a copy of one column of a table [rows, columns].
func column(a *ndarray.Array, c int) []float64 {
	n := a.Shape[len(a.Shape)-1]
	out := make([]float64, 0, len(a.Values)/n)
	for i := c; i < len(a.Values); i += n {
		out = append(out, a.Values[i])
	}
	return out
}

// namesOf are the names of n columns: their own, or their numbers.
func namesOf(a *ndarray.Array, n int) []string {
	if a.Names != nil {
		return a.Names
	}
	return numbers(n)
}

func numbers(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

// noUnit matches the names of columns that hold no unit's activity.
var noUnit = regexp.MustCompile(`(?i)^(unnamed: ?\d+|__index_level_\d+__|index|idx|row|sample|frame|step|walk|trial|epoch|t|ts|time|times|timestamp|sec|second|` +
	`(pos(ition)?|head|body|left|right|nose)?[_. ]?[xyz]|[xyz]?[_. ]?(pos(ition)?|coord)|v[xyz]|speed|velocity|heading|hd|head_?(direction|angle)|theta|phi|angle)` +
	`s?([_. (]*(s|ms|us|sec|seconds|m|cm|mm|px|rad|deg)\)?)?$`)

// chooser says which columns are units.
type chooser struct {
	only, without []string
	leftOut       []string // "time (its name)"
}

// choose returns the columns that are units. Those that --columns names are, in its order and
// whatever they hold; else those are left out of which strange, which may be nil, says why they are
// none.
func (c *chooser) choose(path string, names []string, strange func(i int) string) ([]int, error) {
	for _, list := range []struct {
		flag  string
		names []string
	}{{"--columns", c.only}, {"--without", c.without}} {
		for _, n := range list.names {
			if !slices.Contains(names, n) {
				return nil, usage.Errorf("%s %s: %s has no such unit, has %s", list.flag, n, path, enumerate(names))
			}
		}
	}
	var chosen []int
	for _, n := range c.only {
		chosen = append(chosen, slices.Index(names, n))
	}
	for i, name := range names {
		why := ""
		switch {
		case len(c.only) > 0:
			continue
		case slices.Contains(c.without, name):
			why = "by --without"
		case strange != nil:
			why = strange(i)
		}
		if why == "" {
			chosen = append(chosen, i)
		} else {
			c.leftOut = append(c.leftOut, fmt.Sprintf("%s (%s)", name, why))
		}
	}
	if len(c.only) > 0 && len(chosen) < len(names) {
		c.leftOut = append(c.leftOut, fmt.Sprintf("%d that --columns does not name", len(names)-len(chosen)))
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("%s: has no unit: left out %s; name units by --columns", path, enumerate(c.leftOut))
	}
	return chosen, nil
}

// fewRows are too few for a column to be known by its values: those of a unit may rise by chance.
const fewRows = 20

// strangeTo says why a column of a table of units is none: by its name or its values it is a time, a
// place, or the number of a trial. "" is a unit.
func strangeTo(name string, values []float64) string {
	if noUnit.MatchString(name) {
		return "by its name no unit"
	}
	known, rises, counts, steps := 0, true, true, 0
	last := math.NaN()
	for _, v := range values {
		if math.IsNaN(v) {
			continue
		}
		if known++; known > 1 {
			rises = rises && v > last
			counts = counts && (v == last || v == last+1)
			if v > last {
				steps++
			}
		}
		last = v
	}
	switch {
	case known < fewRows:
		return ""
	case rises:
		return "increases from row to row, as time does"
	case counts && steps > 1 && last == math.Trunc(last):
		return "counts up by ones, as the number of a trial does"
	}
	return ""
}

// isPlace reports whether values, of a column beside a track, are the coordinate itself, in whatever
// unit and from whatever origin.
func isPlace(values, coordinate []float64) bool {
	var a, b []float64
	for i, v := range values {
		if w := coordinate[i]; finite(v) && finite(w) {
			a, b = append(a, v), append(b, w)
		}
	}
	return len(a) >= fewRows && math.Abs(stat.Correlation(a, b, nil)) > 1-1e-6
}

// enumerate lists at most a dozen names.
func enumerate(names []string) string {
	const most = 12
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// Path is the file of a source such as "session.npz:maps".
func Path(source string) string { return parseSource(source).path }
