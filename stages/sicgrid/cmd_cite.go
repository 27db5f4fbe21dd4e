package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/stages/cite"
	"sicgrid/stages/exchange"
	"sicgrid/stages/experiment"
	"sicgrid/stages/train"
)

func newCiteCommand() *cobra.Command {
	var flags graphFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "cite RESULT",
		Short: "Print where a figure or another result is from, and BibTeX, for a paper's supplement",
		Long: "Print a paragraph that says how a figure or another result was made (versions, commits, parameters, seeds,\n" +
			"devices, digests, the command that remakes it), and BibTeX of the paper that is reproduced and of this software.",
		Example: "  sicgrid cite figure-6\n" +
			"  sicgrid cite figure-6 --json",
		Args: takes(1, 1, "one figure or other result"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := flags.look(args)
			if err != nil {
				return err
			}
			r, err := s.cited(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), struct {
					cite.Result
					Paragraph string `json:"paragraph"`
					BibTeX    string `json:"bibtex"`
				}{r, r.Paragraph(), r.BibTeX()})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n\n%s", printable.Line(r.Paragraph()), printable.Lines(r.BibTeX()))
			return err
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print all of it as JSON, with every stage")
	return cmd
}

// cited is what is cited of an up-to-date node and all that it rests on.
func (s *session) cited(name string) (cite.Result, error) {
	n := s.graph.Node(name)
	if n == nil {
		return cite.Result{}, usagef("%q names several results, must be one, such as %s", name, s.graph.Targets()[0].Name)
	}
	r := cite.Result{Name: name, Profile: s.parameters.Name, Seed: s.parameters.Seed, Set: append([]string{}, s.parameters.Sets...),
		Command: "go tool task build && bin/sicgrid run " + name + " --params " + quoted(s.parameters.Path) + setFlags(s.parameters.Sets)}
	nodes, err := pipeline.Status(s.graph, s.options)
	if err != nil {
		return r, err
	}
	for _, st := range nodes {
		if !st.Current() {
			return r, fmt.Errorf("%s is not up to date (%s); run: sicgrid run %s%s", st.Node.Name, st.Reason, name, s.said)
		}
		stage, err := s.citedStage(st)
		if err != nil {
			return r, err
		}
		r.Stages = append(r.Stages, stage)
		if st.Action != nil {
			r.Digest = st.Action.Outputs[0].Logical
		}
	}
	return r, nil
}

func (s *session) citedStage(st pipeline.NodeStatus) (cite.Stage, error) {
	c := cite.Stage{Name: st.Node.Name, Stage: st.Node.Stage, Key: st.Key, Seed: st.Node.Seed, Numerics: st.Numerics, Pinned: st.State == pipeline.Pinned, Commit: "unknown"}
	if t, ok := st.Node.Params.(train.Params); ok && st.Node.Stage == experiment.TrainStage {
		c.Steps = t.Optimiser.Steps
	}
	action, err := s.recordOf(st)
	if err != nil {
		return c, err
	}
	var p struct {
		Commit  string               `json:"commit"`
		Device  string               `json:"device"`
		Started string               `json:"started"`
		Foreign *exchange.Provenance `json:"foreign"`
	}
	if json.Unmarshal(action.Provenance, &p) == nil && p.Commit != "" {
		c.Commit = p.Commit
	}
	c.Device, c.Started, c.Foreign, c.Fetched = p.Device, p.Started, p.Foreign, action.From()
	return c, nil
}
