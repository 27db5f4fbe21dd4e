package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const recordingsPage = "stages/analysis/README.md"

// pythonWith returns a Python that has these modules: Debian's own, or the first on the path.
func pythonWith(t *testing.T, modules string) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import "+modules).Run() == nil {
			return python
		}
	}
	if os.Getenv("SICGRID_ORACLES") == "required" {
		t.Fatalf("no Python has %s, and SICGRID_ORACLES=required asks for them", modules)
	}
	t.Skipf("no Python has %s (SICGRID_ORACLES=required makes this a failure)", modules)
	return ""
}

// The page's Python turns NWB and MATLAB files into what the program reads, and its commands then
// measure all units.
func TestThePythonOfThePageWritesWhatIsRead(t *testing.T) {
	python := pythonWith(t, "numpy, scipy.io, h5py")
	dir := t.TempDir()
	do := func(command ...string) {
		t.Helper()
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
	session, err := filepath.Abs("testdata/python/session.py")
	if err != nil {
		t.Fatal(err)
	}
	do(python, session)
	page, err := os.ReadFile(filepath.Join("..", "..", recordingsPage))
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(page), "```python\n")[1:]
	ran := 0
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		if strings.Contains(code, "pynapple") {
			continue // what it writes is in the session
		}
		ran++
		for _, name := range []string{"times.npy", "positions.npy", "spikes.npy"} {
			_ = os.Remove(filepath.Join(dir, name))
		}
		do(python, "-c", code)
		measured := 0
		for _, line := range commandsOf(t, recordingsPage) {
			do("sh", "-c", strings.NewReplacer("bin/sicgrid", program, "--shuffles 200", "--shuffles 20").Replace(line))
			if rows := rowsOf(t, filepath.Join(dir, "cells.csv")); strings.Contains(line, "--spikes") {
				measured++
				if len(rows) != 6 || value(t, rows[5], "spikes") < 190 || value(t, rows[5], "seconds") < 59.9 || value(t, rows[5], "mean_rate") < 3 {
					t.Errorf("%s: %d units, the last %v", line, len(rows), rows[len(rows)-1])
				}
			}
		}
		if measured != 2 {
			t.Errorf("the page measures %d recordings, want 2", measured)
		}
	}
	if ran != 2 {
		t.Errorf("ran %d of %d blocks of Python, want 2", ran, len(blocks))
	}
}
