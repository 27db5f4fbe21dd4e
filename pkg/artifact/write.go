package artifact

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// These decide the bytes of a file. Changing one changes every object's digest (but no logical
// digest).
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

// Write encodes rec as a Parquet file. Tables of the same logical digest and the same meanings of
// columns give the same bytes. It fails on nulls, on types that cannot be stored, on a single list
// of more than about 1 GiB, and when w fails.
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
	// parquet-go closes a page by itself as soon as its buffer is full, even in the middle of a
	// list, where none may end. So the buffer holds a page plus the longest list, and pages are
	// closed here, between rows.
	pageBuffer := int64(pageBytes+longest) * 11 / 10
	if pageBuffer > math.MaxInt32 {
		return fmt.Errorf("artifact: a list of %d MiB does not fit into one Parquet page: split it", longest>>20)
	}
	out := parquet.NewWriter(w, writerOptions(schema, types, columns, arrowSchema, text, int(pageBuffer))...)
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

func writerOptions(schema *arrow.Schema, types []columnType, columns []*columnWriter, arrowSchema, text string, pageBuffer int) []parquet.WriterOption {
	file := parquetSchema(schema, types, columns)
	options := []parquet.WriterOption{file, parquet.Compression(compression), parquet.CreatedBy(createdBy, "", ""),
		parquet.PageBufferSize(pageBuffer), parquet.DataPageStatistics(false), parquet.KeyValueMetadata(schemaKey, arrowSchema), parquet.KeyValueMetadata(tableKey, text)}
	for i, path := range file.Columns() {
		// The bounds of blobs would be whole blobs in the footer; those of tensors cost time and
		// tell nobody anything.
		if types[i].value == arrow.BINARY || types[i].list && types[i].float() {
			options = append(options, parquet.SkipPageBounds(path...))
		}
	}
	meta := schema.Metadata()
	for i, k := range meta.Keys() {
		// As Arrow's writers do; some readers look only here.
		options = append(options, parquet.KeyValueMetadata(k, meta.Values()[i]))
	}
	return options
}

// encodeSchema gives the text that Arrow's tools keep in a Parquet file: an Arrow IPC stream that
// ends after the schema, in base64.
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
	// set makes dst the values from, from+1, ...; nil of numbers, which go to parquet-go's buffer
	// by put.
	set      func(dst []parquet.Value, from int)
	put      func(to parquet.ColumnBuffer, n int) error
	from     int                        // the next number of put
	size     func(from, to int) int     // bytes of these values in a page
	batch    [batchValues]parquet.Value // of numbers only the levels are set
	buffered int                        // bytes in the present page
}

func newColumnWriter(t columnType, arr arrow.Array) *columnWriter {
	c := &columnWriter{typ: t}
	fixed := valueTypes[t.value].size
	if t.list {
		l := arr.(*array.List)
		c.offsets = listOffsets(l)
		arr = l.ListValues()
		fixed += 2 // a repetition and a definition level
		for i := range c.batch {
			c.batch[i].SetRepetitionLevel(1)
			c.batch[i].SetDefinitionLevel(1)
		}
	}
	c.size = func(from, to int) int { return (to - from) * fixed }
	switch t.value {
	case arrow.INT32:
		c.put = putNumbers(c, numbersOf[int32](arr), nil, parquet.Int32Writer.WriteInt32s)
	case arrow.INT64:
		c.put = putNumbers(c, numbersOf[int64](arr), nil, parquet.Int64Writer.WriteInt64s)
	case arrow.FLOAT32:
		c.put = putNumbers(c, numbersOf[float32](arr), canonicalNaN32, parquet.FloatWriter.WriteFloats)
	case arrow.FLOAT64:
		c.put = putNumbers(c, numbersOf[float64](arr), canonicalNaN64, parquet.DoubleWriter.WriteDoubles)
	case arrow.BOOL:
		a := arr.(*array.Boolean)
		c.set = func(dst []parquet.Value, from int) {
			for i := range dst {
				dst[i] = parquet.BooleanValue(a.Value(from + i))
			}
		}
	default:
		at := bytesAt(arr)
		c.set = func(dst []parquet.Value, from int) {
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

// putNumbers returns c.put: it writes the n values from c.from on, each as canonical gives it. W is
// parquet-go's interface of buffers of E.
func putNumbers[E number, W any](c *columnWriter, values []E, canonical func(E) E, write func(to W, v []E) (int, error)) func(parquet.ColumnBuffer, int) error {
	return func(to parquet.ColumnBuffer, n int) error {
		v := values[c.from : c.from+n]
		c.from += n
		if hasNaN(v) {
			v = slices.Clone(v)
			for i, x := range v {
				v[i] = canonical(x)
			}
		}
		_, err := write(to.(W), v)
		return err
	}
}

func hasNaN[E number](v []E) bool {
	for _, x := range v {
		if x != x {
			return true
		}
	}
	return false
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
			if c.set != nil {
				c.set(c.batch[:n], from)
			}
			c.from = from
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

// writeList appends one list. Levels, as Parquet defines them: the first value of a list has
// repetition 0, the others 1; a value has definition 1; an empty list is a null of definition 0.
func (c *columnWriter) writeList(from, to int) error {
	if from == to {
		_, err := c.out.WriteRowValues([]parquet.Value{parquet.NullValue()})
		return err
	}
	c.from = from
	c.batch[0].SetRepetitionLevel(0)
	for from < to {
		n := min(batchValues, to-from)
		if _, err := c.out.WriteRowValues(c.batch[:n]); err != nil {
			return err
		}
		c.batch[0].SetRepetitionLevel(1)
		from += n
	}
	return nil
}
