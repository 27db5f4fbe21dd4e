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
	training := exec.Command(program, append([]string{"run", "-q", "--checkpoint-every", "200ms"}, args...)...)
	training.Dir = dir
	if err := training.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = training.Wait() // it is interrupted
		close(ended)
	}()
	defer func() {
		_ = training.Process.Signal(os.Interrupt)
		<-ended
	}()

	var seen watch.View
	for begun := time.Now(); seen.Losses == nil || seen.Explained == nil; time.Sleep(200 * time.Millisecond) {
		if time.Since(begun) > 2*time.Minute {
			t.Fatalf("nothing was seen in two minutes: %+v", seen)
		}
		if _, err := os.Stat(filepath.Join(dir, "artifacts", "store", "format")); err != nil {
			continue // it has not begun
		}
		seen = watched(t, dir, args)
	}
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

// watched is what is seen of the one training of a target; an empty view before its first
// checkpoint.
func watched(t *testing.T, dir string, args []string) watch.View {
	t.Helper()
	cmd := exec.Command(program, append([]string{"watch", "--once", "--json"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	var answer struct {
		Trainings []watch.View `json:"trainings"`
		Left      int          `json:"left"`
	}
	if err := json.Unmarshal(out, &answer); err != nil || answer.Left != 1 {
		t.Fatalf("%s: %v", out, err)
	}
	if len(answer.Trainings) == 0 {
		return watch.View{}
	}
	return answer.Trainings[0]
}
