package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/ipc"
	"github.com/spf13/cobra"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
)

var exportFormats = []string{"parquet", "arrow", "csv", "npy"}

// An exportForm is how an artifact is written.
type exportForm struct {
	format   string
	column   string // that an npy file holds
	describe bool   // CSV begins with comments on the columns
	columns  bool   // not the rows but the columns
	json     bool   // these as JSON
}

func (f exportForm) check(formatGiven bool) error {
	switch {
	case !slices.Contains(exportFormats, f.format):
		return usagef("--format %s: must be one of %s", f.format, strings.Join(exportFormats, ", "))
	case f.describe && f.format != "csv":
		return usagef("--describe: must be given with --format csv; Parquet and Arrow files hold units and meanings anyway")
	case f.columns && (formatGiven || f.column != ""):
		return usagef("--columns: must be given without --format and --column")
	case f.json && !f.columns:
		return usagef("--json: must be given with --columns")
	}
	return nil
}

func newExportCommand() *cobra.Command {
	var flags graphFlags
	var form exportForm
	var out string
	cmd := &cobra.Command{
		Use:   "export NODE:OUTPUT",
		Short: "Write one stored artifact as Parquet, Arrow, CSV or npy",
		Long: "Write one stored artifact as Parquet (the stored bytes), an Arrow IPC file, CSV (lists joined by\n" +
			"semicolons), or one numeric column as npy.\n" +
			"An artifact is a node and one of its outputs; the output may be left out where there is one only.\n" +
			"--columns lists its columns instead: name, type, unit and meaning, as the stored file says them.",
		Example: "  sicgrid export spectra/full/2m:units --format csv --out units.csv\n" +
			"  sicgrid export spectra/full/2m:units --columns\n" +
			"  sicgrid export ratemaps/full/2m:maps --format npy --column mean --out maps.npy\n" +
			"  sicgrid export train/full:weights > weights.parquet",
		Args: takes(1, 1, "one artifact, such as spectra/full/2m:units"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := form.check(cmd.Flags().Changed("format")); err != nil {
				return err
			}
			name, output, _ := strings.Cut(args[0], ":")
			s, err := flags.open([]string{name})
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
			if out == "" || out == "-" {
				_, err = cmd.OutOrStdout().Write(data)
				return err
			}
			return store.WriteFileAtomic(out, data, 0o644)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&form.format, "format", "parquet", strings.Join(exportFormats, ", "))
	cmd.Flags().StringVar(&form.column, "column", "", "`NAME` of the column that an npy file holds")
	cmd.Flags().BoolVar(&form.describe, "describe", false, "begin a CSV file with a line \"# column (unit): meaning\" a column")
	cmd.Flags().BoolVar(&form.columns, "columns", false, "list the columns of the artifact, not its rows")
	cmd.Flags().BoolVar(&form.json, "json", false, "list the columns as JSON")
	cmd.Flags().StringVarP(&out, "out", "o", "", "`FILE` to write; standard output without it")
	return cmd
}

// stored returns the verified bytes of an output of an up-to-date node.
func (s *session) stored(name, output string) ([]byte, error) {
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
	nodes, err := pipeline.Status(s.graph, s.options)
	if err != nil {
		return nil, err
	}
	for _, st := range nodes {
		if st.Node != n {
			continue
		}
		if !st.Current() {
			return nil, fmt.Errorf("%s is not up to date (%s); run: sicgrid run %s --params %s", name, st.Reason, name, s.parameters.Path)
		}
		action, err := s.options.Store.Lookup(st.Key, st.Numerics, true)
		if action == nil { // a pinned result that no run has taken yet
			return nil, fmt.Errorf("%s is not in the store (%w); run: sicgrid run %s --params %s", name, err, name, s.parameters.Path)
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
