package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/apache/arrow/go/v15/parquet"
	"github.com/apache/arrow/go/v15/parquet/file"
	"github.com/apache/arrow/go/v15/parquet/pqarrow"
)

// ErrOtherEncoding says that a file is not encoded as Write does it now.
var ErrOtherEncoding = errors.New("artifact: encoded otherwise than this program does")

// CheckWithArrow reads data with Arrow's own Parquet reader, which shares no code with Read, and
// compares schema and every value with rec, which Read made of data. Arrow's reader takes the
// process down on bytes that it did not expect, so it is given only those that Write gives for rec;
// for others the error is ErrOtherEncoding.
func CheckWithArrow(data []byte, rec arrow.Record) error {
	var again bytes.Buffer
	again.Grow(len(data))
	if err := Write(&again, rec); err != nil {
		return err
	}
	if !bytes.Equal(again.Bytes(), data) {
		return ErrOtherEncoding
	}
	got, err := readWithArrow(data)
	if err != nil {
		return fmt.Errorf("artifact: Arrow's reader: %w", err)
	}
	defer got.Release()
	return compareTable(rec, got)
}

func readWithArrow(data []byte) (table arrow.Table, err error) {
	defer func() {
		if p := recover(); p != nil {
			table, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	f, err := file.NewParquetReader(bytes.NewReader(data), file.WithReadProps(parquet.NewReaderProperties(memory.DefaultAllocator)))
	if err != nil {
		return nil, err
	}
	r, err := pqarrow.NewFileReader(f, pqarrow.ArrowReadProperties{BatchSize: 1 << 16}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	got, err := r.ReadTable(context.Background())
	if err != nil {
		return nil, err
	}
	defer got.Release()
	schema, err := r.Schema() // ReadTable forgets the table's metadata
	if err != nil {
		return nil, err
	}
	columns := make([]arrow.Column, got.NumCols())
	for i := range columns {
		columns[i] = *arrow.NewColumn(got.Schema().Field(i), got.Column(i).Data())
	}
	meta := schema.Metadata()
	return array.NewTable(arrow.NewSchema(got.Schema().Fields(), &meta), columns, got.NumRows()), nil
}

// compareTable says in what got differs from want. Arrow calls the elements of a list as it likes.
func compareTable(want arrow.Record, got arrow.Table) error {
	if got.NumRows() != want.NumRows() || got.NumCols() != want.NumCols() {
		return fmt.Errorf("artifact: Arrow's reader finds %d rows and %d columns instead of %d and %d", got.NumRows(), got.NumCols(), want.NumRows(), want.NumCols())
	}
	if err := compareMetadata("the table", want.Schema().Metadata(), got.Schema().Metadata()); err != nil {
		return err
	}
	for i, f := range want.Schema().Fields() {
		g := got.Schema().Field(i)
		if g.Name != f.Name || g.Nullable {
			return fmt.Errorf("artifact: Arrow's reader finds column %v instead of %v", g, f)
		}
		if err := compareMetadata(fmt.Sprintf("column %q", f.Name), f.Metadata, g.Metadata); err != nil {
			return err
		}
		row := int64(0)
		for _, chunk := range got.Column(i).Data().Chunks() {
			end := row + int64(chunk.Len())
			part := array.NewSlice(want.Column(i), row, end)
			same := sameValues(part, chunk)
			part.Release()
			if !same {
				return fmt.Errorf("artifact: Arrow's reader finds other values in column %q among rows %d to %d", f.Name, row, end)
			}
			row = end
		}
		if row != want.NumRows() {
			return fmt.Errorf("artifact: Arrow's reader finds %d rows in column %q instead of %d", row, f.Name, want.NumRows())
		}
	}
	return nil
}

func compareMetadata(of string, want, got arrow.Metadata) error {
	for i, k := range want.Keys() {
		if v, _ := got.GetValue(k); v != want.Values()[i] {
			return fmt.Errorf("artifact: Arrow's reader finds %s %q instead of %q in %s", k, v, want.Values()[i], of)
		}
	}
	return nil
}

// sameValues compares two columns of one type, whatever Arrow calls the elements of a list. All
// NaNs are one.
func sameValues(want, got arrow.Array) bool {
	w, ok := want.(*array.List)
	if !ok {
		return array.ApproxEqual(want, got, array.WithNaNsEqual(true), array.WithAbsTolerance(0))
	}
	g, ok := got.(*array.List)
	if !ok || w.Len() != g.Len() {
		return false
	}
	if w.Len() == 0 {
		return true
	}
	for i := range w.Len() {
		wFrom, wTo := w.ValueOffsets(i)
		gFrom, gTo := g.ValueOffsets(i)
		if wTo-wFrom != gTo-gFrom {
			return false
		}
	}
	return sameValues(listed(w), listed(g))
}

// listed returns the values of all lists of l, end to end.
func listed(l *array.List) arrow.Array {
	from, _ := l.ValueOffsets(0)
	_, to := l.ValueOffsets(l.Len() - 1)
	return array.NewSlice(l.ListValues(), from, to)
}
