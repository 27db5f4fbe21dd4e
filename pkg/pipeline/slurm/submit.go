package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"sicgrid/pkg/pipeline"
)

// beatsInPatience is how often a process shows that it lives within the time that it is waited for.
const beatsInPatience = 10

// submit submits the nodes as arrays. Should the cluster take no more for now, the rest stays for
// the next time.
func (f *follower) submit(ctx context.Context, need []*watched) error {
	if len(need) == 0 {
		return nil
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := f.read(); err != nil {
		return err
	}
	if f.mostTasks == 0 {
		if f.mostTasks, err = (client{}).mostTasks(ctx); err != nil {
			return err
		}
	}
	if f.process == nil {
		if f.process, err = f.Prepare(); err != nil {
			return err
		}
	}
	var nodes []*pipeline.Node
	for _, w := range need {
		if w.number < 0 { // else another submitter was here first
			nodes = append(nodes, w.node)
			if f.folder.record(w.node.Name) != nil {
				os.Remove(f.folder.recordPath(w.node.Name)) // of a task that is no more
			}
		}
	}
	return f.submitArrays(ctx, arrange(nodes, f.placeOf, f.mostTasks))
}

func (f *follower) submitArrays(ctx context.Context, arrays []*array) error {
	ids := map[*array]string{}
	for _, a := range arrays {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s, err := f.submitArray(ctx, a, ids)
		if err == nil {
			ids[a] = s.job
		}
		switch {
		case err == nil && f.cancelled(): // while Slurm was asked, so that it may have been overlooked
			f.takeBack(ids)
			return errCancelled
		case err == nil:
		case full(err) && f.mayWait(a, err):
			if f.once("full") {
				f.say(fmt.Sprintf("no more jobs are taken for now (%v): the rest is submitted when there is room; Ctrl-C stops here, and the same command goes on", errors.Unwrap(err)))
			}
			return nil
		case unanswered(err):
			return err
		default:
			if ctx.Err() == nil {
				f.takeBack(ids)
			}
			return err
		}
	}
	return nil
}

// mayWait reports whether there may be room for an array later: when others have ended, or for a
// part of it.
func (f *follower) mayWait(a *array, err error) bool {
	if f.underWay() > 0 {
		return true
	}
	if len(a.nodes) == 1 {
		return says(err, "temporarily") // the queue is full of others' jobs
	}
	f.mostTasks = (len(a.nodes) + 1) / 2
	return true
}

// takeBack cancels what has just been submitted, of which the rest was refused.
func (f *follower) takeBack(ids map[*array]string) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	var jobs []string
	for _, job := range ids {
		jobs = append(jobs, job)
	}
	if err := insist(ctx, f.poll(), patience, f.say, func() error { return client{}.cancel(ctx, jobs) }); err != nil {
		f.say(fmt.Sprintf("could not cancel jobs %s: %v", strings.Join(jobs, ", "), err))
	}
}

// submitArray records an array before Slurm hears of it, so that no job is unknown to us.
func (f *follower) submitArray(ctx context.Context, a *array, ids map[*array]string) (*submitted, error) {
	s := &submitted{Stage: a.stage, Nodes: map[int]string{}, BeatMS: int(f.patience().Milliseconds() / beatsInPatience), After: f.mark}
	s.Number = int(time.Now().UnixMilli()) // never one of which a job may be left from before the folder was cleared
	if n := len(f.arrays); n > 0 {
		s.Number = max(s.Number, f.arrays[n-1].Number+1)
	}
	for task, n := range a.nodes {
		s.Nodes[task] = n.Name
	}
	if err := f.folder.newArray(s); err != nil {
		return nil, err
	}
	f.arrays = append(f.arrays, s)
	f.followed[s.Number] = true
	for task, n := range a.nodes {
		w := f.of[n]
		w.number, w.task, w.gone, w.beat, w.beatAt, w.started = s.Number, task, time.Time{}, "", time.Time{}, false
	}
	if f.cancelled() {
		f.forget(s)
		return nil, errCancelled
	}
	job, err := client{}.submit(ctx, f.script(s.Number), f.options(a, s, ids))
	if err != nil {
		if (full(err) || !unanswered(err)) && ctx.Err() == nil { // else it may be there all the same
			f.forget(s)
		}
		switch {
		case full(err):
			err = fmt.Errorf("no more jobs of yours are taken by Slurm (%w): run this again when others have ended", err)
		case says(err, "") && !unanswered(err):
			err = fmt.Errorf("jobs of stage %s are refused by Slurm (%w): %s; see %s", a.stage, err, advice(err), f.Source)
		}
		return nil, err
	}
	if err := f.folder.setJob(s, job); err != nil {
		return nil, err
	}
	return s, nil
}

// forget undoes the record of an array that Slurm has refused.
func (f *follower) forget(s *submitted) {
	os.Remove(f.folder.arrayPath(s.Number, "json"))
	f.arrays = f.arrays[:len(f.arrays)-1]
	for _, name := range s.Nodes {
		f.of[f.g.Node(name)].number = -1
	}
}

// script is what a task runs: the stage process in place of the shell, so that signals reach it.
func (f *follower) script(number int) string {
	var words []string
	for _, word := range append(append([]string{}, f.process...), strconv.Itoa(number)) {
		words = append(words, "'"+strings.ReplaceAll(word, "'", `'\''`)+"'")
	}
	return "#!/bin/sh\nexec " + strings.Join(words, " ") + "\n"
}

func (f *follower) options(a *array, s *submitted, ids map[*array]string) []string {
	tasks := a.tasks()
	if f.AtOnce > 0 {
		tasks += "%" + strconv.Itoa(f.AtOnce)
	}
	o := []string{
		"--job-name=" + f.name(a.stage), "--comment=" + strconv.Itoa(s.Number), "--array=" + tasks,
		"--nodes=1", "--ntasks=1", "--requeue", "--open-mode=append",
		"--chdir=" + f.Dir, "--output=" + f.folder.logPath(s.Number, "%a"),
		fmt.Sprintf("--signal=B:TERM@%d", f.Cluster.WarnSeconds),
	}
	if after := a.dependency(ids); after != "" {
		o = append(o, "--dependency="+after, "--kill-on-invalid-dep=yes")
	}
	return append(o, f.Cluster.Of(a.stage).options()...)
}

// placeOf is where a node is that is under way.
func (f *follower) placeOf(n *pipeline.Node) (place, bool) {
	w := f.of[n]
	if w == nil || w.settled || w.number < 0 {
		return place{}, false
	}
	job := f.job(w.number)
	return place{job: job, task: w.task}, job != ""
}

// array is the one of this number, nil if there is none.
func (f *follower) array(number int) *submitted {
	for _, a := range f.arrays {
		if a.Number == number {
			return a
		}
	}
	return nil
}

// job is that of an array, "" while it is not known.
func (f *follower) job(number int) string {
	if a := f.array(number); a != nil {
		return a.job
	}
	return ""
}

// underWay counts the nodes that Slurm has said to have.
func (f *follower) underWay() (n int) {
	for _, w := range f.nodes {
		if !w.settled && f.job(w.number) != "" {
			n++
		}
	}
	return n
}
