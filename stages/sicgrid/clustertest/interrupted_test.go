package clustertest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// gate holds up the first call of sbatch: until it is opened Slurm hears nothing of it, and what
// Slurm answers never arrives. Later calls pass.
type gate string

func newGate(t *testing.T) gate {
	t.Helper()
	g := gate(t.TempDir())
	wrap(t, "sbatch", fmt.Sprintf(`cd %s
if mkdir reached 2>/dev/null; then
	until [ -e open ]; do sleep 0.1; done
	"$real" "$@" > /dev/null
	touch passed
	exec sleep 600
fi
exec "$real" "$@"`, g))
	return g
}

func (g gate) has(name string) bool {
	_, err := os.Stat(filepath.Join(string(g), name))
	return err == nil
}

func (g gate) open(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(string(g), "open"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// killedAtGate starts a run that is killed while its first submission is at the gate, or beyond it.
func killedAtGate(t *testing.T, w *workplace, beyond bool, args []string) gate {
	t.Helper()
	g := newGate(t)
	r := w.start(args...)
	await(t, "sbatch to be called", func() bool { return g.has("reached") })
	if beyond {
		g.open(t)
		await(t, "Slurm to have the job", func() bool { return g.has("passed") })
	}
	r.kill()
	return g
}

const (
	atTheGate  = false
	beyondGate = true
)

var one = []string{"run", "train/full", "--params", "params/smoke.yaml", "--executor", "slurm", "-v"}

// A submitter that is killed (kill -9) after Slurm has taken a job and before it knows of it leaves
// a job of which nothing is on record but that it was to be submitted; and not even that, once the
// run's folder is removed.
func TestAJobWhoseSubmitterWasKilledIsCancelled(t *testing.T) {
	startCluster(t)
	for _, recorded := range []bool{true, false} {
		w := newWorkplace(t)
		w.ask(held)
		w.cancels(0, one...)
		killedAtGate(t, w, beyondGate, one)
		if jobs := queue(t); len(jobs) != 1 {
			t.Fatalf("Slurm has %q, want the job of the killed submitter", jobs)
		}
		if !recorded {
			if err := os.RemoveAll(filepath.Join(w.dir, "artifacts", "store", "jobs")); err != nil {
				t.Fatal(err)
			}
		}
		w.cancels(1, one...)
	}
}

// As before, but the next run is to make what it wants, by that job or by its own.
func TestARunGoesOnWhereItsSubmitterWasKilled(t *testing.T) {
	startCluster(t)
	local, far := newWorkplace(t), newWorkplace(t)
	args := []string{"run", "figure-4", "--params", "params/smoke.yaml", "--json"}
	here := local.start(args...)
	args = append(args, "--executor", "slurm", "-v")
	killedAtGate(t, far, beyondGate, args)
	same(t, far.start(args...).results(), here.results())
	empty(t, "the run")
}

// What was submitted for nothing, since all was made elsewhere, does not stay in the queue. Once it
// is out of it a run with nothing to do asks Slurm nothing.
func TestAJobWhoseResultIsThereLeavesTheQueue(t *testing.T) {
	startCluster(t)
	w := newWorkplace(t)
	w.ask(held)
	killedAtGate(t, w, beyondGate, one)
	if code := w.start("run", "train/full", "--params", "params/smoke.yaml").wait(); code != 0 {
		t.Fatalf("the local run has exit code %d", code)
	}
	calls := counted(t)
	for range 2 {
		if code := w.start(one...).wait(); code != 0 {
			t.Fatalf("the run has exit code %d", code)
		}
		empty(t, "a run with nothing to do")
	}
	before := len(calls())
	if w.start(one...).wait(); len(calls()) > before {
		t.Errorf("it has called %v", calls()[before:])
	}
}

// An sbatch outlives its submitter, and Slurm hears of the job only then: a cancellation waits for
// it.
func TestASubmissionStillOnItsWayIsCancelled(t *testing.T) {
	startCluster(t)
	w := newWorkplace(t)
	w.ask(held)
	g := killedAtGate(t, w, atTheGate, one)
	cancel := w.start(append(slices.Clone(one), "--cancel")...)
	await(t, "the cancellation to wait", cancel.says("waiting for its jobs"))
	g.open(t)
	if code := cancel.wait(); code != 0 || !cancel.says("cancelled 1 tasks")() {
		t.Errorf("--cancel: exit code %d\n%s", code, &cancel.said)
	}
	empty(t, "--cancel")
}

// As before, but the run goes on: its nodes are submitted anew, and the job that comes too late is
// taken out of the queue.
func TestASubmissionThatComesTooLateLeavesTheQueue(t *testing.T) {
	startCluster(t)
	w := newWorkplace(t)
	args := append(long(1, 2_000_000), "--executor", "slurm", "-v")
	w.ask(held)
	g := killedAtGate(t, w, atTheGate, args)
	w.lay("params/cluster/slurm.yaml", resources)
	r := w.start(args...)
	await(t, "the training to begin", r.says("start   train/full"))
	mine := queue(t)
	g.open(t)
	await(t, "the late job", func() bool { return g.has("passed") })
	await(t, "the late job to be out of the queue", func() bool { return slices.Equal(queue(t), mine) })
	w.cancels(1, args...)
	if code := r.wait(); code != 1 || !r.says("the run was cancelled from elsewhere")() {
		t.Errorf("the run whose jobs were cancelled has exit code %d\n%s", code, &r.said)
	}
}

// A controller that is killed forgets what it was told last, and brings back jobs that were
// cancelled. The next run wants its own.
func TestACancelledJobThatComesBackLeavesTheQueue(t *testing.T) {
	c := startCluster(t)
	w := newWorkplace(t)
	w.ask(held)
	first := w.start(one...)
	await(t, "the job", func() bool { return len(queue(t)) == 1 })
	c.restartController(t) // which saves what it has been told
	copied := c.keepState(t)
	w.cancels(1, one...)
	if code := first.wait(); code != 1 {
		t.Fatalf("the run whose job was cancelled has exit code %d", code)
	}
	c.kill(t, "slurmctld")
	copied()
	c.startController(t)
	if jobs := queue(t); len(jobs) != 1 {
		t.Fatalf("the controller has brought back %q, want the cancelled job", jobs)
	}
	w.lay("params/cluster/slurm.yaml", resources)
	if code := w.start(one...).wait(); code != 0 {
		t.Errorf("the run has exit code %d", code)
	}
	empty(t, "the run")
}

// Ctrl-C reaches all processes in front of a terminal. sbatch ends what it has begun, and the
// submitter keeps what Slurm answered.
func TestCtrlCDuringASubmissionLosesNoJob(t *testing.T) {
	startCluster(t)
	w := newWorkplace(t)
	w.ask(held)
	begun := filepath.Join(t.TempDir(), "begun")
	path := os.Getenv("PATH")
	wrap(t, "sbatch", fmt.Sprintf(`touch %s; sleep 1; exec "$real" "$@"`, begun))
	first := w.start(one...)
	await(t, "sbatch to be called", func() bool { _, err := os.Stat(begun); return err == nil })
	if err := syscall.Kill(-first.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := first.wait(); code != 130 || !first.says("detached: 1 stages go on in Slurm")() {
		t.Fatalf("after Ctrl-C the exit code is %d:\n%s", code, &first.said)
	}
	t.Setenv("PATH", path)
	second := w.start(one...)
	await(t, "the second run to attach", second.says("attached to 1 tasks"))
	second.interrupt()
	if jobs := queue(t); len(jobs) != 1 {
		t.Errorf("with a second run Slurm has %q, want one job", jobs)
	}
	w.cancels(1, one...)
}

// A submitter that is interrupted while Slurm is silent waits for the answer a little, not for ever;
// the job is found by its name.
func TestCtrlCDoesNotWaitForASilentSlurm(t *testing.T) {
	startCluster(t)
	w := newWorkplace(t)
	w.ask(held)
	g := newGate(t)
	g.open(t)
	first := w.start(one...)
	await(t, "Slurm to have the job", func() bool { return g.has("passed") })
	first.interrupt()
	second := w.start(one...)
	await(t, "the second run to attach", second.says("attached to 1 tasks"))
	second.interrupt()
	if jobs := queue(t); len(jobs) != 1 {
		t.Errorf("with a second run Slurm has %q, want one job", jobs)
	}
	w.cancels(1, one...)
}
