package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/stages/estimate"
	"sicgrid/stages/exchange"
	"sicgrid/stages/experiment"
	"sicgrid/stages/layout"
	"sicgrid/stages/session"
)

func newStatusCommand() *cobra.Command {
	var flags graphFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [TARGET...]",
		Short: "Say what would run, and why; exit code 3 if anything would",
		Example: "  sicgrid status\n" +
			"  sicgrid status figure-6 --set loss.sigma_g=0.5",
		RunE: func(cmd *cobra.Command, targets []string) error {
			s, err := flags.Look(targets)
			if err != nil {
				return err
			}
			nodes, err := pipeline.Status(s.Graph, s.Options)
			if err != nil {
				return err
			}
			figures, err := s.Layout().Stale(nodes)
			if err != nil {
				return err
			}
			current := len(figures) == 0
			for _, n := range nodes {
				current = current && n.Current()
			}
			rest, err := rest(cmd.Context(), s, nodes)
			if err != nil {
				return err
			}
			if err := printStatus(cmd.OutOrStdout(), s, nodes, figures, rest, current, asJSON, verbosityOf(cmd)); err != nil {
				return err
			}
			if !current {
				return errOutOfDate
			}
			return nil
		},
	}
	flags.add(cmd)
	flags.addName(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}

// stageStatus is one stage in the JSON of status.
type stageStatus struct {
	Name     string         `json:"name"`
	Stage    string         `json:"stage"`
	State    pipeline.State `json:"state"` // "cached", "pinned", "run", "may run"
	Reason   string         `json:"reason"`
	Key      string         `json:"key,omitempty"`
	Numerics string         `json:"numerics"`

	Foreign *exchange.Provenance `json:"foreign,omitempty"` // of a network that was trained elsewhere
}

// For how long status times the first steps of a kind of training of which nothing is known, and
// for how long it waits for a single one: whoever asks waits too.
const (
	statusTimesFor = 100 * time.Millisecond
	statusWaits    = 500 * time.Millisecond
)

// rest sums up what is not up to date.
func rest(ctx context.Context, s *session.Session, nodes []pipeline.NodeStatus) (estimate.Remainder, error) {
	k, err := s.Times()
	if err != nil {
		return estimate.Remainder{}, err
	}
	k.Timed = func(b compute.Backend, spec compute.Spec) (time.Duration, error) {
		return estimate.AtMost(statusWaits, func() (time.Duration, error) { return estimate.Steps(b, spec, statusTimesFor) })
	}
	return k.Rest(ctx, nodes, s.Options.Places())
}

func printStatus(w io.Writer, s *session.Session, nodes []pipeline.NodeStatus, figures []string, rest estimate.Remainder, current bool, asJSON bool, level verbosity) error {
	if asJSON {
		answer := struct {
			Profile string        `json:"profile"`
			Current bool          `json:"current"`
			Stages  []stageStatus `json:"stages"`
			Figures []string      `json:"stale_figures"` // files to be laid out again from the store
			Folder  string        `json:"folder"`        // of the figures

			Others []layout.Settings `json:"settings_folders"` // of what was made with --set
			estimate.Remainder
		}{Profile: s.Parameters.Name, Current: current, Figures: append([]string{}, figures...), Folder: s.Folder.Path, Others: layout.Within(s.Parameters.Name), Remainder: rest}
		for _, n := range nodes {
			answer.Stages = append(answer.Stages, stageStatus{n.Node.Name, n.Node.Stage, n.State, n.Reason, n.Key, n.Numerics, experiment.Foreign(n.Node)})
		}
		return jsontext.Write(w, answer)
	}
	for _, n := range nodes {
		if level < 0 && n.Current() {
			continue
		}
		fmt.Fprintf(w, "%-8s %-*s  %s", n.State, nameWidth(s.Graph), n.Node.Name, n.Reason)
		if from := experiment.Foreign(n.Node); from != nil {
			fmt.Fprintf(w, "; %s", from)
		}
		if level > 0 && n.Key != "" {
			fmt.Fprintf(w, "  [%s %s]", n.Key[:12], printable.Line(n.Numerics))
		}
		fmt.Fprintln(w)
	}
	for _, f := range layout.Within(s.Parameters.Name) {
		if level >= 0 && f.Path != s.Folder.Path {
			fmt.Fprintf(w, "%-8s %s\n", "folder", f)
		}
	}
	for _, f := range figures {
		fmt.Fprintf(w, "%-8s %s  missing or altered; comes back from the store\n", "restore", f)
	}
	if level >= 0 {
		fmt.Fprintln(w, rest.Words(len(nodes), len(figures)))
	}
	return nil
}

// nameWidth is the width of the longest node name.
func nameWidth(g *pipeline.Graph) int {
	width := 0
	for _, n := range g.Nodes() {
		width = max(width, len(n.Name))
	}
	return width
}
