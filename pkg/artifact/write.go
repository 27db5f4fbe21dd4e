package artifact

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// These decide the bytes of a file. Changing one changes every object's digest (but no logical digest).
const (
	createdBy     = "sicgrid"
	schemaKey     = "ARROW:schema"   // where Arrow's tools look for the schema
	tableKey      = "sicgrid:schema" // where Read looks for it
	batchValues   = 128              // values handed to parquet-go at once
	pageBytes     = 1 << 20          // a page is closed by the first row that fills it to here
	rowGroupBytes = 64 << 20         // likewise for a row group,
	rowGroupRows  = 1 << 20          // which has no more rows than this
)

var compression = &zstd.Codec{Level: zstd.SpeedFastest}

// Write encodes rec as a Parquet file. Tables of the same logical digest give the same bytes.
// It fails on nulls, on types that cannot be stored, on a single list of more than about 1 GiB, and when w fails.
func Write(w io.Writer, rec arrow.Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("artifact: encoding Parquet: %v", p)
		}
	}()
	schema, types, err := checkColumns(rec)
	if err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	arrowSchema, err := encodeSchema(schema)
	if err != nil {
		return fmt.Errorf("artifact: encoding the schema: %w", err)
	}
	text, err := encodeTable(schema, types)
	if err != nil {
		return fmt.Errorf("artifact: encoding the schema: %w", err)
	}
	columns := make([]*columnWriter, len(types))
	longest := 0 // bytes in page buffers of the longest list
	for i, t := range types {
		columns[i] = newColumnWriter(t, rec.Column(i))
		for r := range int(rec.NumRows()) {
			longest = max(longest, columns[i].rowBytes(r))
		}
	}
	// parquet-go closes a page by itself as soon as its buffer is full, even in the middle of a list, where none may end.
	// So the buffer holds a page plus the longest list, and pages are closed here, between rows.
	pageBuffer := int64(pageBytes+longest) * 11 / 10
	if pageBuffer > math.MaxInt32 {
		return fmt.Errorf("artifact: a list of %d MiB does not fit into one Parquet page: split it", longest>>20)
	}
	out := parquet.NewWriter(w, writerOptions(schema, types, arrowSchema, text, int(pageBuffer))...)
	for i, c := range columns {
		c.out = out.ColumnWriters()[i]
	}
	rows := int(rec.NumRows())
	for from := 0; from < rows; {
		to, size := from, 0
		for ; to < rows && to-from < rowGroupRows && size < rowGroupBytes; to++ {
			for _, c := range columns {
				size += c.rowBytes(to)
			}
		}
		for i, c := range columns {
			if err := c.write(from, to); err != nil {
				return fmt.Errorf("artifact: writing column %q: %w", schema.Field(i).Name, err)
			}
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("artifact: writing rows %d to %d: %w", from, to, err)
		}
		from = to
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("artifact: writing the footer: %w", err)
	}
	return nil
}

func writerOptions(schema *arrow.Schema, types []columnType, arrowSchema, text string, pageBuffer int) []parquet.WriterOption {
	file := parquetSchema(schema, types)
	options := []parquet.WriterOption{file, parquet.Compression(compression), parquet.CreatedBy(createdBy, "", ""),
		parquet.PageBufferSize(pageBuffer), parquet.DataPageStatistics(false), parquet.KeyValueMetadata(schemaKey, arrowSchema), parquet.KeyValueMetadata(tableKey, text)}
	for i, path := range file.Columns() {
		// The bounds of blobs would be whole blobs in the footer; those of tensors cost time and tell nobody anything.
		if types[i].value == arrow.BINARY || types[i].list && types[i].float() {
			options = append(options, parquet.SkipPageBounds(path...))
		}
	}
	meta := schema.Metadata()
	for i, k := range meta.Keys() {
		options = append(options, parquet.KeyValueMetadata(k, meta.Values()[i])) // as Arrow's writers do; some readers look only here
	}
	return options
}

// encodeSchema gives the text that Arrow's tools keep in a Parquet file: an Arrow IPC stream that ends after the schema, in base64.
func encodeSchema(schema *arrow.Schema) (string, error) {
	var b bytes.Buffer
	if err := ipc.NewWriter(&b, ipc.WithSchema(schema)).Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// A columnWriter writes one column of a record to one leaf of a Parquet file.
type columnWriter struct {
	out     *parquet.ColumnWriter
	typ     columnType
	offsets []int32 // of lists: list r is values offsets[r] to offsets[r+1]
	// fill sets dst to the values from, from+1, ..., in lists all with this repetition and definition level.
	fill     func(dst []parquet.Value, from, level int)
	size     func(from, to int) int // bytes of these values in a page
	batch    [batchValues]parquet.Value
	buffered int // bytes in the present page
}

func newColumnWriter(t columnType, arr arrow.Array) *columnWriter {
	c := &columnWriter{typ: t}
	fixed := valueTypes[t.value].size
	if t.list {
		l := arr.(*array.List)
		c.offsets = listOffsets(l)
		arr = l.ListValues()
		fixed += 2 // a repetition and a definition level
	}
	c.size = func(from, to int) int { return (to - from) * fixed }
	// A parquet.Value is six fields, and these loops decide how fast lists are written: hence no second pass for the levels, no
	// call for each value (Value.Level, which is not inlined).
	switch t.value {
	case arrow.INT32:
		values := numbersOf[int32](arr)
		c.fill = func(dst []parquet.Value, from, level int) {
			for i, x := range values[from : from+len(dst)] {
				dst[i] = parquet.Int32Value(x)
				setLevels(&dst[i], level)
			}
		}
	case arrow.INT64:
		values := numbersOf[int64](arr)
		c.fill = func(dst []parquet.Value, from, level int) {
			for i, x := range values[from : from+len(dst)] {
				dst[i] = parquet.Int64Value(x)
				setLevels(&dst[i], level)
			}
		}
	case arrow.FLOAT32:
		values := numbersOf[float32](arr)
		c.fill = func(dst []parquet.Value, from, level int) {
			for i, x := range values[from : from+len(dst)] {
				dst[i] = parquet.FloatValue(canonicalNaN32(x))
				setLevels(&dst[i], level)
			}
		}
	case arrow.FLOAT64:
		values := numbersOf[float64](arr)
		c.fill = func(dst []parquet.Value, from, level int) {
			for i, x := range values[from : from+len(dst)] {
				dst[i] = parquet.DoubleValue(canonicalNaN64(x))
				setLevels(&dst[i], level)
			}
		}
	case arrow.BOOL:
		a := arr.(*array.Boolean)
		c.fill = func(dst []parquet.Value, from, level int) {
			for i := range dst {
				dst[i] = parquet.BooleanValue(a.Value(from + i))
			}
		}
	default:
		at := bytesAt(arr)
		c.fill = func(dst []parquet.Value, from, level int) {
			for i := range dst {
				dst[i] = parquet.ByteArrayValue([]byte(at(from + i)))
			}
		}
		c.size = func(from, to int) int {
			n := 0
			for i := from; i < to; i++ {
				n += 4 + len(at(i))
			}
			return n
		}
	}
	return c
}

// setLevels sets both levels of v.
func setLevels(v *parquet.Value, level int) {
	v.SetRepetitionLevel(level)
	v.SetDefinitionLevel(level)
}

// rowBytes is the space that row r takes in a page before encoding.
func (c *columnWriter) rowBytes(r int) int {
	if c.typ.list {
		return c.size(int(c.offsets[r]), int(c.offsets[r+1])) + 2
	}
	return c.size(r, r+1)
}

// write appends rows from..to.
func (c *columnWriter) write(from, to int) error {
	step := 1 // rows: a list or a byte string may fill a page alone
	if !c.typ.list && valueTypes[c.typ.value].size > 0 {
		step = batchValues
	}
	for ; from < to; from += step {
		n := min(step, to-from)
		if c.typ.list {
			if err := c.writeList(int(c.offsets[from]), int(c.offsets[from+1])); err != nil {
				return err
			}
			c.buffered += c.rowBytes(from)
		} else {
			c.fill(c.batch[:n], from, 0)
			if _, err := c.out.WriteRowValues(c.batch[:n]); err != nil {
				return err
			}
			c.buffered += c.size(from, from+n)
		}
		if c.buffered >= pageBytes {
			if err := c.out.Flush(); err != nil {
				return err
			}
			c.buffered = 0
		}
	}
	c.buffered = 0 // the row group ends here, and the page with it
	return nil
}

// writeList appends one list. Levels, as Parquet defines them: the first value of a list has repetition 0, the others 1; a value has
// definition 1; an empty list is a null of definition 0.
func (c *columnWriter) writeList(from, to int) error {
	if from == to {
		c.batch[0] = parquet.NullValue()
		_, err := c.out.WriteRowValues(c.batch[:1])
		return err
	}
	repetition := 0
	for from < to {
		batch := c.batch[:min(batchValues, to-from)]
		c.fill(batch, from, 1)
		batch[0].SetRepetitionLevel(repetition)
		if _, err := c.out.WriteRowValues(batch); err != nil {
			return err
		}
		repetition = 1
		from += len(batch)
	}
	return nil
}
