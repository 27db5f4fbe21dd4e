package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"sicgrid/stages/source"
)

// sweepOf200 is a sweep of 200 runs as short as they can be.
const sweepOf200 = `
base: smoke.yaml
figure: overview
box_m: 2
variants: [full]
seeds: {finding: [1, 2]}
set: {optimiser: {steps: 31}}
designs:
  plane:
    grid:
      loss:
        sigma_g: [0.31, 0.32, 0.33, 0.34, 0.35, 0.36, 0.37, 0.38, 0.39, 0.4]
        capacity: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
`

// runHere runs a command line in this process and returns what it printed and its exit code.
func runHere(args ...string) (out, faults string, code int) {
	var stdout, stderr bytes.Buffer
	code = execute(context.Background(), args, &stdout, &stderr)
	return stdout.String(), stderr.String(), code
}

// BenchmarkNoOpOfASweepOf200Runs says how long it takes to find that nothing is to be done. What
// making a stage costs beside its own work is in sicgrid bench store.
func BenchmarkNoOpOfASweepOf200Runs(b *testing.B) {
	if _, err := source.Built(); err != nil {
		b.Skip("needs the digests of the source: go generate ./stages/source")
	}
	dir := b.TempDir()
	if err := layProfiles(dir); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sweep-large.yaml"), []byte(sweepOf200), 0o644); err != nil {
		b.Fatal(err)
	}
	b.Chdir(dir)
	if _, faults, code := runHere("sweep", "sweep-large.yaml", "-q"); code != 0 {
		b.Fatal(faults)
	}
	for b.Loop() {
		out, faults, code := runHere("sweep", "sweep-large.yaml")
		if code != 0 || !bytes.Contains([]byte(out), []byte("803 cached")) {
			b.Fatal(out, faults)
		}
	}
}
