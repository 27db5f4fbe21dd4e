package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"sicgrid/pkg/outfile"
	"sicgrid/pkg/printable"
	"sicgrid/stages/experiment"
	"sicgrid/stages/report"
	"sicgrid/stages/sicgrid/layout"
)

// reportFile is what the page is called in the folder of the figures.
const reportFile = "report.html"

type reportFlags struct {
	graphFlags
	out string
}

func newReportCommand() *cobra.Command {
	var flags reportFlags
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Show everything that a profile came to on one page, an HTML file that opens from a folder",
		Long: "Show everything that a profile came to on one page: answers first, then every figure with its caption and chain of\n" +
			"stages, the claims of the paper, the units, states and trainings to be looked at one by one, and the stages. Nothing\n" +
			"is computed: what is stale or has not been made yet is shown as such, with the reason. The page is one HTML file that\n" +
			"asks the network for nothing.",
		Example: "  sicgrid report                               # artifacts/laptop/report.html\n" +
			"  sicgrid report --params params/smoke.yaml --out smoke.html",
		Args: takes(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.report(cmd) },
	}
	flags.add(cmd)
	flags.addName(cmd)
	cmd.Flags().StringVarP(&flags.out, "out", "o", "", "`FILE` to write; by default "+reportFile+" in the folder of the profile's figures, - is standard output")
	return cmd
}

func (f *reportFlags) report(cmd *cobra.Command) error {
	toFile := f.out != "" && f.out != "-"
	if toFile {
		if err := f.checkOutput(f.out); err != nil {
			return err
		}
	}
	s, page, err := f.page(cmd.Context(), false)
	if err != nil {
		return err
	}
	if f.out == "" {
		if err := s.folder.Check(); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	if err := page.Write(&text); err != nil {
		return err
	}
	switch {
	case f.out == "-":
		_, err := cmd.OutOrStdout().Write(text.Bytes())
		return err
	case toFile:
		sayReplaced(cmd, f.out, "<!DOCTYPE html>")
		err = outfile.Write(cmd.Context(), f.out, text.Bytes())
	default:
		f.out = filepath.Join(s.folder.Path, reportFile)
		_, err = s.folder.LayOut(cmd.Context(), []layout.File{layout.NewFile(f.out, text.Bytes())})
	}
	if err == nil {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote   %s, %.1f MB\n", printable.Line(f.out), float64(text.Len())/1e6)
	}
	return err
}

// page collects what there is of a profile.
func (f *reportFlags) page(ctx context.Context, live bool) (*session, *report.Page, error) {
	f.many = true // nothing is run
	targets, err := f.reported()
	if err != nil {
		return nil, nil, err
	}
	s, err := f.look(targets)
	if err != nil {
		return nil, nil, err
	}
	source := report.Source{Parameters: s.parameters, DAG: s.dag, Graph: s.graph, Options: s.options, Flags: s.said, Commit: commit(), Live: live}
	if s.parameters.Name == "laptop" && len(f.sets) == 0 {
		source.Published = filepath.Join("artifacts", "published")
	}
	page, err := report.Collect(ctx, source)
	return s, page, err
}

// reported are the targets that are shown: all figures, several seeds, and the sweeps over the
// profile.
func (f *reportFlags) reported() ([]string, error) {
	profile, err := profilePath(f.params)
	if err != nil {
		return nil, err
	}
	targets, dir := []string{"all", "seeds", experiment.ResultsName}, filepath.Dir(profile)
	if len(f.sets) > 0 {
		return targets, nil
	}
	for _, name := range experiment.SweepNames(dir) {
		path, err := experiment.SweepPath(dir, name)
		if err != nil {
			return nil, err
		}
		_, file, err := experiment.ReadSweepFile(path)
		if err != nil {
			return nil, err
		}
		if filepath.Clean(file.BasePath(path)) == filepath.Clean(profile) {
			targets = append(targets, name)
		}
	}
	return targets, nil
}
