package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
)

func newDagCommand() *cobra.Command {
	var flags graphFlags
	var format string
	cmd := &cobra.Command{
		Use:   "dag [TARGET...]",
		Short: "Draw the graph of the stages",
		Example: "  sicgrid dag --format svg > dag.svg\n" +
			"  sicgrid dag figure-6 --format dot | dot -Tpdf > dag.pdf",
		RunE: func(cmd *cobra.Command, targets []string) error {
			draw := map[string]func(*pipeline.Graph) string{"mermaid": pipeline.Mermaid, "dot": pipeline.DOT, "svg": pipeline.SVG}[format]
			if draw == nil {
				return usagef("--format %s: must be one of mermaid, dot, svg", format)
			}
			s, err := flags.wire(targets)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), draw(s.graph))
			return err
		},
	}
	cmd.Flags().StringVar(&flags.params, "params", defaultProfile, "parameter `FILE`, or the name of one in params/")
	cmd.Flags().StringArrayVar(&flags.sets, "set", nil, "set one parameter, `key=value` (repeatable); sicgrid params lists them")
	cmd.Flags().StringVar(&format, "format", "mermaid", "mermaid, dot or svg")
	return cmd
}
