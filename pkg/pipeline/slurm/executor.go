package slurm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"

	"sicgrid/pkg/pipeline"
)

// Executor submits what a graph needs and follows it until it is done. It implements
// pipeline.Executor.
type Executor struct {
	Dir     string // of the run, as the nodes see it
	Cluster *Cluster
	Source  string       // what Cluster was read from, for errors
	AtOnce  int          // tasks of an array that run at once; 0 is as many as there is room for
	Say     func(string) // what concerns no node; nil is allowed
	// Prepare lays out in Dir what the stage process needs, and returns its command, to which the
	// number of its array is added. It is called once, before anything is submitted.
	Prepare func() (command []string, err error)
}

// Detached is the error of a run whose submitter was interrupted: its jobs go on.
type Detached struct{ Nodes int }

func (d *Detached) Error() string {
	return fmt.Sprintf("detached: %d stages go on in Slurm; the same command shows them again, with --cancel it stops them", d.Nodes)
}

func (d *Detached) Unwrap() error { return context.Canceled }

// Run submits what is not up to date, or attaches to the jobs of a submission of the same run that
// are under way, and reports when all of it has ended. A stage that fails stops only what needs it.
// When ctx is cancelled the jobs go on and the error is Detached.
//
// Where nothing has to run Slurm is asked nothing.
func (e *Executor) Run(ctx context.Context, g *pipeline.Graph, opt pipeline.Options) (pipeline.Report, error) {
	begun := time.Now()
	f := &follower{Executor: e, folder: folder(e.Dir), g: g, opt: opt, said: map[string]bool{}, ours: map[string]bool{}}
	stale := f.succeeded()
	plan, err := pipeline.Status(g, opt)
	if err != nil {
		return pipeline.Report{}, err
	}
	f.begin(plan)
	if f.open > 0 {
		err = insist(ctx, f.poll(), f.patience(), f.say, func() error { return f.attach(ctx, stale) })
		if err == nil {
			err = f.follow(ctx)
		}
	}
	report := f.report()
	report.Time = time.Since(begun)
	return report, err
}

// Cancel ends all jobs of the run and waits until Slurm has none of them. It returns how many there
// were.
func (e *Executor) Cancel(ctx context.Context) (tasks int, err error) {
	f := folder(e.Dir)
	arrays, err := f.arrays()
	if err != nil || len(arrays) == 0 {
		return 0, err
	}
	seen := map[taskOf]bool{}
	f.atWork(arrays, seen) // they may have stopped before Slurm answers
	if err := os.WriteFile(f.path("cancelled"), nil, 0o644); err != nil {
		return 0, err
	}
	defer os.Remove(f.path("cancelled"))
	for ctx.Err() == nil {
		left := 0
		err := insist(ctx, e.poll(), e.patience(), e.say, func() (err error) {
			left, err = e.cancelAll(ctx, arrays, seen)
			return err
		})
		if err == nil && left == 0 {
			e.awaitProcesses(ctx, f, arrays, seen)
		}
		if err != nil || left == 0 {
			return len(seen), err
		}
		sleep(ctx, time.Second)
	}
	return len(seen), ctx.Err()
}

// awaitProcesses waits for processes that go on although Slurm has ended their jobs, or a restarted
// controller knows nothing of them: they see at their next beat that the run is being cancelled, and
// are added to seen. One that does not beat was killed.
func (e *Executor) awaitProcesses(ctx context.Context, f folder, arrays []*submitted, seen map[taskOf]bool) {
	const beats = 2 // of which a living process has one in that time
	before, at := "", time.Now()
	for ctx.Err() == nil && time.Since(at) < beats*e.patience()/beatsInPatience {
		now := f.atWork(arrays, seen)
		if now == "" {
			return
		}
		if now != before {
			before, at = now, time.Now()
		}
		sleep(ctx, time.Second)
	}
}

// taskName is what Slurm calls a task of an array.
func taskName(job string, task int) string { return job + "_" + strconv.Itoa(task) }

// cancelAll cancels what Slurm has of the arrays. It returns how many tasks that were, and adds
// them to seen.
func (e *Executor) cancelAll(ctx context.Context, arrays []*submitted, seen map[taskOf]bool) (left int, err error) {
	queue, err := client{}.queue(ctx, e.names(arrays))
	if err != nil {
		return 0, err
	}
	var jobs []string
	for _, q := range queue {
		if !q.live() {
			continue
		}
		left++
		seen[taskOf{q.number, q.task}] = true
		if q.state != "COMPLETING" && !slices.Contains(jobs, q.job) {
			jobs = append(jobs, q.job)
		}
	}
	return left, client{}.cancel(ctx, jobs)
}

func (e *Executor) poll() time.Duration { return time.Duration(e.Cluster.PollSeconds) * time.Second }

// patience is for how long a process may give no sign of life, and Slurm no answer while nothing
// of the run is under way.
func (e *Executor) patience() time.Duration {
	return time.Duration(e.Cluster.PatienceSecs) * time.Second
}

// name is that of the jobs of a stage: the stage and what is the run's own.
func (e *Executor) name(stage string) string {
	sum := sha256.Sum256([]byte(e.Dir))
	return stage + "." + hex.EncodeToString(sum[:4])
}

func (e *Executor) names(arrays []*submitted) []string {
	var names []string
	for _, a := range arrays {
		if n := e.name(a.Stage); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}

func (e *Executor) say(text string) {
	if e.Say != nil {
		e.Say(text)
	}
}

// checkCommands finds out early that there is no Slurm here.
func checkCommands() error {
	for _, c := range []string{"sbatch", "squeue", "scancel", "scontrol"} {
		if _, err := exec.LookPath(c); err != nil {
			return fmt.Errorf("--executor slurm: %w", noCommand(c))
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
