package slurm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"sicgrid/pkg/pipeline"
)

// ask asks Slurm which tasks it has, and returns the nodes that have to be submitted: those that
// never were, and those that are lost with all that waits for them.
func (f *follower) ask(ctx context.Context) (need []*watched, err error) {
	queue, err := client{}.queue(ctx, f.names())
	if err != nil {
		return nil, err
	}
	f.readRecords() // what ended before the question is known before its answer is judged
	f.passOver()
	at := map[taskOf]queued{}
	for _, q := range queue {
		f.learnJob(q)
		if was, twice := at[taskOf{q.number, q.task}]; !twice || !was.live() {
			at[taskOf{q.number, q.task}] = q
		}
	}
	f.losses = nil
	wanted := map[*watched]bool{}
	for _, w := range f.nodes {
		q, there := at[taskOf{w.number, w.task}]
		if w.settled {
			// Its process has ended, and Slurm has not noticed: what waits for the job would wait
			// for ever.
			if there && q.state == "RUNNING" && w.number >= 0 && time.Since(w.endedAt) > f.grace()+f.patience()/4 {
				f.condemn(q)
			}
			continue
		}
		if f.alive(w, q, there) {
			w.gone = time.Time{}
			continue
		}
		if there && q.live() {
			f.condemn(q)
		}
		if f.isNeeded(w, q, there, wanted) {
			wanted[w] = true
			w.number, w.dead = -1, max(w.number, w.dead)
			need = append(need, w)
		}
	}
	f.sayLosses()
	f.condemnStrays(queue)
	if err := (client{}).cancel(ctx, f.condemned); err != nil {
		return nil, err
	}
	f.condemned = nil
	return need, nil
}

func (f *follower) sayLosses() {
	const most = 3 // that are named
	n := len(f.losses)
	if n == 0 {
		return
	}
	more := ""
	if n > most {
		more = fmt.Sprintf(" and %d more", n-most)
	}
	f.say("jobs that ended without a result are submitted again: " + strings.Join(f.losses[:min(n, most)], ", ") + more)
}

// learnJob notes the job of an array whose submission was not answered.
func (f *follower) learnJob(q queued) {
	if a := f.array(q.number); a != nil && a.job == "" {
		_ = f.folder.setJob(a, q.job) // the next who asks learns it again
	}
}

// condemnStrays condemns the jobs of the run that wait in the queue for nobody, and would fill it:
// those of a submission that was interrupted or not answered, and made again since, and those of a
// cancelled one that a restarted controller has brought back. What runs is let run: it makes what
// is wanted, once.
func (f *follower) condemnStrays(queue []queued) {
	for _, q := range queue {
		if q.waits() && f.isStray(q) {
			f.condemn(q)
		}
	}
}

func (f *follower) isStray(q queued) bool {
	a := f.array(q.number)
	if a == nil { // or of an array that another submitter has just recorded
		var err error
		if a, err = f.folder.array(q.number); err != nil {
			return errors.Is(err, fs.ErrNotExist)
		}
		return a.After != f.mark
	}
	if a.job != "" && a.job != q.job {
		return true
	}
	w := f.of[f.g.Node(a.Nodes[q.task])]
	return w != nil && max(w.number-1, w.dead) >= q.number
}

// tidy cancels what the run has in the queue when all of it is done: what was submitted twice, or
// was made by others meanwhile.
func (f *follower) tidy(ctx context.Context) {
	err := insist(ctx, f.poll(), f.grace(), f.say, func() error {
		queue, err := client{}.queue(ctx, f.names())
		if err != nil {
			return err
		}
		f.condemnStrays(queue)
		for _, q := range queue {
			if q.waits() && f.followed[q.number] {
				f.condemn(q)
			}
		}
		return client{}.cancel(ctx, f.condemned)
	})
	if err != nil && ctx.Err() == nil {
		f.say(fmt.Sprintf("all is done, but Slurm may still have jobs of this run (%v): --cancel removes them", err))
	}
}

// condemn has a task cancelled.
func (f *follower) condemn(q queued) {
	id := q.name()
	if !f.ours[id] {
		f.ours[id] = true
		f.condemned = append(f.condemned, id)
	}
}

// alive reports whether a task may still come to something.
func (f *follower) alive(w *watched, q queued, there bool) bool {
	if !there || !q.live() || q.held() || f.ours[q.name()] {
		return false
	}
	if q.state != "RUNNING" {
		w.beatAt = time.Now()
	}
	if w.beatAt.IsZero() {
		w.beatAt = time.Now()
	}
	if time.Since(w.beatAt) > f.patience() {
		f.say(fmt.Sprintf("%s: job %s on %s has given no sign of life for %s: it is stopped and counts as lost", w.node.Name, q.name(), q.node, f.patience()))
		return false
	}
	switch q.reason {
	case "None", "", "Priority", "Resources", "Dependency", "BeginTime", "JobArrayTaskLimit", "Prolog", "Cleaning":
	default:
		if q.state == "PENDING" && f.once("pending "+q.reason) {
			f.observe(pipeline.Event{Kind: pipeline.Waiting, Node: w.node, Note: fmt.Sprintf("job %s waits in Slurm: %s", q.name(), q.reason)})
		}
	}
	return true
}

func (f *follower) once(what string) bool {
	if f.said[what] {
		return false
	}
	f.said[what] = true
	return true
}

// isNeeded decides about a node that Slurm has no living task of.
func (f *follower) isNeeded(w *watched, q queued, there bool, wanted map[*watched]bool) bool {
	for _, ref := range w.node.Inputs {
		in := f.of[ref.Node]
		if !in.settled && !wanted[in] && in.gone != (time.Time{}) {
			return false // until it is known what becomes of the input
		}
	}
	if w.number < 0 {
		return true
	}
	invalid := there && q.state == "CANCELLED" && (q.reason == "DependencyNeverSatisfied" || f.ours[q.name()])
	if there && q.state == "CANCELLED" && !invalid {
		f.fail(w, fmt.Sprintf("job %s was cancelled in Slurm; the next run submits it again", q.name()))
		return false
	}
	if there && q.state == "OUT_OF_MEMORY" {
		f.fail(w, fmt.Sprintf("job %s took more memory than the %d MiB that it had asked for: set stages.%s.memory_mib in %s", q.name(), f.Cluster.Of(w.node.Stage).MemoryMiB, w.node.Stage, f.Source))
		return false
	}
	if w.gone.IsZero() {
		w.gone = time.Now()
	}
	if !invalid && time.Since(w.gone) < f.grace() {
		return false
	}
	if !f.ready(w) {
		return true // it only waited for what was lost
	}
	if invalid {
		return true
	}
	if !there && f.job(w.number) == "" {
		return true // its submission was not answered, and has come to nothing
	}
	if w.lost++; w.lost > f.Cluster.Resubmit {
		f.fail(w, f.lostForGood(w, q, there))
		return false
	}
	f.losses = append(f.losses, fmt.Sprintf("%s (%s)", w.node.Name, stateOf(q, there)))
	return true
}

func stateOf(q queued, there bool) string {
	switch {
	case !there:
		return "Slurm has forgotten it"
	case q.node != "":
		return q.state + " on " + q.node
	}
	return q.state
}

// lostForGood says what is known of a node whose jobs were lost again and again.
func (f *follower) lostForGood(w *watched, q queued, there bool) string {
	if f.folder.record(w.node.Name) == nil {
		return fmt.Sprintf("%d jobs ended before they began (%s): the nodes must see %s, at the same path, and be able to write there; `srun ls %s` tells", w.lost, stateOf(q, there), f.Dir, f.Dir)
	}
	return fmt.Sprintf("%d jobs ended without a result (%s); `sicgrid logs %s` shows what they said", w.lost, stateOf(q, there), w.node.Name)
}
