package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestAnActionComesBackAsItWas(t *testing.T) {
	s := open(t)
	want := record(t, s, key("k"), "amd64-avx2", "abc")
	got, err := s.Lookup(want.Key, "amd64-avx2", true)
	if err != nil {
		t.Fatal(err)
	}
	if got.Key != want.Key || got.Format != 1 || got.Numerics != "amd64-avx2" || !cmp.Equal(got.Outputs, want.Outputs) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	var parts struct{ Seed uint64 }
	if err := json.Unmarshal(got.Parts, &parts); err != nil || parts.Seed != 1<<64-1 {
		t.Errorf("seed %d, %v: numbers must keep all their digits", parts.Seed, err)
	}
	if string(got.Parts) != `{"rate":1e-3,"seed":18446744073709551615,"stage":"train"}` {
		t.Errorf("parts %s are not canonical", got.Parts)
	}
	path := s.actionPath(want.Key, "amd64-avx2")
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o444 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := s.RemoveAction(want.Key, "amd64-avx2"); err != nil {
		t.Error(err)
	}
	if _, err := s.Lookup(want.Key, "amd64-avx2", false); !errors.Is(err, ErrMissing) || errors.Is(err, ErrCorrupt) {
		t.Errorf("%v; want just missing", err)
	}
}

func TestAnyActionThatCanBeRecordedIsFound(t *testing.T) {
	s := open(t)
	d := put(t, s, "")
	rapid.Check(t, func(t *rapid.T) {
		k := key(rapid.String().Draw(t, "key"))
		numerics := rapid.String().Draw(t, "numerics")
		about, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.Float64()).Draw(t, "provenance"))
		if err != nil {
			t.Fatal(err)
		}
		a := &Action{Key: k, Numerics: numerics, Outputs: []Output{{Name: rapid.String().Draw(t, "name"), Object: d}}, Provenance: about}
		if err := s.PutAction(a); err != nil {
			t.Fatal(err)
		}
		got, err := s.Lookup(k, numerics, true)
		if err != nil {
			t.Fatal(err)
		}
		if got.Numerics != numerics || !cmp.Equal(got.Outputs, a.Outputs) {
			t.Fatalf("got %+v, want %+v", got, a)
		}
	})
}

func TestLookupPrefersItsOwnNumerics(t *testing.T) {
	s := open(t)
	k := key("k")
	record(t, s, k, "vulkan-float32:device, driver/1", "from the GPU")
	record(t, s, k, "portable-arm64", "from the laptop")
	record(t, s, key("another"), "amd64-avx2", "of another key")
	for _, c := range []struct {
		numerics string
		exact    bool
		want     string
	}{
		{"portable-arm64", false, "portable-arm64"},
		{"vulkan-float32:device, driver/1", true, "vulkan-float32:device, driver/1"},
		{"amd64-avx2", false, "portable-arm64"}, // the first by name
		{"amd64-avx2", true, ""},
	} {
		a, err := s.Lookup(k, c.numerics, c.exact)
		switch {
		case c.want == "" && !errors.Is(err, ErrMissing):
			t.Errorf("%+v: %v", c, err)
		case c.want != "" && (err != nil || a.Numerics != c.want):
			t.Errorf("%+v: %v, %v", c, a, err)
		}
	}
}

func TestADamagedActionRecordIsAMissThatNamesTheFile(t *testing.T) {
	s := open(t)
	a := record(t, s, key("k"), "amd64-avx2", "abc")
	path := s.actionPath(a.Key, a.Numerics)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range damages(sound) {
		damage(t, path, bad)
		got, err := s.Lookup(a.Key, a.Numerics, false)
		if got != nil {
			t.Errorf("%s: returned %+v", what, got)
		}
		checkDefect(t, what, err, path)
	}
	deep := []byte(strings.Repeat("[", 100_000))
	for what, bad := range map[string][]byte{"null": []byte("null\n"), "deep": deep, "twice": append(append([]byte{}, sound...), sound...)} {
		damage(t, path, bad)
		checkDefect(t, what, second(s.Lookup(a.Key, a.Numerics, true)), path)
	}
}

func TestARecordUnderAnothersNameIsAMiss(t *testing.T) {
	s := open(t)
	a := record(t, s, key("k"), "amd64-avx2", "abc")
	data, err := os.ReadFile(s.actionPath(a.Key, a.Numerics))
	if err != nil {
		t.Fatal(err)
	}
	wrong := s.actionPath(key("other"), a.Numerics)
	if err := os.WriteFile(wrong, data, 0o444); err != nil {
		t.Fatal(err)
	}
	checkDefect(t, "copied record", second(s.Lookup(key("other"), a.Numerics, false)), wrong)
}

func TestAnActionWithoutItsObjectsIsAMiss(t *testing.T) {
	s := open(t)
	a := record(t, s, key("k"), "amd64-avx2", "abc")
	path := s.ObjectPath(a.Outputs[0].Object)
	damage(t, path, []byte("ab"))
	checkDefect(t, "short object", second(s.Lookup(a.Key, a.Numerics, false)), path)
	if err := s.Remove(a.Outputs[0].Object); err != nil {
		t.Fatal(err)
	}
	checkDefect(t, "no object", second(s.Lookup(a.Key, a.Numerics, false)), path)
	if err := s.PutAction(a); err == nil {
		t.Error("an action was recorded without its object")
	}
}

func TestADefectDoesNotHideAnothersResult(t *testing.T) {
	s := open(t)
	k := key("k")
	record(t, s, k, "amd64-avx2", "mine")
	record(t, s, k, "portable-arm64", "another's")
	path := s.actionPath(k, "amd64-avx2")
	damage(t, path, []byte("{}"))
	a, err := s.Lookup(k, "amd64-avx2", false)
	checkDefect(t, "own record", err, path)
	if a == nil || a.Numerics != "portable-arm64" {
		t.Errorf("got %+v, want the other's record", a)
	}
}

func TestWalkFindsEverythingAndItsDefects(t *testing.T) {
	s := open(t)
	good := record(t, s, key("good"), "n", "good")
	bad := record(t, s, key("bad"), "n", "bad")
	lost := record(t, s, key("lost"), "n", "lost")
	damage(t, s.ObjectPath(bad.Outputs[0].Object), []byte("BAD"))
	if err := s.Remove(lost.Outputs[0].Object); err != nil {
		t.Fatal(err)
	}
	damage(t, s.actionPath(good.Key, "n"), []byte("junk"))
	stray := filepath.Join(s.Dir(), "objects", "stray")
	if err := os.WriteFile(stray, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := s.Walk(func(d Digest, path string, err error) error {
		got = append(got, fmt.Sprintf("%s %v", filepath.Base(path), err == nil))
		if err != nil {
			checkDefect(t, path, err, path)
		}
		return nil
	}, func(a *Action, path string, err error) error {
		got = append(got, fmt.Sprintf("%s %v", filepath.Base(path), err == nil))
		if (a == nil) != (err != nil) {
			t.Errorf("%s: %v, %v", path, a, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{
		fmt.Sprintf("%s true", good.Outputs[0].Object): true,
		fmt.Sprintf("%s false", bad.Outputs[0].Object): true,
		"stray false": true,
		filepath.Base(s.actionPath(good.Key, "n")) + " false": true,
		filepath.Base(s.actionPath(bad.Key, "n")) + " true":   true, // of the right size; only Check reads it
		filepath.Base(s.actionPath(lost.Key, "n")) + " false": true,
	}
	found := map[string]bool{}
	for _, g := range got {
		found[g] = true
	}
	if d := cmp.Diff(want, found); d != "" {
		t.Error(d)
	}
	stop := errors.New("stop")
	if err := s.Walk(func(Digest, string, error) error { return stop }, nil); err != stop {
		t.Errorf("the walk went on: %v", err)
	}
}
