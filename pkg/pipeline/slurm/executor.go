package slurm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	Stages  []string     // of which the run may have jobs: Slurm is asked for these, by their names
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
// Where nothing has to run Slurm is asked nothing, unless a submission was left without its answer.
func (e *Executor) Run(ctx context.Context, g *pipeline.Graph, opt pipeline.Options) (pipeline.Report, error) {
	begun := time.Now()
	f := newFollower(e, g, opt)
	stale := f.succeeded()
	plan, err := pipeline.Status(g, opt)
	if err != nil {
		return pipeline.Report{}, err
	}
	f.begin(plan)
	if f.open > 0 || f.folder.leftOpen() {
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
	if err := checkCommands(); err != nil {
		return 0, err
	}
	c := &cancelling{Executor: e, folder: folder(e.Dir), seen: map[taskOf]bool{}}
	arrays, err := c.folder.arrays()
	if err != nil {
		return 0, err
	}
	c.folder.atWork(arrays, c.seen) // they may have stopped before Slurm answers
	if c.mark, err = c.folder.cancel(); err != nil {
		return 0, err
	}
	for begun := time.Now(); ctx.Err() == nil; {
		left, open := 0, 0
		err := insist(ctx, e.poll(), e.patience(), e.say, func() (err error) {
			left, open, err = c.cancelAll(ctx)
			return err
		})
		over := left == 0 && (open == 0 || time.Since(begun) > patience)
		if err == nil && over {
			c.awaitProcesses(ctx)
		}
		if err != nil || over {
			return len(c.seen), err
		}
		if left == 0 && !c.waits {
			c.waits = true
			e.say("a submission was interrupted before Slurm answered: waiting for its jobs, a minute at most")
		}
		sleep(ctx, time.Second)
	}
	return len(c.seen), ctx.Err()
}

// cancelling is a cancellation under way.
type cancelling struct {
	*Executor
	folder folder
	mark   string
	arrays []*submitted // before the mark
	seen   map[taskOf]bool
	waits  bool // for jobs that may still appear, and has said so
}

// awaitProcesses waits for processes that go on although Slurm has ended their jobs, or a restarted
// controller knows nothing of them: they see at their next beat that the run is being cancelled, and
// are added to seen. One that does not beat was killed.
func (c *cancelling) awaitProcesses(ctx context.Context) {
	const beats = 2 // of which a living process has one in that time
	before, at := "", time.Now()
	for ctx.Err() == nil && time.Since(at) < beats*c.patience()/beatsInPatience {
		now := c.folder.atWork(c.arrays, c.seen)
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

// cancelAll cancels all that Slurm has of the run, but for what was submitted after the
// cancellation. It returns how many tasks that were, which it adds to seen, and of how many arrays
// jobs may still appear.
func (c *cancelling) cancelAll(ctx context.Context) (left, open int, err error) {
	queue, err := client{}.queue(ctx, c.names())
	if err != nil {
		return 0, 0, err
	}
	all, err := c.folder.arrays() // what Slurm has was recorded before
	if err != nil {
		return 0, 0, err
	}
	c.arrays = nil
	after, there := map[int]bool{}, map[int]bool{}
	for _, a := range all {
		if after[a.Number] = a.After == c.mark; !after[a.Number] {
			c.arrays = append(c.arrays, a)
		}
	}
	var jobs []string
	for _, q := range queue {
		there[q.number] = true
		if !q.live() || after[q.number] {
			continue
		}
		left++
		c.seen[taskOf{q.number, q.task}] = true
		if q.state != "COMPLETING" && !slices.Contains(jobs, q.job) {
			jobs = append(jobs, q.job)
		}
	}
	for _, a := range c.arrays {
		if a.unanswered() && !there[a.Number] {
			open++
		}
	}
	return left, open, client{}.cancel(ctx, jobs)
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

func (e *Executor) names() (names []string) {
	for _, stage := range e.Stages {
		names = append(names, e.name(stage))
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
