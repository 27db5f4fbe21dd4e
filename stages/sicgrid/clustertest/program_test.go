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

// held has jobs wait in the queue until somebody cancels them.
var held = strings.NewReplacer(`options: ""`, `options: "--hold"`)

// ask changes what jobs ask Slurm for.
func (w *workplace) ask(change *strings.Replacer) {
	w.t.Helper()
	w.lay("params/cluster/slurm.yaml", change.Replace(resources))
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
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell starts it
	r.cmd.Stdout, r.cmd.Stderr = io.MultiWriter(&r.out, &r.said), &r.said
	if err := r.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	go func() { r.over <- r.cmd.Wait() }()
	w.t.Cleanup(func() {
		_ = r.cmd.Process.Kill() // which has ended by then, unless the test failed
		if w.t.Failed() {
			w.t.Logf("%s said\n%s", r.cmd, &r.said)
		}
	})
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
		r.t.Fatalf("%s has not ended within 5 minutes; it said\n%s%s", r.cmd, &r.said, seen())
		return 0
	}
}

// interrupt is Ctrl-C, which leaves jobs alone.
func (r *run) interrupt() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		r.t.Fatal(err)
	}
	if code := r.wait(); code != 130 {
		r.t.Fatalf("after Ctrl-C the exit code is %d:\n%s", code, &r.said)
	}
}

// kill is kill -9.
func (r *run) kill() {
	r.t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		r.t.Fatal(err)
	}
	r.wait()
}

// cancels runs the command that stops a run's jobs, which must find so many of them.
func (w *workplace) cancels(tasks int, args ...string) {
	w.t.Helper()
	r := w.start(append(slices.Clone(args), "--cancel")...)
	if code := r.wait(); code != 0 || !r.says(fmt.Sprintf("cancelled %d tasks", tasks))() {
		w.t.Errorf("--cancel: exit code %d, want %d tasks cancelled:\n%s", code, tasks, &r.said)
	}
	empty(w.t, "--cancel")
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
