package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
)

func newWhyCommand() *cobra.Command {
	var flags graphFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "why TARGET...",
		Short: "Show the parts of a stage's key, those of its last run against the present ones",
		Long: "Show the parts of the key of each stage that a target names: parameters, code, seed and inputs.\n" +
			"A star marks what changed since the stage last ran, a question mark an input that will be made anew.",
		Example: "  sicgrid why train/full --set loss.sigma_g=0.5\n" +
			"  sicgrid why figure-6 --json",
		Args: takes(1, -1, "the target to explain"),
		RunE: func(cmd *cobra.Command, targets []string) error {
			s, err := flags.look(targets)
			if err != nil {
				return err
			}
			var answers []pipeline.Explanation
			for _, n := range s.graph.Targets() {
				e, err := pipeline.Why(s.graph, n.Name, s.options)
				if err != nil {
					return err
				}
				answers = append(answers, e)
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), answers)
			}
			for _, e := range answers {
				fmt.Fprint(cmd.OutOrStdout(), e)
			}
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}
