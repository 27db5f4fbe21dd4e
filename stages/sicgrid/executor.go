package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/slurm"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
	"sicgrid/pkg/usage"
	"sicgrid/stages/jobs"
)

// executorFlags say where stages run.
type executorFlags struct {
	executor string
	cluster  string
	cancel   bool
}

const (
	localExecutor = "local"
	slurmExecutor = "slurm"
)

func (f *executorFlags) addExecutor(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringVar(&f.executor, "executor", localExecutor, "where stages run: `local`, in this process, or slurm, as jobs of a cluster that shares the store; after Ctrl-C the jobs go on, and the same command attaches to them again")
	set.StringVar(&f.cluster, "cluster", "params/cluster/slurm.yaml", "what jobs of each stage ask Slurm for, a `FILE`")
	set.BoolVar(&f.cancel, "cancel", false, "with --executor slurm: stop all jobs of this run; what had finished is kept")
}

func (f *executorFlags) checkExecutor() error {
	switch {
	case f.executor != localExecutor && f.executor != slurmExecutor:
		return usage.Errorf("--executor %s: must be %s or %s", f.executor, localExecutor, slurmExecutor)
	case f.cancel && !f.elsewhere():
		return usage.Errorf("--cancel: stops the jobs of a cluster, so it needs --executor slurm; a local run is stopped by Ctrl-C")
	}
	return nil
}

// elsewhere reports whether stages run in other processes than this one.
func (f *executorFlags) elsewhere() bool { return f.executor == slurmExecutor }

// executor is where the stages of the run are executed.
func (r *execution) executor() pipeline.Executor {
	if r.engine != nil {
		return r.engine
	}
	return pipeline.Local{}
}

// openCluster attaches the session's run to a cluster.
func (r *execution) openCluster() error {
	if err := r.session.Attach(store.Open); err != nil {
		return err
	}
	stages := jobs.Stages(r.session)
	cluster, err := slurm.ReadCluster(r.flags.cluster, stages)
	if err != nil {
		return err
	}
	dir, err := jobs.Dir(r.session)
	if err != nil {
		return err
	}
	r.engine = &slurm.Executor{
		Dir: dir, Cluster: cluster, Source: r.flags.cluster, Stages: stages, AtOnce: r.flags.jobs,
		Say: func(text string) {
			if verbosityOf(r.cmd) >= 0 {
				fmt.Fprintf(r.out, "slurm   %s\n", printable.Line(text))
			}
		},
		Prepare: func() ([]string, error) {
			f := &r.flags
			beside := jobs.Submission{Device: f.device, Precision: f.precision, Remote: f.remote, Force: f.force, CheckpointEvery: f.checkpointEvery}
			return beside.LayOut(dir, r.session.Request)
		},
	}
	return nil
}

// cancel stops the run's jobs.
func (r *execution) cancel() error {
	tasks, err := r.engine.(*slurm.Executor).Cancel(r.cmd.Context())
	if err == nil {
		fmt.Fprintf(r.out, "cancelled %d tasks; what had finished is kept\n", tasks)
	}
	return err
}
