package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/progress"
	"sicgrid/stages/train"
)

type runFlags struct {
	graphFlags
	jobs   int
	device string
	force  []string
	remote string
	json   bool

	checkpointEvery time.Duration
}

func newRunCommand() *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "run [TARGET...]",
		Short: "Make targets and everything that they need; what is up to date is not run again",
		Long: "Make targets and everything that they need; what is up to date is not run again. A target is\n" +
			"\"all\" (the default: every network of the profile's seed, and every figure), \"seeds\" (both variants for\n" +
			"several seeds), \"results\" (the paper's claims beside every network for the seeds of results.seeds),\n" +
			"a stage such as \"train\", or one node such as \"train/full\".",
		Example: "  sicgrid run all\n" +
			"  sicgrid run figure-6 --set seed=2\n" +
			"  sicgrid run train/no-capacity --params params/smoke.yaml --jobs 1 -v",
		RunE: func(cmd *cobra.Command, targets []string) error { return run(cmd, flags, targets) },
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.IntVar(&flags.jobs, "jobs", 0, "run at most `N` stages at once; 0 is as many as there are cores")
	f.StringVar(&flags.device, "device", "auto", "what trains: auto (a GPU if there is one), cpu, vulkan, or vulkan:`NAME` as `sicgrid devices` lists it")
	f.BoolVar(&flags.adopt, "adopt", false, "take up a training where another device left it; its record then says from which step")
	f.DurationVar(&flags.checkpointEvery, "checkpoint-every", train.CheckpointEvery, "save trainings under way this often, at most every 30s apart")
	f.StringSliceVar(&flags.force, "force", nil, "run this `STAGE` or node again though it is up to date (repeatable)")
	f.StringVar(&flags.remote, "remote", "", "fetch from this `URL` what it has instead of computing it; default is $"+remoteVariable+", \"none\" is none")
	f.BoolVar(&flags.json, "json", false, "print what became of each stage as JSON; progress goes to standard error")
	return cmd
}

func run(cmd *cobra.Command, flags runFlags, targets []string) error {
	if flags.jobs < 0 {
		return usagef("--jobs %d: must be 0 or greater", flags.jobs)
	}
	if err := checkDevice(flags.device); err != nil {
		return err
	}
	if flags.checkpointEvery <= 0 || flags.checkpointEvery > 30*time.Second {
		return usagef("--checkpoint-every %s: must be greater than 0 and at most 30s", flags.checkpointEvery)
	}
	train.CheckpointEvery = flags.checkpointEvery
	s, err := flags.wire(targets)
	if err != nil {
		return err
	}
	if err := s.checkForce(flags.force); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if flags.json {
		out = cmd.ErrOrStderr()
	}
	level, noGPU := verbosityOf(cmd), ""
	if s.trains() {
		on, why, err := openDevice(flags.device)
		if err != nil {
			return err
		}
		defer on.close()
		flags.on, noGPU = &on, why
	}
	if s, err = flags.open(targets); err != nil {
		return err
	}
	closeRemote, err := s.attachRemote(cmd, flags.remote)
	if err != nil {
		return err
	}
	defer closeRemote()
	if s.manyTrainings() && level >= 0 {
		if err := s.announce(cmd.Context(), out, flags.trainer().Backend); err != nil {
			return err
		}
	}
	report, runErr := s.run(cmd, flags, out)
	if lost := (*compute.DeviceLost)(nil); errors.As(runErr, &lost) && flags.device == "auto" && cmd.Context().Err() == nil {
		fmt.Fprintf(out, "device  cpu (%v); going on from the last checkpoint\n", lost)
		flags.on, flags.adopt = nil, true
		remote := s.options.Remote
		if s, err = flags.open(targets); err != nil {
			return err
		}
		s.options.Remote = remote
		report, runErr = s.run(cmd, flags, out)
	}

	var written []string
	if cmd.Context().Err() == nil {
		files, err := s.figureFiles(resultsOf(report))
		if err == nil {
			written, err = layOut(files)
		}
		if runErr == nil {
			runErr = err
		}
	}
	if flags.json {
		if err := printJSON(cmd.OutOrStdout(), newRunRecord(s, report, written)); err != nil {
			return err
		}
	}
	if level >= 0 {
		summarise(out, report, written, noGPU)
	}
	return runErr
}

// trains says whether a training is among what the targets need.
func (s *session) trains() bool {
	return slices.ContainsFunc(s.graph.Nodes(), func(n *pipeline.Node) bool { return n.Stage == "train" })
}

// run makes the session's targets, and shows how it goes.
func (s *session) run(cmd *cobra.Command, flags runFlags, out io.Writer) (pipeline.Report, error) {
	level := verbosityOf(cmd)
	display := progress.New(out, progress.Options{Live: progress.IsTerminal(out), Quiet: level < 0, Verbose: level > 0})
	defer display.Close()
	s.options.Jobs, s.options.Force, s.options.Observer = flags.jobs, flags.force, display.Observe
	return pipeline.Run(cmd.Context(), s.graph, s.options)
}

func (s *session) checkForce(force []string) error {
	for _, name := range force {
		if !slices.ContainsFunc(s.graph.Nodes(), func(n *pipeline.Node) bool { return n.Name == name || n.Stage == name }) {
			return usagef("--force %s: must be a stage or node of the targets, such as train or %s", name, s.graph.Nodes()[0].Name)
		}
	}
	return nil
}

func resultsOf(report pipeline.Report) map[string]result {
	results := map[string]result{}
	for _, n := range report.Nodes {
		if n.Done() {
			results[n.Node.Name] = result{n.Key, n.Numerics}
		}
	}
	return results
}

// summarise also says why no GPU was used, if that was left to the program and
// something was trained.
func summarise(w io.Writer, report pipeline.Report, written []string, noGPU string) {
	if noGPU != "" && slices.ContainsFunc(report.Nodes, func(n pipeline.NodeReport) bool { return n.Node.Stage == "train" && n.State == pipeline.Ran }) {
		fmt.Fprintf(w, "trained on the CPU: %s\n", noGPU)
	}
	var parts []string
	for _, state := range []pipeline.State{pipeline.Ran, pipeline.Cached, pipeline.Pinned, pipeline.Fetched, pipeline.Failed, pipeline.Interrupted, pipeline.NotReached} {
		if n := report.Count(state); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	for _, path := range figurePaths(written) {
		fmt.Fprintf(w, "wrote   %s\n", path)
	}
	fmt.Fprintf(w, "%s in %s\n", strings.Join(parts, ", "), report.Time.Round(10*time.Millisecond))
}

// runRecord is the JSON of run.
type runRecord struct {
	Profile  string     `json:"profile"`
	Seed     uint64     `json:"seed"`
	Numerics string     `json:"numerics"`
	Seconds  float64    `json:"seconds"`
	Stages   []stageRun `json:"stages"`
	Written  []string   `json:"written"` // figure files laid out
}

type stageRun struct {
	Name     string            `json:"name"`
	Stage    string            `json:"stage"`
	State    pipeline.State    `json:"state"` // "ran", "cached", "pinned", "fetched", "failed", "interrupted", "not reached"
	Reason   string            `json:"reason"`
	Seconds  float64           `json:"seconds"`
	Key      string            `json:"key,omitempty"`
	Numerics string            `json:"numerics,omitempty"`
	Outputs  []pipeline.Output `json:"outputs,omitempty"`
	Defects  []string          `json:"defects,omitempty"` // damage that was found, and mended
}

func newRunRecord(s *session, report pipeline.Report, written []string) runRecord {
	r := runRecord{Profile: s.parameters.Name, Seed: s.parameters.Seed, Numerics: s.options.Numerics, Seconds: report.Time.Seconds(), Stages: []stageRun{}, Written: append([]string{}, written...)}
	for _, n := range report.Nodes {
		r.Stages = append(r.Stages, stageRun{n.Node.Name, n.Node.Stage, n.State, n.Reason, n.Time.Seconds(), n.Key, n.Numerics, n.Outputs, n.Defects})
	}
	return r
}
