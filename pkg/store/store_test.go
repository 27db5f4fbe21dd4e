package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, data string) Digest {
	t.Helper()
	d, n, err := s.Put(writing(data))
	if err != nil {
		t.Fatal(err)
	}
	if n != int64(len(data)) {
		t.Fatalf("size %d, want %d", n, len(data))
	}
	return d
}

func writing(data string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, data)
		return err
	}
}

// key makes a key of any text.
func key(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// record puts an object with the given bytes and the action that made it.
func record(t *testing.T, s *Store, key, numerics, data string) *Action {
	t.Helper()
	a := &Action{Format: 1, Key: key, Numerics: numerics, Parts: json.RawMessage(`{"stage":"train","seed":18446744073709551615,"rate":1e-3}`),
		Outputs:    []Output{{Name: "weights", Object: put(t, s, data), Logical: key, Bytes: int64(len(data)), Rows: 3}},
		Provenance: json.RawMessage(`{"seconds":1.50,"note":"<a & b>"}`)}
	if err := s.PutAction(a); err != nil {
		t.Fatal(err)
	}
	return a
}

func visibleFiles(t *testing.T, dir string) (visible, hidden []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != FormatFile {
			if strings.HasPrefix(e.Name(), ".") {
				hidden = append(hidden, path)
			} else {
				visible = append(visible, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return visible, hidden
}

func TestAnObjectIsNamedByItsBytesAndReadOnly(t *testing.T) {
	s := open(t)
	d := put(t, s, "abc")
	if d != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" { // FIPS 180-2, appendix B.1
		t.Errorf("digest %s", d)
	}
	info, err := os.Stat(s.ObjectPath(d))
	if err != nil || info.Mode() != 0o444 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	data, err := s.Get(d)
	if err != nil || string(data) != "abc" {
		t.Errorf("%q, %v", data, err)
	}
	if err := s.Check(d); err != nil {
		t.Error(err)
	}
	if err := s.Remove(d); err != nil {
		t.Error(err)
	}
	if err := s.Remove(d); err != nil {
		t.Errorf("removing what is not there: %v", err)
	}
	for _, err := range []error{second(s.Get(d)), s.Check(d), second(s.Get("../store")), s.Check("")} {
		if !errors.Is(err, ErrMissing) || errors.Is(err, ErrCorrupt) {
			t.Errorf("%v; want just missing", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestWhatIsPutIsGot(t *testing.T) {
	s := open(t)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(t, "parts")
		var all []byte
		d, n, err := s.Put(func(w io.Writer) error {
			for _, p := range parts {
				all = append(all, p...)
				if _, err := w.Write(p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n != int64(len(all)) {
			t.Fatal(n, err)
		}
		if sum := sha256.Sum256(all); string(d) != hex.EncodeToString(sum[:]) {
			t.Fatalf("digest %s", d)
		}
		if got, err := s.Get(d); err != nil || string(got) != string(all) {
			t.Fatal(got, err)
		}
	})
}

func TestAFailedPutLeavesNothing(t *testing.T) {
	s := open(t)
	boom := errors.New("boom")
	_, _, err := s.Put(func(w io.Writer) error {
		io.WriteString(w, "half")
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("error %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		s.Put(func(w io.Writer) error { panic(boom) })
	}()
	if visible, hidden := visibleFiles(t, s.Dir()); len(visible)+len(hidden) > 0 {
		t.Errorf("left behind: %v %v", visible, hidden)
	}
}

func TestManyWritersOfTheSameObject(t *testing.T) {
	s := open(t)
	data := strings.Repeat("the same bytes ", 10_000)
	var writers sync.WaitGroup
	for range 16 {
		writers.Go(func() {
			d, _, err := s.Put(writing(data))
			if err != nil {
				t.Error(err)
			} else if got, err := s.Get(d); err != nil || string(got) != data {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	for range 4 { // each opening removes temporary files, and must not remove what is being written
		writers.Go(func() {
			for range 20 {
				if _, err := Open(s.Dir()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if visible, hidden := visibleFiles(t, s.Dir()); len(visible) != 1 || len(hidden) > 0 {
		t.Errorf("files %v %v, want one object", visible, hidden)
	}
}

func TestPuttingAnObjectAgainMendsIt(t *testing.T) {
	s := open(t)
	d := put(t, s, "sound")
	damage(t, s.ObjectPath(d), []byte("sounD"))
	put(t, s, "sound")
	if err := s.Check(d); err != nil {
		t.Error(err)
	}
}

// damage replaces the bytes of a read-only file.
func damage(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o444); err != nil {
		t.Fatal(err)
	}
}

// damages are the ways in which a file can go wrong.
func damages(data []byte) map[string][]byte {
	all := map[string][]byte{"empty": {}, "extended": append(append([]byte{}, data...), '\n'), "zeroed": make([]byte, len(data)), "cut": data[:len(data)-1]}
	for i := range data {
		flipped := append([]byte{}, data...)
		flipped[i] ^= 1
		all[fmt.Sprintf("byte %d flipped", i)] = flipped
	}
	return all
}

func checkDefect(t *testing.T, what string, err error, path string) {
	t.Helper()
	var d *Defect
	if !errors.As(err, &d) || d.Path != path || !errors.Is(err, ErrMissing) || !errors.Is(err, ErrCorrupt) {
		t.Errorf("%s: error %v; want a defect of %s", what, err, path)
	} else if !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %q is not one line naming %s", what, err, path)
	}
}

func TestADamagedObjectIsAMissThatNamesTheFile(t *testing.T) {
	s := open(t)
	d := put(t, s, "some bytes of an object")
	path := s.ObjectPath(d)
	for what, bad := range damages([]byte("some bytes of an object")) {
		damage(t, path, bad)
		data, err := s.Get(d)
		if data != nil {
			t.Errorf("%s: returned %q", what, data)
		}
		checkDefect(t, what, err, path)
		checkDefect(t, what, s.Check(d), path)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	checkDefect(t, "a directory", second(s.Get(d)), path)
	checkDefect(t, "a directory", s.Check(d), path)
}

func TestNamesRememberTheLastKey(t *testing.T) {
	s := open(t)
	if _, err := s.Name("laptop/train/full"); !errors.Is(err, ErrMissing) {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"laptop/train/full", "laptop/train", "laptop/ratemaps/full/2m"} {
		for _, k := range []string{key("old"), key(name)} {
			if err := s.SetName(name, k); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range []string{"laptop/train/full", "laptop/train", "laptop/ratemaps/full/2m"} {
		if k, err := s.Name(name); err != nil || k != key(name) {
			t.Errorf("%s: %s, %v", name, k, err)
		}
	}
	for _, name := range []string{"", "..", "../objects/x", "/train", "a//b", "a/.b", "a/"} {
		if err := s.SetName(name, key("k")); err == nil {
			t.Errorf("%q passed for a name", name)
		}
	}
	path := filepath.Join(s.Dir(), "names", "laptop", "train.key")
	for what, bad := range damages([]byte(key("k") + "\n")) {
		if strings.HasPrefix(what, "byte") {
			continue // a hexadecimal digit may become another: a name carries no checksum, it decides nothing
		}
		damage(t, path, bad)
		checkDefect(t, what, second(s.Name("laptop/train")), path)
	}
}

func TestKeysAreNotPaths(t *testing.T) {
	s := open(t)
	for _, k := range []string{"", "x", "../../etc/passwd", strings.Repeat("A", 64), key("k")[:63] + "/"} {
		for what, err := range map[string]error{
			"Lookup": second(s.Lookup(k, "n", false)), "PutAction": s.PutAction(&Action{Key: k}), "RemoveAction": s.RemoveAction(k, "n"),
			"Lock": second(s.Lock(context.Background(), k)), "Scratch": second(s.Scratch(k)), "DropScratch": s.DropScratch(k), "SetName": s.SetName("a", k),
		} {
			if err == nil || !strings.Contains(err.Error(), "is not a key") {
				t.Errorf("%s(%q): %v", what, k, err)
			}
		}
	}
}

func TestScratchOutlivesTheStoreThatMadeIt(t *testing.T) {
	s := open(t)
	dir, err := s.Scratch(key("k"))
	if err != nil {
		t.Fatal(err)
	}
	checkpoint := filepath.Join(dir, "checkpoint")
	if err := WriteFileAtomic(checkpoint, []byte("step 1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFileAtomic(checkpoint, []byte("step 2"), 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if same, err := again.Scratch(key("k")); err != nil || same != dir {
		t.Fatal(same, err)
	}
	if data, err := os.ReadFile(checkpoint); err != nil || string(data) != "step 2" {
		t.Errorf("%q, %v", data, err)
	}
	if err := again.DropScratch(key("k")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

// The store's bytes come from its contents alone.
func TestTheSameResultsGiveTheSameFiles(t *testing.T) {
	fill := func(threads int) map[string]string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		s := open(t)
		var writers sync.WaitGroup
		for i := range 8 {
			writers.Go(func() { record(t, s, key(fmt.Sprint(i)), "amd64-avx2", fmt.Sprint("object ", i)) })
		}
		writers.Wait()
		files := map[string]string{}
		visible, hidden := visibleFiles(t, s.Dir())
		for _, path := range append(visible, hidden...) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(s.Dir(), path)
			files[name] = string(data)
		}
		return files
	}
	if d := cmp.Diff(fill(1), fill(4)); d != "" {
		t.Error(d)
	}
}

// What a listing says of other numerics is that of one moment; a key's own record is looked for
// each time.
func TestAListingIsOfOneMoment(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Repeat("ab", 32)
	put := func(numerics string) {
		t.Helper()
		if err := s.PutAction(&Action{Format: 1, Key: key, Numerics: numerics}); err != nil {
			t.Fatal(err)
		}
	}
	put("first")
	l := s.List()
	if a, err := s.LookupAmong(l, key, "other", false); err != nil || a.Numerics != "first" {
		t.Fatalf("%+v, %v", a, err)
	}
	put("early") // which comes before it by name
	if a, err := s.LookupAmong(l, key, "other", false); err != nil || a.Numerics != "first" {
		t.Errorf("%+v, %v: the listing changed", a, err)
	}
	if a, err := s.LookupAmong(l, key, "early", true); err != nil || a.Numerics != "early" {
		t.Errorf("%+v, %v: its own record was not found", a, err)
	}
	if a, err := s.Lookup(key, "other", false); err != nil || a.Numerics != "early" {
		t.Errorf("%+v, %v", a, err)
	}
}
