package artifact

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// A Difference says how far two tables of one form are apart.
type Difference struct {
	Form   string // how their columns, metadata or lengths differ; then nothing below is known
	Values int64  // how many values differ
	Of     int64  // of how many
	// Largest is the largest |a - b| among numbers; +Inf where one of them is NaN or an infinity
	// and the other is not.
	Largest         float64
	LargestWhere    string  // "mean, row 3, value 120: 0.5 and 0.25"
	Relative        float64 // largest |a - b| / max(|a|, |b|)
	RelativeWhere   string
	NotNumbers      int64 // how many of Values are texts, bytes or truth values
	NotNumbersWhere string
}

// None says that the tables hold the same.
func (d Difference) None() bool { return d.Form == "" && d.Values == 0 }

// String says it in one line.
func (d Difference) String() string {
	if d.Form != "" {
		return d.Form
	}
	if d.Values == 0 {
		return "no value differs"
	}
	parts := []string{fmt.Sprintf("%d of %d values differ", d.Values, d.Of)}
	if d.LargestWhere != "" {
		parts = append(parts, fmt.Sprintf("most by %.3g (%s)", d.Largest, d.LargestWhere))
	}
	if d.RelativeWhere != "" {
		parts = append(parts, fmt.Sprintf("relatively by %.3g (%s)", d.Relative, d.RelativeWhere))
	}
	if d.NotNumbers > 0 {
		parts = append(parts, fmt.Sprintf("%d are no numbers (first: %s)", d.NotNumbers, d.NotNumbersWhere))
	}
	return strings.Join(parts, ", ")
}

// Compare finds how far b is from a, whatever their columns are said to mean. All NaNs are one; 0
// and -0 differ, by 0.
func Compare(a, b arrow.Record) Difference {
	schemaA, types, err := checkColumns(a)
	if err != nil {
		return Difference{Form: err.Error()}
	}
	schemaB, _, err := checkColumns(b)
	switch {
	case err != nil:
		return Difference{Form: err.Error()}
	case !plain(schemaA).Equal(plain(schemaB)):
		return Difference{Form: "other columns or units"}
	case schemaA.Metadata().String() != schemaB.Metadata().String():
		return Difference{Form: fmt.Sprintf("other metadata: %s and %s", schemaA.Metadata(), schemaB.Metadata())}
	case a.NumRows() != b.NumRows():
		return Difference{Form: fmt.Sprintf("%d and %d rows", a.NumRows(), b.NumRows())}
	}
	var d Difference
	for i, t := range types {
		if d.column(schemaA.Field(i).Name, t, a.Column(i), b.Column(i)); d.Form != "" {
			return d
		}
	}
	return d
}

func (d *Difference) column(name string, t columnType, a, b arrow.Array) {
	where := func(i int) string { return fmt.Sprintf("%s, row %d", name, i) }
	if t.list {
		la, lb := a.(*array.List), b.(*array.List)
		offsetsA, offsetsB := listOffsets(la), listOffsets(lb)
		for i := range la.Len() {
			if n, m := offsetsA[i+1]-offsetsA[i], offsetsB[i+1]-offsetsB[i]; n != m {
				d.Form = fmt.Sprintf("%s: lists of %d and %d values", where(i), n, m)
				return
			}
		}
		if la.Len() == 0 {
			return
		}
		where = func(i int) string {
			row := sort.Search(la.Len(), func(r int) bool { return int(offsetsA[r+1]-offsetsA[0]) > i })
			return fmt.Sprintf("%s, row %d, value %d", name, row, i-int(offsetsA[row]-offsetsA[0]))
		}
		a, b = listed(la), listed(lb)
		defer a.Release()
		defer b.Release()
	}
	d.Of += int64(a.Len())
	switch t.value {
	case arrow.INT32:
		compareNumbers(d, numbersOf[int32](a), numbersOf[int32](b), where)
	case arrow.INT64:
		compareNumbers(d, numbersOf[int64](a), numbersOf[int64](b), where)
	case arrow.FLOAT32:
		compareNumbers(d, numbersOf[float32](a), numbersOf[float32](b), where)
	case arrow.FLOAT64:
		compareNumbers(d, numbersOf[float64](a), numbersOf[float64](b), where)
	default:
		for i := range a.Len() {
			if x, y := a.ValueStr(i), b.ValueStr(i); x != y {
				if d.Values++; d.NotNumbers == 0 {
					d.NotNumbersWhere = where(i)
				}
				d.NotNumbers++
			}
		}
	}
}

func compareNumbers[E number](d *Difference, a, b []E, where func(int) string) {
	for i, x := range a {
		y := b[i]
		if x == y && math.Signbit(float64(x)) == math.Signbit(float64(y)) || x != x && y != y {
			continue
		}
		d.Values++
		by := math.Abs(float64(x) - float64(y))
		relative := by / max(math.Abs(float64(x)), math.Abs(float64(y)))
		if by == 0 {
			relative = 0
		}
		if math.IsNaN(by) || math.IsInf(by, 0) {
			by, relative = math.Inf(1), math.Inf(1)
		}
		if by > d.Largest || d.LargestWhere == "" {
			d.Largest, d.LargestWhere = by, fmt.Sprintf("%s: %v and %v", where(i), x, y)
		}
		if relative > d.Relative || d.RelativeWhere == "" {
			d.Relative, d.RelativeWhere = relative, fmt.Sprintf("%s: %v and %v", where(i), x, y)
		}
	}
}
