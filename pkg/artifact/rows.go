package artifact

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// A rowField is one field of a row struct, or one element of an array, and the column that it
// stands for.
type rowField struct {
	index            []int // of the struct field, as reflect.Value.FieldByIndex takes it
	element          int   // of the array in that field, or -1
	name             string
	unit, shape, doc string
	typ              columnType
}

// fieldTypes says which Go types a row struct may use, and what they become.
var fieldTypes = map[reflect.Type]columnType{
	reflect.TypeFor[bool]():      {value: arrow.BOOL},
	reflect.TypeFor[int32]():     {value: arrow.INT32},
	reflect.TypeFor[int64]():     {value: arrow.INT64},
	reflect.TypeFor[float32]():   {value: arrow.FLOAT32},
	reflect.TypeFor[float64]():   {value: arrow.FLOAT64},
	reflect.TypeFor[string]():    {value: arrow.STRING},
	reflect.TypeFor[[]byte]():    {value: arrow.BINARY},
	reflect.TypeFor[[]int32]():   {value: arrow.INT32, list: true},
	reflect.TypeFor[[]int64]():   {value: arrow.INT64, list: true},
	reflect.TypeFor[[]float32](): {value: arrow.FLOAT32, list: true},
	reflect.TypeFor[[]float64](): {value: arrow.FLOAT64, list: true},
}

// rowFields reads the tags of a row struct. Every field must be exported, of a storable type and
// named by a col tag: a field that was silently left out would be lost without anybody noticing.
// The fields of an embedded struct stand where it does. An array with a method Columns() []string
// is as many columns, whose names stand for the * of its tag.
func rowFields(t reflect.Type) ([]rowField, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("artifact: rows must be structs, not %s", t)
	}
	var fields []rowField
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.IsExported() && f.Type.Kind() == reflect.Struct {
			inner, err := rowFields(f.Type)
			if err != nil {
				return nil, err
			}
			for _, r := range inner {
				r.index = append([]int{i}, r.index...)
				fields = append(fields, r)
			}
			continue
		}
		name, columns, stored := f.Tag.Get("col"), []string{""}, f.Type
		named, ok := reflect.Zero(f.Type).Interface().(interface{ Columns() []string })
		list := ok && f.Type.Kind() == reflect.Array
		if list {
			columns, stored = named.Columns(), f.Type.Elem()
		}
		typ, ok := fieldTypes[stored]
		switch {
		case !f.IsExported():
			return nil, fmt.Errorf("artifact: %s.%s is not exported: rows consist of exported fields", t, f.Name)
		case name == "":
			return nil, fmt.Errorf("artifact: %s.%s names no column: give it a tag `col:\"...\"`", t, f.Name)
		case !ok, list && len(columns) != f.Type.Len():
			return nil, fmt.Errorf("artifact: %s.%s: type %s cannot be stored", t, f.Name, f.Type)
		}
		for e, column := range columns {
			r := rowField{[]int{i}, -1, name, f.Tag.Get(unitKey), f.Tag.Get(shapeKey), f.Tag.Get(docKey), typ}
			if list {
				words := strings.ReplaceAll(column, "_", " ")
				r.element, r.name, r.doc = e, strings.Replace(name, "*", column, 1), strings.Replace(r.doc, "*", words, 1)
			}
			fields = append(fields, r)
		}
	}
	return fields, nil
}

// of returns what the column holds of a row.
func (f rowField) of(row reflect.Value) reflect.Value {
	v := row.FieldByIndex(f.index)
	if f.element >= 0 {
		v = v.Index(f.element)
	}
	return v
}

// FromRows makes a table of rows, with columns in the order of T's fields and meta as the table's
// metadata. It copies, so that rows may be changed afterwards. nil and empty lists are the same.
func FromRows[T any](rows []T, meta map[string]string) (arrow.Record, error) {
	t := reflect.TypeFor[T]()
	fields, err := rowFields(t)
	if err != nil {
		return nil, err
	}
	columns := make([]arrow.Field, len(fields))
	for i, f := range fields {
		about := map[string]string{unitKey: f.unit, shapeKey: f.shape, docKey: f.doc}
		maps.DeleteFunc(about, func(_, text string) bool { return text == "" })
		columns[i] = arrow.Field{Name: f.name, Type: f.typ.arrowType(), Metadata: sortedMetadata(about)}
	}
	tableMeta := sortedMetadata(meta)
	schema, _, err := canonicalSchema(arrow.NewSchema(columns, &tableMeta))
	if err != nil {
		return nil, fmt.Errorf("artifact: rows of %s: %w", t, err)
	}
	arrays := make([]arrow.Array, len(fields))
	for i, f := range fields {
		if arrays[i], err = columnOf(reflect.ValueOf(rows), f); err != nil {
			return nil, fmt.Errorf("artifact: column %q of %s: %w", f.name, t, err)
		}
	}
	return array.NewRecord(schema, arrays, int64(len(rows))), nil
}

// columnOf gathers field f of all rows, a slice of structs.
func columnOf(rows reflect.Value, f rowField) (arrow.Array, error) {
	switch f.typ {
	case columnType{value: arrow.BOOL}:
		return boolArray(gather[bool](rows, f)), nil
	case columnType{value: arrow.INT32}:
		return numbersArray(gather[int32](rows, f)), nil
	case columnType{value: arrow.INT64}:
		return numbersArray(gather[int64](rows, f)), nil
	case columnType{value: arrow.FLOAT32}:
		return numbersArray(gather[float32](rows, f)), nil
	case columnType{value: arrow.FLOAT64}:
		return numbersArray(gather[float64](rows, f)), nil
	case columnType{value: arrow.STRING}:
		texts := gather[string](rows, f)
		runs := make([][]byte, len(texts))
		for i, s := range texts {
			runs[i] = []byte(s)
		}
		return bytesColumnOf(runs, f)
	case columnType{value: arrow.BINARY}:
		return bytesColumnOf(gather[[]byte](rows, f), f)
	case columnType{value: arrow.INT32, list: true}:
		return listColumnOf[int32](rows, f)
	case columnType{value: arrow.INT64, list: true}:
		return listColumnOf[int64](rows, f)
	case columnType{value: arrow.FLOAT32, list: true}:
		return listColumnOf[float32](rows, f)
	default:
		return listColumnOf[float64](rows, f)
	}
}

func bytesColumnOf(runs [][]byte, f rowField) (arrow.Array, error) {
	offsets, data, err := concatenate(runs)
	if err != nil {
		return nil, err
	}
	return bytesArray(f.typ.arrowType(), offsets, data), nil
}

func listColumnOf[E number](rows reflect.Value, f rowField) (arrow.Array, error) {
	offsets, values, err := concatenate(gather[[]E](rows, f))
	if err != nil {
		return nil, err
	}
	return listArray(offsets, values), nil
}

// gather returns field f of every row.
func gather[V any](rows reflect.Value, f rowField) []V {
	values := make([]V, rows.Len())
	for i := range values {
		values[i] = *f.of(rows.Index(i)).Addr().Interface().(*V)
	}
	return values
}

// concatenate lays runs end to end; run i becomes values[offsets[i]:offsets[i+1]]. Arrow's offsets
// are 32 bits wide.
func concatenate[E any](runs [][]E) (offsets []int32, values []E, err error) {
	total := 0
	for _, r := range runs {
		total += len(r)
	}
	if total > math.MaxInt32 {
		return nil, nil, fmt.Errorf("%d values are more than the %d that one table can hold: split it", total, math.MaxInt32)
	}
	offsets = make([]int32, 1, len(runs)+1)
	values = make([]E, 0, total)
	for _, r := range runs {
		values = append(values, r...)
		offsets = append(offsets, int32(len(values)))
	}
	return offsets, values, nil
}

// Rows returns the rows of a table through the view T: every column of T must be there with the
// same type and, where T gives a unit, with that unit; columns that T does not name are ignored.
// Lists are copies, so that a caller may change them; the lists of a column share one allocation.
func Rows[T any](rec arrow.Record) ([]T, error) {
	t := reflect.TypeFor[T]()
	fields, err := rowFields(t)
	if err != nil {
		return nil, err
	}
	if _, _, err := checkColumns(rec); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	rows := make([]T, rec.NumRows())
	for _, f := range fields {
		at := rec.Schema().FieldIndices(f.name)
		if len(at) == 0 {
			return nil, fmt.Errorf("artifact: the table has no column %q, which %s reads (it has %s)", f.name, t, columnNames(rec))
		}
		column := rec.Schema().Field(at[0])
		typ, err := columnTypeOf(column.Type)
		if err != nil || typ != f.typ {
			return nil, fmt.Errorf("artifact: column %q holds %s, but %s reads %s", f.name, typ, t, f.typ)
		}
		if unit, _ := column.Metadata.GetValue(unitKey); f.unit != "" && unit != f.unit {
			return nil, fmt.Errorf("artifact: column %q is in %q, but %s reads %q", f.name, unit, t, f.unit)
		}
		scatterColumn(reflect.ValueOf(rows), f, rec.Column(at[0]))
	}
	return rows, nil
}

func columnNames(rec arrow.Record) string {
	var names []string
	for _, f := range rec.Schema().Fields() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// scatterColumn sets field f of all rows from arr.
func scatterColumn(rows reflect.Value, f rowField, arr arrow.Array) {
	switch f.typ {
	case columnType{value: arrow.BOOL}:
		scatter(rows, f, arr.(*array.Boolean).Value)
	case columnType{value: arrow.INT32}:
		scatterNumbers[int32](rows, f, arr)
	case columnType{value: arrow.INT64}:
		scatterNumbers[int64](rows, f, arr)
	case columnType{value: arrow.FLOAT32}:
		scatterNumbers[float32](rows, f, arr)
	case columnType{value: arrow.FLOAT64}:
		scatterNumbers[float64](rows, f, arr)
	case columnType{value: arrow.STRING}:
		scatter(rows, f, arr.(*array.String).Value)
	case columnType{value: arrow.BINARY}:
		value := bytesAt(arr)
		scatter(rows, f, func(i int) []byte { return []byte(value(i)) })
	case columnType{value: arrow.INT32, list: true}:
		scatterLists[int32](rows, f, arr)
	case columnType{value: arrow.INT64, list: true}:
		scatterLists[int64](rows, f, arr)
	case columnType{value: arrow.FLOAT32, list: true}:
		scatterLists[float32](rows, f, arr)
	default:
		scatterLists[float64](rows, f, arr)
	}
}

func scatter[V any](rows reflect.Value, f rowField, value func(i int) V) {
	for i := range rows.Len() {
		*f.of(rows.Index(i)).Addr().Interface().(*V) = value(i)
	}
}

func scatterNumbers[E number](rows reflect.Value, f rowField, arr arrow.Array) {
	values := numbersOf[E](arr)
	scatter(rows, f, func(i int) E { return values[i] })
}

func scatterLists[E number](rows reflect.Value, f rowField, arr arrow.Array) {
	l := arr.(*array.List)
	offsets := listOffsets(l)
	first, last := offsets[0], offsets[len(offsets)-1]
	values := append([]E(nil), numbersOf[E](l.ListValues())[first:last]...)
	scatter(rows, f, func(i int) []E {
		from, to := offsets[i]-first, offsets[i+1]-first
		return values[from:to:to]
	})
}
