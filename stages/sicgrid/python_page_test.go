package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const pythonPage = "artifacts/PYTHON.md"

// The commands and the Python of the page run in the order in which it has them, each on what those
// before it have made, with the smoke profile in the place of the laptop one. What the page asserts
// holds: the states of the rolled out network are ours to 1e-6 over as many steps as the laptop
// profile's training walks have.
func TestThePageOnPythonDoesWhatItSays(t *testing.T) {
	python := pythonWith(t, "numpy, pandas")
	dir := t.TempDir()
	copySmoke(t, dir)
	page, err := os.ReadFile(filepath.Join("..", "..", pythonPage))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	do := func(command ...string) {
		t.Helper()
		ran++
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
	for i, part := range strings.Split(string(page), "```") {
		code, isPython := strings.CutPrefix(part, "python\n")
		switch {
		case i%2 == 1 && !isPython:
			t.Errorf("block %d is not marked as Python", i/2)
		case i%2 == 1 && !strings.HasPrefix(code, "# needs "):
			do(python, "-c", code)
		case i%2 == 0:
			for line := range strings.SplitSeq(part, "\n") {
				line, indented := strings.CutPrefix(line, "    ")
				if !indented {
					continue
				}
				for _, command := range expand(t, line) {
					do("sh", "-c", strings.Replace(command, "bin/sicgrid", program, 1))
				}
			}
		}
	}
	if ran < 15 {
		t.Errorf("the page has only %d commands and blocks", ran)
	}
}
