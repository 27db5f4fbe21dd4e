package artifact

import (
	"math"
	"reflect"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/parquet-go/parquet-go"
)

// parquetSchema has one leaf for each column, in the columns' order. It is one to write these
// columns with; without them, for any use.
func parquetSchema(schema *arrow.Schema, types []columnType, columns []*columnWriter) *parquet.Schema {
	root := orderedGroup{Group: parquet.Group{}}
	for i, t := range types {
		leaf := parquetLeaf(t)
		if columns != nil && columns[i].put != nil {
			leaf = parquet.Leaf(numbersType{leaf.Type(), columns[i].put})
		}
		node := parquet.Encoded(leaf, &parquet.Plain)
		if t.list {
			node = parquet.List(node)
		}
		name := schema.Field(i).Name
		root.Group[name] = node
		root.fields = append(root.fields, namedNode{parquet.Required(node), name})
	}
	return parquet.NewSchema("table", root)
}

func parquetLeaf(t columnType) parquet.Node {
	switch t.value {
	case arrow.BOOL:
		return parquet.Leaf(parquet.BooleanType)
	case arrow.INT32:
		return parquet.Leaf(parquet.Int32Type)
	case arrow.INT64:
		return parquet.Leaf(parquet.Int64Type)
	case arrow.FLOAT32:
		return parquet.Leaf(floatType{parquet.FloatType})
	case arrow.FLOAT64:
		return parquet.Leaf(floatType{parquet.DoubleType})
	case arrow.STRING:
		return parquet.String()
	default:
		return parquet.Leaf(parquet.ByteArrayType)
	}
}

// An orderedGroup keeps its fields in the given order; parquet.Group sorts them by name.
type orderedGroup struct {
	parquet.Group
	fields []parquet.Field
}

func (g orderedGroup) Fields() []parquet.Field { return g.fields }

type namedNode struct {
	parquet.Node
	name string
}

func (n namedNode) Name() string { return n.name }

func (n namedNode) Value(base reflect.Value) reflect.Value {
	return base.MapIndex(reflect.ValueOf(n.name))
}

// A numbersType is a type of numbers whose column buffer takes them from put instead of from the
// values that parquet-go hands it. A parquet.Value is six fields: making and reading one for each
// number takes more time than all else.
type numbersType struct {
	parquet.Type
	put func(to parquet.ColumnBuffer, n int) error
}

func (t numbersType) NewColumnBuffer(columnIndex, numValues int) parquet.ColumnBuffer {
	return numbersBuffer{t.Type.NewColumnBuffer(columnIndex, numValues), t.put}
}

type numbersBuffer struct {
	parquet.ColumnBuffer
	put func(to parquet.ColumnBuffer, n int) error
}

func (b numbersBuffer) WriteValues(values []parquet.Value) (int, error) {
	return len(values), b.put(b.ColumnBuffer, len(values))
}

// A floatType is float32 or float64 with an index of page bounds in which a page has the bounds
// -Inf and Inf if they were skipped or all its values are NaN. parquet-go would give 0, by which
// other readers may pass over the page, or NaN, among which its order of bounds, and so the bytes
// of the file, depend on the processor.
type floatType struct{ parquet.Type }

func (t floatType) NewColumnIndexer(sizeLimit int) parquet.ColumnIndexer {
	return floatIndexer{t.Type.NewColumnIndexer(sizeLimit), t.Kind()}
}

type floatIndexer struct {
	parquet.ColumnIndexer
	kind parquet.Kind
}

func (x floatIndexer) IndexPage(numValues, numNulls int64, least, most parquet.Value) {
	switch {
	case x.kind == parquet.Float && (least.IsNull() || math.IsNaN(float64(least.Float()))):
		least, most = parquet.FloatValue(float32(math.Inf(-1))), parquet.FloatValue(float32(math.Inf(1)))
	case x.kind == parquet.Double && (least.IsNull() || math.IsNaN(least.Double())):
		least, most = parquet.DoubleValue(math.Inf(-1)), parquet.DoubleValue(math.Inf(1))
	}
	x.ColumnIndexer.IndexPage(numValues, numNulls, least, most)
}
