package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// Repair takes out what is damaged of the store's own. What is none of a store's it names, and
// leaves.
func TestDamageOfAnyKindIsMendedAndStrangersStay(t *testing.T) {
	r := newRig(t)
	graph := func() *Node { return r.sum("b", sumParams{Add: 2}, r.sum("a", sumParams{Add: 1})) }
	first, _ := r.run(graph())
	dir := r.opt.Store.Dir()
	object := r.opt.Store.ObjectPath(first.Of("a").Outputs[0].Object)
	hex := func(c string) string { return strings.Repeat(c, 64) }
	mine := []string{"objects/notes.txt", "objects/" + hex("a") + "/mine", "actions/notes.json", "actions/" + hex("b") + ".json"}
	for _, name := range mine {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte("mine"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	defects := []string{object, filepath.Join(dir, "objects", hex("c")), filepath.Join(dir, "objects", hex("d")), filepath.Join(dir, "actions", hex("e")+"."+strings.Repeat("0", 16)+".json")}
	err := errors.Join(os.Remove(object), syscall.Mkfifo(object, 0o666), os.WriteFile(defects[1], []byte("damaged"), 0o444), os.Mkdir(defects[2], 0o777), syscall.Mkfifo(defects[3], 0o666))
	if err != nil {
		t.Fatal(err)
	}
	v, err := Verify(context.Background(), nil, r.opt, VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range defects {
		if !slices.ContainsFunc(v.Findings, func(f Finding) bool { return strings.Contains(f.Path+f.What, filepath.Base(path)) && !f.Foreign }) {
			t.Errorf("%s is not found: %+v", path, v.Findings)
		}
	}
	if n := len(slices.DeleteFunc(slices.Clone(v.Findings), func(f Finding) bool { return !f.Foreign })); n != 3 { // a folder called like an object is damage
		t.Errorf("%d strangers of 3 are named: %+v", n, v.Findings)
	}
	if _, err := Repair(context.Background(), r.opt.Store, v.Findings); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("a folder with something in it: %v", err)
	}
	for _, name := range mine {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(data) != "mine" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	for _, path := range defects {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", path)
		}
	}
	again, _ := r.run(graph())
	if !slices.Equal(logical(again), logical(first)) {
		t.Errorf("after the repair a run ends in %q, want %q", logical(again), logical(first))
	}
	t.Logf("%d defects that are no files, or no objects: mended; %d strangers stay", len(defects), len(mine))
}
