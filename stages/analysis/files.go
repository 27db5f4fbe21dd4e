package analysis

import (
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/ndarray"
	"sicgrid/pkg/outfile"
	"sicgrid/pkg/usage"
	"sicgrid/stages/tablefile"
)

// Files are those that are written of what was found; "" is none.
type Files struct {
	Table  string // .csv or .parquet, of the units, or of the shape of population states
	Maps   string // .npy or .parquet, of the ratemaps
	Fields string // .csv or .parquet, of the firing fields
	Figure string // .svg or .png
}

// Modules is the file beside the table in which the modules are written; of population states there
// is none.
func (f Files) Modules() string {
	ext := filepath.Ext(f.Table)
	return strings.TrimSuffix(f.Table, ext) + ".modules" + ext
}

// Named are the files that have a name.
func (f Files) Named() []string {
	return slices.DeleteFunc([]string{f.Table, f.Maps, f.Fields, f.Figure}, func(path string) bool { return path == "" })
}

// CheckEndings checks the files, whether of population states or of units, so that no minutes of
// shuffles are lost for the want of a folder.
func (f Files) CheckEndings(states bool) error {
	for _, path := range f.Named() {
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return usage.Errorf("cannot write %s: there is no folder %s", path, filepath.Dir(path))
		}
	}
	for _, o := range []struct{ flag, path, one, other string }{
		{"ratemaps", f.Maps, ".npy", ".parquet"}, {"fields", f.Fields, ".csv", ".parquet"}, {"figure", f.Figure, ".svg", ".png"},
	} {
		switch ext := filepath.Ext(o.path); {
		case o.path == "":
		case ext != o.one && ext != o.other:
			return usage.Errorf("--%s %s: must end in %s or %s", o.flag, o.path, o.one, o.other)
		case states && o.flag != "figure":
			return usage.Errorf("--%s: population states have none", o.flag)
		}
	}
	return nil
}

// Write writes the table of units, that of modules beside it, and what else is asked for.
func (f Files) Write(ctx context.Context, found *Result) (written []string, err error) {
	for _, o := range []struct {
		path  string
		write func(path string) error
	}{
		{f.Table, func(path string) error { return tablefile.Write(ctx, path, found.Units, found.Columns...) }},
		{f.Modules(), func(path string) error { return tablefile.Write(ctx, path, found.Modules) }},
		{f.Fields, func(path string) error { return tablefile.Write(ctx, path, found.Fields()) }},
		{f.Maps, func(path string) error { return writeRatemaps(ctx, path, found) }},
		{f.Figure, func(path string) error { return writeFigure(ctx, path, found.Draw) }},
	} {
		if o.path == "" {
			continue
		}
		if err := o.write(o.path); err != nil {
			return nil, err
		}
		written = append(written, o.path)
	}
	return written, nil
}

// WriteShape writes the table and the figure of the shape of population states.
func (f Files) WriteShape(ctx context.Context, found *Cloud) (written []string, err error) {
	if err := writeShapeRow(ctx, f.Table, found.Row); err != nil {
		return nil, err
	}
	if f.Figure == "" {
		return []string{f.Table}, nil
	}
	err = writeFigure(ctx, f.Figure, func() ([]byte, []byte, error) { return DrawShape(found.Shape) })
	return []string{f.Table, f.Figure}, err
}

// writeRatemaps writes ratemaps as one array or as a table.
func writeRatemaps(ctx context.Context, path string, found *Result) error {
	rows := found.Ratemaps()
	if filepath.Ext(path) == ".parquet" {
		return tablefile.Write(ctx, path, rows)
	}
	var values []float32
	for _, r := range rows {
		values = append(values, r.Mean...)
	}
	return outfile.Write(ctx, path, ndarray.Npy([]int{len(rows), found.Maps[0].NY, found.Maps[0].NX}, values))
}

// writeFigure draws what was found.
func writeFigure(ctx context.Context, path string, draw func() (svg, png []byte, err error)) error {
	svg, png, err := draw()
	if err != nil {
		return err
	}
	if filepath.Ext(path) == ".png" {
		return outfile.Write(ctx, path, png)
	}
	return outfile.Write(ctx, path, svg)
}

// writeShapeRow writes the row as tablefile.Write does, but that of Betti numbers which are undetermined
// the cells of a CSV file are empty.
func writeShapeRow(ctx context.Context, path string, row ShapeRow) error {
	if filepath.Ext(path) != ".csv" {
		return tablefile.Write(ctx, path, []ShapeRow{row})
	}
	rec, err := tablefile.Of([]ShapeRow{row}, nil)
	if err != nil {
		return err
	}
	defer rec.Release()
	data, err := tablefile.CSV(rec)
	if err != nil {
		return err
	}
	lines, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return err
	}
	for i, name := range lines[0] {
		if strings.HasPrefix(name, "betti") && lines[1][i] == "NaN" {
			lines[1][i] = ""
		}
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(lines); err != nil {
		return err
	}
	return outfile.Write(ctx, path, b.Bytes())
}
