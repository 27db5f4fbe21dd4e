package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/spf13/cobra"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/outfile"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
)

var exportFormats = []string{"parquet", "arrow", "csv", "json", "npy"}

// An exportForm is how an artifact is written.
type exportForm struct {
	format   string
	column   string // that an npy file holds
	describe bool   // CSV begins with comments on the columns
	columns  bool   // not the rows but the columns
	json     bool   // these, or the rows, as JSON
}

// check finds what is wrong with the form, and completes it by the name of the file that is
// written.
func (f *exportForm) check(out string) error {
	if err := f.checkFormat(out); err != nil {
		return err
	}
	switch {
	case f.columns && (f.format != "" || f.column != "" || f.describe):
		return usagef("--columns: must be given without --format, --column and --describe, and not for a file of rows")
	case f.json && !f.columns && f.format != "" && f.format != "json":
		return usagef("--json: must be given without another format, which is %s here", f.format)
	case f.json && !f.columns:
		f.format = "json"
	}
	if f.format == "" {
		f.format = "parquet"
	}
	switch {
	case f.describe && f.format != "csv":
		return usagef("--describe: must be given with --format csv; Parquet and Arrow files hold units and meanings anyway")
	case f.column != "" && f.format != "npy":
		return usagef("--column %s: must be given with --format npy; a %s file has all columns", f.column, f.format)
	}
	return nil
}

// checkFormat compares --format with the name of the file, which decides where it is not given.
func (f *exportForm) checkFormat(out string) error {
	if f.format != "" && !slices.Contains(exportFormats, f.format) {
		return usagef("--format %s: must be one of %s", f.format, strings.Join(exportFormats, ", "))
	}
	ending := strings.ToLower(filepath.Ext(out))
	named := strings.TrimPrefix(ending, ".")
	if ending == ".feather" { // Arrow's files by their other name
		named = "arrow"
	}
	switch {
	case slices.Contains(exportFormats, named) && f.format == "":
		f.format = named
	case slices.Contains(exportFormats, named) && f.format != named:
		return usagef("--out %s: its name says %s, --format %s; leave out --format or name the file .%s", out, named, f.format, f.format)
	case !slices.Contains(exportFormats, named) && ending != "" && f.format == "" && !f.columns:
		return usagef("--out %s: must end in one of .%s, or --format must be given", out, strings.Join(exportFormats, ", ."))
	}
	return nil
}

func newExportCommand() *cobra.Command {
	var flags graphFlags
	var form exportForm
	var out, tables string
	var caption bool
	cmd := &cobra.Command{
		Use:   "export NODE:OUTPUT",
		Short: "Write one stored artifact as Parquet, Arrow, CSV, JSON or npy",
		Long: "Write one stored artifact as Parquet (the stored bytes), an Arrow IPC file, CSV (lists joined by\n" +
			"semicolons), JSON (a list of rows; what is no number is null), or one numeric column as npy.\n" +
			"An artifact is a node and one of its outputs; the output may be left out where there is one only.\n" +
			"The name of the file says the format, or --format.\n" +
			"--columns lists its columns instead: name, type, unit and meaning, as the stored file says them.\n" +
			"Of a figure, --tables writes the tables behind its panels into a folder, as CSV unless --format says\n" +
			"otherwise, and panels.csv, which says what each panel shows and which file has its table.",
		Example: "  sicgrid export spectra/full/2m:units --out units.csv\n" +
			"  sicgrid export spectra/full/2m:units --columns\n" +
			"  sicgrid export spectra/full/2m:units --json\n" +
			"  sicgrid export figure-4 --tables figure-4-tables\n" +
			"  sicgrid export figure-4 --caption\n" +
			"  sicgrid export ratemaps/full/2m:maps --column mean --out maps.npy\n" +
			"  sicgrid export train/full:weights > weights.parquet",
		Args: takes(1, 1, "one artifact, such as spectra/full/2m:units"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if caption {
				return flags.printCaption(cmd, args[0])
			}
			if cmd.Flags().Changed("tables") {
				return flags.exportTables(cmd, args[0], tables, form)
			}
			if err := form.check(out); err != nil {
				return err
			}
			toFile := out != "" && out != "-"
			if toFile {
				if err := flags.checkOutput(out); err != nil {
					return err
				}
			}
			name, output, _ := strings.Cut(args[0], ":")
			s, err := flags.look([]string{name})
			if err != nil {
				return err
			}
			data, err := s.stored(name, output)
			if err != nil {
				return err
			}
			if data, err = form.of(data); err != nil {
				return err
			}
			if !toFile {
				_, err = cmd.OutOrStdout().Write(data)
				return err
			}
			sayReplaced(cmd, out, firstLine(data))
			return outfile.Write(cmd.Context(), out, data)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&form.format, "format", "", strings.Join(exportFormats, ", ")+"; by default what the name of the file says, and parquet without one")
	cmd.Flags().StringVar(&form.column, "column", "", "`NAME` of the column that an npy file holds")
	cmd.Flags().BoolVar(&form.describe, "describe", false, "begin a CSV file with a line \"# column (unit): meaning\" a column")
	cmd.Flags().BoolVar(&form.columns, "columns", false, "list the columns of the artifact, not its rows")
	cmd.Flags().BoolVar(&form.json, "json", false, "write the rows, or with --columns those, as JSON")
	cmd.Flags().BoolVar(&caption, "caption", false, "print what a figure shows, as it is said below it, and nothing else")
	cmd.Flags().StringVar(&tables, "tables", "", "`FOLDER` to write the tables behind a figure's panels into")
	cmd.Flags().StringVarP(&out, "out", "o", "", "`FILE` to write; standard output without it")
	return cmd
}

// stored returns the verified bytes of an output of an up-to-date node.
func (s *session) stored(name, output string) ([]byte, error) {
	nodes, err := pipeline.Status(s.graph, s.options)
	if err != nil {
		return nil, err
	}
	return s.storedOf(nodes, name, output)
}

// storedOf is stored with the states of the nodes at hand.
func (s *session) storedOf(nodes []pipeline.NodeStatus, name, output string) ([]byte, error) {
	n := s.graph.Node(name)
	if n == nil {
		return nil, usagef("%q names several nodes, must be one, such as %s", name, s.graph.Targets()[0].Name)
	}
	if output == "" && len(n.Outputs) == 1 {
		output = n.Outputs[0]
	}
	i := slices.Index(n.Outputs, output)
	if i < 0 {
		return nil, usagef("%s has no output %q, must be one of %s", name, output, strings.Join(n.Outputs, ", "))
	}
	for _, st := range nodes {
		if st.Node != n {
			continue
		}
		if !st.Current() {
			return nil, fmt.Errorf("%s is not up to date (%s); run: sicgrid run %s%s", name, st.Reason, name, s.said)
		}
		action, err := s.options.Store.Lookup(st.Key, st.Numerics, true)
		if action == nil { // a pinned result that no run has taken yet
			return nil, fmt.Errorf("%s is not in the store (%w); run: sicgrid run %s%s", name, err, name, s.said)
		}
		return s.options.Store.Get(action.Outputs[i].Object)
	}
	return nil, fmt.Errorf("%s is not in the graph", name)
}

// of returns a stored artifact in this form.
func (f exportForm) of(data []byte) ([]byte, error) {
	if f.format == "parquet" && !f.columns {
		return data, nil
	}
	rec, err := artifact.Read(data)
	if err != nil {
		return nil, err
	}
	defer rec.Release()
	switch {
	case f.columns:
		return columnList(artifact.Columns(rec.Schema()), f.json)
	case f.format == "arrow":
		return arrowFile(rec)
	case f.format == "json":
		return jsonFile(rec)
	case f.format == "npy":
		return npyFile(rec, f.column)
	}
	rows, err := csvFile(rec)
	if f.describe {
		rows = append(columnComments(artifact.Columns(rec.Schema())), rows...)
	}
	return rows, err
}

// columnList lists columns for people, or as JSON.
func columnList(columns []artifact.Column, asJSON bool) ([]byte, error) {
	var b bytes.Buffer
	if asJSON {
		err := printJSON(&b, columns)
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

// columnComments are lines "# column (unit): meaning".
func columnComments(columns []artifact.Column) []byte {
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

// arrowFile is the record as an Arrow IPC file.
func arrowFile(rec arrow.Record) ([]byte, error) {
	f, err := os.CreateTemp("", "sicgrid-export-") // Arrow's writer has to seek
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	w, err := ipc.NewFileWriter(f, ipc.WithSchema(rec.Schema()))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(w.Write(rec), w.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(f.Name())
}

// csvFile has the columns' names in its first line; the values of a list are joined by semicolons.
func csvFile(rec arrow.Record) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	line := make([]string, rec.NumCols())
	for i := range line {
		line[i] = rec.ColumnName(i)
	}
	if err := w.Write(line); err != nil {
		return nil, err
	}
	for row := range int(rec.NumRows()) {
		for i, column := range rec.Columns() {
			line[i] = csvValue(column, row)
		}
		if err := w.Write(line); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func csvValue(column arrow.Array, row int) string {
	l, ok := column.(*array.List)
	if !ok {
		return column.ValueStr(row)
	}
	from, to := l.ValueOffsets(row)
	values := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		values = append(values, l.ListValues().ValueStr(int(i)))
	}
	return strings.Join(values, ";")
}

// jsonFile is a list of rows, each a mapping in the order of the columns. NaN and infinities, which
// JSON has not, are null.
func jsonFile(rec arrow.Record) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('[')
	for row := range int(rec.NumRows()) {
		if row > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n ")
		for i, column := range rec.Columns() {
			mark := ", "
			if i == 0 {
				mark = "{"
			}
			value, err := json.Marshal(jsonValue(column, row))
			if err != nil {
				return nil, fmt.Errorf("%s, row %d: %w", rec.ColumnName(i), row, err)
			}
			name, _ := json.Marshal(rec.ColumnName(i)) // a text can be written
			fmt.Fprintf(&b, "%s%s: %s", mark, name, value)
		}
		b.WriteByte('}')
	}
	b.WriteString("\n]\n")
	return b.Bytes(), nil
}

// jsonValue is one value, as encoding/json takes it.
func jsonValue(column arrow.Array, row int) any {
	finite := func(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
	if column.IsNull(row) {
		return nil
	}
	switch c := column.(type) {
	case *array.List:
		from, to := c.ValueOffsets(row)
		values := make([]any, 0, to-from)
		for i := from; i < to; i++ {
			values = append(values, jsonValue(c.ListValues(), int(i)))
		}
		return values
	case *array.Float64:
		if finite(c.Value(row)) {
			return c.Value(row)
		}
		return nil
	case *array.Float32:
		if finite(float64(c.Value(row))) {
			return c.Value(row)
		}
		return nil
	}
	return column.GetOneForMarshal(row)
}
