package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/outfile"
	"sicgrid/pkg/printable"
	"sicgrid/stages/export"
	"sicgrid/stages/tablefile"
)

// exportTables writes the tables behind every panel of a figure into a folder, and which is whose.
func (f *graphFlags) exportTables(cmd *cobra.Command, name, folder string, form export.Form) error {
	if err := form.CheckTables(cmd.Flag("out").Value.String()); err != nil {
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
	files, list := export.PanelTables(record, form.Format)
	if err := f.checkTables(folder, files); err != nil {
		return err
	}
	for _, file := range files {
		node, output, _ := strings.Cut(file.Table, ":")
		data, err := s.Stored(nodes, node, output)
		if err == nil {
			data, err = form.Of(data)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file.Table, err)
		}
		if err := writePanelTable(cmd, filepath.Join(folder, file.Name), data); err != nil {
			return err
		}
	}
	return writePanelTable(cmd, filepath.Join(folder, export.PanelsFile), list)
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

// checkTables makes the folder and finds what speaks against the files in it.
func (f *graphFlags) checkTables(folder string, files []export.TableFile) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("--tables %s: %w", folder, err)
	}
	for _, file := range append([]export.TableFile{{Name: export.PanelsFile}}, files...) {
		if err := f.checkOutput(filepath.Join(folder, file.Name)); err != nil {
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
