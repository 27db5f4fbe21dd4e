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
		{"read-only", "size=96k", syscall.MS_RDONLY, []string{"run"}, "read-only file system"},
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

// Whoever may read a store and not write it gets answers to all questions about it.
func TestAStoreThatCannotBeWrittenAnswers(t *testing.T) {
	disk, elsewhere := t.TempDir(), t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("cannot mount here: %v", err)
	}
	defer syscall.Unmount(disk, 0)
	if err := layProfiles(elsewhere); err != nil {
		t.Fatal(err)
	}
	sicgrid := func(args ...string) (code int, said string) {
		cmd := exec.Command(program, append(args, "--store", filepath.Join(disk, "store"))...)
		cmd.Dir = elsewhere
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), string(out)
	}
	if code, said := sicgrid("run", "spectra/full/2m", "--params", "smoke.yaml", "-q"); code != exitDone {
		t.Fatal(said)
	}
	if err := syscall.Mount("", disk, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{exitDone, "cached", []string{"status", "spectra/full/2m", "--params", "smoke.yaml"}},
		{exitOutOfDate, "loss.sigma_g", []string{"status", "train/full", "--params", "smoke.yaml", "--set", "loss.sigma_g=0.5"}},
		{exitDone, "unchanged", []string{"why", "train/full", "--params", "smoke.yaml"}},
		{exitDone, " 0 faults", []string{"verify", "--params", "smoke.yaml"}},
		{exitDone, "same ", []string{"verify", "spectra/full/2m", "--rerun", "--params", "smoke.yaml"}},
		{exitDone, "", []string{"export", "spectra/full/2m:units", "--format", "csv", "--out", "units.csv", "--params", "smoke.yaml"}},
		{exitDone, "sent ", []string{"push", "file://./remote"}},
		{exitDone, "would remove ", []string{"gc", "smoke.yaml", "--dry-run", "--keep-runs", "0"}},
		{exitFailed, "cannot be written", []string{"gc", "smoke.yaml"}},
		{exitFailed, "read-only file system", []string{"run", "spectra/full/2m", "--params", "smoke.yaml"}},
	} {
		if code, said := sicgrid(c.args...); code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%s: exit code %d, want %d, and %q in:\n%s", strings.Join(c.args, " "), code, c.code, c.want, said)
		}
	}
}
