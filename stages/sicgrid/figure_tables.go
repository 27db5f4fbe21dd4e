package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/outfile"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/usage"
	"sicgrid/stages/layout"
	"sicgrid/stages/tablefile"
)

// panelsFile lists the panels of an exported figure, and which file has the table behind each.
const panelsFile = "panels.csv"

// checkTables finds what speaks against writing a figure's tables in this form, and completes it.
func (f *exportForm) checkTables(out string) error {
	if out != "" || f.columns || f.json || f.column != "" || f.format == "npy" {
		return usage.Errorf("--tables: must be given without --out, --columns, --column and --json, and not for npy; it writes whole tables into a folder")
	}
	if f.format == "" {
		f.format = "csv"
	}
	return f.check("")
}

// exportTables writes the tables behind every panel of a figure into a folder, and which is whose.
func (f *graphFlags) exportTables(cmd *cobra.Command, name, folder string, form exportForm) error {
	if err := form.checkTables(cmd.Flag("out").Value.String()); err != nil {
		return err
	}
	s, err := f.Look([]string{name})
	if err != nil {
		return err
	}
	record, nodes, err := s.Figure()
	if err != nil {
		return err
	}
	files, list := panelTables(record, form.format)
	if err := f.checkTables(folder, files); err != nil {
		return err
	}
	for _, file := range files {
		node, output, _ := strings.Cut(file.table, ":")
		data, err := s.Stored(nodes, node, output)
		if err == nil {
			data, err = form.of(data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file.table, err)
		}
		if err := writePanelTable(cmd, filepath.Join(folder, file.name), data); err != nil {
			return err
		}
	}
	return writePanelTable(cmd, filepath.Join(folder, panelsFile), list)
}

// printCaption prints the caption of a figure that is up to date.
func (f *graphFlags) printCaption(cmd *cobra.Command, name string) error {
	s, err := f.Look([]string{name})
	if err != nil {
		return err
	}
	record, _, err := s.Figure()
	if err == nil {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), printable.Line(record.Caption))
	}
	return err
}

// tableFile is a table and the file that it is written to.
type tableFile struct{ table, name string }

// panelTables are the tables of a figure, each once, with their files, and the list of panels.
func panelTables(r layout.Record, ending string) (files []tableFile, list []byte) {
	rows := [][]string{{"panel", "shows", "table", "file"}}
	for _, p := range r.Panels {
		for _, table := range p.Tables {
			file := tableFile{table, strings.NewReplacer("/", "-", ":", "-").Replace(table) + "." + ending}
			if !slices.Contains(files, file) {
				files = append(files, file)
			}
			rows = append(rows, []string{p.Panel, p.Shows, table, file.name})
		}
	}
	var b bytes.Buffer
	_ = csv.NewWriter(&b).WriteAll(rows) // into memory
	return files, b.Bytes()
}

// checkTables makes the folder and finds what speaks against the files in it.
func (f *graphFlags) checkTables(folder string, files []tableFile) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("--tables %s: %w", folder, err)
	}
	for _, file := range append([]tableFile{{name: panelsFile}}, files...) {
		if err := f.checkOutput(filepath.Join(folder, file.name)); err != nil {
			return err
		}
	}
	return nil
}

func writePanelTable(cmd *cobra.Command, path string, data []byte) error {
	sayReplaced(cmd, path, tablefile.FirstLine(data))
	if err := outfile.Write(cmd.Context(), path, data); err != nil {
		return err
	}
	if verbosityOf(cmd) >= 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "wrote   %s\n", path)
	}
	return nil
}
