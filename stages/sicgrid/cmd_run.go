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
	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/progress"
	"sicgrid/stages/experiment"
	"sicgrid/stages/train"
)

type runFlags struct {
	graphFlags
	jobs      int
	device    string
	precision string
	force     []string
	remote    string
	json      bool

	checkpointEvery time.Duration

	before func(*session, *runFlags) (goOn bool, err error) // asked once all is checked; nil goes on
	view   func(*progress.Display) view                     // shows how it goes; nil is the display itself
	works  func()                                           // a stage begins to run
}

// view shows the events of a run.
type view interface {
	Observe(pipeline.Event)
	Close()
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
	flags.addRun(cmd)
	return cmd
}

func (f *runFlags) addRun(cmd *cobra.Command) {
	f.add(cmd)
	set := cmd.Flags()
	set.IntVar(&f.jobs, "jobs", 0, "run at most `N` stages at once; 0 is as many as there are cores")
	set.StringVar(&f.device, "device", "auto", "what trains: auto (a GPU if there is one), cpu, vulkan, or vulkan:`NAME` as `sicgrid devices` lists it")
	set.StringVar(&f.precision, "precision", string(vulkan.Float32), "how a GPU computes its large products: float32, or mixed (16-bit operands, 32-bit sums) where \"sicgrid devices\" says that it can")
	set.BoolVar(&f.adopt, "adopt", false, "take up a training where another device left it; its record then says from which step")
	set.DurationVar(&f.checkpointEvery, "checkpoint-every", train.CheckpointEvery, "save trainings under way this often, at most every 30s apart")
	set.StringSliceVar(&f.force, "force", nil, "run this `STAGE` or node again though it is up to date (repeatable)")
	set.StringVar(&f.remote, "remote", "", "fetch from this `URL` what it has instead of computing it; default is $"+remoteVariable+", \"none\" is none")
	set.BoolVar(&f.json, "json", false, "print what became of each stage as JSON; progress goes to standard error")
}

func run(cmd *cobra.Command, flags runFlags, targets []string) error {
	if flags.jobs < 0 {
		return usagef("--jobs %d: must be 0 or greater", flags.jobs)
	}
	if err := checkDevice(flags.device); err != nil {
		return err
	}
	if err := checkPrecision(flags.precision, flags.device); err != nil {
		return err
	}
	if flags.checkpointEvery <= 0 || flags.checkpointEvery > 30*time.Second {
		return usagef("--checkpoint-every %s: must be greater than 0 and at most 30s", flags.checkpointEvery)
	}
	train.CheckpointEvery = flags.checkpointEvery
	flags.works = untilWork()
	defer flags.works()
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
	device, noGPU := onCPU(), ""
	defer func() { device.Close() }()
	train := func() error {
		on, why, err := openDevice(flags.device, vulkan.Precision(flags.precision))
		if err != nil {
			return err
		}
		device, noGPU = on, why
		s, err = s.on(on)
		return err
	}
	asked := flags.device != "auto" // for a device that may not be there, which is found out before a store is made
	if asked && len(s.trainings()) > 0 {
		if err := train(); err != nil {
			return err
		}
	}
	if err := flags.attach(s); err != nil {
		return err
	}
	matters := asked
	if !asked {
		matters, err = s.deviceMatters(flags)
		if err == nil && matters {
			err = train()
		}
		if err != nil {
			return err
		}
	}
	s.options.Jobs = flags.jobs
	if flags.before != nil {
		if goOn, err := flags.before(s, &flags); err != nil || !goOn {
			return err
		}
	}
	closeRemote, err := s.attachRemote(cmd, flags.remote)
	if err != nil {
		return err
	}
	defer closeRemote()
	if flags.before == nil && matters && verbosityOf(cmd) >= 0 { // a sweep has said so itself; without work there is nothing to say
		if err := s.announceTrainings(cmd.Context(), out); err != nil {
			return err
		}
	}
	report, runErr := s.run(cmd, flags, out)
	if lost := (*compute.DeviceLost)(nil); errors.As(runErr, &lost) && flags.device == "auto" && cmd.Context().Err() == nil {
		fmt.Fprintf(out, "device  cpu (%v); every training goes on from its last checkpoint, or starts over where it has none\n", lost)
		if s, err = s.on(onCPU()); err != nil {
			return err
		}
		s.options.Adopt = true
		if flags.before != nil { // the view is of the former graph's nodes
			if goOn, err := flags.before(s, &flags); err != nil || !goOn {
				return err
			}
		}
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
	if err := flags.conclude(cmd, s, report, written, noGPU, out); runErr == nil {
		return err
	}
	return runErr
}

// conclude says what became of a run.
func (f *runFlags) conclude(cmd *cobra.Command, s *session, report pipeline.Report, written []string, noGPU string, out io.Writer) error {
	if verbosityOf(cmd) >= 0 {
		summarise(out, report, written, noGPU)
	}
	if !f.json {
		return nil
	}
	return printJSON(cmd.OutOrStdout(), newRunRecord(s, report, written))
}

// trainings are the trainings among what the targets need.
func (s *session) trainings() (nodes []*pipeline.Node) {
	for _, n := range s.graph.Nodes() {
		if n.Stage == experiment.TrainStage {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// deviceMatters says whether what trains makes a difference: something is to be trained, or a GPU may have done so. Looking for a GPU
// and loading its driver takes longer than all else that a run without work does.
func (s *session) deviceMatters(flags runFlags) (bool, error) {
	if flags.exact || len(flags.force) > 0 {
		return len(s.trainings()) > 0, nil
	}
	gpu := onCPU()
	gpu.Numerics, gpu.Code, gpu.OtherCode = vulkanDevice, codeOnVulkan, []string{codeOnCPU} // of no GPU that there is
	wired, err := s.on(gpu)
	if err != nil {
		return false, err
	}
	trainings := wired.trainings()
	if len(trainings) == 0 {
		return false, nil
	}
	g, err := pipeline.NewGraph(trainings...)
	if err != nil {
		return false, err
	}
	status, err := pipeline.Status(g, s.options)
	return slices.ContainsFunc(status, func(n pipeline.NodeStatus) bool {
		return n.State != pipeline.Pinned && (n.State != pipeline.Cached || n.Numerics != s.options.Numerics)
	}), err
}

// run makes the session's targets, and shows how it goes.
func (s *session) run(cmd *cobra.Command, flags runFlags, out io.Writer) (pipeline.Report, error) {
	level := verbosityOf(cmd)
	display := progress.New(out, progress.Options{Live: progress.IsTerminal(out), Quiet: level < 0, Verbose: level > 0})
	shown := view(display)
	if flags.view != nil {
		shown = flags.view(display)
	}
	defer shown.Close()
	s.options.Jobs, s.options.Force, s.options.KeepGoing, s.options.Observer = flags.jobs, flags.force, flags.view != nil, func(e pipeline.Event) {
		if e.Kind == pipeline.Started {
			flags.works()
		}
		shown.Observe(e)
	}
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
			results[n.Node.Name] = result{key: n.Key, numerics: n.Numerics}
		}
	}
	return results
}

// summarise also says why no GPU was used, if that was left to the program and
// something was trained.
func summarise(w io.Writer, report pipeline.Report, written []string, noGPU string) {
	if noGPU != "" && slices.ContainsFunc(report.Nodes, func(n pipeline.NodeReport) bool {
		return n.Node.Stage == experiment.TrainStage && n.State == pipeline.Ran
	}) {
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
