package artifact

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"sicgrid/pkg/ranges"
)

// A Layout is what a table must be like, by the type of its rows: its columns, their types and
// units, how long lists are that are tensors, and what values may be.
//
// The tag range of a column gives the range of its values, or of the elements of its lists, as
// package ranges reads it (NaN is in all of them), or words with bars between them. The tag below
// names a size that they are less than. The same name in the tag shape stands for the same size.
type Layout struct {
	columns []columnLayout
	rows    int  // -1: any number
	others  bool // further columns may stand among them
	ragged  bool // lists of one shape may be of several lengths
	err     error
}

type columnLayout struct {
	rowField
	numbers *ranges.Range
	words   []string
	axes    []axis
}

// axis is a size as the tag shape has it: "ny", "3", "2ny-1".
type axis struct {
	times, plus int
	of          string // "" is 1
}

// LayoutOf is the layout of tables of T.
func LayoutOf[T any]() Layout {
	fields, err := rowFields(reflect.TypeFor[T]())
	l := Layout{rows: -1, err: err}
	for _, f := range fields {
		c := columnLayout{rowField: f}
		if f.within != "" && f.typ.value == arrow.STRING {
			c.words = strings.Split(f.within, "|")
		} else if f.within != "" && slices.Contains([]arrow.Type{arrow.BOOL, arrow.BINARY}, f.typ.value) && l.err == nil {
			l.err = fmt.Errorf("artifact: column %q of %s: %s has no range", f.name, reflect.TypeFor[T](), f.typ)
		} else if f.within != "" {
			r, err := ranges.Parse(f.within)
			if err != nil && l.err == nil {
				l.err = fmt.Errorf("artifact: column %q of %s: %w", f.name, reflect.TypeFor[T](), err)
			}
			c.numbers = &r
		}
		if c.axes, err = readShape(f.shape); err != nil && l.err == nil {
			l.err = fmt.Errorf("artifact: column %q of %s: %w", f.name, reflect.TypeFor[T](), err)
		}
		l.columns = append(l.columns, c)
	}
	return l
}

// OfRows is the layout of tables of so many rows.
func (l Layout) OfRows(n int) Layout {
	l.rows = n
	return l
}

// WithOthers is the layout of tables that may have further columns.
func (l Layout) WithOthers() Layout {
	l.others = true
	return l
}

// OfAnyLengths is the layout of tables whose tensors are not all of one shape.
func (l Layout) OfAnyLengths() Layout {
	l.ragged = true
	return l
}

var axisText = regexp.MustCompile(`^(\d*)([a-z]*)([+-]\d+)?$`)

func readShape(shape string) ([]axis, error) {
	if shape == "" {
		return nil, nil
	}
	var axes []axis
	for part := range strings.SplitSeq(shape, ",") {
		m := axisText.FindStringSubmatch(part)
		if m == nil || part == "" {
			return nil, fmt.Errorf("shape %q: must be sizes such as ny, 3 or 2ny-1", shape)
		}
		a := axis{times: 1, of: m[2]}
		if m[1] != "" {
			a.times, _ = strconv.Atoi(m[1]) // digits
		}
		if m[3] != "" {
			a.plus, _ = strconv.Atoi(m[3])
		}
		axes = append(axes, a)
	}
	return axes, nil
}

// Check says what is wrong with a table that should have the layout; sizes are those that are
// known.
func (l Layout) Check(rec arrow.Record, sizes map[string]int) error {
	if l.err != nil {
		return l.err
	}
	schema, types, err := checkColumns(rec)
	if err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	if l.rows >= 0 && rec.NumRows() != int64(l.rows) {
		return fmt.Errorf("has %d rows, must have %d", rec.NumRows(), l.rows)
	}
	if !l.others && schema.NumFields() != len(l.columns) {
		return fmt.Errorf("has %d columns, must have %d", schema.NumFields(), len(l.columns))
	}
	lengths := map[string]int{} // by shape, of those that are not known
	for _, c := range l.columns {
		at := rec.Schema().FieldIndices(c.name)
		if len(at) == 0 {
			return fmt.Errorf("has no column %q", c.name)
		}
		i := slices.IndexFunc(schema.Fields(), func(f arrow.Field) bool { return f.Name == c.name })
		unit, _ := schema.Field(i).Metadata.GetValue(unitKey)
		switch {
		case types[i] != c.typ:
			return fmt.Errorf("column %q holds %s, must hold %s", c.name, types[i], c.typ)
		case unit != c.unit:
			return fmt.Errorf("column %q is in %q, must be in %q", c.name, unit, c.unit)
		}
		if l.ragged {
			c.axes = nil
		}
		if err := c.check(rec.Column(at[0]), sizes, lengths); err != nil {
			return fmt.Errorf("column %q: %w", c.name, err)
		}
	}
	return nil
}

// check looks at the values of a column.
func (c columnLayout) check(arr arrow.Array, sizes, lengths map[string]int) error {
	if lists, ok := arr.(*array.List); ok {
		if err := c.checkLengths(listOffsets(lists), sizes, lengths); err != nil {
			return err
		}
		offsets := listOffsets(lists)
		arr = array.NewSlice(lists.ListValues(), int64(offsets[0]), int64(offsets[len(offsets)-1]))
		defer arr.Release()
	}
	if c.words != nil {
		for at, i := bytesAt(arr), 0; i < arr.Len(); i++ {
			if !slices.Contains(c.words, at(i)) {
				return fmt.Errorf("found %q, must be one of %s", at(i), strings.Join(c.words, ", "))
			}
		}
	}
	if c.numbers == nil && c.below == "" {
		return nil
	}
	limit, limited := sizes[c.below]
	allowed := func(x float64) error {
		if c.numbers != nil && !math.IsNaN(x) && !c.numbers.Has(x) {
			return fmt.Errorf("found %v, must be %s", x, c.numbers.Must)
		}
		if limited && x >= float64(limit) {
			return fmt.Errorf("found %v, must be less than %d, the number of %s", x, limit, c.below)
		}
		return nil
	}
	switch c.typ.value {
	case arrow.INT32:
		return each(numbersOf[int32](arr), allowed)
	case arrow.INT64:
		return each(numbersOf[int64](arr), allowed)
	case arrow.FLOAT32:
		return each(numbersOf[float32](arr), allowed)
	case arrow.FLOAT64:
		return each(numbersOf[float64](arr), allowed)
	}
	return nil
}

func each[E number](values []E, allowed func(float64) error) error {
	for _, v := range values {
		if err := allowed(float64(v)); err != nil {
			return err
		}
	}
	return nil
}

// checkLengths looks whether lists are as long as their shape has it or, where a size in it is not
// known, as all others of that shape in the table.
func (c columnLayout) checkLengths(offsets []int32, sizes, lengths map[string]int) error {
	if c.axes == nil {
		return nil
	}
	want, known := 1, true
	for _, a := range c.axes {
		n := 1
		if a.of != "" {
			var ok bool
			n, ok = sizes[a.of]
			known = known && ok
		}
		want *= a.times*n + a.plus
	}
	if !known {
		if n, ok := lengths[c.shape]; ok {
			want = n
		} else if len(offsets) > 1 {
			want = int(offsets[1] - offsets[0])
			lengths[c.shape] = want
		}
	}
	for i := 1; i < len(offsets); i++ {
		if n := int(offsets[i] - offsets[i-1]); n != want {
			return fmt.Errorf("row %d has %d values, must have %d (%s)", i-1, n, want, c.shape)
		}
	}
	return nil
}
