package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/outfile"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/export"
	"sicgrid/stages/source"
	"sicgrid/stages/tablefile"
)

func newExportCommand() *cobra.Command {
	var flags graphFlags
	var form export.Form
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
			if err := form.Check(out); err != nil {
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
			form.About = map[string]string{"made_by": "sicgrid " + source.Commit(), "result": args[0], "profile": strings.Join(append([]string{s.Parameters.Name}, s.Parameters.Sets...), " "), "object": fmt.Sprintf("%x", sha256.Sum256(data))}
			if data, err = form.Of(data); err != nil {
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
	cmd.Flags().StringVar(&form.Format, "format", "", strings.Join(export.Formats, ", ")+"; by default what the name of the file says, and parquet without one")
	cmd.Flags().StringVar(&form.Column, "column", "", "`NAME` of the column that an npy file holds")
	cmd.Flags().BoolVar(&form.Describe, "describe", false, "begin a CSV file with a line \"# column (unit): meaning\" a column")
	cmd.Flags().BoolVar(&form.Columns, "columns", false, "list the columns of the artifact, not its rows")
	cmd.Flags().BoolVar(&form.JSON, "json", false, "write the rows, or with --columns those, as JSON")
	cmd.Flags().BoolVar(&caption, "caption", false, "print what a figure shows, as it is said below it, and nothing else")
	cmd.Flags().StringVar(&tables, "tables", "", "`FOLDER` to write the tables behind a figure's panels into")
	cmd.Flags().StringVarP(&out, "out", "o", "", "`FILE` to write; standard output without it")
	return cmd
}
