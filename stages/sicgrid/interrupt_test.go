package main

import (
	"bufio"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	args := []string{"train/full", "--params", smoke, "--set", "optimiser.steps=20000"} // some seconds: an interrupt after 0.3 s falls well inside
	whole, interrupted := t.TempDir(), t.TempDir()
	want := runJSON(t, program, whole, args...)

	code, text := interruptRun(t, interrupted, args)
	for tries := 0; code == exitDone && tries < 5; tries++ { // this test stood still, and the training came to its end
		interrupted = t.TempDir()
		code, text = interruptRun(t, interrupted, args)
	}
	if code != exitInterrupted {
		t.Fatalf("exit code %d after an interrupt, want 130\n%s", code, text)
	}
	if !strings.Contains(text, "interrupted") {
		t.Errorf("the interrupted stage is not named as such:\n%s", text)
	}
	verify := exec.Command(program, "verify", "--params", smoke)
	verify.Dir = interrupted
	if said, err := verify.CombinedOutput(); err != nil {
		t.Errorf("after the interrupt the store is not sound: %v\n%s", err, said)
	}

	got := runJSON(t, program, interrupted, args...)
	wentOn(t, interrupted, got, want)
}

// interruptRun starts a run and interrupts it some steps into the training.
func interruptRun(t *testing.T, dir string, args []string) (code int, said string) {
	t.Helper()
	cmd := exec.Command(program, append([]string{"run", "-v"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		text.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "start") {
			time.Sleep(300 * time.Millisecond)
			_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		}
	}
	cmd.Wait()
	return cmd.ProcessState.ExitCode(), text.String()
}

// A training that is killed at 30 random moments, in the middle of writing a
// checkpoint too, ends in the bits of one that was never touched.
func TestKilledTrainingEndsInTheSameResult(t *testing.T) {
	smoke, err := filepath.Abs("../../params/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const kills = 30
	args := []string{"train/full", "--params", smoke, "--set", "optimiser.steps=30000", "--checkpoint-every", "10ms"}
	untouched, killed := t.TempDir(), t.TempDir()
	want := runJSON(t, program, untouched, args...)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	for done, starts := 0, 0; done < kills; starts++ {
		cmd := exec.Command(program, append([]string{"run", "-v"}, args...)...)
		cmd.Dir = killed
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "start") {
				time.Sleep(time.Duration(moments.Int64N(int64(80 * time.Millisecond))))
				_ = cmd.Process.Kill() // it may have ended
			}
		}
		cmd.Wait()
		if !cmd.ProcessState.Exited() {
			done++
			continue
		}
		// This test stood still, and the training came to its end: over again, in another folder.
		if code := cmd.ProcessState.ExitCode(); code != exitDone || starts > 3*kills {
			t.Fatalf("start %d ended by itself with code %d before it was killed", starts+1, code)
		}
		killed, done = t.TempDir(), min(done, kills/2)
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
