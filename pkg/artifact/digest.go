package artifact

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
)

// digestFormat opens every logical digest; a change of what is hashed below changes it.
const digestFormat = "sicgrid table 1"

// LogicalDigest returns the lower-case hex sha256 over what rec says: names, types and metadata of
// its columns, its own metadata, and every value. The meanings of columns do not count: a better
// sentence makes no other table. All NaNs count as one; 0 and -0 differ. It does not depend on how
// a file encodes the table, nor on how rec lies in memory. A record that Write refuses (unstorable
// types, nulls) has no digest: the result is "".
//
// Hashed are, in this order: the format line, the number of columns, each column's name, type and
// metadata, the table's metadata, the number of rows, and the columns' values one column after the
// other. Strings and lists are preceded by their lengths; all numbers are little-endian, lengths 64
// bits wide, a bool is one byte.
func LogicalDigest(rec arrow.Record) string {
	schema, types, err := checkColumns(rec)
	if err != nil {
		return ""
	}
	hash := sha256.New()
	d := digester{bufio.NewWriterSize(hash, 64<<10)}
	d.string(digestFormat)
	d.length(len(types))
	for i, f := range plain(schema).Fields() {
		d.string(f.Name)
		d.string(types[i].String())
		d.metadata(f.Metadata)
	}
	d.metadata(schema.Metadata())
	d.length(int(rec.NumRows()))
	for i, arr := range rec.Columns() {
		d.column(types[i], arr)
	}
	d.w.Flush()
	return hex.EncodeToString(hash.Sum(nil))
}

// A digester writes into a hash, which never fails.
type digester struct{ w *bufio.Writer }

func (d digester) length(n int) {
	d.w.Write(binary.LittleEndian.AppendUint64(d.w.AvailableBuffer(), uint64(n)))
}

func (d digester) string(s string) {
	d.length(len(s))
	d.w.WriteString(s)
}

func (d digester) metadata(m arrow.Metadata) {
	d.length(m.Len())
	for i, k := range m.Keys() {
		d.string(k)
		d.string(m.Values()[i])
	}
}

func (d digester) column(t columnType, arr arrow.Array) {
	if !t.list {
		d.values(t, arr, 0, arr.Len())
		return
	}
	l := arr.(*array.List)
	offsets := listOffsets(l)
	for i := range l.Len() {
		d.length(int(offsets[i+1] - offsets[i]))
		d.values(t, l.ListValues(), int(offsets[i]), int(offsets[i+1]))
	}
}

const chunkValues = 512 // numbers that go to the hash at once

// values hashes values from..to of arr, which holds values (not lists) of type t.
func (d digester) values(t columnType, arr arrow.Array, from, to int) {
	switch t.value {
	case arrow.INT32:
		for chunk := range slices.Chunk(numbersOf[int32](arr)[from:to], chunkValues) {
			b := d.w.AvailableBuffer()
			for _, x := range chunk {
				b = binary.LittleEndian.AppendUint32(b, uint32(x))
			}
			d.w.Write(b)
		}
	case arrow.INT64:
		for chunk := range slices.Chunk(numbersOf[int64](arr)[from:to], chunkValues) {
			b := d.w.AvailableBuffer()
			for _, x := range chunk {
				b = binary.LittleEndian.AppendUint64(b, uint64(x))
			}
			d.w.Write(b)
		}
	case arrow.FLOAT32:
		for chunk := range slices.Chunk(numbersOf[float32](arr)[from:to], chunkValues) {
			b := d.w.AvailableBuffer()
			for _, x := range chunk {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(canonicalNaN32(x)))
			}
			d.w.Write(b)
		}
	case arrow.FLOAT64:
		for chunk := range slices.Chunk(numbersOf[float64](arr)[from:to], chunkValues) {
			b := d.w.AvailableBuffer()
			for _, x := range chunk {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(canonicalNaN64(x)))
			}
			d.w.Write(b)
		}
	case arrow.BOOL:
		for i := from; i < to; i++ {
			b := byte(0)
			if arr.(*array.Boolean).Value(i) {
				b = 1
			}
			d.w.WriteByte(b)
		}
	default:
		value := bytesAt(arr)
		for i := from; i < to; i++ {
			d.string(value(i))
		}
	}
}

// A NaN's payload is an accident of the instruction that made it. Canonical are the quiet NaNs
// 0x7fc00000 and 0x7ff8000000000000.

func canonicalNaN32(x float32) float32 {
	if x != x {
		return math.Float32frombits(0x7fc00000)
	}
	return x
}

func canonicalNaN64(x float64) float64 {
	if x != x {
		return math.Float64frombits(0x7ff8000000000000)
	}
	return x
}
