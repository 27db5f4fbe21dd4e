// Package tablefile writes tables as files for others: CSV, JSON, Arrow, NumPy and Parquet, with the
// meanings of their columns, and tells whether a file that is about to be replaced is one of these.
package tablefile

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/outfile"
	"sicgrid/pkg/printable"
)

// Write writes rows as CSV or Parquet, as the file's name says: these columns in this order,
// or all.
func Write[T any](ctx context.Context, path string, rows []T, columns ...string) error {
	rec, err := Of(rows, columns)
	if err != nil {
		return err
	}
	defer rec.Release()
	data, err := encode(rec, filepath.Ext(path))
	if err != nil {
		return err
	}
	return outfile.Write(ctx, path, data)
}

// Of is the table of rows: these columns in this order, or all.
func Of[T any](rows []T, columns []string) (arrow.Record, error) {
	rec, err := artifact.FromRows(rows, nil)
	if err != nil || columns == nil {
		return rec, err
	}
	var fields []arrow.Field
	var values []arrow.Array
	for _, name := range columns {
		i := rec.Schema().FieldIndices(name)[0]
		fields, values = append(fields, rec.Schema().Field(i)), append(values, rec.Column(i))
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), values, rec.NumRows()), nil
}

func encode(rec arrow.Record, ext string) ([]byte, error) {
	if ext == ".csv" {
		return CSV(rec)
	}
	var b bytes.Buffer
	err := artifact.Write(&b, rec)
	return b.Bytes(), err
}

// JSONRows are rows as JSON objects with the names of their columns, null where a number is not
// finite.
func JSONRows[T any](rows ...T) ([]json.RawMessage, error) {
	rec, err := Of(rows, nil)
	if err != nil {
		return nil, err
	}
	defer rec.Release()
	data, err := JSON(rec)
	if err != nil {
		return nil, err
	}
	list := []json.RawMessage{}
	err = json.Unmarshal(data, &list)
	return list, err
}

// Definitions say what the columns of a table of T mean: these, or all.
func Definitions[T any](columns ...string) map[string]string {
	means := map[string]string{}
	for _, c := range columnsOf[T](columns) {
		means[c.Name] = c.Meaning
	}
	return means
}

// DefinitionText says it in a line a column.
func DefinitionText[T any](columns ...string) string {
	var b strings.Builder
	for _, c := range columnsOf[T](columns) {
		fmt.Fprintf(&b, "  %-21s %s\n", c.Name, c.Meaning)
	}
	return b.String()
}

func columnsOf[T any](columns []string) []artifact.Column {
	rec, err := Of[T](nil, columns)
	if err != nil {
		panic(err) // T is no row type: a fault of this program
	}
	return artifact.Columns(rec.Schema())
}

// Header is the first line of a CSV table of T: these columns, or all.
func Header[T any](columns ...string) string {
	var names []string
	for _, c := range columnsOf[T](columns) {
		names = append(names, c.Name)
	}
	return strings.Join(names, ",")
}

// Comments are lines "# column (unit): meaning".
func Comments(columns []artifact.Column) []byte {
	var b bytes.Buffer
	for _, c := range columns {
		line := "# " + c.Name
		if c.Unit != "" {
			line += " (" + c.Unit + ")"
		}
		if c.Meaning != "" {
			line += ": " + c.Meaning
		}
		b.WriteString(printable.Line(line) + "\n")
	}
	return b.Bytes()
}
