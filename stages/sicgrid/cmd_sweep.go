package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/store"
	"sicgrid/stages/devices"
	"sicgrid/stages/estimate"
	"sicgrid/stages/experiment"
	"sicgrid/stages/layout"
	"sicgrid/stages/session"
)

func newSweepCommand() *cobra.Command {
	var flags runFlags
	var yes, dry bool
	cmd := &cobra.Command{
		Use:   "sweep NAME|FILE",
		Short: "Train, measure and tabulate a network at every point of a sweep",
		Long: "Train, measure and tabulate a network at every point of params/sweep-NAME.yaml, or of another file of that kind.\n" +
			"Every run is an ordinary stage of the profile that the file names (--params takes another): what is up to date is not\n" +
			"run again, whichever sweep or profile it was made for, and a run that fails does not stop the others. The table, a row\n" +
			"a run, lands as Parquet and CSV beside the figures.",
		Example: "  sicgrid sweep copies\n" +
			"  sicgrid sweep phase-diagram --dry-run             # how many runs, how many are cached, how long they take\n" +
			"  sicgrid sweep smoke-robustness --jobs 2\n" +
			"  sicgrid export sweep/copies:runs --format csv",
		Args: takes(1, 1, "one sweep, such as copies or params/sweep-copies.yaml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if flags.Params, err = experiment.ProfilePath(flags.Params); err != nil {
				return err
			}
			path, err := experiment.SweepPath(filepath.Dir(flags.Params), args[0])
			if err != nil {
				return err
			}
			_, file, err := experiment.ReadSweepFile(path)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("params") {
				flags.Params = file.BasePath(path)
			}
			flags.Sweep, flags.Many = path, yes
			flags.confirm = func(s *session.Session, flags *runFlags) (bool, error) { return announceSweep(cmd, s, flags, dry) }
			err = run(cmd, flags, []string{experiment.SweepName(path)})
			if many := (*experiment.TooManyPoints)(nil); errors.As(err, &many) {
				return askMany(cmd, many, flags.Request, flags.jobs)
			}
			return err
		},
	}
	flags.addRun(cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, fmt.Sprintf("run a sweep of more than %d points", experiment.ManyPoints))
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would run and how long it takes, and run nothing")
	return cmd
}

// askMany says how large the sweep is, how long it takes, and what to do.
func askMany(cmd *cobra.Command, e *experiment.TooManyPoints, r session.Request, jobs int) error {
	p, err := experiment.ReadParameters(r.Params, r.Sets)
	if err != nil {
		return err
	}
	open, err := session.ThereOrNone(r.Store) // a sweep would make it
	if err != nil {
		return err
	}
	one, err := timeOfPoint(cmd.Context(), open, p, e.Sweep)
	if err != nil {
		return err
	}
	one = one.Times(e.Points)
	jobs = (&pipeline.Options{Jobs: jobs}).Places()
	return e.Where.Errorf("designs", "found %d points, %d runs, %s; add --yes to run so many", e.Points, e.Runs(), one.Text(jobs))
}

// timeOfPoint is how long every stage of the only point of a sweep takes.
func timeOfPoint(ctx context.Context, from *store.Store, p *experiment.Parameters, s *experiment.Sweep) (estimate.Estimate, error) {
	known, err := estimate.Read(from, devices.CPU().Backend)
	if err != nil {
		return estimate.Estimate{}, err
	}
	wired, err := experiment.WireSweep(experiment.Wire(p, devices.CPU()), s, devices.CPU())
	if err != nil {
		return estimate.Estimate{}, err
	}
	var plan []pipeline.NodeStatus
	seen := map[*pipeline.Node]bool{}
	for _, r := range wired.Runs {
		for _, n := range r.Nodes {
			if !seen[n] {
				seen[n] = true
				plan = append(plan, pipeline.NodeStatus{Node: n, State: pipeline.WouldRun})
			}
		}
	}
	return known.Of(ctx, plan)
}

// announceSweep says what a sweep comes to before it starts; proceed is false where there is nothing to
// run, or nothing is to be.
func announceSweep(cmd *cobra.Command, s *session.Session, flags *runFlags, dry bool) (proceed bool, err error) {
	w := s.Sweeps[0]
	plan, err := pipeline.Status(s.Graph, s.Options)
	if err != nil {
		return false, err
	}
	current := map[*pipeline.Node]bool{}
	todo := 0
	for _, n := range plan {
		current[n.Node] = n.Current()
		if !n.Current() {
			todo++
		}
	}
	out := cmd.OutOrStdout()
	if flags.json {
		out = cmd.ErrOrStderr()
	}
	cached := 0
	for _, r := range w.Runs {
		if current[r.Nodes[len(r.Nodes)-1]] {
			cached++
		}
	}
	text := fmt.Sprintf("%s: %d points, %d runs, %d cached", w.Name, len(w.Points), len(w.Runs), cached)
	if todo > 0 && len(flags.force) == 0 {
		rest, err := s.Estimate(cmd.Context(), plan)
		if err != nil {
			return false, err
		}
		if cached < len(w.Runs) {
			text += "; the rest: " + rest.Text(s.Options.Places())
		}
	}
	if verbosityOf(cmd) >= 0 {
		fmt.Fprintln(out, text)
	}
	if dry {
		listRuns(out, w, current, verbosityOf(cmd))
		return false, nil
	}
	if todo == 0 && len(flags.force) == 0 {
		return false, finishSweep(cmd, s, flags, out, plan)
	}
	flags.view = func(d *progress.Display) view {
		runs := progress.Runs{Stopped: func(n *pipeline.NodeReport) string { return stoppedEarly(s.Options.Store, n) }}
		for _, r := range w.Runs {
			runs.Runs = append(runs.Runs, progress.Run{Title: r.Title, Nodes: r.Nodes})
		}
		return progress.NewSweep(d, s.Graph.Nodes(), s.Reckoning(), runs)
	}
	return true, nil
}

// listRuns says of every run whether it is there, where that is asked for.
func listRuns(w io.Writer, sweep *experiment.WiredSweep, current map[*pipeline.Node]bool, level verbosity) {
	if level <= 0 {
		return
	}
	for _, r := range sweep.Runs {
		state := "run"
		if current[r.Nodes[len(r.Nodes)-1]] {
			state = "cached"
		}
		fmt.Fprintf(w, "%-8s %-40s  %s\n", state, r.Nodes[0].Name, r.Title)
	}
}

// finishSweep lays out what a sweep of which nothing had to run has made before.
func finishSweep(cmd *cobra.Command, s *session.Session, flags *runFlags, out io.Writer, plan []pipeline.NodeStatus) error {
	var report pipeline.Report
	for _, n := range plan {
		report.Nodes = append(report.Nodes, pipeline.NodeReport{Node: n.Node, State: n.State, Reason: n.Reason, Key: n.Key, Numerics: n.Numerics})
	}
	files, err := s.Layout().Due(layout.ResultsOf(plan))
	if err != nil {
		return err
	}
	done, err := s.Folder.LayOut(cmd.Context(), files)
	if err != nil {
		return err
	}
	return (&execution{cmd: cmd, flags: *flags, out: out, session: s}).conclude(report, done)
}

// stoppedEarly says why a training that is done ended before its last step.
func stoppedEarly(from *store.Store, r *pipeline.NodeReport) string {
	if r.Node.Stage != experiment.TrainStage {
		return ""
	}
	a, _ := from.Lookup(r.Key, r.Numerics, true) // without a record it is not known
	if a == nil {
		return ""
	}
	return estimate.MadeBy(a).Stopped
}
