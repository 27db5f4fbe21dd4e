package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/pipeline"
)

func newWhyCommand() *cobra.Command {
	var flags graphFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "why TARGET...",
		Short: "Show what changed since a stage last ran, from where the change begins",
		Long: "Show of each stage that a target names what changed since it last ran: the parameter, file, seed or input at which the\n" +
			"change begins, which may be of a stage far before it, and the stages on the way. * marks what changed, old against new,\n" +
			"+ what was added, - what was removed. -v lists all parts of the stage's own key, with ? at inputs that will be made\n" +
			"anew and ~ at those of equal values in other bytes.",
		Example: "  sicgrid why train/full --set loss.sigma_g=0.5\n" +
			"  sicgrid why figure-6 --set seed=2 -v\n" +
			"  sicgrid why figure-6 --json",
		Args: takes(1, -1, "the target to explain"),
		RunE: func(cmd *cobra.Command, targets []string) error {
			s, err := flags.Look(targets)
			if err != nil {
				return err
			}
			var names []string
			for _, n := range s.Graph.Targets() {
				names = append(names, n.Name)
			}
			answers, err := pipeline.Why(s.Graph, s.Options, names...)
			if err != nil {
				return err
			}
			if asJSON {
				return jsontext.Write(cmd.OutOrStdout(), answers)
			}
			for _, e := range answers {
				text := e.String()
				if verbosityOf(cmd) > 0 {
					text = e.Details()
				}
				if _, err := fmt.Fprint(cmd.OutOrStdout(), text); err != nil {
					return err
				}
			}
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}
