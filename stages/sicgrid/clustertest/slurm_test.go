package clustertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// resources are those of tests: small jobs, and a submitter that loses patience soon.
const resources = `
cores: 1
memory_mib: 200
minutes: 5
gpus: 0
partition: ""
options: ""
stages:
  train: {minutes: 1}
warn_seconds: 45
poll_seconds: 1
patience_seconds: 20
resubmit: 5
`

// workplace is a folder from which the program is run, with the smoke profile and its sweep.
type workplace struct {
	t       *testing.T
	dir     string
	program string
}

func newWorkplace(t *testing.T) *workplace {
	t.Helper()
	program, err := filepath.Abs("../../../bin/sicgrid")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v: go tool task build", err)
	}
	w := &workplace{t, t.TempDir(), program}
	for _, name := range []string{"smoke.yaml", "defaults.yaml", "sweep-smoke.yaml"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "..", "params", name))
		if err != nil {
			t.Fatal(err)
		}
		w.lay("params/"+name, string(data))
	}
	w.lay("params/cluster/slurm.yaml", resources)
	return w
}

func (w *workplace) lay(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// said is what a program prints while it runs.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// run is one run of the program.
type run struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  bytes.Buffer
	said said
	over chan error
}

func (w *workplace) start(args ...string) *run {
	w.t.Helper()
	r := &run{t: w.t, cmd: exec.Command(w.program, args...), over: make(chan error, 1)}
	r.cmd.Dir = w.dir
	r.cmd.Stdout, r.cmd.Stderr = io.MultiWriter(&r.out, &r.said), &r.said
	if err := r.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() { r.over <- r.cmd.Wait() }()
	w.t.Cleanup(func() { _ = r.cmd.Process.Kill() }) // which has ended by then, unless the test failed
	return r
}

func (r *run) wait() (code int) {
	r.t.Helper()
	select {
	case err := <-r.over:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			r.t.Fatal(err)
		}
		return r.cmd.ProcessState.ExitCode()
	case <-time.After(5 * time.Minute):
		r.t.Fatalf("%s has not ended:\n%s", r.cmd, &r.said)
		return 0
	}
}

func (r *run) says(what string) func() bool {
	return func() bool { return strings.Contains(r.said.String(), what) }
}

type stage struct {
	Name    string
	State   string
	Outputs []struct{ Name, Object, Logical string }
}

// results are the digests of the outputs of each node of a run that has to succeed, by node.
func (r *run) results() map[string]string {
	r.t.Helper()
	if code := r.wait(); code != 0 {
		r.t.Fatalf("%s: exit code %d\n%s", r.cmd, code, &r.said)
	}
	var record struct{ Stages []stage }
	if err := json.Unmarshal(r.out.Bytes(), &record); err != nil {
		r.t.Fatalf("%s: %v\n%s", r.cmd, err, &r.said)
	}
	all := map[string]string{}
	for _, s := range record.Stages {
		if len(s.Outputs) == 0 {
			r.t.Errorf("%s is %s and has no outputs", s.Name, s.State)
		}
		all[s.Name] = fmt.Sprint(s.Outputs)
	}
	return all
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(want) < 2 || !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
		t.Errorf("%d stages, %d in the local run", len(got), len(want))
	}
	for name, digests := range want {
		if got[name] != digests {
			t.Errorf("%s: %s, in the local run %s", name, got[name], digests)
		}
	}
}

// TestSlurm runs everything on one cluster, which takes seconds to start.
func TestSlurm(t *testing.T) {
	c := startCluster(t)
	if !t.Run("the smoke profile and a run with nothing to do", func(t *testing.T) { smokeProfile(t) }) {
		return
	}
	t.Run("detach, logs, attach, cancel", func(t *testing.T) { attachAndCancel(t, c) })
	t.Run("a sweep of two hundred points", func(t *testing.T) { manyPoints(t) })
	t.Run("a submission that is interrupted", func(t *testing.T) { interruptedSubmission(t) })
	t.Run("bad input", func(t *testing.T) { badInput(t) })
	t.Run("a full queue", func(t *testing.T) { fullQueue(t, c) })
	t.Run("clocks apart", func(t *testing.T) { clocksApart(t, c) })
	t.Run("a full store", func(t *testing.T) { fullStore(t) })
	t.Run("a training longer than its time limit, preempted too", func(t *testing.T) { shortLimit(t, c) })
	t.Run("a store that a node cannot see", func(t *testing.T) { unseenStore(t, c) })
	t.Run("a sweep while everything is killed", func(t *testing.T) { killedSweep(t, c) })
}

// The profile comes out of the cluster bit by bit as out of one process; and where all is there,
// Slurm is not asked.
func smokeProfile(t *testing.T) {
	local, far := newWorkplace(t), newWorkplace(t)
	args := []string{"run", "all", "--params", "params/smoke.yaml", "--json"}
	submitted := append(slices.Clone(args), "--executor", "slurm")
	here, there := local.start(args...), far.start(submitted...)
	want := here.results()
	same(t, there.results(), want)
	if !strings.Contains(there.said.String(), "58 ran") {
		t.Errorf("not every stage ran on the cluster:\n%s", &there.said)
	}
	t.Setenv("PATH", "/nonexistent")
	again := far.start(submitted...)
	same(t, again.results(), want)
}

// long is a training of some seconds; at shorter intervals than it takes it is asked to stop.
func long(seed, steps int) []string {
	return []string{"run", "train/full", "--params", "params/smoke.yaml", "--set", fmt.Sprint("seed=", seed), "--set", fmt.Sprint("optimiser.steps=", steps), "--checkpoint-every", "1s"}
}

func attachAndCancel(t *testing.T, c *cluster) {
	w := newWorkplace(t)
	args := append(long(1, 2_000_000), "--executor", "slurm", "-v")
	first := w.start(args...)
	await(t, "the training to begin", first.says("start   train/full"))
	if err := first.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := first.wait(); code != 130 || !first.says("detached: 1 stages go on in Slurm")() {
		t.Fatalf("after Ctrl-C the exit code is %d:\n%s", code, &first.said)
	}
	if len(queue(t)) != 1 {
		t.Fatalf("after Ctrl-C Slurm has %q, want one job", queue(t))
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
	if len(queue(t)) != 0 {
		t.Errorf("after --cancel Slurm has %q", queue(t))
	}
	await(t, "the process to end", func() bool { return len(c.stages()) == 0 }) // a restarted controller may end its job in the books alone
}

// counted puts before each command of Slurm one that notes its call.
func counted(t *testing.T) (calls func() map[string]int) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	for _, c := range []string{"sbatch", "squeue", "scancel", "scontrol"} {
		real, err := exec.LookPath(c)
		if err != nil {
			t.Fatal(err)
		}
		script := fmt.Sprintf("#!/bin/sh\necho %s >> %s\nexec %s \"$@\"\n", c, log, real)
		if err := os.WriteFile(filepath.Join(dir, c), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() map[string]int {
		data, _ := os.ReadFile(log) // none if nothing was called
		all := map[string]int{}
		for line := range strings.FieldsSeq(string(data)) {
			all[line]++
		}
		return all
	}
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
func manyPoints(t *testing.T) {
	w := newWorkplace(t)
	w.lay("params/sweep-many.yaml", points)
	w.lay("params/cluster/slurm.yaml", strings.Replace(resources, `options: ""`, `options: "--hold"`, 1))
	calls := counted(t)
	begun := time.Now()
	r := w.start("sweep", "many", "--executor", "slurm", "-v")
	await(t, "the submission", func() bool { return calls()["squeue"] > 0 || len(r.over) > 0 }) // the first poll, for a new run asks nothing before
	took, by := time.Since(begun), calls()
	tasks := len(queue(t))
	t.Logf("%d tasks submitted within %.1f s by %v", tasks, took.Seconds(), by)
	const most = 20 * time.Second // a second or two where nothing else runs
	if tasks < 4*2*190 || by["sbatch"] > 10 || took > most {
		t.Errorf("want 200 points of two seeds and four stages, less those drawn twice, by a handful of calls within %v:\n%s", most, &r.said)
	}
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r.wait()
	if code := w.start("sweep", "many", "--executor", "slurm", "--cancel").wait(); code != 0 {
		t.Errorf("--cancel: exit code %d", code)
	}
}

// A job whose submitter was stopped before it was told the job's number is found by its name, by
// --cancel and by the same command.
func interruptedSubmission(t *testing.T) {
	w := newWorkplace(t)
	w.lay("params/cluster/slurm.yaml", strings.Replace(resources, `options: ""`, `options: "--hold"`, 1))
	sbatch, err := exec.LookPath("sbatch")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s \"$@\" > /dev/null\nexec sleep 60\n", sbatch) // Slurm's answer does not arrive
	if err := os.WriteFile(filepath.Join(dir, "sbatch"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	interrupt := func(r *run) {
		t.Helper()
		if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if code := r.wait(); code != 130 {
			t.Fatalf("after Ctrl-C the exit code is %d:\n%s", code, &r.said)
		}
	}
	args := []string{"run", "train/full", "--params", "params/smoke.yaml", "--executor", "slurm", "-v"}
	first := w.start(args...)
	await(t, "the job to be there", func() bool { return len(queue(t)) == 1 })
	interrupt(first)
	second := w.start(args...)
	await(t, "the second run to attach", second.says("attached to 1 tasks"))
	interrupt(second)
	if jobs := queue(t); len(jobs) != 1 {
		t.Errorf("with a second run Slurm has %q, want one job", jobs)
	}
	cancel := w.start(append(args, "--cancel")...)
	if code := cancel.wait(); code != 0 || !cancel.says("cancelled 1 tasks")() {
		t.Errorf("--cancel: exit code %d\n%s", code, &cancel.said)
	}
	if jobs := queue(t); len(jobs) > 0 {
		t.Errorf("after --cancel Slurm has %q", jobs)
	}
}

// queue lists the jobs that wait or run.
func queue(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("squeue", "-h", "-r", "-o", "%i_%T").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// Each fault is one line that says what to do, and leaves no job behind.
func badInput(t *testing.T) {
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
}

// Of a node without the store the submitter says so: no process there could.
func unseenStore(t *testing.T, c *cluster) {
	w := newWorkplace(t)
	w.lay("params/cluster/slurm.yaml", strings.NewReplacer(`options: ""`, `options: "--nodelist=n4"`, "resubmit: 5", "resubmit: 1").Replace(resources))
	c.kill(t, "slurmd-n4")
	blind := exec.Command("unshare", "--mount", "sh", "-c", `mount -t tmpfs none "$0" && exec slurmd -N n4`, w.dir)
	blind.Dir = "/"
	if err := blind.Run(); err != nil { // slurmd leaves its parent at once
		c.startNode(t, "n4")
		c.awaitNodes(t)
		t.Skipf("a folder cannot be hidden from a process here: %v", err)
	}
	c.awaitNodes(t)
	r := w.start("run", "train/full", "--params", "params/smoke.yaml", "--executor", "slurm")
	if code := r.wait(); code != 1 || !r.says("sicgrid: train/full: 2 jobs ended before they began (FAILED on n4): the nodes must see "+w.dir)() {
		t.Errorf("exit code %d\n%s", code, &r.said)
	}
	c.kill(t, "slurmd-n4")
	c.startNode(t, "n4")
	c.awaitNodes(t)
}

// A training that needs more time than its jobs have, and is preempted and put back besides, goes
// on from its checkpoints and ends in the bits of one that was left alone.
func shortLimit(t *testing.T, c *cluster) {
	local, far := newWorkplace(t), newWorkplace(t)
	args := append(long(2, 60_000), "--json", "-v")
	here := local.start(args...)
	there := far.start(append(args, "--executor", "slurm")...)
	await(t, "the training to begin", there.says("start   train/full"))
	time.Sleep(3 * time.Second)
	urgent := exec.Command("sbatch", "--partition=high", "--array=1-4", "--nodes=1", "--cpus-per-task=4", "--mem=100", "--output=/dev/null", "--wrap=sleep 1")
	if out, err := urgent.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sameOne(t, there.results(), here.results())
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
func killedSweep(t *testing.T, c *cluster) {
	local, far := newWorkplace(t), newWorkplace(t)
	args := []string{"sweep", "smoke", "--json"}
	here, there := local.start(args...), far.start(append(args, "--executor", "slurm")...)
	busy := func() { await(t, "jobs at work", func() bool { return len(c.stages()) > 0 }) }
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

// fails starts a run that ends with this exit code and in one line which says this.
func (w *workplace) fails(t *testing.T, exit int, says string) {
	t.Helper()
	r := w.start("run", "train/full", "--params", "params/smoke.yaml", "--executor", "slurm")
	code := r.wait()
	var faults []string
	for line := range strings.Lines(r.said.String()) {
		if strings.HasPrefix(line, "sicgrid: ") {
			faults = append(faults, line)
		}
	}
	if code != exit || len(faults) != 1 || !strings.Contains(faults[0], says) {
		t.Errorf("exit code %d, want %d and %q:\n%s", code, exit, says, &r.said)
	}
}
