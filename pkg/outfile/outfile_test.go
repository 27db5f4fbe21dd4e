package outfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var ctx = context.Background()

func put(t *testing.T, path, text string, perm os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), perm); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, perm); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", filepath.Base(path), got, err, want)
	}
}

// The umask belongs to the process: tests of this package do not run at the same time.
func TestPermissionsAreTheUsers(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := t.TempDir()
	for _, c := range []struct {
		name   string
		before os.FileMode // 0: no file
		after  os.FileMode
	}{{"new", 0, 0o600}, {"private", 0o600, 0o600}, {"shared", 0o664, 0o664}} {
		path := filepath.Join(dir, c.name)
		if c.before != 0 {
			put(t, path, "old", c.before)
		}
		if err := Write(ctx, path, []byte("data")); err != nil {
			t.Fatal(err)
		}
		holds(t, path, "data")
		if info, _ := os.Stat(path); info.Mode().Perm() != c.after {
			t.Errorf("%s has mode %o, want %o", c.name, info.Mode().Perm(), c.after)
		}
	}
}

func TestLinksAreFollowed(t *testing.T) {
	dir := t.TempDir()
	real, link, dangling, fresh := filepath.Join(dir, "real"), filepath.Join(dir, "link"), filepath.Join(dir, "dangling"), filepath.Join(dir, "fresh")
	put(t, real, "old", 0o644)
	for l, to := range map[string]string{link: "real", dangling: "fresh"} {
		if err := os.Symlink(to, l); err != nil {
			t.Fatal(err)
		}
		if err := Write(ctx, l, []byte("data")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Lstat(l); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is a link no more", l)
		}
	}
	holds(t, real, "data")
	holds(t, fresh, "data")
}

func TestPipesGetTheBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("data"), 1<<18) // more than a pipe holds
	got := make(chan []byte)
	go func() {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
		}
		data, _ := io.ReadAll(f)
		got <- data
	}()
	if err := Write(ctx, path, want); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(<-got, want) {
		t.Error("the pipe's reader did not get the bytes")
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Error("the pipe is one no more")
	}
}

func TestAPipeThatNobodyReadsCanBeGivenUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := Write(soon, path, []byte("data")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestAFullDeviceIsAnError(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	if err := Write(ctx, "/dev/full", []byte("data")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want no space left", err)
	}
	if info, err := os.Lstat("/dev/full"); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Error("/dev/full is a device no more")
	}
}

func TestStrangersFilesStay(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".tmp-theirs", ".out123", "out.bak"} {
		put(t, filepath.Join(dir, name), "theirs", 0o644)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, ".tmp-pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(ctx, filepath.Join(dir, "out"), []byte("data")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 5 {
		t.Errorf("the folder holds %v (%v), want the four that were there and out", entries, err)
	}
}

func TestWhatCannotBeWrittenIsFoundBefore(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	put(t, at("input"), "theirs", 0o644)
	put(t, at("protected"), "theirs", 0o444)
	if err := os.Symlink("input", at("link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(at("input"), at("hard")); err != nil {
		t.Fatal(err)
	}
	for _, l := range []string{"loop-a:loop-b", "loop-b:loop-a"} {
		name, to, _ := strings.Cut(l, ":")
		if err := os.Symlink(to, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ outputs, says string }{
		{"input", "would be lost"}, {"link", "would be lost"}, {"hard", "would be lost"},
		{"new new", "would be lost"}, {"new ../" + filepath.Base(dir) + "/new", "would be lost"},
		{".", "it is a folder"}, {"nowhere/new", "choose a folder that there is"}, {"input/new", "choose a folder that there is"},
		{"protected", "write-protected"}, {"loop-a", "symbolic links"},
	} {
		var outputs []string
		for _, o := range strings.Fields(c.outputs) {
			outputs = append(outputs, at(o))
		}
		if err := Check(outputs, []string{at("input")}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want an error that says %q", c.outputs, err, c.says)
		}
	}
	holds(t, at("input"), "theirs")
	if err := Check([]string{at("new"), at("other"), "/dev/null"}, []string{at("input")}); err != nil {
		t.Error(err)
	}
}
