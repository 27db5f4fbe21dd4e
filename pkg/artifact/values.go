package artifact

import (
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
)

// A number is a value that may stand in a list.
type number interface {
	int32 | int64 | float32 | float64
}

// numbersOf returns the values of a numeric array without copying. arr must hold E.
func numbersOf[E number](arr arrow.Array) []E {
	return arrow.GetValues[E](arr.Data(), 1)
}

// numbersArray wraps v, without copying, as an Arrow array.
func numbersArray[E number](v []E) arrow.Array {
	buffer := memory.NewBufferBytes(arrow.GetBytes(v))
	return array.MakeFromData(array.NewData(arrow.GetDataType[E](), len(v), []*memory.Buffer{nil, buffer}, nil, 0, 0))
}

// listArray makes lists of consecutive runs of v: list i is v[offsets[i]:offsets[i+1]].
func listArray[E number](offsets []int32, v []E) arrow.Array {
	child := numbersArray(v)
	defer child.Release()
	buffer := memory.NewBufferBytes(arrow.GetBytes(offsets))
	t := arrow.ListOfNonNullable(child.DataType())
	return array.MakeFromData(array.NewData(t, len(offsets)-1, []*memory.Buffer{nil, buffer}, []arrow.ArrayData{child.Data()}, 0, 0))
}

// listOffsets returns where each list of l starts and the last one ends, in the values of
// l.ListValues().
func listOffsets(l *array.List) []int32 {
	if l.Len() == 0 {
		return []int32{0}
	}
	return arrow.GetOffsets[int32](l.Data(), 1)
}

// bytesArray makes strings or byte strings (t) of consecutive runs of data: value i is
// data[offsets[i]:offsets[i+1]].
func bytesArray(t arrow.DataType, offsets []int32, data []byte) arrow.Array {
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.GetBytes(offsets)), memory.NewBufferBytes(data)}
	return array.MakeFromData(array.NewData(t, len(offsets)-1, buffers, nil, 0, 0))
}

func boolArray(v []bool) arrow.Array {
	b := array.NewBooleanBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.AppendValues(v, nil)
	return b.NewArray()
}

// bytesAt returns value i of a string or binary array as a string, without copying.
func bytesAt(arr arrow.Array) func(i int) string {
	switch a := arr.(type) {
	case *array.String:
		return a.Value
	case *array.Binary:
		return a.ValueString
	}
	// A fault of this package: columnType was not looked at.
	panic(fmt.Sprintf("artifact: %s holds no byte strings", arr.DataType()))
}

// checkColumns returns the canonical schema of rec and the types of its columns, or why rec cannot
// be stored.
func checkColumns(rec arrow.Record) (*arrow.Schema, []columnType, error) {
	schema, types, err := canonicalSchema(rec.Schema())
	if err != nil {
		return nil, nil, err
	}
	for i, arr := range rec.Columns() {
		nulls := arr.NullN()
		if l, ok := arr.(*array.List); ok {
			nulls += l.ListValues().NullN()
		}
		if nulls > 0 {
			return nil, nil, fmt.Errorf("column %q has nulls, which no table may have", schema.Field(i).Name)
		}
	}
	return schema, types, nil
}
