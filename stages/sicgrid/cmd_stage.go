package main

import (
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/slurm"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/usage"
	"sicgrid/stages/jobs"
)

// newStageCommand is what the jobs of a cluster run; people have no use for it.
func newStageCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "stage FOLDER ARRAY",
		Short:  "Make the node of one task of a Slurm job (jobs run this)",
		Hidden: true,
		Args:   takes(2, 2, "a run's folder and the number of an array"),
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := strconv.Atoi(args[1])
			if err != nil {
				return usage.Errorf("%q is not the number of an array", args[1])
			}
			z, err := jobs.Read(args[0])
			if err != nil {
				return err
			}
			r := &execution{cmd: cmd, out: cmd.OutOrStdout(), stageStarted: func() {}}
			defer r.close()
			return slurm.Stage(cmd.Context(), args[0], number, func(node string) (*pipeline.Graph, pipeline.Options, error) {
				return r.openStage(&z, node)
			})
		},
	}
}

// openStage opens one node of a run as the run command would.
func (r *execution) openStage(z *jobs.Submission, node string) (*pipeline.Graph, pipeline.Options, error) {
	r.flags = runFlags{
		graphFlags: graphFlags{z.Request()},
		jobs:       1, device: z.Device, precision: z.Precision, remote: z.Remote, checkpointEvery: z.CheckpointEvery,
	}
	if err := r.open([]string{node}); err != nil {
		return nil, pipeline.Options{}, err
	}
	o := r.session.Options
	if n := r.session.Graph.Node(node); slices.Contains(z.Force, n.Name) || slices.Contains(z.Force, n.Stage) {
		o.Force = []string{n.Name}
	}
	display := progress.New(r.out, progress.Options{Verbose: true})
	r.closers = append(r.closers, display.Close)
	o.Observer = display.Observe
	return r.session.Graph, o, nil
}
