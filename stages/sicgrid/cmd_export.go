package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"sicgrid/pkg/artifact"
	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/outfile"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/usage"
	"sicgrid/stages/exchange"
	"sicgrid/stages/source"
	"sicgrid/stages/tablefile"
)

var exportFormats = append([]string{"parquet", "arrow", "csv", "json", "npy"}, exchange.Formats...)

// An exportForm is how an artifact is written.
type exportForm struct {
	format   string
	column   string            // that an npy file holds
	describe bool              // CSV begins with comments on the columns
	columns  bool              // not the rows but the columns
	said     map[string]string // of what is written, in a file of weights
	json     bool              // these, or the rows, as JSON
}

// check finds what is wrong with the form, and completes it by the name of the file that is
// written.
func (f *exportForm) check(out string) error {
	if err := f.checkFormat(out); err != nil {
		return err
	}
	switch {
	case f.columns && (f.format != "" || f.column != "" || f.describe):
		return usage.Errorf("--columns: must be given without --format, --column and --describe, and not for a file of rows")
	case f.json && !f.columns && f.format != "" && f.format != "json":
		return usage.Errorf("--json: must be given without another format, which is %s here", f.format)
	case f.json && !f.columns:
		f.format = "json"
	}
	if f.format == "" {
		f.format = "parquet"
	}
	switch {
	case f.describe && f.format != "csv":
		return usage.Errorf("--describe: must be given with --format csv; Parquet and Arrow files hold units and meanings anyway")
	case f.column != "" && f.format != "npy":
		return usage.Errorf("--column %s: must be given with --format npy; a %s file has all columns", f.column, f.format)
	}
	return nil
}

// checkFormat compares --format with the name of the file, which decides where it is not given.
func (f *exportForm) checkFormat(out string) error {
	if f.format != "" && !slices.Contains(exportFormats, f.format) {
		return usage.Errorf("--format %s: must be one of %s", f.format, strings.Join(exportFormats, ", "))
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
		return usage.Errorf("--out %s: its name says %s, --format %s; leave out --format or name the file .%s", out, named, f.format, f.format)
	case !slices.Contains(exportFormats, named) && ending != "" && f.format == "" && !f.columns:
		return usage.Errorf("--out %s: must end in one of .%s, or --format must be given", out, strings.Join(exportFormats, ", ."))
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
		Short: "Write one stored artifact as Parquet, Arrow, CSV, JSON or npy, weights also as npz or safetensors",
		Long: "Write one stored artifact as Parquet (the stored bytes), an Arrow IPC file, CSV (lists joined by\n" +
			"semicolons), JSON (a list of rows; what is no number is null), or one numeric column as npy.\n" +
			"An artifact is a node and one of its outputs; the output may be left out where there is one only.\n" +
			"The name of the file says the format, or --format. Weights as npz or safetensors have the names and shapes that\n" +
			"PyTorch gives them (mlp.0.weight, ..., g0), and the identity is folded into the last bias.\n" +
			"The history of a training that is under way is that of its last checkpoint.\n" +
			"--columns lists its columns instead: name, type, unit and meaning, as the stored file says them.\n" +
			"Of a figure, --tables writes the tables behind its panels into a folder, as CSV unless --format says\n" +
			"otherwise, and panels.csv, which says what each panel shows and which file has its table.",
		Example: "  sicgrid export spectra/full/2m:units --out units.csv\n" +
			"  sicgrid export spectra/full/2m:units --columns\n" +
			"  sicgrid export spectra/full/2m:units --json\n" +
			"  sicgrid export figure-4 --tables figure-4-tables\n" +
			"  sicgrid export figure-4 --caption\n" +
			"  sicgrid export ratemaps/full/2m:maps --column mean --out maps.npy\n" +
			"  sicgrid export train/full:weights --out w.safetensors\n" +
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
			s, err := flags.Look([]string{name})
			if err != nil {
				return err
			}
			nodes, err := pipeline.Status(s.Graph, s.Options)
			if err != nil {
				return err
			}
			data, err := s.Stored(nodes, name, output)
			if err != nil {
				return err
			}
			form.said = map[string]string{"made_by": "sicgrid " + source.Commit(), "result": args[0], "profile": strings.Join(append([]string{s.Parameters.Name}, s.Parameters.Sets...), " "), "object": fmt.Sprintf("%x", sha256.Sum256(data))}
			if data, err = form.of(data); err != nil {
				return err
			}
			if !toFile {
				_, err = cmd.OutOrStdout().Write(data)
				return err
			}
			sayReplaced(cmd, out, tablefile.FirstLine(data))
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
		return tablefile.Arrow(rec)
	case f.format == "json":
		return tablefile.JSON(rec)
	case f.format == "npy":
		data, err := tablefile.Npy(rec, f.column)
		if err != nil {
			err = usage.Errorf("--column %v", err)
		}
		return data, err
	case slices.Contains(exchange.Formats, f.format):
		return exchange.Encode(rec, f.format, f.said)
	}
	rows, err := tablefile.CSV(rec)
	if f.describe {
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
