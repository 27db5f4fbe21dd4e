package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"sicgrid/pkg/store"
)

// spoilSilently damages an object in such a way that its file keeps size, times and inode: the
// index is made to say that the damaged file is the one that was found sound.
func spoilSilently(t *testing.T, s *store.Store, d store.Digest) {
	t.Helper()
	path := s.ObjectPath(d)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2]++ // a second time, too, it is another
	if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, data, 0o644), os.Chmod(path, 0o444)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	sys := info.Sys().(*syscall.Stat_t)
	f, err := os.OpenFile(filepath.Join(s.Dir(), "index"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(f, "%s %d %d %d %d\n", d, sys.Size, sys.Mtim.Nano(), sys.Ctim.Nano(), sys.Ino)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// open opens the rig's store again, as another process does.
func (r *rig) open() {
	r.t.Helper()
	s, err := store.Open(r.opt.Store.Dir())
	if err != nil {
		r.t.Fatal(err)
	}
	r.opt.Store = s
}

// What keeps all that the file system says of a file, no run looks at until it reads it. Then it is
// found, named, and mended, and the run ends as ever. Verification and a paranoid run find it at
// once.
func TestDamageThatTheFileSystemHidesIsFoundWhenItIsRead(t *testing.T) {
	for _, paranoid := range []bool{false, true} {
		r := newRig(t)
		graph := func(add int64) *Node {
			a := r.sum("a", sumParams{Add: 1})
			b := r.sum("b", sumParams{Add: 2}, a)
			return r.sum("e", sumParams{Add: add}, b, r.sum("c", sumParams{Add: 3}, a), r.sum("d", sumParams{Add: 4}, b))
		}
		before, _ := r.run(graph(5))
		other, _ := r.run(graph(6))
		want := logical(other)
		for _, name := range []string{"a", "b"} { // b is read, and to be made again reads a
			spoilSilently(t, r.opt.Store, before.Of(name).Outputs[0].Object)
		}
		r.open()
		r.opt.Paranoid = paranoid
		if report, _ := r.run(graph(5)); (report.Count(Ran) > 0) != paranoid {
			t.Errorf("paranoid %v: %d nodes ran, though nothing read what is damaged", paranoid, report.Count(Ran))
		}
		if !paranoid {
			v, err := Verify(context.Background(), nil, r.opt, VerifyOptions{HashOnly: true})
			if err != nil || len(v.Findings) != 2 {
				t.Errorf("verify finds %v, %v", v.Findings, err)
			}
			for _, name := range []string{"a", "b"} { // verify has told the index
				spoilSilently(t, r.opt.Store, before.Of(name).Outputs[0].Object)
			}
			r.open()
		}
		r.opt.Force = []string{"e"}
		report, _ := r.run(graph(6))
		if got := logical(report); !slices.Equal(got, want) {
			t.Errorf("paranoid %v: a run ends in %q, want %q", paranoid, got, want)
		}
		for _, name := range []string{"a", "b"} {
			if n := report.Of(name); !paranoid && (n.State != Ran || !strings.Contains(strings.Join(n.Defects, " "), "corrupt")) {
				t.Errorf("%s: %s, %q", name, n.State, n.Defects)
			}
		}
		if v, err := Verify(context.Background(), nil, r.opt, VerifyOptions{HashOnly: true}); err != nil || len(v.Findings) > 0 {
			t.Errorf("paranoid %v: after the run, verify finds %v, %v", paranoid, v.Findings, err)
		}
	}
}
