package tablefile

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"

	"sicgrid/pkg/ndarray"
)

// Arrow is the record as an Arrow IPC file.
func Arrow(rec arrow.Record) ([]byte, error) {
	f, err := os.CreateTemp("", "sicgrid-export-") // Arrow's writer has to seek
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(rec.Schema()))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.Write(rec), w.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(f.Name())
}

// CSV has the columns' names in its first line; the values of a list are joined by semicolons.
func CSV(rec arrow.Record) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	line := make([]string, rec.NumCols())
	for i := range line {
		line[i] = rec.ColumnName(i)
	}
	if err := w.Write(line); err != nil {
		return nil, err
	}
	for row := range int(rec.NumRows()) {
		for i, column := range rec.Columns() {
			line[i] = csvValue(column, row)
		}
		if err := w.Write(line); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func csvValue(column arrow.Array, row int) string {
	l, ok := column.(*array.List)
	if !ok {
		return column.ValueStr(row)
	}
	from, to := l.ValueOffsets(row)
	values := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		values = append(values, l.ListValues().ValueStr(int(i)))
	}
	return strings.Join(values, ";")
}

// JSON is a list of rows, each a mapping in the order of the columns. NaN and infinities, which
// JSON has not, are null.
func JSON(rec arrow.Record) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('[')
	for row := range int(rec.NumRows()) {
		if row > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n ")
		for i, column := range rec.Columns() {
			mark := ", "
			if i == 0 {
				mark = "{"
			}
			value, err := json.Marshal(jsonValue(column, row))
			if err != nil {
				return nil, fmt.Errorf("%s, row %d: %w", rec.ColumnName(i), row, err)
			}
			name, _ := json.Marshal(rec.ColumnName(i)) // a text can be written
			fmt.Fprintf(&b, "%s%s: %s", mark, name, value)
		}
		b.WriteByte('}')
	}
	b.WriteString("\n]\n")
	return b.Bytes(), nil
}

// jsonValue is one value, as encoding/json takes it.
func jsonValue(column arrow.Array, row int) any {
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	if column.IsNull(row) {
		return nil
	}
	switch c := column.(type) {
	case *array.List:
		from, to := c.ValueOffsets(row)
		values := make([]any, 0, to-from)
		for i := from; i < to; i++ {
			values = append(values, jsonValue(c.ListValues(), int(i)))
		}
		return values
	case *array.Float64:
		if finite(c.Value(row)) {
			return c.Value(row)
		}
		return nil
	case *array.Float32:
		if finite(float64(c.Value(row))) {
			return c.Value(row)
		}
		return nil
	}
	return column.GetOneForMarshal(row)
}

// Npy is one numeric column as a NumPy array: [rows], for lists of one
// length [rows, length], and for square maps [rows, ny, nx].
func Npy(rec arrow.Record, name string) ([]byte, error) {
	found := rec.Schema().FieldIndices(name)
	if len(found) == 0 {
		var names []string
		for _, f := range rec.Schema().Fields() {
			names = append(names, f.Name)
		}
		return nil, fmt.Errorf("%q: must be one of %s", name, strings.Join(names, ", "))
	}
	column, shape := rec.Column(found[0]), []int{int(rec.NumRows())}
	values := column
	if l, ok := column.(*array.List); ok {
		length, err := commonLength(l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		values, shape = l.ListValues(), append(shape, length)
		axes, _ := rec.Schema().Field(found[0]).Metadata.GetValue("shape")
		if side := int(math.Round(math.Sqrt(float64(length)))); axes == "ny,nx" && side*side == length {
			shape = []int{shape[0], side, side}
		}
	}
	switch v := values.(type) {
	case *array.Float32:
		return ndarray.Npy(shape, v.Float32Values()), nil
	case *array.Float64:
		return ndarray.Npy(shape, v.Float64Values()), nil
	case *array.Int32:
		return ndarray.Npy(shape, v.Int32Values()), nil
	case *array.Int64:
		return ndarray.Npy(shape, v.Int64Values()), nil
	}
	return nil, fmt.Errorf("%s: found a column of %s, must be numeric", name, values.DataType())
}

func commonLength(l *array.List) (int, error) {
	length := 0
	for row := range l.Len() {
		from, to := l.ValueOffsets(row)
		if n := int(to - from); row == 0 {
			length = n
		} else if n != length {
			return 0, fmt.Errorf("lists of %d and %d values make no array", length, n)
		}
	}
	return length, nil
}
