package main

import (
	"archive/zip"
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"sicgrid/pkg/ndarray"
)

// The pages of the repository, from its root.
var pages = []string{"README.md", "artifacts/README.md", "artifacts/published/README.md", "params/README.md", "params/SEARCH.md",
	"pkg/README.md", "stages/README.md", recordingsPage, ".github/CONTRIBUTING.md"}

// commandsOf are the command lines of a page: the lines of its indented blocks that start with the
// program or the task runner, without their remarks.
func commandsOf(t *testing.T, page string) (lines []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		line, _, _ = strings.Cut(line, "  #")
		line = strings.TrimPrefix(line, "    ")
		if strings.HasPrefix(line, "bin/sicgrid ") || strings.HasPrefix(line, "go tool task") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// longTasks are not run to their end by a test; that they are tasks is tested all the same.
var longTasks = []string{"test", "test-faults", "test-slurm", "test-report", "lint", "build", "bench", "sweep", "results", "phase-diagram", "robustness", "relock", "clean"}

// Every command of every page is one that the program or the Taskfile has, and does what it does
// with the smoke profile in the place of the laptop one.
func TestTheCommandsOfThePagesRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	copySmoke(t, dir)
	layQuick(t, dir, "copies")
	writeMaps(t, filepath.Join(dir, "maps.npy"))
	locked := exec.Command(program, "lock", "--params", "params/smoke.yaml") // of this machine, which may have other numerics than git's
	locked.Dir = dir
	if out, err := locked.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	writeRecording(t, dir)
	layLicence(t, dir)

	known := map[string]bool{}
	for _, page := range pages {
		for _, line := range commandsOf(t, page) {
			if known[line] || strings.Contains(line, "s3://") || strings.Contains(line, "oci://") || strings.Contains(line, "PROFILE=paper") || strings.Contains(line, "--executor slurm") {
				continue
			}
			known[line] = true
			for _, command := range expand(t, line) {
				command = strings.ReplaceAll(strings.Replace(command, "bin/sicgrid", program, 1), "/mnt/group", dir)
				cmd := exec.Command("sh", "-c", command)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				outOfDate := strings.Contains(command, " status ") && cmd.ProcessState.ExitCode() == exitOutOfDate
				if err != nil && !outOfDate {
					t.Errorf("%s: %s: %v\n%s", page, line, err, out)
				}
			}
		}
	}
	if len(known) < 30 {
		t.Errorf("found only %d commands", len(known))
	}
}

// copySmoke lays the smoke profile into a folder, also in the place of the laptop one, and its results.
func copySmoke(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "params"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := layProfiles(filepath.Join(dir, "params")); err != nil {
		t.Fatal(err)
	}
	smoke, err := os.ReadFile(filepath.Join(dir, "params", "smoke.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "params", "laptop.yaml"), smoke, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := layResults(dir); err != nil {
		t.Fatal(err)
	}
}

// expand is what a task runs of the program; of the program's own command line it is that line.
func expand(t *testing.T, line string) (commands []string) {
	t.Helper()
	arguments, isTask := strings.CutPrefix(line, "go tool task")
	if !isTask {
		return []string{line}
	}
	words := strings.Fields(arguments)
	cmd := exec.Command("go", append([]string{"tool", "task", "--dry", "--verbose"}, words...)...)
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", line, err, out)
	}
	if len(words) == 0 || slices.Contains(longTasks, words[0]) {
		return nil
	}
	for text := range bytes.Lines(out) {
		if _, command, found := strings.Cut(string(text), "bin/sicgrid "); found && !strings.Contains(string(text), "go build") {
			commands = append(commands, "bin/sicgrid "+strings.TrimSpace(command))
		}
	}
	if len(commands) == 0 {
		t.Errorf("%s: runs nothing of the program:\n%s", line, out)
	}
	return commands
}

// writeMaps writes ratemaps of two units as somebody else might have them.
func writeMaps(t *testing.T, path string) {
	t.Helper()
	const bins = 20
	values := make([]float32, 2*bins*bins)
	for i := range values {
		values[i] = float32(i % 7)
	}
	if err := os.WriteFile(path, ndarray.Npy([]int{2, bins, bins}, values), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The commands of the example for GitHub Actions do what they are there for: with the smoke profile
// in the place of the laptop one, and its figure in the place of the published one.
func TestTheCommandsOfTheWorkflowRun(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", ".github", "examples", "reproduce.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Run string `yaml:"run"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}
	if err := yaml.Unmarshal(data, &workflow); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copySmoke(t, dir)
	run := func(command string) {
		t.Helper()
		cmd := exec.Command("sh", "-ec", strings.ReplaceAll(command, "bin/sicgrid", program))
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
	run("bin/sicgrid lock --params params/smoke.yaml")
	run("bin/sicgrid run figure-6 && mkdir artifacts/published && cp artifacts/laptop/figure-6.json artifacts/published")
	commands := 0
	for _, job := range workflow.Jobs {
		for _, step := range job.Steps {
			if strings.HasPrefix(step.Run, "bin/sicgrid ") {
				commands++
				run(step.Run)
			}
		}
	}
	if commands < 3 {
		t.Errorf("%d commands of the program", commands)
	}
}

// writeRecording writes 20 seconds of two units: times, positions and spikes, and the same as
// pynapple saves them.
func writeRecording(t *testing.T, dir string) {
	t.Helper()
	var times, positions, spikes, units, seconds []float64
	for i := range 1000 {
		now := float64(i) / 50
		times, positions = append(times, now), append(positions, 0.4*math.Sin(0.61*now), 0.4*math.Cos(0.9*now))
		if i%3 == 0 {
			units, seconds = append(units, float64(i%2)), append(seconds, now)
			spikes = append(spikes, float64(i%2), now)
		}
	}
	arrays := map[string][]byte{"times": ndarray.Npy([]int{1000}, times), "positions": ndarray.Npy([]int{1000, 2}, positions), "spikes": ndarray.Npy([]int{len(units), 2}, spikes)}
	arrays["states"] = arrays["positions"]
	for name, data := range arrays {
		if err := os.WriteFile(filepath.Join(dir, name+".npy"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, members := range map[string]map[string][]byte{
		"position": {"t": arrays["times"], "d": arrays["positions"]},
		"units":    {"index": ndarray.Npy([]int{len(units)}, units), "t": ndarray.Npy([]int{len(units)}, seconds)},
	} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for key, data := range members {
			w, err := z.Create(key + ".npy")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".npz"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
