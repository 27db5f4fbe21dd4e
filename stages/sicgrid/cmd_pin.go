package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/stages/experiment"
	"sicgrid/stages/session"
)

func newPinCommand() *cobra.Command {
	var flags graphFlags
	var trainings bool
	cmd := &cobra.Command{
		Use:   "pin TARGET...",
		Short: "Keep a result usable when the code moves on",
		Long: "Copy results that are up to date to " + session.PinsDir + ", for git to keep. When the code of a pinned stage changes, its result is\n" +
			"used as it is; changed parameters, another seed or other inputs switch the pin off, and status says so. A pin takes at most\n" +
			fmt.Sprint(pipeline.MostPinned>>20) + " MiB an output. --unpinned ignores pins, unpin removes them.",
		Example: "  sicgrid pin train/full --params params/paper.yaml\n" +
			"  sicgrid pin figure-4 figure-6 --trainings    # what takes minutes of them",
		Args: takes(1, -1, "the stage to pin"),
		RunE: func(cmd *cobra.Command, targets []string) error {
			if err := flags.AsTheFileSays("a pin"); err != nil {
				return err
			}
			s, err := flags.Open(targets)
			if err != nil {
				return err
			}
			for _, n := range pinned(s.Graph, trainings) {
				dir, err := pipeline.Pin(cmd.Context(), s.Graph, n, s.Options)
				if err != nil {
					return err
				}
				if verbosityOf(cmd) >= 0 {
					fmt.Fprintf(cmd.OutOrStdout(), "pinned  %s in %s\n", n.Name, printable.Line(dir))
				}
			}
			return nil
		},
	}
	flags.add(cmd)
	addTrainings(cmd, &trainings)
	return cmd
}

func addTrainings(cmd *cobra.Command, trainings *bool) {
	cmd.Flags().BoolVar(trainings, "trainings", false, "not the targets, but the networks that they rest on: their trainings, and the choices among several")
}

// pinned are the nodes whose pins are meant.
func pinned(g *pipeline.Graph, trainings bool) []*pipeline.Node {
	if !trainings {
		return g.Targets()
	}
	return slices.DeleteFunc(slices.Clone(g.Nodes()), func(n *pipeline.Node) bool { return !experiment.IsTraining(n) })
}

func newUnpinCommand() *cobra.Command {
	var flags graphFlags
	var trainings bool
	cmd := &cobra.Command{
		Use:   "unpin TARGET...",
		Short: "Remove the pin of a result",
		Example: "  sicgrid unpin train/full --params params/paper.yaml\n" +
			"  sicgrid unpin figure-4 figure-6 --trainings",
		Args: takes(1, -1, "the stage to unpin"),
		RunE: func(cmd *cobra.Command, targets []string) error {
			if err := flags.AsTheFileSays("a pin"); err != nil {
				return err
			}
			s, err := flags.Wire(targets)
			if err != nil {
				return err
			}
			for _, n := range pinned(s.Graph, trainings) {
				dir, err := pipeline.Unpin(n, pipeline.Options{DAG: s.Parameters.Name, Pins: session.PinsDir})
				switch {
				case err != nil:
					return err
				case dir == "":
					return fmt.Errorf("%s is not pinned", n.Name)
				case verbosityOf(cmd) >= 0:
					fmt.Fprintf(cmd.OutOrStdout(), "unpinned  %s\n", n.Name)
				}
			}
			return nil
		},
	}
	flags.add(cmd)
	addTrainings(cmd, &trainings)
	return cmd
}
