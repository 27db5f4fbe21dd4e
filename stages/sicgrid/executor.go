package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/slurm"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
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
		return usagef("--executor %s: must be %s or %s", f.executor, localExecutor, slurmExecutor)
	case f.cancel && !f.elsewhere():
		return usagef("--cancel: stops the jobs of a cluster, so it needs --executor slurm; a local run is stopped by Ctrl-C")
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

// jobsFolder is where the store keeps the runs of a cluster, for all nodes to see.
const jobsFolder = "jobs"

// openCluster attaches the session's run to a cluster.
func (r *execution) openCluster() error {
	if err := r.flags.attach(r.session); err != nil {
		return err
	}
	stages := r.session.stages()
	cluster, err := slurm.ReadCluster(r.flags.cluster, stages)
	if err != nil {
		return err
	}
	dir, err := r.session.jobsDir()
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
		Prepare: func() ([]string, error) { return r.freeze(dir) },
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

// stages lists those of the DAG.
func (s *session) stages() (names []string) {
	for _, n := range s.dag.Nodes {
		if !slices.Contains(names, n.Stage) {
			names = append(names, n.Stage)
		}
	}
	slices.Sort(names)
	return names
}

// jobsDir is the folder of the run: the same for whoever wants the same results by the same code.
func (s *session) jobsDir() (string, error) {
	sum := sha256.New()
	for _, n := range s.graph.Nodes() {
		parameters, err := json.Marshal(n.Params)
		if err != nil {
			return "", fmt.Errorf("%s: %w", n.Name, err)
		}
		code := n.Code
		if code == "" {
			code = n.Stage
		}
		fmt.Fprintln(sum, n.Name, n.Seed, s.options.Code[code].Digest, string(parameters))
	}
	targets := s.targets
	if len(targets) == 0 {
		targets = []string{"all"}
	}
	called := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			return c
		}
		return '-'
	}, s.parameters.Name+"-"+strings.Join(targets, "-"))
	const most = 48 // of a name that people read
	dir, err := filepath.Abs(s.options.Store.Dir())
	return filepath.Join(dir, jobsFolder, called[:min(len(called), most)]+"-"+hex.EncodeToString(sum.Sum(nil)[:4])), err
}

// frozenRun is what a job needs to know of the run that it belongs to. The profile and the sweeps
// beside it are copied, as is the program: whatever is edited or built after the submission, its
// jobs do what was submitted.
type frozenRun struct {
	Profile         string        `json:"profile"` // the copy's path
	Sets            []string      `json:"sets"`
	Sweep           string        `json:"sweep"` // the copy's path; "" is none
	Store           string        `json:"store"`
	Pins            string        `json:"pins"`
	Exact           bool          `json:"exact"`
	Unpinned        bool          `json:"unpinned"`
	Adopt           bool          `json:"adopt"`
	Device          string        `json:"device"`
	Precision       string        `json:"precision"`
	Remote          string        `json:"remote"`
	Force           []string      `json:"force"`
	CheckpointEvery time.Duration `json:"checkpoint_every"`
	Commit          string        `json:"commit"`
}

const frozenFile = "run.json"

// apply puts what the working directory says elsewhere into the options of a job.
func (z *frozenRun) apply(o *pipeline.Options) {
	profile := o.DAG
	o.Pins = z.Pins
	o.Provenance = func() map[string]any { return map[string]any{"commit": z.Commit, "profile": profile} }
}

// freeze lays out the run's folder and returns the command of its jobs.
func (r *execution) freeze(dir string) ([]string, error) {
	f := &r.flags
	stored, err := filepath.Abs(f.store)
	if err != nil {
		return nil, err
	}
	pins, err := filepath.Abs(pinsDir)
	if err != nil {
		return nil, err
	}
	z := frozenRun{
		Profile: filepath.Join(dir, "params", filepath.Base(f.params)), Sets: f.sets, Store: stored, Pins: pins,
		Exact: f.exact, Unpinned: f.unpinned, Adopt: f.adopt, Device: f.device, Precision: f.precision, Remote: f.remote, Force: f.force,
		CheckpointEvery: f.checkpointEvery, Commit: commit(),
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(f.params), "*.yaml"))
	if err != nil {
		return nil, err
	}
	if f.sweep != "" {
		z.Sweep = filepath.Join(dir, "params", filepath.Base(f.sweep))
		files = append(files, f.sweep)
	}
	if err := os.MkdirAll(filepath.Join(dir, "params"), 0o777); err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if err := store.WriteFileAtomic(filepath.Join(dir, "params", filepath.Base(file)), data, 0o644); err != nil {
			return nil, err
		}
	}
	if _, err := experiment.ReadParameters(z.Profile, z.Sets); err != nil {
		return nil, fmt.Errorf("the copy for the jobs: %w; everything that a profile is based on must lie in its folder", err)
	}
	data, err := json.MarshalIndent(z, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := store.WriteFileAtomic(filepath.Join(dir, frozenFile), append(data, '\n'), 0o644); err != nil {
		return nil, err
	}
	program, err := copyProgram(filepath.Dir(dir))
	return []string{program, "stage", dir}, err
}

// copyProgram puts this program where the nodes see it, once for each build.
func copyProgram(to string) (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	name := filepath.Join(to, "programs", hex.EncodeToString(sum.Sum(nil)))
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return "", err
	}
	err = store.PublishFile(name, 0o755, false, func(w io.Writer) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := io.Copy(w, f)
		return err
	})
	if errors.Is(err, store.ErrExists) {
		err = nil
	}
	return name, err
}
