package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sicgrid/stages/watch"
)

// A training that is under way can be watched, and its losses so far exported; when it has been
// given up, it is said to stand where it stood.
func TestATrainingIsWatchedWhileItGoesOn(t *testing.T) {
	dir := t.TempDir()
	if err := layProfiles(dir); err != nil {
		t.Fatal(err)
	}
	args := []string{"train/full", "--params", "smoke.yaml", "--set", "optimiser.steps=4000000"}
	begin(t, dir, append([]string{"run", "-q", "--checkpoint-every", "200ms"}, args...)...)

	seen := awaited(t, dir, args, func(a answer) bool {
		if a.Left != 1 {
			t.Fatalf("%d trainings are left of one target", a.Left)
		}
		return len(a.Trainings) == 1 && a.Trainings[0].Losses != nil && a.Trainings[0].Explained != nil
	}).Trainings[0]
	if seen.Name != "train/full" || seen.Step < 10 || seen.Of != 4000000 || len(seen.Maps) != 2 || seen.Losses["separation"] <= 0 || len(seen.Totals) == 0 {
		t.Errorf("seen %+v", seen)
	}
	said, code := shell(t, dir, "sicgrid watch --once --maps 1 "+strings.Join(args, " "))
	if code != exitDone || !strings.Contains(said, "train/full  step ") || !strings.Contains(said, "separation") || !strings.Contains(said, "unit ") || strings.Contains(said, "\x1b") {
		t.Errorf("exit code %d\n%s", code, said)
	}
	export := "sicgrid export train/full:history --format csv " + strings.Join(args[1:], " ")
	if said, code := shell(t, dir, export); code != exitDone || strings.Count(said, "\n") < 2 || !strings.HasPrefix(said, "step,learning_rate,") {
		t.Errorf("exit code %d\n%s", code, said)
	}
	if said, code := shell(t, dir, strings.Replace(export, "history", "weights", 1)); code != exitFailed || !strings.Contains(said, "is not up to date") {
		t.Errorf("weights: exit code %d\n%s", code, said)
	}
}

// Where nothing is named, what is under way for a sweep is found, and what nothing known trains is
// counted.
func TestTrainingsAreFoundByThemselves(t *testing.T) {
	dir := t.TempDir()
	if err := layProfiles(dir); err != nil {
		t.Fatal(err)
	}
	long := "base: smoke.yaml\nfigure: overview\nbox_m: 2\nvariants: [full]\nseeds: {finding: [11]}\nset: {optimiser: {steps: 4000000}}\ndesigns: {one: {list: {alone: {}}}}\n"
	if err := os.WriteFile(filepath.Join(dir, "sweep-long.yaml"), []byte(long), 0o666); err != nil {
		t.Fatal(err)
	}
	plain := []string{"--params", "smoke.yaml"}
	begin(t, dir, "sweep", "sweep-long.yaml", "-q", "--checkpoint-every", "200ms")
	a := awaited(t, dir, plain, func(a answer) bool { return len(a.Trainings) == 1 })
	if name := a.Trainings[0].Name; name != "train/long/0/full/seed-11" || a.Strange != 0 || a.Left < 2 {
		t.Errorf("%s is seen, %d are left, %d strange", name, a.Left, a.Strange)
	}
	begin(t, dir, append([]string{"run", "train/full", "-q", "--checkpoint-every", "200ms", "--set", "optimiser.steps=5000000"}, plain...)...)
	awaited(t, dir, plain, func(a answer) bool { return len(a.Trainings) == 1 && a.Strange == 1 })
	if said, code := shell(t, dir, "sicgrid watch --once --params smoke.yaml"); code != exitDone || !strings.Contains(said, "\n1 under way in artifacts/store of another profile, other settings") {
		t.Errorf("exit code %d\n%s", code, said)
	}
	if named := awaited(t, dir, append([]string{"train/full"}, plain...), func(answer) bool { return true }); len(named.Trainings)+named.Strange != 0 {
		t.Errorf("with a target: %+v", named)
	}
}

// begin starts the program, which is interrupted when the test ends.
func begin(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // it was interrupted
	})
}

// answer is what watch --json says.
type answer struct {
	Trainings []watch.View `json:"trainings"`
	Left      int          `json:"left"`
	Strange   int          `json:"strange"`
}

// awaited is the first answer about a target that is as wanted.
func awaited(t *testing.T, dir string, args []string, wanted func(answer) bool) (a answer) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		if time.Since(begun) > 2*time.Minute {
			t.Fatalf("not seen in two minutes; last %+v", a)
		}
		if _, err := os.Stat(filepath.Join(dir, "artifacts", "store", "format")); err != nil {
			continue // nothing has begun
		}
		cmd := exec.Command(program, append([]string{"watch", "--once", "--json"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
		}
		a = answer{}
		if err := json.Unmarshal(out, &a); err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		if wanted(a) {
			return a
		}
	}
}
