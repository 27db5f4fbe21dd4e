package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sicgrid/pkg/store"
)

func TestJobsDoNotChangeResults(t *testing.T) {
	var want []string
	for _, jobs := range []int{1, 2, 8} {
		r := newRig(t)
		r.opt.Jobs = jobs
		var ends []*Node
		for i := range 6 {
			a := r.sum(fmt.Sprint("a", i), sumParams{Add: int64(i)})
			ends = append(ends, r.sum(fmt.Sprint("b", i), sumParams{Mod: 4}, a))
		}
		report, _ := r.run(r.sum("all", sumParams{}, ends...))
		if want == nil {
			want = logical(report)
		}
		if got := logical(report); !slices.Equal(got, want) {
			t.Errorf("jobs %d: %q, want %q", jobs, got, want)
		}
	}
}

// custom makes a node with an arbitrary Run that emits 1 at the end.
func (r *rig) custom(name string, run func(ctx context.Context, t *Task) error, inputs ...*Node) *Node {
	n := r.sum(name, sumParams{}, inputs...)
	n.Params = map[string]string{"name": name} // or all would share a key
	n.Run = func(ctx context.Context, t *Task) error {
		r.note(name)
		if err := run(ctx, t); err != nil {
			return err
		}
		return Emit(t, "number", []number{{1}}, nil)
	}
	return n
}

func TestIndependentStagesRunTogetherUpToJobs(t *testing.T) {
	r := newRig(t)
	r.opt.Jobs, r.opt.Cores = 3, 6
	var inside, most atomic.Int64
	var threads sync.Map
	meet := make(chan struct{})
	var nodes []*Node
	for i := range 6 {
		nodes = append(nodes, r.custom(fmt.Sprint("n", i), func(ctx context.Context, task *Task) error {
			now := inside.Add(1)
			defer inside.Add(-1)
			for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
			}
			select { // three at a time, or nobody goes on
			case meet <- struct{}{}:
			case <-meet:
			case <-time.After(10 * time.Second):
				return errors.New("waited alone")
			}
			threads.Store(task.Threads(), true)
			return nil
		}))
	}
	r.run(nodes...)
	if most.Load() > 3 || most.Load() < 2 {
		t.Errorf("%d stages ran at once, want 2 or 3", most.Load())
	}
	threads.Range(func(n, _ any) bool {
		if n.(int) < 2 || n.(int) > 6 {
			t.Errorf("a stage was told to use %d threads of 6 cores shared by at most 3", n)
		}
		return true
	})
}

func TestTwoRunsOnOneStoreComputeOnce(t *testing.T) {
	dir := t.TempDir()
	var count atomic.Int64
	var reports [4]Report
	var wait sync.WaitGroup
	for i := range reports {
		r := newRigIn(t, dir)
		n := r.custom("slow", func(context.Context, *Task) error {
			count.Add(1)
			time.Sleep(50 * time.Millisecond)
			return nil
		})
		wait.Go(func() {
			var err error
			if reports[i], err = Run(context.Background(), r.graph(n), r.opt); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if count.Load() != 1 {
		t.Errorf("computed %d times", count.Load())
	}
	for _, report := range reports {
		if !slices.Equal(logical(report), logical(reports[0])) {
			t.Error("the runs do not agree")
		}
	}
}

// cancelInside makes a node that cancels the context of its run while it works.
func (r *rig) cancelInside(name string, before func(*Task) error) (*Node, context.Context) {
	ctx, cancel := context.WithCancel(context.Background())
	r.t.Cleanup(cancel)
	return r.custom(name, func(ctx context.Context, task *Task) error {
		if err := before(task); err != nil {
			return err
		}
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}), ctx
}

func TestCancelLeavesNothingVisibleAndTheNextRunCompletes(t *testing.T) {
	r := newRig(t)
	for _, stage := range []string{"obeys", "ends as if done"} {
		slow, ctx := r.cancelInside("slow", func(task *Task) error {
			dir, err := task.Scratch()
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, "checkpoint"), []byte("step 7"), 0o644)
		})
		if stage != "obeys" {
			inner := slow.Run
			slow.Run = func(ctx context.Context, t *Task) error {
				_ = inner(ctx, t)
				return Emit(t, "number", []number{{1}}, nil)
			}
		}
		report, err := Run(ctx, r.graph(r.sum("after", sumParams{}, slow)), r.opt)
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: error %v", stage, err)
		}
		r.wantReason(report, "slow", Interrupted, "interrupted")
		r.wantReason(report, "after", NotReached, "needs slow")
		if objects, actions := r.contents(); objects != 0 || actions != 0 {
			t.Errorf("%s: %d objects and %d action records are visible", stage, objects, actions)
		}
	}
	var found string
	slow := r.custom("slow", func(ctx context.Context, task *Task) error {
		dir, err := task.Scratch()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
		found = string(data)
		return err
	})
	r.wantRan("after slow", r.sum("after", sumParams{}, slow))
	if found != "step 7" {
		t.Errorf("the checkpoint holds %q", found)
	}
	key := report(t, r, slow).Key
	dir, err := r.opt.Store.Scratch(key)
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("scratch of a published key still holds %v", left)
	}
}

func report(t *testing.T, r *rig, n *Node) *NodeReport {
	t.Helper()
	rep, _ := r.run(n)
	return rep.Of(n.Name)
}

func TestADamagedObjectIsNamedAndMadeAgain(t *testing.T) {
	for _, damage := range []string{"corrupt", "missing"} {
		r := newRig(t)
		var told []string
		r.opt.Observer = func(e Event) {
			if e.Kind == Defective {
				told = append(told, e.Node.Name+": "+e.Note)
			}
		}
		first := r.wantRan("a b c d e", r.chain(nil))
		object := first.Of("c").Outputs[0].Object
		want := fmt.Sprintf("object %s (number) is corrupt", object[:12])
		if damage == "corrupt" {
			r.damage(first, "c")
		} else {
			want = fmt.Sprintf("objects/%s: missing object (output \"number\")", object)
			if err := os.Remove(r.opt.Store.ObjectPath(object)); err != nil {
				t.Fatal(err)
			}
		}
		second := r.wantRan("c", r.chain(nil)) // and nothing after it: the values are the same
		r.wantReason(second, "c", Ran, want)
		if !slices.Equal(told, []string{"c: " + want}) {
			t.Errorf("told %q", told)
		}
		if !slices.Equal(logical(first), logical(second)) {
			t.Error("the repaired store differs")
		}
		r.wantRan("", r.chain(nil))
	}
}

// Content addressing lets two nodes of equal values share an object: damage to it concerns both,
// and making it once mends both.
func TestASharedObjectIsMadeOnce(t *testing.T) {
	r := newRig(t)
	r.opt.Jobs = 1
	wire := func() []*Node {
		a := r.sum("a", sumParams{Add: 1})
		return []*Node{a, r.sum("b", sumParams{Mod: 2}, a)}
	}
	first, _ := r.run(wire()...)
	if first.Of("a").Outputs[0].Object != first.Of("b").Outputs[0].Object {
		t.Fatal("equal values have two objects")
	}
	r.damage(first, "a")
	r.wantRan("a", wire()...)
}

func TestADamagedActionRecordIsAMiss(t *testing.T) {
	r := newRig(t)
	first, _ := r.run(r.chain(nil))
	key := first.Of("c").Key
	err := r.opt.Store.Walk(
		func(store.Digest, string, error) error { return nil },
		func(a *store.Action, path string, _ error) error {
			if a.Key != key {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, data[:len(data)/2], 0o444))
		})
	if err != nil {
		t.Fatal(err)
	}
	second := r.wantRan("c", r.chain(nil))
	if reason := second.Of("c").Reason; !strings.HasPrefix(reason, "actions/"+key) {
		t.Errorf("reason %q", reason)
	}
	r.wantRan("", r.chain(nil))
}

func TestAFailureStopsWhatIsNewAndNamesWhatWasNotReached(t *testing.T) {
	r := newRig(t)
	r.opt.Jobs = 2
	started, failing := make(chan struct{}), make(chan struct{})
	bad := r.custom("bad", func(context.Context, *Task) error {
		<-started
		close(failing)
		return errors.New("loss is NaN at step 12")
	})
	running := r.custom("running", func(context.Context, *Task) error {
		close(started)
		<-failing
		time.Sleep(20 * time.Millisecond)
		return nil
	})
	later := r.sum("later", sumParams{Add: 5}, running)
	after := r.sum("after", sumParams{}, bad)
	report, err := Run(context.Background(), r.graph(running, after, later, r.sum("end", sumParams{}, after)), r.opt)
	if err == nil || err.Error() != "bad: loss is NaN at step 12" {
		t.Errorf("error %v", err)
	}
	r.wantReason(report, "bad", Failed, "loss is NaN at step 12")
	r.wantReason(report, "running", Ran, "first time")
	r.wantReason(report, "after", NotReached, "needs bad")
	r.wantReason(report, "end", NotReached, "needs bad")
	r.wantReason(report, "later", NotReached, "stopped after bad failed")
}

// With KeepGoing, a failure costs only what needs the failed stage.
func TestAFailureLeavesTheRestAloneWhereThatIsWanted(t *testing.T) {
	r := newRig(t)
	r.opt.Jobs, r.opt.KeepGoing = 1, true
	bad := r.sum("bad", sumParams{Add: 100})
	bad.Run = func(context.Context, *Task) error { return errors.New("no luck") }
	after := r.sum("after", sumParams{}, bad)
	var others []*Node
	for i := range 5 {
		others = append(others, r.sum(fmt.Sprint("other", i), sumParams{Add: int64(i)}))
	}
	report, err := Run(t.Context(), r.graph(append([]*Node{after}, others...)...), r.opt)
	if err == nil || err.Error() != "bad: no luck" {
		t.Errorf("error %v", err)
	}
	if report.Count(Ran) != 5 || report.Count(Failed) != 1 {
		t.Errorf("%d ran, %d failed; want 5 and 1", report.Count(Ran), report.Count(Failed))
	}
	r.wantReason(report, "after", NotReached, "needs bad")
}

func TestAPanicBecomesAnErrorWithNodeAndKey(t *testing.T) {
	r := newRig(t)
	n := r.custom("train/full", func(context.Context, *Task) error {
		var none []int
		_ = none[len(none)]
		return nil
	})
	report, err := Run(context.Background(), r.graph(n), r.opt)
	nr := report.Of("train/full")
	if err == nil || !strings.HasPrefix(err.Error(), "train/full (key "+nr.Key[:12]+"): panic: ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(nr.Stack, "run_test.go") {
		t.Error("the stack does not show where")
	}
}

func TestEmitRefusesWhatWasNotDeclared(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		want string
		run  func(*Task) error
	}{
		{`emit "x": not an output of this stage (it declares number)`, func(t *Task) error { return Emit(t, "x", []number{{1}}, nil) }},
		{`emit "number": emitted twice`, func(t *Task) error { return Emit(t, "number", []number{{1}}, nil) }},
		{`input "walks": not declared by node n`, func(t *Task) error { _, _, err := Read[number](t, "walks"); return err }},
	} {
		n := r.custom("n", func(ctx context.Context, t *Task) error { return nil })
		inner := n.Run
		n.Run = func(ctx context.Context, t *Task) error {
			return errors.Join(inner(ctx, t), c.run(t))
		}
		if _, err := Run(context.Background(), r.graph(n), r.opt); err == nil || err.Error() != "n: "+c.want {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

func TestProvenanceIsRecordedAndNotInTheKey(t *testing.T) {
	r := newRig(t)
	r.opt.Provenance = func() map[string]any { return map[string]any{"commit": "abc"} }
	n := r.custom("n", func(_ context.Context, t *Task) error { t.Note("device", "cpu"); return nil })
	first, _ := r.run(n)
	action, err := r.opt.Store.Lookup(first.Of("n").Key, "here", true)
	if err != nil {
		t.Fatal(err)
	}
	var p map[string]any
	if err := json.Unmarshal(action.Provenance, &p); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"node", "reason", "started", "wall_seconds", "go", "platform", "numerics"} {
		if p[k] == nil {
			t.Errorf("no %s in the provenance", k)
		}
	}
	if p["commit"] != "abc" || p["device"] != "cpu" || p["peak_rss_bytes"].(float64) < 1<<20 {
		t.Errorf("provenance %v", p)
	}
	r.opt.Provenance = func() map[string]any { return map[string]any{"commit": "def"} }
	r.wantRan("", n)
}

func TestProgressIsRateLimited(t *testing.T) {
	r := newRig(t)
	var events []Event
	r.opt.Observer = func(e Event) {
		if e.Kind == Progress {
			events = append(events, e)
		}
	}
	const total = 100_000
	r.run(r.custom("n", func(_ context.Context, t *Task) error {
		for i := range int64(total) {
			t.Progress(i+1, total, fmt.Sprint("loss ", i))
		}
		return nil
	}))
	if len(events) == 0 || len(events) > 200 {
		t.Errorf("%d events of %d calls", len(events), total)
	}
	if last := events[len(events)-1]; last.Done != total || last.Total != total {
		t.Errorf("the last event says %d of %d", last.Done, last.Total)
	}
}

// A run of 21 nodes that are all cached.
func BenchmarkCachedRun(b *testing.B) {
	r := newRig(b)
	n := r.sum("n0", sumParams{Add: 1})
	for i := range 20 {
		n = r.sum(fmt.Sprint("n", i+1), sumParams{Add: 1}, n)
	}
	r.run(n)
	for b.Loop() {
		r.run(n)
	}
}
