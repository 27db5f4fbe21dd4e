package clustertest

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Each fault is one line that says what to do, and leaves no job behind.
func TestEachFaultIsOneLineThatSaysWhatToDo(t *testing.T) {
	startCluster(t)
	for name, fault := range map[string]struct {
		cluster func(string) string
		path    string
		says    string
		code    int
	}{
		"no Slurm":              {nil, "/nonexistent", "there is no sbatch on this machine: submit from a login node", 1},
		"no such partition":     {func(s string) string { return strings.Replace(s, `partition: ""`, "partition: gpus", 1) }, "", "`sinfo` lists the partitions", 1},
		"more than a node has":  {func(s string) string { return strings.Replace(s, "memory_mib: 200", "memory_mib: 900000", 1) }, "", "ask for less", 1},
		"a faulty cluster file": {func(s string) string { return strings.Replace(s, "train:", "trian:", 1) }, "", "slurm.yaml:9", 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkplace(t)
			if fault.cluster != nil {
				w.lay("params/cluster/slurm.yaml", fault.cluster(resources))
			}
			if fault.path != "" {
				t.Setenv("PATH", fault.path)
			}
			w.fails(t, fault.code, fault.says)
		})
	}
	empty(t, "faults")
}

// A cluster that takes fewer jobs at once than a run has gets the rest as there is room.
func TestAFullQueueGetsTheRestLater(t *testing.T) {
	startCluster(t, "MaxJobCount=6", "MinJobAge=2") // those that have ended count until they are forgotten
	local, far := newWorkplace(t), newWorkplace(t)
	args := []string{"run", "train", "--params", "params/smoke.yaml", "--json"}
	here, there := local.start(args...), far.start(append(args, "--executor", "slurm")...)
	same(t, there.results(), here.results())
	if !there.says("no more jobs are taken for now")() {
		t.Errorf("nothing is said of the full queue:\n%s", &there.said)
	}
	empty(t, "the run")
}

// A machine whose clock is apart from the controller's is told so.
func TestClocksThatAreApartAreNamed(t *testing.T) {
	c := startCluster(t)
	if _, err := exec.LookPath("faketime"); err != nil {
		t.Skip("a clock is put wrong by faketime, which is not installed")
	}
	for _, d := range []string{"+2h", "-2h"} {
		apart := exec.Command("faketime", "-f", d, "/usr/sbin/munged", "--foreground", "--force", "--socket="+c.path("munge", "apart"), "--key-file="+c.path("munge", "key"),
			"--pid-file="+c.path("apart.pid"), "--log-file="+c.path("munge", "apart.log"), "--seed-file="+c.path("munge", "apart.seed"))
		if err := apart.Start(); err != nil {
			t.Fatal(err)
		}
		await(t, "munged", func() bool { return c.pid("apart") > 0 })
		text, err := os.ReadFile(c.path("slurm.conf"))
		if err != nil {
			t.Fatal(err)
		}
		c.write(t, "apart.conf", strings.Replace(string(text), "socket="+c.path("munge", "socket"), "socket="+c.path("munge", "apart"), 1))
		t.Run(d, func(t *testing.T) {
			t.Setenv("SLURM_CONF", c.path("apart.conf"))
			w := newWorkplace(t)
			w.ask(strings.NewReplacer("patience_seconds: 20", "patience_seconds: 5"))
			w.fails(t, 1, "clocks must agree")
		})
		if err := syscall.Kill(c.pid("apart"), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		_ = apart.Wait() // it was killed
		if err := os.Remove(c.path("apart.pid")); err != nil {
			t.Error(err)
		}
	}
}

// A store that is full ends a run in a line that says so.
func TestAFullStoreIsNamed(t *testing.T) {
	startCluster(t)
	w := newWorkplace(t)
	if err := os.Mkdir(w.dir+"/artifacts", 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=60m", "none", w.dir+"/artifacts").CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be made here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "--lazy", w.dir+"/artifacts").Run() })
	w.fails(t, 1, "no space left")
	empty(t, "the run")
}

// Of a node without the store the submitter says so: no process there could.
func TestANodeThatCannotSeeTheStoreIsNamed(t *testing.T) {
	c := startCluster(t)
	w := newWorkplace(t)
	w.ask(strings.NewReplacer(`options: ""`, `options: "--nodelist=n4"`, "resubmit: 5", "resubmit: 1"))
	c.kill(t, "slurmd-n4")
	blind := exec.Command("unshare", "--mount", "sh", "-c", `mount -t tmpfs none "$0" && exec slurmd -N n4`, w.dir)
	blind.Dir = "/"
	if err := blind.Run(); err != nil { // slurmd leaves its parent at once
		t.Skipf("a folder cannot be hidden from a process here: %v", err)
	}
	c.awaitNodes(t)
	r := w.start("run", "train/full", "--params", "params/smoke.yaml", "--executor", "slurm")
	if code := r.wait(); code != 1 || !r.says("sicgrid: train/full: 2 jobs ended before they began (FAILED on n4): the nodes must see "+w.dir)() {
		t.Errorf("exit code %d\n%s", code, &r.said)
	}
	empty(t, "the run")
}

// A training that needs more time than its jobs have, and is preempted and put back besides, goes
// on from its checkpoints and ends in the bits of one that was left alone.
func TestATrainingMayNeedLongerThanItsJobs(t *testing.T) {
	startCluster(t)
	local, far := newWorkplace(t), newWorkplace(t)
	args := append(long(2, 600_000), "--json", "-v") // so long that there is no machine on which it ends before it is preempted
	here := local.start(args...)
	there := far.start(append(args, "--executor", "slurm")...)
	await(t, "a checkpoint", func() bool {
		found, _ := filepath.Glob(filepath.Join(far.dir, "artifacts/store/scratch/*/*/checkpoint"))
		return len(found) > 0
	})
	urgent := exec.Command("sbatch", "--partition=high", "--array=1-4", "--nodes=1", "--cpus-per-task=4", "--mem=100", "--output=/dev/null", "--wrap=sleep 1")
	if out, err := urgent.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sameOne(t, there.results(), here.results())
	empty(t, "the training")
	logs := far.start("logs", "train")
	logs.wait()
	if restarts := strings.Count(logs.said.String(), "start   train/full"); restarts < 2 {
		t.Errorf("the training was begun %d times, want several:\n%s", restarts, &logs.said)
	}
}

// sameOne is same for a run of one stage.
func sameOne(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(want) != 1 || !maps.Equal(got, want) {
		t.Errorf("the cluster made %v, one process %v", got, want)
	}
}

// Whatever of Slurm and of our own is killed in the middle of a sweep, it ends in the same bits.
func TestASweepSurvivesWhateverIsKilled(t *testing.T) {
	c := startCluster(t)
	local, far := newWorkplace(t), newWorkplace(t)
	args := []string{"sweep", "smoke", "--json"}
	here, there := local.start(args...), far.start(append(args, "--executor", "slurm")...)
	busy := func() {
		t.Helper()
		await(t, "jobs at work", func() bool { return len(c.stages()) > 0 || len(there.over) > 0 })
		if len(there.over) > 0 {
			t.Fatalf("the sweep has ended before all was killed:\n%s", &there.said)
		}
	}
	kill := func(pids []int, most int) {
		for _, pid := range pids[:min(most, len(pids))] {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
		}
	}
	busy()
	kill(c.stages(), 2)
	busy()
	kill(c.steps(), 2)
	busy()
	c.kill(t, "slurmctld")
	time.Sleep(2 * time.Second)
	c.startController(t)
	busy()
	c.kill(t, "slurmd-n2")
	kill(c.stages(), 4)
	c.startNode(t, "n2")
	_ = exec.Command("sh", "-c", "scontrol requeue $(squeue -h -t RUNNING -o %A | head -n 1)").Run() // the job may have ended
	time.Sleep(3 * time.Second)
	c.kill(t, "slurmctld") // and this time it forgets all jobs
	c.countJobsFrom(t, 10_000)
	c.must(t, "/usr/sbin/slurmctld", "-c")
	same(t, there.results(), here.results())
	empty(t, "the sweep")
	verified := far.start("verify", "--params", "params/smoke.yaml")
	if code := verified.wait(); code != 0 {
		t.Errorf("verify: exit code %d\n%s", code, &verified.said)
	}
	for line := range strings.Lines(there.said.String()) {
		if strings.HasPrefix(line, "slurm ") {
			t.Log(strings.TrimSpace(line))
		}
	}
}
