package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sicgrid/stages/experiment"

	"github.com/spf13/cobra"
)

// layParams copies params/ into dir, with the smoke profile in the place of those that take long.
func layParams(t *testing.T, dir string, quick ...string) {
	t.Helper()
	if err := os.CopyFS(filepath.Join(dir, "params"), os.DirFS("../../params")); err != nil {
		t.Fatal(err)
	}
	layQuick(t, dir, quick...)
}

// layQuick puts the smoke profile in the place of others.
func layQuick(t *testing.T, dir string, quick ...string) {
	t.Helper()
	for _, name := range quick {
		data, err := os.ReadFile(filepath.Join(dir, "params", "smoke.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "params", name+".yaml"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// shell runs a command line in dir and returns what it said and its exit code; "sicgrid" is the
// built program.
func shell(t *testing.T, dir, command string) (said string, code int) {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// notOfThePipeline are the tasks that run something else than the stages of one profile.
var notOfThePipeline = []string{"default", "build", "test", "lint", "test-faults", "test-report", "bench", "push", "pull", "relock", "gc"}

// PROFILE=smoke does every task of the pipeline in seconds.
func TestEveryTaskTakesTheSmokeProfile(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "tool", "task", "--list", "--json", "--sort", "none", "--dir", "../..")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var taskfile struct{ Tasks []struct{ Name string } }
	if err := json.Unmarshal(out, &taskfile); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	layParams(t, dir)
	if err := layResults(dir); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, task := range taskfile.Tasks {
		if !slices.Contains(notOfThePipeline, task.Name) {
			names = append(names, task.Name)
		}
	}
	dry := exec.Command("go", append([]string{"tool", "task", "--dir", "../..", "--dry", "--verbose", "PROFILE=smoke", "SWEEP=smoke"}, names...)...)
	if out, err = dry.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ran := 0
	for line := range bytes.Lines(out) {
		of, arguments, found := strings.Cut(string(line), "] bin/sicgrid ")
		if !found {
			continue
		}
		_, name, _ := strings.Cut(of, "[")
		said, code := shell(t, dir, "sicgrid "+arguments)
		if code != exitDone && !(name == "status" && code == exitOutOfDate) {
			t.Errorf("go tool task %s PROFILE=smoke: exit code %d of sicgrid %s\n%s", name, code, arguments, said)
		}
		if strings.Contains(said, "laptop") {
			t.Errorf("go tool task %s PROFILE=smoke: has to do with the laptop profile\n%s", name, said)
		}
		ran++
	}
	if ran < 19 {
		t.Errorf("found only %d tasks", ran)
	}
}

// Every example of every command's help runs: the sweeps as far as saying what they would do,
// everything else with the smoke profile in the place of the laptop's and the paper's.
func TestTheExamplesOfTheHelpRun(t *testing.T) {
	t.Parallel()
	dir, real := folderOfSmoke(t), t.TempDir()
	if err := layResults(dir); err != nil {
		t.Fatal(err)
	}
	layParams(t, real)
	layQuick(t, dir, "laptop", "paper", "paper-size", "copies")
	for _, name := range experiment.SweepNames(filepath.Join(dir, "params")) {
		if strings.HasPrefix(name, "smoke") {
			continue // the others are of profiles that are others here
		}
		if err := os.Remove(filepath.Join(dir, "params", "sweep-"+name+".yaml")); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "params", "sweep-smoke-robustness.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "params", "sweep-copies.yaml"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	writeMaps(t, filepath.Join(dir, "maps.npy"))
	writeRecording(t, dir)
	random := make([]float64, 600*4)
	for i := range random {
		random[i] = math.Sin(float64(i * i)) // in the box, and of no shape
	}
	npy(t, dir, "p.npy", []int{1200, 2}, random)
	reversed := slices.Clone(random) // activity is not the positions
	slices.Reverse(reversed)
	npy(t, dir, "a.npy", []int{1200, 2}, reversed)
	npy(t, dir, "s.npy", []int{600, 4}, random)
	for _, first := range []string{"sicgrid run all", "sicgrid run figure-1 --params params/smoke.yaml", "sicgrid sweep copies", "sicgrid push file://" + dir + "/sicgrid",
		"mkdir -p artifacts/published && cp artifacts/laptop/figure-6.json artifacts/published/ && cp artifacts/laptop/figure-4.json theirs.json",
		"sicgrid export train/full:weights --out w.safetensors", "sicgrid export train/full:weights --out w.npz"} {
		if said, code := shell(t, dir, first); code != exitDone {
			t.Fatalf("%s\n%s", first, said)
		}
	}
	examples := examplesOf(newRootCommand())
	slices.SortStableFunc(examples, func(a, b string) int { // what collects garbage comes last
		return strings.Count(a, "sicgrid gc") - strings.Count(b, "sicgrid gc")
	})
	for _, line := range examples {
		in, command := dir, strings.ReplaceAll(line, "/mnt/group", dir)
		switch {
		case strings.Contains(line, "s3://"), strings.Contains(line, "oci://"), strings.Contains(line, "bench"), strings.Contains(line, "| dot"), strings.HasPrefix(line, "sicgrid logs"):
			continue // want a bucket, a registry, minutes, another program, a cluster
		case strings.HasPrefix(line, "sicgrid sweep"):
			in, command = real, strings.TrimSuffix(command, "--dry-run")+" --dry-run"
		}
		said, code := shell(t, in, command)
		if code != exitDone && !(strings.HasPrefix(line, "sicgrid status") && code == exitOutOfDate) {
			t.Errorf("%s: exit code %d\n%s", line, code, said)
		}
	}
	if len(examples) < 50 {
		t.Errorf("found only %d examples", len(examples))
	}
}

// examplesOf are the lines of the examples of a command and those below it, without their remarks.
func examplesOf(c *cobra.Command) (lines []string) {
	for line := range strings.SplitSeq(c.Example, "\n") {
		if line, _, _ = strings.Cut(line, "  #"); strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	for _, below := range c.Commands() {
		lines = append(lines, examplesOf(below)...)
	}
	return lines
}
