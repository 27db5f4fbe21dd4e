package main

import (
	"bufio"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A training that is interrupted in the middle ends with 130 and leaves no half
// result; the next run goes on from there and ends in the same bits as one that
// was never interrupted.
func TestInterruptedTrainingGoesOnToTheSameResult(t *testing.T) {
	smoke, err := filepath.Abs("../../params/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"train/full", "--params", smoke, "--set", "optimiser.steps=100000"} // some seconds: three interrupts, each after 0.1 s, fall well inside, also on a fast machine
	whole, interrupted := t.TempDir(), t.TempDir()
	want := runJSON(t, program, whole, args...)

	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		code, text := interruptedRun(t, interrupted, signal, append([]string{"run", "-v"}, args...))
		if code != 130 {
			t.Fatalf("%s: exit code %d, want 130\n%s", signal, code, text)
		}
		if !strings.Contains(text, "interrupted") {
			t.Errorf("%s: the interrupted stage is not named as such:\n%s", signal, text)
		}
	}
	verify := exec.Command(program, "verify", "--params", smoke)
	verify.Dir = interrupted
	if said, err := verify.CombinedOutput(); err != nil {
		t.Errorf("after the interrupt the store is not sound: %v\n%s", err, said)
	}

	status := exec.Command(program, append([]string{"status"}, args...)...)
	status.Dir = interrupted
	said, _ := status.CombinedOutput()
	if !regexp.MustCompile(`(?m)^1 of 1 stage to run, among them 1 training: .*; train/full resumes at step [1-9][0-9 ]* of 100 000$`).Match(said) {
		t.Errorf("status does not say where the training goes on:\n%s", said)
	}

	got := runJSON(t, program, interrupted, args...)
	wentOn(t, interrupted, got, want)
}

// interruptedRun runs the program until some steps into the first stage, sends the signal, and
// returns how that ended.
func interruptedRun(t *testing.T, dir string, signal os.Signal, args []string) (code int, text string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	text, _ = atStart(t, cmd, func() error {
		time.Sleep(100 * time.Millisecond)
		return cmd.Process.Signal(signal)
	})
	return cmd.ProcessState.ExitCode(), text
}

// atStart runs the command, does something whenever a stage has started, and returns what the
// command printed and how it ended.
func atStart(t *testing.T, cmd *exec.Cmd, do func() error) (text string, err error) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		text += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "start") {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return text, cmd.Wait()
}

// Under nohup, which has the hang-up of a terminal ignored, a run goes on.
func TestNohupIsHeeded(t *testing.T) {
	smoke, err := filepath.Abs("../../params/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{program, "run", "-v", "train/full", "--params", smoke, "--set", "optimiser.steps=5000"}
	dir := t.TempDir()
	cmd := exec.Command("sh", append([]string{"-c", `trap "" HUP; exec "$@"`, "sh"}, args...)...)
	cmd.Dir = dir
	if _, err := atStart(t, cmd, func() error { return cmd.Process.Signal(syscall.SIGHUP) }); err != nil {
		t.Errorf("a run that was told to ignore the hang-up ended with %v", err)
	}
}

// However many threads the environment asks for, buffers are made for no more than can be of use.
func TestThreadsAreNoMoreThanCanBeOfUse(t *testing.T) {
	cmd := exec.Command(program, "devices", "--json")
	cmd.Env = append(os.Environ(), "GOMAXPROCS=2000")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var devices []struct{ Threads int }
	if err := json.Unmarshal(out, &devices); err != nil {
		t.Fatal(err)
	}
	if most := mostThreads(runtime.NumCPU()); devices[0].Threads != most {
		t.Errorf("found %d threads, want %d", devices[0].Threads, most)
	}
}

// A training that is killed at 30 random moments, in the middle of writing a
// checkpoint too, ends in the bits of one that was never touched.
func TestKilledTrainingEndsInTheSameResult(t *testing.T) {
	t.Parallel()
	smoke, err := filepath.Abs("../../params/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const kills = 30
	args := []string{"train/full", "--params", smoke, "--set", "optimiser.steps=60000", "--checkpoint-every", "10ms"} // several times what 30 runs get done, also on a fast machine
	untouched, killed := t.TempDir(), t.TempDir()
	want := runJSON(t, program, untouched, args...)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	for kill := range kills {
		cmd := exec.Command(program, append([]string{"run", "-v"}, args...)...)
		cmd.Dir = killed
		_, _ = atStart(t, cmd, func() error {
			time.Sleep(time.Duration(moments.Int64N(int64(80 * time.Millisecond))))
			return cmd.Process.Kill()
		})
		if state := cmd.ProcessState; state.Exited() {
			t.Fatalf("run %d ended by itself with code %d before it was killed: the training is too short for this test", kill+1, state.ExitCode())
		}
	}
	got := runJSON(t, program, killed, args...)
	wentOn(t, killed, got, want)
}

// wentOn checks that the last run in dir took up the training where it had been
// left, and that it came to the outputs of one that was left alone.
func wentOn(t *testing.T, dir string, got, want runRecord) {
	t.Helper()
	if got.Stages[0].State != "ran" {
		t.Fatalf("the last run finds the training %s", got.Stages[0].State)
	}
	if !resumed(t, dir) {
		t.Error("the last run started over instead of going on")
	}
	for i, o := range got.Stages[0].Outputs {
		if o != want.Stages[0].Outputs[i] {
			t.Errorf("%s differs from that of the training that was left alone", o.Name)
		}
	}
}

// resumed says whether an action record of the store tells of a resumed training.
func resumed(t *testing.T, dir string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(filepath.Join(dir, "artifacts", "store", "actions"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || strings.Contains(string(data), "resumed_from_step")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
