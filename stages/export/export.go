// Package export writes stored artifacts in the forms that other programs read, and says which tables
// are behind the panels of a figure.
package export

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/usage"
	"sicgrid/stages/exchange"
	"sicgrid/stages/layout"
	"sicgrid/stages/tablefile"
)

// Formats are the names of the formats.
var Formats = append([]string{"parquet", "arrow", "csv", "json", "npy"}, exchange.Formats...)

// Form is how an artifact is written.
type Form struct {
	Format   string            // one of Formats
	Column   string            // that an npy file holds
	Describe bool              // CSV begins with comments on the columns
	Columns  bool              // not the rows but the columns
	About    map[string]string // what is said in a file of weights of what they are
	JSON     bool              // these, or the rows, as JSON
}

// Check finds what is wrong with the form, and completes it by the name of the file that is
// written.
func (f *Form) Check(out string) error {
	if err := f.checkFormat(out); err != nil {
		return err
	}
	switch {
	case f.Columns && (f.Format != "" || f.Column != "" || f.Describe):
		return usage.Errorf("--columns: must be given without --format, --column and --describe, and not for a file of rows")
	case f.JSON && !f.Columns && f.Format != "" && f.Format != "json":
		return usage.Errorf("--json: must be given without another format, which is %s here", f.Format)
	case f.JSON && !f.Columns:
		f.Format = "json"
	}
	if f.Format == "" {
		f.Format = "parquet"
	}
	switch {
	case f.Describe && f.Format != "csv":
		return usage.Errorf("--describe: must be given with --format csv; Parquet and Arrow files hold units and meanings anyway")
	case f.Column != "" && f.Format != "npy":
		return usage.Errorf("--column %s: must be given with --format npy; a %s file has all columns", f.Column, f.Format)
	}
	return nil
}

// checkFormat compares --format with the name of the file, which decides where it is not given.
func (f *Form) checkFormat(out string) error {
	if f.Format != "" && !slices.Contains(Formats, f.Format) {
		return usage.Errorf("--format %s: must be one of %s", f.Format, strings.Join(Formats, ", "))
	}
	ending := strings.ToLower(filepath.Ext(out))
	named := strings.TrimPrefix(ending, ".")
	if ending == ".feather" { // Arrow's files by their other name
		named = "arrow"
	}
	switch {
	case slices.Contains(Formats, named) && f.Format == "":
		f.Format = named
	case slices.Contains(Formats, named) && f.Format != named:
		return usage.Errorf("--out %s: its name says %s, --format %s; leave out --format or name the file .%s", out, named, f.Format, f.Format)
	case !slices.Contains(Formats, named) && ending != "" && f.Format == "" && !f.Columns:
		return usage.Errorf("--out %s: must end in one of .%s, or --format must be given", out, strings.Join(Formats, ", ."))
	}
	return nil
}

// Of returns a stored artifact in this form.
func (f Form) Of(data []byte) ([]byte, error) {
	if f.Format == "parquet" && !f.Columns {
		return data, nil
	}
	rec, err := artifact.Read(data)
	if err != nil {
		return nil, err
	}
	defer rec.Release()
	switch {
	case f.Columns:
		return columnList(artifact.Columns(rec.Schema()), f.JSON)
	case f.Format == "arrow":
		return tablefile.Arrow(rec)
	case f.Format == "json":
		return tablefile.JSON(rec)
	case f.Format == "npy":
		data, err := tablefile.Npy(rec, f.Column)
		if err != nil {
			err = usage.Errorf("--column %v", err)
		}
		return data, err
	case slices.Contains(exchange.Formats, f.Format):
		return exchange.Encode(rec, f.Format, f.About)
	}
	rows, err := tablefile.CSV(rec)
	if f.Describe {
		rows = append(tablefile.Comments(artifact.Columns(rec.Schema())), rows...)
	}
	return rows, err
}

// columnList lists columns for people, or as JSON.
func columnList(columns []artifact.Column, asJSON bool) ([]byte, error) {
	var b bytes.Buffer
	if asJSON {
		err := jsontext.Write(&b, columns)
		return b.Bytes(), err
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "column\ttype\tunit\tmeaning")
	for _, c := range columns {
		if c.Shape != "" {
			c.Type += " (" + c.Shape + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", printable.Line(c.Name), printable.Line(c.Type), printable.Line(c.Unit), printable.Line(c.Meaning))
	}
	err := w.Flush()
	return b.Bytes(), err
}

// CheckTables finds what speaks against writing a figure's tables in this form, and completes it.
func (f *Form) CheckTables(out string) error {
	if out != "" || f.Columns || f.JSON || f.Column != "" || f.Format == "npy" {
		return usage.Errorf("--tables: must be given without --out, --columns, --column and --json, and not for npy; it writes whole tables into a folder")
	}
	if f.Format == "" {
		f.Format = "csv"
	}
	return f.Check("")
}

// PanelsFile lists the panels of an exported figure, and which file has the table behind each.
const PanelsFile = "panels.csv"

// TableFile is a table of a figure and the file that it is written to.
type TableFile struct{ Table, Name string }

// PanelTables are the tables of a figure, each once, with their files, and the list of panels.
func PanelTables(r layout.Record, ending string) (files []TableFile, list []byte) {
	rows := [][]string{{"panel", "shows", "table", "file"}}
	for _, p := range r.Panels {
		for _, table := range p.Tables {
			file := TableFile{table, strings.NewReplacer("/", "-", ":", "-").Replace(table) + "." + ending}
			if !slices.Contains(files, file) {
				files = append(files, file)
			}
			rows = append(rows, []string{p.Panel, p.Shows, table, file.Name})
		}
	}
	var b bytes.Buffer
	_ = csv.NewWriter(&b).WriteAll(rows) // into memory
	return files, b.Bytes()
}
