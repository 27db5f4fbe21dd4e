package clustertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The profile comes out of the cluster bit by bit as out of one process; and where all is there,
// Slurm is not asked.
func TestAProfileComesOutBitByBit(t *testing.T) {
	startCluster(t)
	local, far := newWorkplace(t), newWorkplace(t)
	args := []string{"run", "all", "--params", "params/smoke.yaml", "--json"}
	submitted := append(slices.Clone(args), "--executor", "slurm")
	here, there := local.start(args...), far.start(submitted...)
	want := here.results()
	same(t, there.results(), want)
	if !strings.Contains(there.said.String(), "58 ran") {
		t.Errorf("not every stage ran on the cluster:\n%s", &there.said)
	}
	empty(t, "the run")
	calls := counted(t)
	again := far.start(submitted...)
	same(t, again.results(), want)
	if by := calls(); len(by) > 0 {
		t.Errorf("a run with nothing to do calls %v", by)
	}
}

// long is a training of some seconds; at shorter intervals than it takes it is asked to stop.
func long(seed, steps int) []string {
	return []string{"run", "train/full", "--params", "params/smoke.yaml", "--set", fmt.Sprint("seed=", seed), "--set", fmt.Sprint("optimiser.steps=", steps), "--checkpoint-every", "1s"}
}

func TestJobsGoOnWithoutTheirSubmitter(t *testing.T) {
	c := startCluster(t)
	w := newWorkplace(t)
	args := append(long(1, 2_000_000), "--executor", "slurm", "-v")
	first := w.start(args...)
	await(t, "the training to begin", first.says("start   train/full"))
	first.interrupt()
	if !first.says("detached: 1 stages go on in Slurm")() || len(queue(t)) != 1 {
		t.Fatalf("after Ctrl-C Slurm has %q, want one job:\n%s", queue(t), &first.said)
	}
	logs := w.start("logs", "train")
	if code := logs.wait(); code != 0 || !logs.says("start   train/full")() {
		t.Errorf("logs: exit code %d\n%s", code, &logs.said)
	}
	second := w.start(args...)
	await(t, "the second run to attach", second.says("attached to 1 tasks"))
	await(t, "the second run to see the training", second.says("start   train/full"))
	if len(queue(t)) != 1 {
		t.Errorf("with two submitters Slurm has %q, want one job", queue(t))
	}
	c.kill(t, "slurmctld")
	cancel := w.start(append(args, "--cancel")...)
	await(t, "silence to be noticed", func() bool { return cancel.says("Slurm does not answer")() && second.says("Slurm does not answer")() })
	c.startController(t)
	if code := cancel.wait(); code != 0 || !cancel.says("cancelled 1 tasks")() {
		t.Errorf("--cancel: exit code %d\n%s", code, &cancel.said)
	}
	if code := second.wait(); code != 1 || !second.says("cancelled")() {
		t.Errorf("the run whose jobs were cancelled has exit code %d\n%s", code, &second.said)
	}
	empty(t, "--cancel")
	await(t, "the process to end", func() bool { return len(c.stages()) == 0 }) // a restarted controller may end its job in the books alone
}

// call is one of a command of Slurm.
type call struct {
	command string
	ended   time.Time
}

// counted puts before each command of Slurm one that notes its calls.
func counted(t *testing.T) (calls func() []call) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "calls")
	for _, c := range []string{"sbatch", "squeue", "scancel", "scontrol"} {
		wrap(t, c, fmt.Sprintf(`"$real" "$@"; code=$?; echo "%s $(date +%%s%%N)" >> %s; exit $code`, c, log))
	}
	return func() (all []call) {
		data, _ := os.ReadFile(log) // none if nothing was called
		for line := range strings.Lines(string(data)) {
			command, at, _ := strings.Cut(strings.TrimSpace(line), " ")
			nanoseconds, err := strconv.ParseInt(at, 10, 64)
			if err != nil {
				continue // being written
			}
			all = append(all, call{command, time.Unix(0, nanoseconds)})
		}
		return all
	}
}

// wrap puts a shell script before a command, which is $real to it.
func wrap(t *testing.T, command, script string) {
	t.Helper()
	real, err := exec.LookPath(command)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, command), []byte("#!/bin/sh\nreal="+real+"\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

const points = `base: smoke.yaml
figure: overview
box_m: 2
variants: [full]
seeds:
  finding: [1]
  reporting: [101]
set:
  optimiser: {steps: 100}
designs:
  many:
    random:
      points: 200
      seed: 3
      over:
        loss: {conformal_isometry: {from: 0.1, to: 1, scale: log}}
`

// Two hundred points are a handful of submissions.
func TestTwoHundredPointsAreAFewSubmissions(t *testing.T) {
	startCluster(t)
	w := newWorkplace(t)
	w.lay("params/sweep-many.yaml", points)
	w.ask(held)
	calls := counted(t)
	of := func(command string) []call {
		return slices.DeleteFunc(calls(), func(c call) bool { return c.command != command })
	}
	begun := time.Now()
	r := w.start("sweep", "many", "--executor", "slurm", "-v")
	await(t, "the first question after the submission", func() bool {
		asked, submitted := of("squeue"), of("sbatch")
		return len(r.over) > 0 || len(submitted) > 0 && asked[len(asked)-1].ended.After(submitted[len(submitted)-1].ended)
	})
	submissions, tasks := of("sbatch"), len(queue(t))
	if tasks < 4*2*190 || len(submissions) > 10 {
		t.Fatalf("%d tasks by %d calls of sbatch, want 200 points of two seeds and four stages, less those drawn twice, by a handful:\n%s", tasks, len(submissions), &r.said)
	}
	t.Logf("%d tasks submitted by %d calls of sbatch, the last %.1f s after the program began", tasks, len(submissions), submissions[len(submissions)-1].ended.Sub(begun).Seconds())
	r.interrupt()
	w.cancels(tasks, "sweep", "many", "--executor", "slurm")
}
