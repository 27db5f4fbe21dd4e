package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tree is what is below a folder: of each name its mode and, of files, the contents.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		all[rel] = e.Type().String()
		if e.Type().IsRegular() {
			data, err := os.ReadFile(path)
			all[rel] += string(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// plant makes files of these contents; a name that ends in a slash is a folder's, "fifo" and "->
// path" are what they say.
func plant(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		target, isLink := strings.CutPrefix(text, "-> ")
		switch {
		case strings.HasSuffix(name, "/"):
			err = errors.Join(err, os.MkdirAll(path, 0o777))
		case text == "fifo":
			err = errors.Join(err, syscall.Mkfifo(path, 0o666))
		case isLink:
			err = errors.Join(err, os.Symlink(target, path))
		default:
			err = errors.Join(err, os.WriteFile(path, []byte(text), 0o644))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// soon fails the test if do waits for something.
func soon(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: still waiting", what)
	}
}

// sixTables are the folders of an empty store from before there was a format file, with more.
func sixTables(more map[string]string) map[string]string {
	all := map[string]string{"objects/": "", "actions/": "", "names/": "", "locks/": "", "scratch/": "", "runs/": ""}
	for name, text := range more {
		all[name] = text
	}
	return all
}

func TestAFolderThatIsNoStoreIsLeftAsItIs(t *testing.T) {
	hex := strings.Repeat("ab", 32)
	folders := map[string]map[string]string{
		"a git repository": {"HEAD": "ref: refs/heads/main\n", "config": "[core]\n", "objects/ab/" + hex[:38]: "blob", "refs/heads/main": hex[:40]},
		"a home folder":    {"scratch/thesis.tex": "\\documentclass", "runs/00000001": "a run", ".bashrc": ""},
		"one file":         {"data.npy": "1"}, "one folder": {"objects/": ""}, "a hidden file": {".config": ""},
		"another's temporary file": {".tmp-1": ""},
		"almost a store":           {"objects/" + hex: "", "actions/": "", "names/": "", "locks/": "", "scratch/": ""},
		"a file among the tables":  sixTables(map[string]string{"notes.txt": "mine"}),
		"a file among the objects": sixTables(map[string]string{"objects/notes.txt": "mine"}),
		"a folder of that name":    sixTables(map[string]string{"objects/" + hex + "/": ""}),
		"a FIFO of that name":      sixTables(map[string]string{"objects/" + hex: "fifo"}),
		"a link of that name":      sixTables(map[string]string{"objects/" + hex: "-> /etc/passwd"}),
		"a file in scratch":        sixTables(map[string]string{"scratch/thesis.tex": "mine"}),
		"another format":           sixTables(map[string]string{"format": "LaTeX\n"}),
		"a newer format":           sixTables(map[string]string{"format": "sicgrid store 2\n"}),
		"no line":                  sixTables(map[string]string{"format": "sicgrid store 1"}),
		"a remote":                 {"format": "sicgrid remote 1\n", "objects/" + hex: "a colleague's", "actions/": ""},
		"a format that is a FIFO":  sixTables(map[string]string{"format": "fifo"}),
		"an endless format":        sixTables(map[string]string{"format": "-> /dev/zero"}),
	}
	for what, files := range folders {
		dir := t.TempDir()
		plant(t, dir, files)
		before := tree(t, dir)
		soon(t, what, func() {
			for _, open := range []func(string) (*Store, error){Open, OpenThere} {
				if _, err := open(dir); err == nil {
					t.Errorf("%s was opened", what)
				} else {
					checkOneLine(t, err.Error(), dir)
				}
			}
		})
		if d := cmp.Diff(before, tree(t, dir)); d != "" {
			t.Errorf("%s was changed: %s", what, d)
		}
	}
	t.Logf("%d kinds of folders that are no store: none touched", len(folders))
}

func TestAStoreHasItsFormatFromTheFirstMoment(t *testing.T) {
	there := filepath.Join(t.TempDir(), "there")
	if _, err := OpenThere(there); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(there); !errors.Is(err, fs.ErrNotExist) {
		t.Error("asking made a store")
	}
	// A process that was killed right after it made the folder left nothing, or half a format file.
	half := t.TempDir()
	plant(t, half, map[string]string{".tmp-" + strings.Repeat("d", 16) + "-1": "sicgrid st"})
	for _, dir := range []string{there, t.TempDir(), half} {
		if _, err := Open(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenThere(dir); err != nil {
			t.Error(err)
		}
		if data, err := os.ReadFile(filepath.Join(dir, "format")); err != nil || string(data) != "sicgrid store 1\n" {
			t.Errorf("%q, %v", data, err)
		}
		if _, hidden := visibleFiles(t, dir); len(hidden) > 0 {
			t.Errorf("left: %v", hidden)
		}
	}
}

func TestAStoreOfAnEarlierVersionIsTakenOver(t *testing.T) {
	s := open(t)
	a := record(t, s, key("k"), "amd64-avx2", "abc")
	if err := s.SetName("laptop/train/full", key("k")); err != nil {
		t.Fatal(err)
	}
	plant(t, s.Dir(), map[string]string{
		"runs/00000001": key("k") + "\n", "gc.lock": "", "locks/" + key("dead"): "", "scratch/" + key("u") + "/on-amd64-avx2/checkpoint": "half",
		"objects/.tmp-" + strings.Repeat("d", 16) + "-123": "half", "leases/.patience": "20s\n", "leases/" + strings.Repeat("e", 16): "beat",
	})
	if err := os.Remove(s.path("format")); err != nil {
		t.Fatal(err)
	}
	again, err := Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Lookup(a.Key, "amd64-avx2", true); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(s.path("format")); err != nil {
		t.Error(err)
	}
}

// A remote in a folder is what a store is, but for its format: a store serves as one, and a remote
// is not a store, of which a collection would leave nothing.
func TestAStoreServesAsARemoteAndNoRemoteAsAStore(t *testing.T) {
	hex := strings.Repeat("ab", 32)
	for what, files := range map[string]map[string]string{
		"new": {}, "an earlier version's": {"objects/" + hex: "x", "actions/": ""}, "a remote": {"format": "sicgrid remote 1\n", "objects/" + hex: "x"},
	} {
		dir := filepath.Join(t.TempDir(), "remote")
		plant(t, dir, files)
		if err := MakeFolder(dir, RemoteFolder); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := Open(dir); err == nil {
			t.Errorf("%s remote was opened as a store", what)
		} else {
			checkOneLine(t, err.Error(), dir, "is a remote, not a store")
		}
	}
	for what, files := range map[string]map[string]string{"earlier": sixTables(map[string]string{"gc.lock": "", "runs/00000001": ""}), "present": {"format": "sicgrid store 1\n"}} {
		dir := t.TempDir()
		plant(t, dir, files)
		if found, err := CheckFolder(dir, RemoteFolder); err != nil || !found {
			t.Errorf("the %s version's store does not serve as a remote: %v, %v", what, found, err)
		}
		if err := MakeFolder(dir, RemoteFolder); err != nil {
			t.Error(err)
		}
		if _, err := Open(dir); err != nil {
			t.Errorf("the %s version's store is none any more: %v", what, err)
		}
	}
	home := t.TempDir()
	plant(t, home, map[string]string{"thesis.tex": "mine"})
	if err := MakeFolder(home, RemoteFolder); err == nil {
		t.Error("a folder with other things in it was made a remote")
	} else {
		checkOneLine(t, err.Error(), home, "nothing in it was touched")
	}
}

// What collection and repair must leave where it is, though it lies in a store.
func strangers(outside string) map[string]string {
	hex := func(c string) string { return strings.Repeat(c, 64) }
	return map[string]string{
		"notes.txt": "mine", "mine/.tmp-" + strings.Repeat("d", 16) + "-1": "mine", ".tmp-1": "mine", ".tmp-mine": "mine", ".hidden": "mine",
		"objects/notes.txt": "mine", "objects/.tmp-1": "mine", "objects/" + hex("A"): "mine", "objects/" + hex("a") + ".bak": "mine",
		"objects/" + hex("b") + "/mine": "mine", "objects/" + hex("c"): "fifo", "objects/" + hex("d"): "-> " + outside,
		"actions/notes.json": "mine", "actions/" + hex("a"): "mine", "actions/" + hex("a") + "..json": "mine", "actions/" + ActionName(hex("b"), "n") + "/mine": "mine",
		"names/notes.txt": "mine", "names/server.key": "-----BEGIN PRIVATE KEY-----\n", "names/laptop/link.key": "-> " + outside, "names/folder.key/mine": "mine",
		"locks/mine": "mine", "locks/" + hex("c"): "fifo", "locks/" + hex("d") + "/mine": "mine",
		"scratch/thesis.tex": "mine", "scratch/" + hex("e"): "mine", "scratch/" + hex("f") + "/on-here/fifo": "fifo", "scratch/" + hex("f") + "/on-here/link": "-> " + filepath.Dir(outside),
		"runs/1": "mine", "runs/+0000001": "mine", "runs/-0000001": "mine", "runs/000000001": "mine", "runs/0000000x": "mine", "runs/00000002": "fifo", "runs/00000003/mine": "mine",
		"runs/9223372036854775807": "mine", "runs/9223372036854775808": "mine", "runs/99999999999999999999": "mine",
	}
}

func TestCollectionRemovesOnlyWhatAStoreWrites(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(outside, []byte(key("k")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t)
	plant(t, s.Dir(), strangers(outside))
	before, there := tree(t, s.Dir()), tree(t, filepath.Dir(outside))
	garbage := map[string]string{
		"objects/" + key("o"): "of nobody", "actions/" + ActionName(key("a"), "n"): "damaged", "names/old.key": key("gone") + "\n", "locks/" + key("dead"): "",
		"scratch/" + key("s") + "/on-here/checkpoint": "half", "scratch/" + strings.Repeat("f", 64) + "/on-here/checkpoint": "half",
		"objects/.tmp-" + strings.Repeat("d", 16) + "-1": "half", "names/laptop/.tmp-" + strings.Repeat("d", 16) + "-2": "half", "runs/00000001": "litter",
	}
	plant(t, s.Dir(), garbage)
	for _, dry := range []bool{true, false} {
		var c Collection
		var err error
		all := tree(t, s.Dir())
		soon(t, "collection", func() { c, err = s.Collect(context.Background(), Roots{}, dry) })
		if err != nil || len(c.Garbage) != len(garbage) {
			t.Errorf("dry %v: %d things of %d: %v, %v", dry, len(c.Garbage), len(garbage), c.Garbage, err)
		}
		if d := cmp.Diff(all, without(tree(t, s.Dir()), "gc.lock")); dry && d != "" {
			t.Errorf("a dry run changed something: %s", d)
		}
	}
	after := without(tree(t, s.Dir()), "gc.lock", "names/laptop") // which only the garbage was in
	if d := cmp.Diff(without(before, "names/laptop"), after); d != "" {
		t.Errorf("of what is not the store's: %s", d)
	}
	if d := cmp.Diff(there, tree(t, filepath.Dir(outside))); d != "" {
		t.Errorf("outside of the store: %s", d)
	}
	t.Logf("%d kinds of strangers in a store: none removed", len(strangers("")))
}

func without(all map[string]string, names ...string) map[string]string {
	for _, name := range names {
		delete(all, name)
	}
	return all
}

// Text in a store may be anybody's: whoever can write to a shared folder can write it.
func TestAnOwnerThatIsAPathLeadsNowhere(t *testing.T) {
	outside := t.TempDir()
	for _, leased := range []bool{false, true} {
		s := open(t)
		if leased {
			s = openLeased(t)
		}
		precious := filepath.Join(outside, "precious")
		up, err := filepath.Rel(s.path(leaseFolder), precious)
		if err != nil {
			t.Fatal(err)
		}
		plant(t, outside, map[string]string{"precious": "mine"})
		owners := []string{up, "../../precious", "../names", ".", "..", "", "/etc/passwd", "a\x00b", strings.Repeat("../", 1000), strings.Repeat("a", 15) + "/", "\x1b[2J"}
		for i, owner := range owners {
			plant(t, s.Dir(), map[string]string{"runs/" + runName(i+1): "owner " + owner + "\n" + key("k") + "\n"})
		}
		plant(t, s.Dir(), map[string]string{"names/precious.key": key("k") + "\n"})
		for _, dry := range []bool{true, false} {
			before := tree(t, s.Dir())
			soon(t, "collection", func() { _, err = s.Collect(context.Background(), Roots{RecentRuns: 1}, dry) })
			if err != nil {
				t.Error(err)
			}
			if d := cmp.Diff(before, without(tree(t, s.Dir()), "gc.lock")); dry && d != "" {
				t.Errorf("a dry run changed something: %s", d)
			}
			if data, err := os.ReadFile(precious); err != nil || string(data) != "mine" {
				t.Fatalf("dry %v: %q, %v", dry, data, err)
			}
		}
	}
}

func TestWritingAFileTouchesNoOther(t *testing.T) {
	dir := t.TempDir()
	own := ".tmp-" + strings.Repeat("d", 16) + "-1"
	plant(t, dir, map[string]string{".tmp-important": "mine", ".tmp-1": "mine", own: "mine", ".tmp-fifo": "fifo", ".tmp-folder/x": "mine", ".tmp-link": "-> x"})
	before := tree(t, dir)
	soon(t, "writing", func() {
		if err := WriteFileAtomic(filepath.Join(dir, "out.csv"), []byte("a,b\n"), 0o644); err != nil {
			t.Error(err)
		}
	})
	if d := cmp.Diff(before, without(tree(t, dir), "out.csv")); d != "" {
		t.Error(d)
	}
}

func TestARunIsNumberedWhateverListsThereAre(t *testing.T) {
	s := open(t)
	begin := func() (name string, err error) {
		soon(t, "beginning a run", func() {
			var u *Use
			if u, err = s.BeginUse(); err == nil {
				name = filepath.Base(u.file.Name())
				u.End()
			}
		})
		return name, err
	}
	plant(t, s.Dir(), map[string]string{"runs/9223372036854775807": "x", "runs/9223372036854775808": "x", "runs/" + strings.Repeat("9", 100): "x", "runs/00000002": key("k") + "\n", "runs/00000004": "fifo", "runs/00000005/": ""})
	if name, err := begin(); err != nil || name != "00000006" {
		t.Errorf("%q, %v", name, err)
	}
	plant(t, s.Dir(), map[string]string{"runs/999999999999999": key("k") + "\n"})
	if _, err := begin(); err == nil {
		t.Error("numbered beyond the last number")
	} else {
		checkOneLine(t, err.Error(), "999999999999999", "remove it")
	}
}

func TestWhatIsNoFileIsADefectAndMended(t *testing.T) {
	kinds := map[string]func(path string) error{
		"an empty folder": func(path string) error { return os.Mkdir(path, 0o777) },
		"a FIFO":          func(path string) error { return syscall.Mkfifo(path, 0o666) },
		"a device":        func(path string) error { return os.Symlink("/dev/zero", path) },
		"nothing":         func(path string) error { return os.Symlink("nowhere", path) },
	}
	for kind, make := range kinds {
		for _, table := range []string{"objects", "actions"} {
			s := open(t)
			a := record(t, s, key("k"), "amd64-avx2", "abc")
			path := s.ObjectPath(a.Outputs[0].Object)
			if table == "actions" {
				path = s.actionPath(a.Key, a.Numerics)
			}
			if err := errors.Join(os.Remove(path), make(path)); err != nil {
				t.Fatal(err)
			}
			soon(t, kind, func() {
				_, err := s.Lookup(a.Key, a.Numerics, false)
				if !errors.Is(err, ErrMissing) {
					t.Errorf("%s in %s: %v", kind, table, err)
				}
				if kind != "nothing" {
					checkDefect(t, kind, err, path)
				}
				found := []string{}
				see := func(path string, err error) error {
					if err != nil {
						found = append(found, filepath.Base(path))
					}
					return nil
				}
				err = s.Walk(func(_ Digest, path string, err error) error { return see(path, err) }, func(_ *Action, path string, err error) error { return see(path, err) })
				if err != nil || kind != "nothing" && !slices.Contains(found, filepath.Base(path)) {
					t.Errorf("%s in %s: a walk finds %q, %v", kind, table, found, err)
				}
				again := record(t, s, key("k"), "amd64-avx2", "abc")
				if _, err := s.Lookup(again.Key, again.Numerics, true); err != nil {
					t.Errorf("%s in %s: after it was made again: %v", kind, table, err)
				}
			})
		}
	}
	s := open(t)
	d := put(t, s, "abc")
	if err := errors.Join(os.Remove(s.ObjectPath(d)), os.MkdirAll(filepath.Join(s.ObjectPath(d), "mine"), 0o777)); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{second2(s.Put(writing("abc"))), s.Remove(d)} {
		if err == nil {
			t.Error("a folder with something in it was removed")
		} else {
			checkOneLine(t, err.Error(), s.ObjectPath(d), "move it away")
		}
	}
	t.Logf("%d kinds of what is no file, among objects and among records: all found, named and mended", len(kinds))
}

func second2[A, B any](_ A, _ B, err error) error { return err }

func TestNamesAreStrict(t *testing.T) {
	for _, name := range []string{"", ".tmp-", ".tmp-1", ".tmp-" + strings.Repeat("d", 16), ".tmp-" + strings.Repeat("d", 16) + "-", ".tmp-" + strings.Repeat("D", 16) + "-1",
		".tmp-" + strings.Repeat("d", 16) + "-1x", ".tmp-" + strings.Repeat("d", 16) + "-../1", "tmp-" + strings.Repeat("d", 16) + "-1"} {
		if isTemp(name) {
			t.Errorf("%q passes for a temporary file's name", name)
		}
	}
	f, err := createTemp(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.discard()
	if name := filepath.Base(f.Name()); !isTemp(name) || tempOwner(name) != thisProcess {
		t.Errorf("%q", name)
	}
	for _, n := range []int{1, 99_999_999, 100_000_000, 999_999_999_999_999} {
		if got, ok := runNumber(runName(n)); !ok || got != n {
			t.Errorf("%d: %d, %v", n, got, ok)
		}
	}
	for _, name := range []string{"", "0", "1", "00000000", "000000001", "+0000001", "1e000000", "1_000_000_0", fmt.Sprint(uint64(1) << 62)} {
		if _, ok := runNumber(name); ok {
			t.Errorf("%q passes for a run's number", name)
		}
	}
}
