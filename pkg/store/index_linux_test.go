package store

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// settled opens the store again when its objects are old enough to be remembered. Files cannot be
// made older than they are, so the clock is made to run ahead.
func settled(t *testing.T, s *Store) *Store {
	t.Helper()
	again, err := Open(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	again.clock.time += int64(time.Hour)
	return again
}

// remembers reports whether the object counts as sound without being hashed.
func remembers(t *testing.T, s *Store, d Digest) bool {
	t.Helper()
	info, err := os.Stat(s.ObjectPath(d))
	if err != nil {
		t.Fatal(err)
	}
	return s.index.same(s.path(indexFile), d, stampOf(info))
}

func TestAnObjectIsHashedOnceAndAgainWhenItsFileChanges(t *testing.T) {
	s := open(t)
	d := put(t, s, "some bytes")
	if err := s.CheckChanged(d); err != nil || remembers(t, s, d) {
		t.Errorf("%v; remembered, though it could change within the same tick of the clock: %v", err, remembers(t, s, d))
	}
	s = settled(t, s)
	if err := s.CheckChanged(d); err != nil || !remembers(t, s, d) {
		t.Errorf("%v; remembered: %v", err, remembers(t, s, d))
	}
	s.SaveIndex()
	s = settled(t, s)
	if !remembers(t, s, d) {
		t.Error("the next process does not know")
	}
	path := s.ObjectPath(d)
	for what, change := range map[string]func() error{
		"a flipped byte":                func() error { return os.WriteFile(path, []byte("some bytEs"), 0o644) },
		"a byte more":                   func() error { return os.WriteFile(path, []byte("some bytes!"), 0o644) },
		"a flipped byte, its time kept": func() error { return keepTime(path, []byte("some bytEs")) },
		"another file in its place": func() error {
			return errors.Join(os.WriteFile(path+"~", []byte("some bytEs"), 0o644), os.Rename(path+"~", path))
		},
	} {
		if err := errors.Join(os.Chmod(path, 0o644), change()); err != nil {
			t.Fatal(err)
		}
		checkDefect(t, what, s.CheckChanged(d), path)
		put(t, s, "some bytes")
		s = settled(t, s)
		if err := s.CheckChanged(d); err != nil || !remembers(t, s, d) {
			t.Errorf("%s: made again: %v", what, err)
		}
		s.SaveIndex()
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.CheckChanged(d); !errors.Is(err, ErrMissing) || errors.Is(err, ErrCorrupt) {
		t.Errorf("gone: %v", err)
	}
}

func keepTime(path string, data []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(path, data, 0o644), os.Chtimes(path, time.Now(), info.ModTime()))
}

// What was found damaged is not believed again, though the file system says nothing.
func TestWhatIsFoundDamagedIsForgotten(t *testing.T) {
	s := open(t)
	d := put(t, s, "some bytes")
	path := s.ObjectPath(d)
	if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte("some bytEs"), 0o444)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	plant(t, s.Dir(), map[string]string{"index": stampOf(info).line(d)})
	if s = settled(t, s); s.CheckChanged(d) != nil {
		t.Fatal("the index was not believed")
	}
	checkDefect(t, "read", second(s.Get(d)), path)
	checkDefect(t, "after it was read", s.CheckChanged(d), path)
	s.SaveIndex()
	checkDefect(t, "to the next process", settled(t, s).CheckChanged(d), path)
}

// Whatever is in the index, and whatever is in its place, costs hashing at most.
func TestADamagedIndexIsNone(t *testing.T) {
	s := open(t)
	d, lost := put(t, s, "some bytes"), put(t, s, "other bytes")
	damage(t, s.ObjectPath(lost), []byte("other bytEs"))
	info, err := os.Stat(s.ObjectPath(d))
	if err != nil {
		t.Fatal(err)
	}
	line := stampOf(info).line(d)
	plants := map[string]string{"nothing": "", "litter": "\x00\xff\n\n \n" + strings.Repeat("9", 1000), "half a line": line[:len(line)/2], "a line without its end": line[:len(line)-1],
		"a number too many": strings.TrimSuffix(line, "\n") + " 1\n", "a huge number": fmt.Sprintf("%s %s 1 1 1\n", lost, strings.Repeat("9", 30)), "a negative size": fmt.Sprintf("%s -1 1 1 1\n", lost),
		"a path": "../../etc/passwd 1 1 1 1\n", "another's stamp": stampOf(info).line(lost), "a FIFO": "fifo", "a link": "-> /dev/zero"}
	for i := range len(line) - 1 {
		plants[fmt.Sprintf("byte %d flipped", i)] = line[:i] + string(line[i]^1) + line[i+1:]
	}
	for what, text := range plants {
		_ = os.Remove(s.path(indexFile))
		plant(t, s.Dir(), map[string]string{"index": text})
		soon(t, what, func() {
			again := settled(t, s)
			if err := again.CheckChanged(d); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			checkDefect(t, what, again.CheckChanged(lost), s.ObjectPath(lost))
			again.SaveIndex()
		})
	}
	if target, err := os.Readlink(s.path(indexFile)); err == nil && target != "/dev/zero" {
		t.Error(target)
	}
	t.Logf("%d damages of the index: none believed", len(plants))
}

func TestTheIndexDoesNotGrowWithoutEnd(t *testing.T) {
	s := open(t)
	d := put(t, s, "some bytes")
	for range 3000 {
		s.index.sound(s.path(indexFile), d, stamp{1, 2, 3, 4})
		s.SaveIndex()
		s.index.drop(s.path(indexFile), d)
		s.SaveIndex()
	}
	var info syscall.Stat_t
	if err := syscall.Stat(s.path(indexFile), &info); err != nil || info.Size > 200_000 {
		t.Errorf("%d bytes, %v", info.Size, err)
	}
}
