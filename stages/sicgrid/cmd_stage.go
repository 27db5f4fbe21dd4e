package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/slurm"
	"sicgrid/pkg/progress"
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
				return usagef("%q is not the number of an array", args[1])
			}
			var z frozenRun
			data, err := os.ReadFile(filepath.Join(args[0], frozenFile))
			if err == nil {
				err = json.Unmarshal(data, &z)
			}
			if err != nil {
				return fmt.Errorf("the run's folder: %w", err)
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
func (r *execution) openStage(z *frozenRun, node string) (*pipeline.Graph, pipeline.Options, error) {
	r.flags = runFlags{
		graphFlags: graphFlags{
			params: z.Profile, sets: z.Sets, store: z.Store, exact: z.Exact, unpinned: z.Unpinned, adopt: z.Adopt,
			sweep: z.Sweep, many: true, frozen: z,
		},
		jobs: 1, device: z.Device, precision: z.Precision, remote: z.Remote, checkpointEvery: z.CheckpointEvery,
	}
	if err := r.open([]string{node}); err != nil {
		return nil, pipeline.Options{}, err
	}
	o := r.session.options
	if n := r.session.graph.Node(node); slices.Contains(z.Force, n.Name) || slices.Contains(z.Force, n.Stage) {
		o.Force = []string{n.Name}
	}
	display := progress.New(r.out, progress.Options{Verbose: true})
	r.closers = append(r.closers, display.Close)
	o.Observer = display.Observe
	return r.session.graph, o, nil
}
