package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"sicgrid/pkg/ndarray"
)

// npyFile is one numeric column as a NumPy array: [rows], for lists of one
// length [rows, length], and for square maps [rows, ny, nx].
func npyFile(rec arrow.Record, name string) ([]byte, error) {
	found := rec.Schema().FieldIndices(name)
	if len(found) == 0 {
		var names []string
		for _, f := range rec.Schema().Fields() {
			names = append(names, f.Name)
		}
		return nil, usagef("--column %q: must be one of %s", name, strings.Join(names, ", "))
	}
	column, shape := rec.Column(found[0]), []int{int(rec.NumRows())}
	values := column
	if l, ok := column.(*array.List); ok {
		length, err := commonLength(l)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", name, err)
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
	return nil, usagef("--column %s: found a column of %s, must be numeric", name, values.DataType())
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
