package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A disk that is really full, and one that is really read-only, where this
// process may mount one; the script unwritable.txtar has what anybody may do.
func TestFullAndReadOnlyDisks(t *testing.T) {
	smoke, err := filepath.Abs("../../params/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, size string
		flags      uintptr
		args       []string
		want       string
	}{
		{"full", "size=96k", 0, []string{"run", "all", "--jobs", "1"}, "no space left on device"},
		{"read-only", "size=96k", syscall.MS_RDONLY, []string{"status"}, "read-only file system"},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk, elsewhere := t.TempDir(), t.TempDir()
			if err := syscall.Mount("tmpfs", disk, "tmpfs", c.flags, c.size); err != nil {
				t.Logf("cannot mount here (%v): left to the script unwritable.txtar", err)
				return
			}
			defer syscall.Unmount(disk, 0)
			cmd := exec.Command(program, append(c.args, "--params", smoke, "--store", filepath.Join(disk, "store"))...)
			cmd.Dir = elsewhere
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if text := stderr.String(); !strings.Contains(text, c.want) || !strings.Contains(text, disk) || strings.Count(text, "\n") != 1 {
				t.Errorf("want one line that names the disk and says %q, got:\n%s", c.want, text)
			}
			if c.flags != 0 {
				return
			}
			verify := exec.Command(program, "verify", "--params", smoke, "--store", filepath.Join(disk, "store"))
			verify.Dir = elsewhere
			if said, err := verify.CombinedOutput(); err != nil && !strings.Contains(string(said), "no space left") {
				t.Errorf("a full disk has left damage behind: %s", said)
			}
		})
	}
}
