package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
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
	var kind string
	var data any
	switch v := values.(type) {
	case *array.Float32:
		kind, data = "<f4", v.Float32Values()
	case *array.Float64:
		kind, data = "<f8", v.Float64Values()
	case *array.Int32:
		kind, data = "<i4", v.Int32Values()
	case *array.Int64:
		kind, data = "<i8", v.Int64Values()
	default:
		return nil, usagef("--column %s: found a column of %s, must be numeric", name, values.DataType())
	}
	var b bytes.Buffer
	b.WriteString(npyHeader(kind, shape))
	if err := binary.Write(&b, binary.LittleEndian, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// npyHeader is the head of format version 1.0, padded so that the data begin at a multiple of 64 bytes.
func npyHeader(kind string, shape []int) string {
	sizes := ""
	for _, n := range shape {
		sizes += fmt.Sprintf("%d,", n)
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, sizes)
	dict += strings.Repeat(" ", 63-(10+len(dict))%64) + "\n"
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(dict)), byte(len(dict) >> 8)}) + dict
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
