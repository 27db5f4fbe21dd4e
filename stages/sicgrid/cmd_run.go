package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/store"
	"sicgrid/pkg/usage"
	"sicgrid/stages/devices"
	"sicgrid/stages/experiment"
	"sicgrid/stages/layout"
	"sicgrid/stages/session"
	"sicgrid/stages/train"
)

type runFlags struct {
	graphFlags
	jobs      int
	device    string
	precision string
	force     []string
	paranoid  bool
	remote    string
	json      bool
	executorFlags

	checkpointEvery time.Duration

	confirm func(*session.Session, *runFlags) (proceed bool, err error) // asked once all is checked; nil proceeds
	view    func(*progress.Display) view                                // shows the progress; nil is the display itself
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
			"a stage such as \"train\", or one node such as \"train/full\". Figures and tables land in artifacts/<profile>; what is\n" +
			"made with --set has a folder of its own in there, named after the settings or by --name.",
		Example: "  sicgrid run all\n" +
			"  sicgrid run figure-6 --set seed=2\n" +
			"  sicgrid run train/no-capacity --params params/smoke.yaml --jobs 1 -v",
		RunE: func(cmd *cobra.Command, targets []string) error { return run(cmd, flags, targets) },
	}
	flags.addRun(cmd)
	return cmd
}

func (f *runFlags) addRun(cmd *cobra.Command) {
	f.graphFlags.add(cmd)
	f.addName(cmd)
	set := cmd.Flags()
	set.IntVar(&f.jobs, "jobs", 0, "run at most `N` stages at once; 0 is as many as there are cores")
	set.StringVar(&f.device, "device", "auto", "what trains: auto (a GPU if there is one), cpu, vulkan, or vulkan:`NAME` as `sicgrid devices` lists it")
	set.StringVar(&f.precision, "precision", string(vulkan.Float32), "how a GPU computes its large products: float32, or mixed (16-bit operands, 32-bit sums) where \"sicgrid devices\" says that it can")
	set.BoolVar(&f.Adopt, "adopt", false, "take up a training where another device left it; its record then says from which step")
	set.DurationVar(&f.checkpointEvery, "checkpoint-every", train.CheckpointEvery, "save trainings under way this often, at most every 30s apart")
	set.StringSliceVar(&f.force, "force", nil, "run this `STAGE` or node again though it is up to date (repeatable)")
	set.BoolVar(&f.paranoid, "paranoid", false, "hash everything that the run rests on, not only what has changed since it last was")
	set.StringVar(&f.remote, "remote", "", "fetch from this `URL` what it has instead of computing it; default is $"+remoteVariable+", \"none\" is none")
	set.BoolVar(&f.json, "json", false, "print what became of each stage as JSON; progress goes to standard error")
	f.addExecutor(cmd)
}

// check finds what is wrong with the flags themselves.
func (f *runFlags) check() error {
	if f.jobs < 0 {
		return usage.Errorf("--jobs %d: must be 0 or greater", f.jobs)
	}
	if err := f.checkExecutor(); err != nil {
		return err
	}
	if err := devices.Check(f.device); err != nil {
		return err
	}
	if err := devices.CheckPrecision(f.precision, f.device); err != nil {
		return err
	}
	if f.checkpointEvery <= 0 || f.checkpointEvery > 30*time.Second {
		return usage.Errorf("--checkpoint-every %s: must be greater than 0 and at most 30s", f.checkpointEvery)
	}
	return nil
}

// run makes the targets: it opens the session, chooses the device, executes the graph, and lays out
// the figures.
func run(cmd *cobra.Command, flags runFlags, targets []string) error {
	if err := flags.check(); err != nil {
		return err
	}
	r := &execution{cmd: cmd, flags: flags, out: cmd.OutOrStdout()}
	if flags.json {
		r.out = cmd.ErrOrStderr()
	}
	defer r.close()
	if err := r.open(targets); err != nil {
		return err
	}
	if flags.cancel {
		return r.cancel()
	}
	if proceed, err := r.announce(); err != nil || !proceed {
		return err
	}
	report, err := r.execute()
	return r.layOut(report, err)
}

// execution is one run of the targets.
type execution struct {
	cmd          *cobra.Command
	flags        runFlags
	out          io.Writer // for people
	session      *session.Session
	deviceChosen bool   // a device was looked for, because something is trained on it
	noGPU        string // why none is used, where auto has fallen back on the CPU
	closers      []func()
	engine       pipeline.Executor // nil is this process
}

func (r *execution) close() {
	for _, c := range r.closers {
		c()
	}
}

// open opens the session, the device and the remote. A device that is asked for by name may not be
// there, which is found out before a store is made.
func (r *execution) open(targets []string) (err error) {
	if r.session, err = r.flags.Wire(targets); err != nil {
		return err
	}
	if err := cmp.Or(checkForce(r.session.Graph, r.flags.force), r.session.Layout().Check()); err != nil {
		return err
	}
	if r.flags.elsewhere() { // the nodes choose their devices
		return r.openCluster()
	}
	named := r.flags.device != "auto"
	if named && len(r.session.Trainings()) > 0 {
		if err := r.chooseDevice(); err != nil {
			return err
		}
	}
	from, err := openRemote(r.cmd.Context(), r.flags.remote, r.out)
	if err != nil {
		return err
	}
	if err := r.session.Attach(store.Open); err != nil {
		return err
	}
	if from != nil {
		r.session.Options.Remote = from
		r.closers = append(r.closers, func() { _ = from.Close() })
	}
	r.session.Options.Jobs = r.flags.jobs
	needed := false
	if !named {
		if needed, err = r.session.NeedsDevice(len(r.flags.force) > 0); err != nil {
			return err
		}
	}
	if needed {
		if err := r.chooseDevice(); err != nil {
			return err
		}
	}
	r.deviceChosen = named || needed
	return nil
}

// chooseDevice opens what --device and --precision ask for, and has the networks trained on it.
func (r *execution) chooseDevice() error {
	on, why, err := devices.Open(r.flags.device, vulkan.Precision(r.flags.precision))
	if err != nil {
		return err
	}
	r.closers = append(r.closers, on.Close)
	r.noGPU = why
	return r.trainOn(on)
}

// trainOn has the session's networks trained on a device.
func (r *execution) trainOn(on experiment.Device) (err error) {
	on.CheckpointEvery = r.flags.checkpointEvery
	again, err := r.session.On(on)
	if err == nil {
		r.session = again
	}
	return err
}

// announce asks whether to proceed, and says how long trainings will take.
func (r *execution) announce() (proceed bool, err error) {
	if r.flags.confirm != nil {
		return r.flags.confirm(r.session, &r.flags)
	}
	if !r.deviceChosen || verbosityOf(r.cmd) < 0 { // without work there is nothing to say
		return true, nil
	}
	return true, r.session.AnnounceTrainings(r.cmd.Context(), r.out)
}

// execute runs the graph, and once more on the CPU where the device is lost that auto had chosen.
func (r *execution) execute() (pipeline.Report, error) {
	report, err := r.runGraph()
	lost := (*compute.DeviceLost)(nil)
	if !errors.As(err, &lost) || r.flags.device != "auto" || r.cmd.Context().Err() != nil {
		return report, err
	}
	fmt.Fprintf(r.out, "device  cpu (%v); every training goes on from its last checkpoint, or starts over where it has none\n", lost)
	if err := r.trainOn(devices.CPU()); err != nil {
		return report, err
	}
	r.session.Options.Adopt = true
	if r.flags.confirm != nil { // the view is of the former graph's nodes
		if proceed, err := r.flags.confirm(r.session, &r.flags); err != nil || !proceed {
			return report, err
		}
	}
	return r.runGraph()
}

// runGraph makes the session's targets, and shows the progress.
func (r *execution) runGraph() (pipeline.Report, error) {
	level := verbosityOf(r.cmd)
	display := progress.New(r.out, progress.Options{Live: progress.IsTerminal(r.out), Quiet: level < 0, Verbose: level > 0})
	shown := view(progress.NewTotal(display, r.session.Graph.Nodes(), r.session.Reckoning()))
	if r.flags.view != nil {
		shown = r.flags.view(display)
	}
	defer shown.Close()
	o := &r.session.Options
	o.Jobs, o.Force, o.KeepGoing, o.Paranoid = r.flags.jobs, r.flags.force, r.flags.view != nil, r.flags.paranoid
	o.Observer = shown.Observe
	return r.executor().Run(r.cmd.Context(), r.session.Graph, *o)
}

// layOut writes the files of the figures that are up to date, and says what became of the run,
// which ended with runErr.
func (r *execution) layOut(report pipeline.Report, runErr error) error {
	var done layout.Done
	if r.cmd.Context().Err() == nil {
		files, err := r.session.Layout().Due(resultsOf(report))
		if err == nil {
			done, err = r.session.Folder.LayOut(r.cmd.Context(), files)
		}
		if runErr == nil {
			runErr = err
		}
	}
	if err := r.conclude(report, done); runErr == nil {
		return err
	}
	return runErr
}

// conclude says what became of the run.
func (r *execution) conclude(report pipeline.Report, done layout.Done) error {
	if verbosityOf(r.cmd) >= 0 {
		summarise(r.out, report, done, r.noGPU)
	}
	if !r.flags.json {
		return nil
	}
	return jsontext.Write(r.cmd.OutOrStdout(), newRunRecord(r.session, report, done))
}

func checkForce(g *pipeline.Graph, force []string) error {
	for _, name := range force {
		if !slices.ContainsFunc(g.Nodes(), func(n *pipeline.Node) bool { return n.Name == name || n.Stage == name }) {
			return usage.Errorf("--force %s: must be a stage or node of the targets, such as train or %s", name, g.Nodes()[0].Name)
		}
	}
	return nil
}

func resultsOf(report pipeline.Report) map[string]layout.Result {
	results := map[string]layout.Result{}
	for _, n := range report.Nodes {
		if n.Done() {
			results[n.Node.Name] = layout.Result{Key: n.Key, Numerics: n.Numerics}
		}
	}
	return results
}

// summarise also says why no GPU was used, if that was left to the program and
// something was trained.
func summarise(w io.Writer, report pipeline.Report, done layout.Done, noGPU string) {
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
	if n := madeMeanwhile(report); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of them made by another run", n))
	}
	for _, path := range done.Written {
		if filepath.Ext(path) != ".json" { // the records beside drawings and tables
			fmt.Fprintf(w, "wrote   %s\n", path)
		}
	}
	for _, path := range done.Kept {
		fmt.Fprintf(w, "kept    %s, a file of that name that was not as it had been laid out\n", path)
	}
	fmt.Fprintf(w, "%s in %s\n", strings.Join(parts, ", "), report.Time.Round(10*time.Millisecond))
}

// madeMeanwhile counts the stages that another run on the same store has made in this one's place.
func madeMeanwhile(report pipeline.Report) (n int) {
	for i := range report.Nodes {
		if report.Nodes[i].State == pipeline.Cached && report.Nodes[i].Reason == pipeline.MadeMeanwhile {
			n++
		}
	}
	return n
}

// runRecord is the JSON of run.
type runRecord struct {
	Profile  string     `json:"profile"`
	Seed     uint64     `json:"seed"`
	Numerics string     `json:"numerics"`
	Seconds  float64    `json:"seconds"`
	Stages   []stageRun `json:"stages"`
	Set      []string   `json:"set"`     // parameters that were not the profile file's
	Folder   string     `json:"folder"`  // of the figure files
	Written  []string   `json:"written"` // figure files laid out
	Kept     []string   `json:"kept"`    // copies of what somebody else had put in their place
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

func newRunRecord(s *session.Session, report pipeline.Report, done layout.Done) runRecord {
	r := runRecord{Profile: s.Parameters.Name, Seed: s.Parameters.Seed, Numerics: s.Options.Numerics, Seconds: report.Time.Seconds(), Stages: []stageRun{},
		Set: append([]string{}, s.Parameters.Sets...), Folder: s.Folder.Path, Written: append([]string{}, done.Written...), Kept: append([]string{}, done.Kept...)}
	for _, n := range report.Nodes {
		r.Stages = append(r.Stages, stageRun{n.Node.Name, n.Node.Stage, n.State, n.Reason, n.Time.Seconds(), n.Key, n.Numerics, n.Outputs, n.Defects})
	}
	return r
}
