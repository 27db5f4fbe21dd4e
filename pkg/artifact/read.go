package artifact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// Read decodes a Parquet file that Write wrote. Check the digest of data first: a damaged file
// gives an error here where it can be told from a sound one, but Parquet has no checksum over the
// whole file.
func Read(data []byte) (rec arrow.Record, err error) {
	defer func() {
		if p := recover(); p != nil {
			rec, err = nil, fmt.Errorf("artifact: decoding Parquet: %v", p)
		}
	}()
	if n := len(data); n >= 8 && int64(binary.LittleEndian.Uint32(data[n-8:])) > int64(n-8) {
		// parquet-go would allocate it first.
		return nil, errors.New("artifact: not a Parquet file: its footer is longer than the file")
	}
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("artifact: not a Parquet file: %w", err)
	}
	schema, types, err := readSchema(file)
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	if err := checkChunks(file); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	if err := checkLeaves(file.Root().Columns(), schema, types); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	arrays := make([]arrow.Array, len(types))
	for i, t := range types {
		if arrays[i], err = readColumn(file, i, t); err != nil {
			return nil, fmt.Errorf("artifact: column %q: %w", schema.Field(i).Name, err)
		}
		if int64(arrays[i].Len()) != file.NumRows() {
			return nil, fmt.Errorf("artifact: column %q has %d rows, the table %d", schema.Field(i).Name, arrays[i].Len(), file.NumRows())
		}
	}
	return array.NewRecord(schema, arrays, file.NumRows()), nil
}

// readSchema returns the schema of the table in file. Arrow's form of it is compared, not decoded:
// one flipped bit in a flatbuffer can make Arrow's decoder ask for terabytes.
func readSchema(file *parquet.File) (*arrow.Schema, []columnType, error) {
	text, ok := file.Lookup(tableKey)
	if !ok {
		return nil, nil, fmt.Errorf("a Parquet file, but not of this program: %s is missing", tableKey)
	}
	schema, types, err := decodeTable(text)
	if err != nil {
		return nil, nil, fmt.Errorf("the schema under %s: %w", tableKey, err)
	}
	want, err := encodeSchema(schema)
	if err != nil {
		return nil, nil, err
	}
	if got, _ := file.Lookup(schemaKey); got != want {
		return nil, nil, fmt.Errorf("the schemas under %s and %s differ", tableKey, schemaKey)
	}
	return schema, types, nil
}

// checkChunks refuses what Write never writes and what would cost memory without bound:
// parquet-go's LZ4 decoder, for one, doubles its buffer for as long as the bytes make no sense.
func checkChunks(file *parquet.File) error {
	for i, g := range file.Metadata().RowGroups {
		for j, c := range g.Columns {
			switch codec := c.MetaData.Codec; codec {
			case format.Uncompressed, format.Snappy, format.Zstd:
			default:
				return fmt.Errorf("column %d of row group %d is compressed by %s", j, i, codec)
			}
		}
	}
	return nil
}

// checkLeaves compares the columns that the file has with those that its schema announces.
func checkLeaves(columns []*parquet.Column, schema *arrow.Schema, types []columnType) error {
	if len(columns) != len(types) {
		return fmt.Errorf("%d columns instead of %d", len(columns), len(types))
	}
	for i, t := range types {
		c, name := columns[i], schema.Field(i).Name
		if c.Name() != name {
			return fmt.Errorf("column %d is %q instead of %q", i, c.Name(), name)
		}
		if t.list {
			for _, inner := range []string{"list", "element"} {
				if c = c.Column(inner); c == nil {
					return fmt.Errorf("column %q is not a list", name)
				}
			}
		}
		level := 0
		if t.list {
			level = 1
		}
		if !c.Leaf() || c.MaxRepetitionLevel() != level || c.MaxDefinitionLevel() != level || c.Type().Kind() != parquetLeaf(t).Type().Kind() {
			return fmt.Errorf("column %q is not of type %s", name, t)
		}
	}
	return nil
}

// readColumn reads leaf i of every row group.
func readColumn(file *parquet.File, i int, t columnType) (arrow.Array, error) {
	switch t.value {
	case arrow.BOOL:
		var v []bool
		err := eachPage(file, i, func(p parquet.Page) error {
			data := p.Data()
			bits := data.Boolean()
			for k := range int(p.NumValues()) {
				v = append(v, bits[k/8]>>(k%8)&1 == 1)
			}
			return nil
		})
		return boolArray(v), err
	case arrow.INT32:
		return readNumbers(file, i, t, (*encoding.Values).Int32)
	case arrow.INT64:
		return readNumbers(file, i, t, (*encoding.Values).Int64)
	case arrow.FLOAT32:
		return readNumbers(file, i, t, (*encoding.Values).Float)
	case arrow.FLOAT64:
		return readNumbers(file, i, t, (*encoding.Values).Double)
	default:
		return readBytes(file, i, t)
	}
}

func readNumbers[E number](file *parquet.File, i int, t columnType, of func(*encoding.Values) []E) (arrow.Array, error) {
	values := make([]E, 0, expectedValues(file, i))
	offsets := []int32{0}
	err := eachPage(file, i, func(p parquet.Page) error {
		data := p.Data()
		before := len(values)
		values = append(values, of(&data)...)
		if len(values) > math.MaxInt32 {
			return errTooLong
		}
		if !t.list {
			return nil
		}
		var err error
		offsets, err = appendOffsets(offsets, p.RepetitionLevels(), p.DefinitionLevels())
		if got := int(offsets[len(offsets)-1]) - before; err == nil && got != len(values)-before {
			err = fmt.Errorf("lists of %d values in a page of %d", got, len(values)-before)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if t.list {
		return listArray(offsets, values), nil
	}
	return numbersArray(values), nil
}

// appendOffsets appends the ends of the lists of one page, which starts with a new list. A
// repetition level of 0 starts a list; it is empty if its only definition level is 0.
func appendOffsets(offsets []int32, repetition, definition []byte) ([]int32, error) {
	if len(repetition) != len(definition) || len(repetition) > 0 && repetition[0] != 0 {
		return nil, errors.New("a page that does not start with a list")
	}
	end := offsets[len(offsets)-1]
	for len(repetition) > 0 {
		n := 1 + bytes.IndexByte(repetition[1:], 0)
		if n == 0 {
			n = len(repetition)
		}
		end += int32(bytes.Count(definition[:n], []byte{1}))
		offsets = append(offsets, end)
		repetition, definition = repetition[n:], definition[n:]
	}
	return offsets, nil
}

func readBytes(file *parquet.File, i int, t columnType) (arrow.Array, error) {
	var all []byte
	offsets := []int32{0}
	err := eachPage(file, i, func(p parquet.Page) error {
		data := p.Data()
		b, ends := data.ByteArray()
		if len(all)+len(b) > math.MaxInt32 {
			return errTooLong
		}
		for k := 1; k < len(ends); k++ {
			all = append(all, b[ends[k-1]:ends[k]]...)
			offsets = append(offsets, int32(len(all)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return bytesArray(t.arrowType(), offsets, all), nil
}

var errTooLong = fmt.Errorf("more than %d values", math.MaxInt32)

// expectedValues is the number of values that leaf i claims to have. It only saves growing, so a
// wild claim is cut short.
func expectedValues(file *parquet.File, i int) int {
	n := int64(0)
	for _, g := range file.RowGroups() {
		n += g.ColumnChunks()[i].NumValues()
	}
	return int(max(0, min(n, 1<<26)))
}

// eachPage calls do for the pages of leaf i in order. A page is gone when do returns.
func eachPage(file *parquet.File, i int, do func(parquet.Page) error) error {
	for _, g := range file.RowGroups() {
		if err := eachPageOf(g.ColumnChunks()[i].Pages(), do); err != nil {
			return err
		}
	}
	return nil
}

func eachPageOf(pages parquet.Pages, do func(parquet.Page) error) error {
	defer pages.Close()
	for {
		p, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		err = do(p)
		parquet.Release(p)
		if err != nil {
			return err
		}
	}
}
