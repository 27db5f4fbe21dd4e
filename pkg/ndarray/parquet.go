package ndarray

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"sicgrid/pkg/parquetpages"
)

// ReadParquet reads columns of numbers, booleans among them, of a Parquet file of any program. One
// column of lists is an array [rows, length], of lists of lists [rows, ny, nx]; several columns of
// plain numbers, in the order of the names, are [rows, columns], and have their names. Without
// names it is the one column of lists there is, or else all columns of numbers, and what other
// columns hold is said. Missing values are NaN.
func ReadParquet(path string, names ...string) (a *Array, err error) {
	defer func() {
		// parquet-go panics on some damaged files.
		if p := recover(); p != nil {
			a, err = nil, fmt.Errorf("%s: the Parquet file is damaged: %v", path, p)
		}
	}()
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read: %w", err)
	}
	defer f.Close()
	a, err = readParquet(f, names)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

func readParquet(f *os.File, names []string) (*Array, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := parquetpages.CheckFooter(f, info.Size()); err != nil {
		return nil, err
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("is no Parquet file: %w", err)
	}
	all, others := numeric(file.Root())
	columns, err := choose(all, names)
	if err != nil {
		return nil, err
	}
	most := parquetpages.Limit(info.Size())
	left := most
	for _, c := range columns {
		size, err := parquetpages.Size(f, file, c.index, left)
		if errors.Is(err, parquetpages.ErrTooLarge) {
			return nil, fmt.Errorf("column %q: the file's %d bytes would take more than %d MiB of memory", c.name, info.Size(), most>>20)
		}
		if err != nil {
			return nil, fmt.Errorf("column %q: the Parquet file is damaged: %w", c.name, err)
		}
		left -= size
	}
	if columns[0].depth > 0 {
		return readLists(file, columns[0])
	}
	a, err := readPlain(file, columns)
	if err == nil && len(names) == 0 {
		a.LeftOut = others
	}
	return a, err
}

// leaf is a column of numbers.
type leaf struct {
	name   string
	index  int
	depth  int // of lists
	number func(parquet.Value) float64
}

// numeric collects the columns of numbers of a table, and says of the others what they hold. A
// column is called by its first name, as programs show it.
func numeric(table *parquet.Column) (numbers []leaf, others []string) {
	for _, child := range table.Columns() {
		below := child
		for !below.Leaf() && len(below.Columns()) == 1 {
			below = below.Columns()[0]
		}
		what := "records"
		if below.Leaf() {
			var number func(parquet.Value) float64
			number, what = numberOf(below.Type())
			switch depth := below.MaxRepetitionLevel(); {
			case depth > 2:
				what = "lists three deep"
			case number != nil:
				numbers = append(numbers, leaf{child.Name(), below.Index(), depth, number})
				continue
			}
		}
		others = append(others, child.Name()+" ("+what+")")
	}
	return numbers, others
}

// numberOf returns how a value of a type becomes a number, or what the type holds instead.
func numberOf(t parquet.Type) (number func(parquet.Value) float64, what string) {
	unsigned := false
	if l := t.LogicalType(); l != nil {
		switch v := l.Value.(type) {
		case *format.IntType:
			unsigned = !v.IsSigned
		case *format.Float16Type:
			return func(v parquet.Value) float64 { return float16(binary.LittleEndian.Uint16(v.ByteArray())) }, ""
		case *format.TimestampType, *format.DateType, *format.TimeType:
			return nil, "dates or times of day"
		case *format.DecimalType:
			return nil, "decimals"
		}
	}
	switch kind := t.Kind(); {
	case kind == parquet.Float:
		return func(v parquet.Value) float64 { return float64(v.Float()) }, ""
	case kind == parquet.Double:
		return parquet.Value.Double, ""
	case kind == parquet.Boolean:
		return func(v parquet.Value) float64 {
			if v.Boolean() {
				return 1
			}
			return 0
		}, ""
	case kind == parquet.Int32 && unsigned:
		return func(v parquet.Value) float64 { return float64(uint32(v.Int32())) }, ""
	case kind == parquet.Int32:
		return func(v parquet.Value) float64 { return float64(v.Int32()) }, ""
	case kind == parquet.Int64 && unsigned:
		return func(v parquet.Value) float64 { return float64(uint64(v.Int64())) }, ""
	case kind == parquet.Int64:
		return func(v parquet.Value) float64 { return float64(v.Int64()) }, ""
	}
	return nil, "text"
}

func choose(all []leaf, names []string) ([]leaf, error) {
	var listed []string
	for _, l := range all {
		listed = append(listed, l.name)
	}
	if len(all) == 0 {
		return nil, errors.New("has no column of numbers")
	}
	var chosen []leaf
	for _, name := range names {
		i := slices.Index(listed, name)
		if i < 0 {
			return nil, fmt.Errorf("has no column %q of numbers, must be one of %s", name, strings.Join(listed, ", "))
		}
		chosen = append(chosen, all[i])
	}
	if len(names) == 0 {
		var lists []string
		for _, l := range all {
			if l.depth > 0 {
				chosen, lists = append(chosen, l), append(lists, l.name)
			}
		}
		if len(lists) > 1 {
			return nil, fmt.Errorf("has several columns of lists, %s: name one with --column", strings.Join(lists, ", "))
		}
		if len(lists) == 0 {
			chosen = all
		}
	}
	for _, l := range chosen {
		if l.depth > 0 && len(chosen) > 1 {
			return nil, fmt.Errorf("column %q holds lists, must be plain numbers to stand beside others", l.name)
		}
	}
	return chosen, nil
}

// each calls do for every value of a column.
func each(file *parquet.File, index int, do func(parquet.Value) error) error {
	buffer := make([]parquet.Value, 1024)
	for _, g := range file.RowGroups() {
		pages := g.ColumnChunks()[index].Pages()
		err := func() error {
			defer pages.Close()
			for {
				p, err := pages.ReadPage()
				if err == io.EOF {
					return nil
				}
				if err != nil {
					return fmt.Errorf("the Parquet file is damaged: %w", err)
				}
				values := p.Values()
				for {
					n, err := values.ReadValues(buffer)
					for _, v := range buffer[:n] {
						if err := do(v); err != nil {
							return err
						}
					}
					if err == io.EOF {
						break
					}
					if err != nil {
						return fmt.Errorf("the Parquet file is damaged: %w", err)
					}
				}
				parquet.Release(p)
			}
		}()
		if err != nil {
			return err
		}
	}
	return nil
}

// of returns a value as a number, NaN where it is missing.
func (l leaf) of(v parquet.Value) float64 {
	if v.IsNull() {
		return math.NaN()
	}
	return l.number(v)
}

func readPlain(file *parquet.File, columns []leaf) (*Array, error) {
	rows := int(file.NumRows())
	var parts [][]float64
	var names []string
	for _, c := range columns {
		var values []float64
		if err := each(file, c.index, func(v parquet.Value) error {
			values = append(values, c.of(v))
			return nil
		}); err != nil {
			return nil, err
		}
		if len(values) != rows {
			return nil, fmt.Errorf("column %q has %d values in %d rows: the Parquet file is damaged", c.name, len(values), rows)
		}
		parts = append(parts, values)
		names = append(names, c.name)
	}
	a := &Array{Shape: []int{rows, len(columns)}, Values: make([]float64, rows*len(columns)), Names: names}
	for c, values := range parts {
		for i, v := range values {
			a.Values[i*len(columns)+c] = v
		}
	}
	return a, nil
}

// readLists reads lists, or lists of lists, that must all be equally long.
func readLists(file *parquet.File, c leaf) (*Array, error) {
	a := &Array{}
	var lengths, inner []int // of the lists of each row; of the lists in them
	if err := each(file, c.index, func(v parquet.Value) error {
		level := v.RepetitionLevel()
		if level == 0 {
			lengths = append(lengths, 0)
		} else if len(lengths) == 0 {
			return errors.New("the Parquet file is damaged: it begins within a list")
		}
		if level < c.depth {
			inner = append(inner, 0)
			lengths[len(lengths)-1]++
		}
		inner[len(inner)-1]++
		a.Values = append(a.Values, c.of(v))
		return nil
	}); err != nil {
		return nil, err
	}
	for _, axis := range [][]int{lengths, inner} {
		for i, n := range axis {
			if n != axis[0] {
				return nil, fmt.Errorf("column %q: list %d has %d values, the first has %d: must be equally long", c.name, i, n, axis[0])
			}
		}
	}
	switch {
	case len(lengths) == 0:
		return nil, fmt.Errorf("column %q has no rows", c.name)
	case c.depth == 1: // each row is its own list
		a.Shape = []int{len(lengths), inner[0]}
	default:
		a.Shape = []int{len(lengths), lengths[0], inner[0]}
	}
	return a, nil
}
