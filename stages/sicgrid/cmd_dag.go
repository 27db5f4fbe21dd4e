package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
)

func newDagCommand() *cobra.Command {
	var flags graphFlags
	var format string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "dag [TARGET...]",
		Short: "Draw the graph of the stages",
		Example: "  sicgrid dag --format svg > dag.svg\n" +
			"  sicgrid dag figure-6 --format dot | dot -Tpdf > dag.pdf\n" +
			"  sicgrid dag figure-6 --json",
		RunE: func(cmd *cobra.Command, targets []string) error {
			draw := map[string]func(*pipeline.Graph) string{"mermaid": pipeline.Mermaid, "dot": pipeline.DOT, "svg": pipeline.SVG}[format]
			switch {
			case draw == nil:
				return usage.Errorf("--format %s: must be one of mermaid, dot, svg", format)
			case asJSON && cmd.Flags().Changed("format"):
				return usage.Errorf("--json and --format: must be one of them")
			}
			s, err := flags.Wire(targets)
			if err != nil {
				return err
			}
			if asJSON {
				return jsontext.Write(cmd.OutOrStdout(), dagRecord{s.Parameters.Name, listNodes(s.Graph)})
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), draw(s.Graph))
			return err
		},
	}
	cmd.Flags().StringVar(&flags.Params, "params", experiment.DefaultProfile, "parameter `FILE`, or the name of one in params/")
	cmd.Flags().StringArrayVar(&flags.Sets, "set", nil, "set one parameter, `key=value` (repeatable); sicgrid params lists them")
	cmd.Flags().StringVar(&format, "format", "mermaid", "mermaid, dot or svg")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the nodes and what each reads as JSON")
	return cmd
}

// dagRecord is the JSON of dag.
type dagRecord struct {
	Profile string    `json:"profile"`
	Nodes   []dagNode `json:"nodes"` // inputs first
}

type dagNode struct {
	Name    string     `json:"name"`
	Stage   string     `json:"stage"`
	Seed    uint64     `json:"seed"`
	Inputs  []dagInput `json:"inputs"`
	Outputs []string   `json:"outputs"`
}

type dagInput struct {
	Role   string `json:"role"` // what the node calls it
	Node   string `json:"node"`
	Output string `json:"output"`
}

func listNodes(g *pipeline.Graph) []dagNode {
	var list []dagNode
	for _, n := range g.Nodes() {
		node := dagNode{Name: n.Name, Stage: n.Stage, Seed: n.Seed, Inputs: []dagInput{}, Outputs: n.Outputs}
		for _, role := range slices.Sorted(maps.Keys(n.Inputs)) {
			node.Inputs = append(node.Inputs, dagInput{role, n.Inputs[role].Node.Name, n.Inputs[role].Output})
		}
		list = append(list, node)
	}
	return list
}
