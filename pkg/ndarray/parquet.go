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
)

// ReadParquet reads columns of floating-point numbers of a Parquet file of any program. One column
// of lists is an array [rows, length], of lists of lists [rows, ny, nx]; several columns of plain
// numbers, in the order of the names, are [rows, columns]. Without names it is the one column of
// lists there is, or else all columns of numbers. Missing values are NaN.
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
	size := info.Size()
	tail := make([]byte, 8)
	if _, err := f.ReadAt(tail, max(0, size-8)); err != nil || string(tail[4:]) != "PAR1" {
		return nil, errors.New("is no Parquet file: it does not end with PAR1")
	}
	if int64(binary.LittleEndian.Uint32(tail)) > size-12 { // parquet-go would allocate it first
		return nil, errors.New("is no Parquet file: its footer is longer than the file")
	}
	file, err := parquet.OpenFile(f, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("is no Parquet file: %w", err)
	}
	for _, g := range file.Metadata().RowGroups {
		for _, c := range g.Columns {
			switch c.MetaData.Codec {
			case format.Uncompressed, format.Snappy, format.Zstd, format.Gzip:
			default: // parquet-go's LZ4 decoder allocates without bound on damaged bytes
				return nil, fmt.Errorf("is compressed by %s, must be uncompressed, snappy, gzip or zstd", c.MetaData.Codec)
			}
		}
	}
	columns, err := choose(numeric(file.Root(), nil), names)
	if err != nil {
		return nil, err
	}
	if columns[0].depth > 0 {
		return readLists(file, columns[0])
	}
	return readPlain(file, columns)
}

// leaf is a column of floating-point numbers.
type leaf struct {
	name  string
	index int
	depth int // of lists
}

// numeric collects the columns of float32 and float64 values below c. A column is called by its
// first name, as programs show it.
func numeric(c *parquet.Column, out []leaf) []leaf {
	for _, child := range c.Columns() {
		below := child
		for !below.Leaf() && len(below.Columns()) == 1 {
			below = below.Columns()[0]
		}
		if !below.Leaf() || below.MaxRepetitionLevel() > 2 {
			continue
		}
		if kind := below.Type().Kind(); kind == parquet.Float || kind == parquet.Double {
			out = append(out, leaf{child.Name(), below.Index(), below.MaxRepetitionLevel()})
		}
	}
	return out
}

func choose(all []leaf, names []string) ([]leaf, error) {
	var listed []string
	for _, l := range all {
		listed = append(listed, l.name)
	}
	if len(all) == 0 {
		return nil, errors.New("has no column of float32 or float64 values")
	}
	var chosen []leaf
	for _, name := range names {
		i := slices.Index(listed, name)
		if i < 0 {
			return nil, fmt.Errorf("has no column %q of float32 or float64 values, must be one of %s", name, strings.Join(listed, ", "))
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

func number(v parquet.Value) float64 {
	switch {
	case v.IsNull():
		return math.NaN()
	case v.Kind() == parquet.Float:
		return float64(v.Float())
	}
	return v.Double()
}

func readPlain(file *parquet.File, columns []leaf) (*Array, error) {
	rows := int(file.NumRows())
	var parts [][]float64
	for _, c := range columns {
		var values []float64
		if err := each(file, c.index, func(v parquet.Value) error {
			values = append(values, number(v))
			return nil
		}); err != nil {
			return nil, err
		}
		if len(values) != rows {
			return nil, fmt.Errorf("column %q has %d values in %d rows: the Parquet file is damaged", c.name, len(values), rows)
		}
		parts = append(parts, values)
	}
	a := &Array{Shape: []int{rows, len(columns)}, Values: make([]float64, rows*len(columns))}
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
		a.Values = append(a.Values, number(v))
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
