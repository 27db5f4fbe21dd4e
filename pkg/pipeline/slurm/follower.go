package slurm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"sicgrid/pkg/pipeline"
)

// follower is one submitter's view of a run.
type follower struct {
	*Executor
	folder folder
	g      *pipeline.Graph
	opt    pipeline.Options

	nodes []*watched // in the graph's order
	of    map[*pipeline.Node]*watched
	open  int // how many are not settled

	mark      string       // the run's last cancellation when this submitter began
	followed  map[int]bool // the arrays that it has submitted or joined
	process   []string     // the command of a stage process; nil before anything is submitted
	arrays    []*submitted
	mostTasks int
	forgotten int             // how often in a row Slurm did not know what an array was to wait for
	losses    []string        // jobs that one question has found lost
	said      map[string]bool // what need not be said again
	ours      map[string]bool // tasks that were cancelled by us, not by somebody
	condemned []string        // those of them of which Slurm has not confirmed it
	silent    time.Time       // since when Slurm has not answered; zero while it does
}

func newFollower(e *Executor, g *pipeline.Graph, opt pipeline.Options) *follower {
	f := &follower{Executor: e, folder: folder(e.Dir), g: g, opt: opt, followed: map[int]bool{}, said: map[string]bool{}, ours: map[string]bool{}}
	f.mark = f.folder.cancellation()
	return f
}

// watched is what is known of one node.
type watched struct {
	node    *pipeline.Node
	report  pipeline.NodeReport
	settled bool
	number  int // of the last array that has it, -1 if none has
	task    int
	dead    int       // of the last array of which nothing comes any more, -1 if there is none
	started bool      // its observer knows that it runs
	lost    int       // how often it was
	gone    time.Time // since when Slurm has not had it; zero while it has
	beat    string    // the record as it was when it last changed, and when that was
	beatAt  time.Time
	endedAt time.Time // when it was settled
}

// grace is for how long a task that Slurm no longer has may have a record that cannot be seen yet.
func (f *follower) grace() time.Duration { return 2 * f.poll() }

// succeeded lists the nodes whose records say that they are done.
func (f *follower) succeeded() map[string]bool {
	done := map[string]bool{}
	for _, n := range f.g.Nodes() {
		if r := f.folder.record(n.Name); r != nil && (r.succeeded() || r.failed()) {
			done[n.Name] = true
		}
	}
	return done
}

// begin takes up what is to be done.
func (f *follower) begin(plan []pipeline.NodeStatus) {
	f.of = map[*pipeline.Node]*watched{}
	for _, s := range plan {
		w := &watched{node: s.Node, number: -1, dead: -1}
		f.nodes = append(f.nodes, w)
		f.of[s.Node] = w
		f.open++
		if s.Current() {
			nr := pipeline.NodeReport{Node: s.Node, State: s.State, Reason: s.Reason, Key: s.Key, Numerics: s.Numerics}
			if s.Action != nil {
				nr.Outputs = s.Action.Outputs
			}
			f.settle(w, nr)
		}
	}
}

func (f *follower) observe(e pipeline.Event) {
	if f.opt.Observer != nil {
		f.opt.Observer(e)
	}
}

func (f *follower) settle(w *watched, nr pipeline.NodeReport) {
	if w.settled {
		return
	}
	w.settled, w.report, w.endedAt = true, nr, time.Now()
	f.open--
	f.observe(pipeline.Event{Kind: pipeline.Finished, Node: w.node, Report: &w.report})
}

func (f *follower) fail(w *watched, reason string) {
	f.settle(w, pipeline.NodeReport{Node: w.node, State: pipeline.Failed, Reason: reason, Err: fmt.Errorf("%s: %s", w.node.Name, reason)})
}

// attach joins the jobs of a former submission, if there are any. stale are nodes that a record
// calls ended although they have to run: what it tells of is gone.
func (f *follower) attach(ctx context.Context, stale map[string]bool) error {
	if err := checkCommands(); err != nil {
		return err
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := f.read(); err != nil {
		return err
	}
	live, open, err := f.join(ctx)
	if err != nil {
		return fmt.Errorf("look for jobs that are under way: %w", err)
	}
	if live == 0 && !open {
		f.arrays = nil
		for _, w := range f.nodes {
			w.number = -1
		}
		return f.folder.clear()
	}
	switch {
	case live > 0 && f.open > 0:
		f.say(fmt.Sprintf("attached to %d tasks under way", live))
	case live == 0:
		f.say("a submission was interrupted before Slurm answered: its jobs may still appear")
	}
	for _, w := range f.nodes {
		if stale[w.node.Name] && !w.settled {
			w.number, w.dead = -1, w.number
		}
	}
	return nil
}

// join counts the tasks of the run that are under way, and tells whether jobs of an interrupted
// submission may still appear.
func (f *follower) join(ctx context.Context) (live int, open bool, err error) {
	if len(f.arrays) == 0 {
		return 0, false, nil
	}
	for _, a := range f.arrays {
		f.followed[a.Number] = f.open > 0 || a.job == ""
	}
	queue, err := client{}.queue(ctx, f.names())
	if err != nil {
		return 0, false, err
	}
	for _, q := range queue {
		f.learnJob(q)
		if a := f.array(q.number); a != nil && a.job == q.job && q.live() {
			live++
		}
	}
	return live, slices.ContainsFunc(f.arrays, (*submitted).unanswered), nil
}

// lock keeps two submitters of one run from submitting the same.
func (f *follower) lock(ctx context.Context) (func(), error) {
	sum := sha256.Sum256([]byte("slurm " + f.Dir))
	return f.opt.Store.Lock(ctx, hex.EncodeToString(sum[:]))
}

// read reads what has been submitted, by whomever, and not been cancelled.
func (f *follower) read() error {
	arrays, err := f.folder.arrays()
	if err != nil {
		return err
	}
	f.arrays = slices.DeleteFunc(arrays, func(a *submitted) bool { return a.After != f.mark })
	for _, a := range f.arrays {
		for task, name := range a.Nodes {
			if w := f.of[f.g.Node(name)]; w != nil && a.Number > max(w.number, w.dead) {
				w.number, w.task, w.gone = a.Number, task, time.Time{}
			}
		}
	}
	return nil
}

// follow submits, watches and submits again until every node is settled.
func (f *follower) follow(ctx context.Context) error {
	for f.open > 0 {
		need, err := f.ask(ctx)
		if err == nil {
			err = f.submit(ctx, need)
		}
		if err = f.answered(err); err != nil {
			return f.ended(ctx, err)
		}
		for asked := time.Now(); f.open > 0 && time.Since(asked) < f.poll(); {
			sleep(ctx, min(f.poll(), time.Second)/2)
			if ctx.Err() != nil {
				return f.ended(ctx, ctx.Err())
			}
			if f.cancelled() {
				return errCancelled
			}
			f.readRecords()
			f.passOver()
		}
	}
	f.tidy(ctx)
	for _, w := range f.nodes {
		if w.report.State == pipeline.Failed {
			return w.report.Err
		}
	}
	return nil
}

var errCancelled = errors.New("the run was cancelled from elsewhere; what had finished is kept")

func (f *follower) cancelled() bool { return f.folder.cancellation() != f.mark }

// answered is the error of one round of questions, in which silence is none: they are asked again,
// as long as there are jobs or there is patience. While there are jobs nothing but a refused one
// ends the run.
func (f *follower) answered(err error) error {
	var refused *refusal
	minor := errors.As(err, &refused) && refused.command != "sbatch" && f.underWay() > 0
	switch {
	case !unanswered(err) && !minor:
		if err == nil && !f.silent.IsZero() {
			f.say("Slurm answers again")
			f.silent = time.Time{}
		}
		return err
	case f.silent.IsZero():
		f.silent = time.Now()
		f.say("Slurm does not answer (" + err.Error() + "); what runs goes on, and results are kept: waiting")
	case f.underWay() == 0 && time.Since(f.silent) > f.patience():
		return unheard(f.patience(), err)
	}
	return nil
}

// ended is the error of a submitter that stops before its run does.
func (f *follower) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &Detached{f.open}
	}
	return err
}

// report is that of all nodes.
func (f *follower) report() pipeline.Report {
	var r pipeline.Report
	for _, w := range f.nodes {
		if !w.settled {
			w.report = pipeline.NodeReport{Node: w.node, State: pipeline.NotReached, Reason: "not done yet"}
		}
		r.Nodes = append(r.Nodes, w.report)
	}
	return r
}

// readRecords settles the nodes whose processes have ended, and shows the others' progress.
func (f *follower) readRecords() {
	for _, w := range f.nodes {
		if w.settled || w.number < 0 || !f.ready(w) {
			continue
		}
		r := f.folder.record(w.node.Name)
		if r == nil {
			continue
		}
		if beat := r.sign(); beat != w.beat {
			w.beat, w.beatAt = beat, time.Now()
		}
		if !w.started && r.State == running && r.Reason != "" {
			w.started = true
			f.observe(pipeline.Event{Kind: pipeline.Started, Node: w.node, Reason: r.Reason + " (" + r.Host + ")"})
		}
		switch {
		case r.succeeded() || r.failed():
			f.settle(w, r.report(w.node))
		case r.State == running && r.Done > 0:
			f.observe(pipeline.Event{Kind: pipeline.Progress, Node: w.node, Done: r.Done, Total: r.Total, Note: r.Note})
		}
	}
}

// ready reports whether all that the node reads has been settled.
func (f *follower) ready(w *watched) bool {
	for _, ref := range w.node.Inputs {
		if !f.of[ref.Node].settled {
			return false
		}
	}
	return true
}

// passOver settles what waits in vain.
func (f *follower) passOver() {
	for _, w := range f.nodes {
		if w.settled {
			continue
		}
		if in := f.unmade(w); in != nil {
			f.settle(w, pipeline.NodeReport{Node: w.node, State: pipeline.NotReached, Reason: "needs " + f.cause(in).Name})
		}
	}
}

// cause is the node that failed because of which this one was not made.
func (f *follower) cause(w *watched) *pipeline.Node {
	for w.report.State == pipeline.NotReached {
		w = f.unmade(w)
	}
	return w.node
}

// unmade is what the node reads and will not be made; nil if there is no such thing.
func (f *follower) unmade(w *watched) *watched {
	for _, ref := range w.node.Inputs {
		if in := f.of[ref.Node]; in.settled && !in.report.Done() {
			return in
		}
	}
	return nil
}
