package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/apache/arrow/go/v15/arrow"
)

const (
	unitKey  = "unit"  // column metadata: the unit, "m" or "rad/m"
	shapeKey = "shape" // column metadata: names of a tensor's axes, slowest first, "ny,nx"
	docKey   = "doc"   // column metadata: its meaning, in words for people
)

// A Column is what a table says of one of its columns.
type Column struct {
	Name    string `json:"name"`
	Type    string `json:"type"`  // "bool", "int32", "utf8", ..., of lists "[]float32"
	Unit    string `json:"unit"`  // "" without one
	Shape   string `json:"shape"` // axes of a tensor, slowest first
	Meaning string `json:"meaning"`
}

// Columns returns what schema says of each column, in their order.
func Columns(schema *arrow.Schema) []Column {
	columns := make([]Column, schema.NumFields())
	for i, f := range schema.Fields() {
		about := f.Metadata.ToMap()
		typ := f.Type.String()
		if l, ok := f.Type.(*arrow.ListType); ok {
			typ = "[]" + l.Elem().String()
		}
		columns[i] = Column{f.Name, typ, about[unitKey], about[shapeKey], about[docKey]}
	}
	return columns
}

// plain is schema without the meanings of its columns.
func plain(schema *arrow.Schema) *arrow.Schema {
	fields := schema.Fields()
	for i, f := range fields {
		about := f.Metadata.ToMap()
		delete(about, docKey)
		fields[i].Metadata = sortedMetadata(about)
	}
	meta := schema.Metadata()
	return arrow.NewSchema(fields, &meta)
}

// A columnType is the type of one column: values of one of seven kinds, or lists of them.
type columnType struct {
	value arrow.Type // BOOL, INT32, INT64, FLOAT32, FLOAT64, STRING or BINARY
	list  bool       // only of the four numeric kinds
}

// valueTypes are the kinds of values in a table. size is in bytes, 0 where it differs from value to
// value.
var valueTypes = map[arrow.Type]struct {
	arrow arrow.DataType
	size  int
	lists bool
}{
	arrow.BOOL:    {arrow.FixedWidthTypes.Boolean, 1, false},
	arrow.INT32:   {arrow.PrimitiveTypes.Int32, 4, true},
	arrow.INT64:   {arrow.PrimitiveTypes.Int64, 8, true},
	arrow.FLOAT32: {arrow.PrimitiveTypes.Float32, 4, true},
	arrow.FLOAT64: {arrow.PrimitiveTypes.Float64, 8, true},
	arrow.STRING:  {arrow.BinaryTypes.String, 0, false},
	arrow.BINARY:  {arrow.BinaryTypes.Binary, 0, false},
}

func columnTypeOf(t arrow.DataType) (columnType, error) {
	c := columnType{value: t.ID()}
	if l, ok := t.(*arrow.ListType); ok {
		c = columnType{value: l.Elem().ID(), list: true}
	}
	v, ok := valueTypes[c.value]
	if !ok || c.list && !v.lists {
		return c, fmt.Errorf("type %s cannot be stored", t)
	}
	return c, nil
}

func (c columnType) float() bool { return c.value == arrow.FLOAT32 || c.value == arrow.FLOAT64 }

func (c columnType) arrowType() arrow.DataType {
	if c.list {
		return arrow.ListOfNonNullable(valueTypes[c.value].arrow)
	}
	return valueTypes[c.value].arrow
}

func (c columnType) String() string {
	if c.list {
		return "[]" + valueTypes[c.value].arrow.Name()
	}
	return valueTypes[c.value].arrow.Name()
}

// canonicalSchema is schema with nothing left that two tables of equal meaning could differ in:
// metadata sorted by key, no field nullable. Fails on a table without columns, on nameless or
// repeated columns, and on types that cannot be stored.
func canonicalSchema(schema *arrow.Schema) (*arrow.Schema, []columnType, error) {
	if schema.NumFields() == 0 {
		return nil, nil, errors.New("a table needs at least one column")
	}
	fields := make([]arrow.Field, schema.NumFields())
	types := make([]columnType, schema.NumFields())
	seen := make(map[string]bool)
	for i, f := range schema.Fields() {
		switch {
		case f.Name == "":
			return nil, nil, fmt.Errorf("column %d has no name", i)
		case seen[f.Name]:
			return nil, nil, fmt.Errorf("two columns are named %q", f.Name)
		case !validText(f.Metadata):
			return nil, nil, fmt.Errorf("column %q has metadata that are not UTF-8", f.Name)
		case !utf8.ValidString(f.Name):
			return nil, nil, fmt.Errorf("the name of column %d, %q, is not UTF-8", i, f.Name)
		}
		seen[f.Name] = true
		t, err := columnTypeOf(f.Type)
		if err != nil {
			return nil, nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		types[i] = t
		fields[i] = arrow.Field{Name: f.Name, Type: t.arrowType(), Metadata: canonicalMetadata(f.Metadata)}
	}
	meta := canonicalMetadata(schema.Metadata())
	if !validText(meta) {
		return nil, nil, errors.New("the table has metadata that are not UTF-8")
	}
	for _, key := range []string{schemaKey, tableKey} {
		if meta.FindKey(key) >= 0 {
			return nil, nil, fmt.Errorf("metadata must not be named %s", key)
		}
	}
	return arrow.NewSchema(fields, &meta), types, nil
}

func validText(m arrow.Metadata) bool {
	for i, k := range m.Keys() {
		if !utf8.ValidString(k) || !utf8.ValidString(m.Values()[i]) {
			return false
		}
	}
	return true
}

// A tableText is a schema as JSON, the form in which Read finds it in a file.
type tableText struct {
	Columns  []columnText      `json:"columns"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

type columnText struct {
	Name     string            `json:"name"`
	Type     string            `json:"type"` // as columnType.String gives it
	Metadata map[string]string `json:"metadata,omitempty"`
}

func encodeTable(schema *arrow.Schema, types []columnType) (string, error) {
	meta := schema.Metadata()
	table := tableText{make([]columnText, len(types)), meta.ToMap()}
	for i, f := range schema.Fields() {
		table.Columns[i] = columnText{f.Name, types[i].String(), f.Metadata.ToMap()}
	}
	b, err := json.Marshal(table)
	return string(b), err
}

func decodeTable(text string) (*arrow.Schema, []columnType, error) {
	var table tableText
	if err := json.Unmarshal([]byte(text), &table); err != nil {
		return nil, nil, err
	}
	fields := make([]arrow.Field, len(table.Columns))
	for i, c := range table.Columns {
		fields[i] = arrow.Field{Name: c.Name, Metadata: sortedMetadata(c.Metadata)}
		for id, v := range valueTypes {
			for _, t := range []columnType{{id, false}, {id, v.lists}} {
				if t.String() == c.Type {
					fields[i].Type = t.arrowType()
				}
			}
		}
		if fields[i].Type == nil {
			return nil, nil, fmt.Errorf("column %q is of unknown type %q", c.Name, c.Type)
		}
	}
	meta := sortedMetadata(table.Metadata)
	return canonicalSchema(arrow.NewSchema(fields, &meta))
}

func canonicalMetadata(m arrow.Metadata) arrow.Metadata { return sortedMetadata(m.ToMap()) }

func sortedMetadata(m map[string]string) arrow.Metadata {
	keys := slices.Sorted(maps.Keys(m))
	values := make([]string, len(keys))
	for i, k := range keys {
		values[i] = m[k]
	}
	return arrow.NewMetadata(keys, values)
}

// Meta returns the metadata of a table (not those of its columns).
func Meta(rec arrow.Record) map[string]string {
	meta := rec.Schema().Metadata()
	return meta.ToMap()
}
