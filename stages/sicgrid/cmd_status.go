package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
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
			s, err := flags.open(targets)
			if err != nil {
				return err
			}
			nodes, err := pipeline.Status(s.graph, s.options)
			if err != nil {
				return err
			}
			figures, err := s.staleFigures(nodes)
			if err != nil {
				return err
			}
			current := len(figures) == 0
			for _, n := range nodes {
				current = current && n.Current()
			}
			if err := printStatus(cmd.OutOrStdout(), s, nodes, figures, current, asJSON, verbosityOf(cmd)); err != nil {
				return err
			}
			if !current {
				return errOutOfDate
			}
			return nil
		},
	}
	flags.add(cmd)
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
}

func printStatus(w io.Writer, s *session, nodes []pipeline.NodeStatus, figures []string, current bool, asJSON bool, level verbosity) error {
	if asJSON {
		answer := struct {
			Profile string        `json:"profile"`
			Current bool          `json:"current"`
			Stages  []stageStatus `json:"stages"`
			Figures []string      `json:"stale_figures"` // files to be laid out again from the store
		}{Profile: s.parameters.Name, Current: current, Figures: append([]string{}, figures...)}
		for _, n := range nodes {
			answer.Stages = append(answer.Stages, stageStatus{n.Node.Name, n.Node.Stage, n.State, n.Reason, n.Key, n.Numerics})
		}
		return printJSON(w, answer)
	}
	for _, n := range nodes {
		if level < 0 && n.Current() {
			continue
		}
		fmt.Fprintf(w, "%-8s %-*s  %s", n.State, s.nameWidth(), n.Node.Name, n.Reason)
		if level > 0 && n.Key != "" {
			fmt.Fprintf(w, "  [%s %s]", n.Key[:12], printable.Line(n.Numerics))
		}
		fmt.Fprintln(w)
	}
	for _, f := range figures {
		fmt.Fprintf(w, "%-8s %s  missing or altered; comes back from the store\n", "restore", f)
	}
	return nil
}

// nameWidth is the width of the longest node name.
func (s *session) nameWidth() int {
	width := 0
	for _, n := range s.graph.Nodes() {
		width = max(width, len(n.Name))
	}
	return width
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
