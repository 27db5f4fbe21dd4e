package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"sicgrid/pkg/outfile"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
	"sicgrid/stages/layout"
	"sicgrid/stages/report"
	"sicgrid/stages/session"
	"sicgrid/stages/source"
)

// reportFile is what the page is called in the folder of the figures.
const reportFile = "report.html"

type reportFlags struct {
	graphFlags
	out    string
	live   bool
	listen string
}

func newReportCommand() *cobra.Command {
	var flags reportFlags
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Show everything that a profile came to on one page, an HTML file that opens from a folder",
		Long: "Show everything that a profile came to on one page: answers first, then every figure with its caption and chain of\n" +
			"stages, the claims of the paper, the units, states and trainings to be looked at one by one, and the stages. Nothing\n" +
			"is computed: what is stale or has not been made yet is shown as such, with the reason. The page is one HTML file that\n" +
			"asks the network for nothing. --live serves it to this machine instead, made anew whenever it is opened, and with the\n" +
			"losses of trainings under way as their checkpoints come, and ratemaps of the one that is shown.",
		Example: "  sicgrid report                               # artifacts/laptop/report.html\n" +
			"  sicgrid report --params params/smoke.yaml --out smoke.html",
		Args: takes(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.report(cmd) },
	}
	flags.add(cmd)
	flags.addName(cmd)
	cmd.Flags().BoolVar(&flags.live, "live", false, "serve the page to this machine's browsers until Ctrl-C, instead of writing it")
	cmd.Flags().StringVar(&flags.listen, "listen", "127.0.0.1:0", "`ADDRESS` of --live, on loopback; port 0 is any that is free")
	cmd.Flags().StringVarP(&flags.out, "out", "o", "", "`FILE` to write; by default "+reportFile+" in the folder of the profile's figures, - is standard output")
	return cmd
}

func (f *reportFlags) report(cmd *cobra.Command) error {
	if f.live {
		return f.serve(cmd)
	}
	if cmd.Flags().Changed("listen") {
		return usage.Errorf("--listen %s: must be given with --live", f.listen)
	}
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
		if err := s.Folder.Check(); err != nil {
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
		f.out = filepath.Join(s.Folder.Path, reportFile)
		_, err = s.Folder.LayOut(cmd.Context(), []layout.File{layout.NewFile(f.out, text.Bytes())})
	}
	if err == nil {
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote   %s, %.1f MB\n", printable.Line(f.out), float64(text.Len())/1e6)
	}
	return err
}

// serve is report --live.
func (f *reportFlags) serve(cmd *cobra.Command) error {
	host, _, err := net.SplitHostPort(f.listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usage.Errorf("--listen %s: must be an address of loopback and a port, such as 127.0.0.1:8080; the page is for this machine alone", f.listen)
	}
	if f.out != "" {
		return usage.Errorf("--out %s: must be given without --live, which writes no file", f.out)
	}
	if _, _, err := f.page(cmd.Context(), true); err != nil { // what is wrong is said before anybody comes
		return err
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", f.listen, err)
	}
	pages := report.NewServer(func(ctx context.Context) (*report.Page, error) {
		_, page, err := f.page(ctx, true)
		return page, err
	})
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(cmd.Context(), func() { server.Close() })
	defer stop()
	fmt.Fprintf(cmd.OutOrStdout(), "http://%s/ until Ctrl-C\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// page collects what there is of a profile.
func (f *reportFlags) page(ctx context.Context, live bool) (*session.Session, *report.Page, error) {
	f.Many = true // nothing is run
	targets, err := f.reported()
	if err != nil {
		return nil, nil, err
	}
	s, err := f.Look(targets)
	if err != nil {
		return nil, nil, err
	}
	source := report.Source{Parameters: s.Parameters, DAG: s.DAG, Graph: s.Graph, Options: s.Options, Flags: s.Request.Flags(), Commit: source.Commit(), Live: live}
	if s.Parameters.Name == "laptop" && len(f.Sets) == 0 {
		source.Published = layout.Published
	}
	page, err := report.Collect(ctx, source)
	return s, page, err
}

// reported are the targets that are shown: all figures, a training as it goes, several seeds, and the
// sweeps over the profile. A sweep that cannot be read has nothing to show; its own command says what
// is wrong.
func (f *reportFlags) reported() ([]string, error) {
	profile, err := experiment.ProfilePath(f.Params)
	if err != nil {
		return nil, err
	}
	targets, dir := []string{"all", experiment.TrainingName, "seeds", experiment.ResultsName}, filepath.Dir(profile)
	p, err := experiment.ReadParameters(profile, f.Sets)
	if err != nil || len(f.Sets) > 0 {
		return targets, err
	}
	for _, name := range experiment.SweepNames(dir) {
		path := filepath.Join(dir, experiment.SweepPrefix+name+".yaml")
		_, file, err := experiment.ReadSweepFile(path)
		if err != nil || filepath.Clean(file.BasePath(path)) != filepath.Clean(profile) {
			continue
		}
		if _, err := experiment.ReadSweep(path, p, true); err == nil {
			targets = append(targets, name)
		}
	}
	return targets, nil
}
