package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/stages/experiment"
)

// The source tree is copied and edited there; the program is built from the copy
// as `go tool task build` does it.
func TestWhatEditingTheSourceReruns(t *testing.T) {
	t.Parallel()
	tree := t.TempDir()
	copySource(t, "../..", tree)
	exe := filepath.Join(tree, "bin", "sicgrid")
	build := func() {
		t.Helper()
		if err := buildProgram(tree, exe); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"spectra/full/2m", "--params", "params/smoke.yaml"}
	ran := func() string {
		t.Helper()
		var names []string
		for _, s := range runJSON(t, exe, tree, args...).Stages {
			if s.State == "ran" {
				names = append(names, s.Name)
			}
		}
		return strings.Join(names, " ")
	}
	build()
	if got, want := ran(), "trajectories/2m train/full ratemaps/full/2m spectra/full/2m"; got != want {
		t.Fatalf("the first run ran %q, want %q", got, want)
	}

	training := filepath.Join(tree, "stages", "train", "train.go")
	extend(t, training, "\n// A remark.\n")
	replace(t, filepath.Join(tree, "stages", "train", "traintable", "rows.go"), "name of the tensor in the network", "what the tensor is called")
	if got := ran(); got != "" {
		t.Errorf("the program of before a comment ran %q", got)
	}
	build()
	if got := ran(); got != "" {
		t.Errorf("a comment in the training code and a better sentence about a column rerun %q", got)
	}

	extend(t, training, "\nconst remark = 1\n")
	cmd := exec.Command(exe, append([]string{"run"}, args...)...)
	cmd.Dir = tree
	said, _ := cmd.CombinedOutput()
	want := "sicgrid: the source has moved on since this program was built (stages/train/train.go: changed); run: go tool task build\n"
	if cmd.ProcessState.ExitCode() != 1 || string(said) != want {
		t.Errorf("a program older than its source: exit code %d, says %q, want %q", cmd.ProcessState.ExitCode(), said, want)
	}
	build()
	if got, want := ran(), "train/full"; got != want {
		t.Errorf("a change of the training code that leaves its values alone reran %q, want %q", got, want)
	}

	// The code of a device that has not trained makes no result stale.
	extend(t, filepath.Join(tree, "pkg", "compute", "vulkan", "peak.go"), "\nconst remark = 1\n")
	build()
	if got := ran(); got != "" {
		t.Errorf("a change of the GPU's code reran %q", got)
	}

	// A program built without the digests says what to do.
	if err := os.Remove(filepath.Join(tree, "stages", "source", "codedigest", "digests.json")); err != nil {
		t.Fatal(err)
	}
	plain := exec.Command("go", "build", "-trimpath", "-o", exe, "./stages/sicgrid")
	plain.Dir = tree
	if out, err := plain.CombinedOutput(); err != nil {
		t.Fatalf("a plain go build fails: %v\n%s", err, out)
	}
	cmd = exec.Command(exe, append([]string{"run"}, args...)...)
	cmd.Dir = tree
	said, _ = cmd.CombinedOutput()
	want = "sicgrid: this program was built without the digests of its source; run: go tool task build\n"
	if cmd.ProcessState.ExitCode() != 1 || string(said) != want {
		t.Errorf("a program without digests: exit code %d, says %q, want %q", cmd.ProcessState.ExitCode(), said, want)
	}
}

func replace(t *testing.T, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), old) {
		t.Fatalf("%s: no %q in it (%v)", path, old, err)
	}
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(data), old, new)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A change of one figure's code makes that figure alone stale, and one of what all share makes all.
func TestEveryFigureHasCodeOfItsOwn(t *testing.T) {
	tree := t.TempDir()
	copySource(t, "../..", tree)
	digests := func() map[string]codedigest.Stage {
		t.Helper()
		cmd := exec.Command("go", "generate", "./stages/source")
		cmd.Dir = tree
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		data, err := os.ReadFile(filepath.Join(tree, "stages", "source", "codedigest", "digests.json"))
		if err != nil {
			t.Fatal(err)
		}
		d, err := codedigest.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		return d.Stages
	}
	changed := func(from, to map[string]codedigest.Stage) (names []string) {
		for name := range to {
			if from[name].Digest != to[name].Digest {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}
	before := digests()
	extend(t, filepath.Join(tree, "stages", "figures", "figure9", "figure9.go"), "\nconst remark = 1\n")
	after := digests()
	if got := changed(before, after); !slices.Equal(got, []string{"figures/figure9", "layout"}) { // which knows all figures
		t.Errorf("a constant in figure 9 changes the code of %v", got)
	}
	extend(t, filepath.Join(tree, "stages", "figures", "sheet", "axes.go"), "\nconst remark = 1\n")
	p, err := experiment.ReadParameters("../../params/smoke.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	stale := changed(after, digests())
	for _, n := range experiment.Wire(p, experiment.Device{}).Nodes {
		if n.Stage == experiment.FigureStage && !slices.Contains(stale, n.Code) {
			t.Errorf("a constant that all figures share leaves the code %q of %s as it was", n.Code, n.Name)
		}
	}
}

func extend(t *testing.T, path, text string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, text...), 0o644); err != nil {
		t.Fatal(err)
	}
}

// copySource copies what the program is built from, without tests.
func copySource(t *testing.T, from, to string) {
	t.Helper()
	for _, top := range []string{"go.mod", "go.sum", "params", "pkg", "stages"} {
		err := filepath.WalkDir(filepath.Join(from, top), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() && e.Name() == "testdata" {
				if err == nil {
					err = fs.SkipDir
				}
				return err
			}
			rel, err := filepath.Rel(from, path)
			if err != nil {
				return err
			}
			if e.IsDir() {
				return os.MkdirAll(filepath.Join(to, rel), 0o755)
			}
			if strings.HasSuffix(path, "_test.go") {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(to, rel), data, 0o644)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
