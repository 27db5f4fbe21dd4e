package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The index remembers which objects were hashed and found sound, each with what the file system
// said of its file then: size, times of modification and of change, inode. Of which it still says
// the same need not be hashed again, so that the cost of a run without work does not grow with the
// bytes of the store.
//
// Whatever changes a file gives it another time of change, unless both changes fall into one tick
// of the file system's clock, as git found out about its index. So a file is remembered only if its
// times lay some seconds back, on that same clock, when its hashing began. What keeps all four, a
// disk that loses bits by itself, is found by whoever reads the object, for Get hashes, and by
// Check.
//
// The file has a line an object, the last one of each counts: its digest and the four numbers, or
// "gone". Several processes append to it, and none waits: a line that is lost, or that does not
// parse, costs hashing once more. Nothing that the index says can make a wrong result, since Get
// hashes.
const indexFile = "index"

const (
	clockTick = 2 * time.Second // the coarsest clock of a file system that is in use
	mostIndex = 256 << 20       // bytes of the file that are read
	gone      = "gone"
)

// stamp is what the file system says of a file.
type stamp struct {
	size, modified, changed int64 // bytes; ns since 1970
	inode                   uint64
}

func (s stamp) line(d Digest) string {
	return fmt.Sprintf("%s %d %d %d %d\n", d, s.size, s.modified, s.changed, s.inode)
}

// index is that of one store. Its zero value has not been read yet.
type index struct {
	mu    sync.Mutex
	read  bool
	known map[Digest]stamp
	lines int               // of the file
	added map[Digest]string // lines that the file does not have yet
}

// ensure reads the file, once.
func (x *index) ensure(path string) {
	if x.read {
		return
	}
	x.read, x.known, x.added = true, map[Digest]stamp{}, map[Digest]string{}
	data, err := ReadRegular(path, mostIndex)
	if err != nil {
		return
	}
	for line := range bytes.Lines(data) {
		x.lines++
		d, s, ok := parseLine(string(line))
		switch {
		case ok && s == (stamp{}):
			delete(x.known, d)
		case ok:
			x.known[d] = s
		}
	}
}

// parseLine reads a line of the index; the zero stamp is of an object that is gone.
func parseLine(line string) (d Digest, s stamp, ok bool) {
	line, ended := strings.CutSuffix(line, "\n")
	fields := strings.Split(line, " ")
	if !ended || !isHex256(fields[0]) {
		return "", stamp{}, false
	}
	d = Digest(fields[0])
	if len(fields) == 2 && fields[1] == gone {
		return d, stamp{}, true
	}
	if len(fields) != 5 {
		return "", stamp{}, false
	}
	var errs [4]error
	s.size, errs[0] = strconv.ParseInt(fields[1], 10, 64)
	s.modified, errs[1] = strconv.ParseInt(fields[2], 10, 64)
	s.changed, errs[2] = strconv.ParseInt(fields[3], 10, 64)
	s.inode, errs[3] = strconv.ParseUint(fields[4], 10, 64)
	return d, s, errors.Join(errs[:]...) == nil && s.size >= 0
}

// same reports whether the object was sound when its file had this stamp.
func (x *index) same(path string, d Digest, s stamp) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ensure(path)
	known, ok := x.known[d]
	return ok && known == s
}

// sound remembers that the object was sound when its file had this stamp.
func (x *index) sound(path string, d Digest, s stamp) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ensure(path)
	if x.known[d] != s {
		x.known[d], x.added[d] = s, s.line(d)
	}
}

// drop forgets an object.
func (x *index) drop(path string, d Digest) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ensure(path)
	if _, ok := x.known[d]; ok {
		delete(x.known, d)
		x.added[d] = string(d) + " " + gone + "\n"
	}
}

// CheckChanged is Check of an object whose file is another than when it was last hashed, or has
// other times; any other it takes for sound.
func (s *Store) CheckChanged(d Digest) error {
	if isHex256(string(d)) {
		info, err := os.Stat(s.ObjectPath(d))
		if err == nil && info.Mode().IsRegular() && s.index.same(s.path(indexFile), d, stampOf(info)) {
			return nil
		}
	}
	return s.Check(d)
}

// A hashing is what has to be known of a file before it is hashed, so that the index may remember
// it.
type hashing struct {
	file    *os.File
	before  stamp
	settled bool // its times lie back so far that a change from now on shows
}

func (s *Store) beginHashing(f *os.File) hashing {
	info, err := f.Stat()
	if err != nil || s.readOnly {
		return hashing{}
	}
	before := stampOf(info)
	return hashing{f, before, s.clock.after(max(before.modified, before.changed)+int64(clockTick), s.path("objects"))}
}

// endHashing remembers an object that was found sound.
func (s *Store) endHashing(h hashing, d Digest) {
	if !h.settled {
		return
	}
	if info, err := h.file.Stat(); err == nil && stampOf(info) == h.before {
		s.index.sound(s.path(indexFile), d, h.before)
	}
}

// fileClock tells the time of the file system that a store is on, which may be a server's.
type fileClock struct {
	mu    sync.Mutex
	time  int64     // ns since 1970, at the last look
	asked time.Time // by this process's clock
}

// see tells the clock of a file that was just made.
func (c *fileClock) see(f *tempFile) {
	if info, err := f.Stat(); err == nil {
		c.time, c.asked = stampOf(info).changed, time.Now()
	}
}

// after reports whether the file system's clock is past this time. It looks at the times of a file
// that it makes in dir, at most once a second.
func (c *fileClock) after(then int64, dir string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.time <= then && time.Since(c.asked) > time.Second {
		c.asked = time.Now()
		if f, err := createTemp(dir); err == nil {
			c.see(f)
			f.discard()
		}
	}
	return c.time > then
}

// SaveIndex writes down what has been found out about objects since the store was opened, so that
// the next process need not hash them again. That it could not be written costs only that.
func (s *Store) SaveIndex() {
	x, path := &s.index, s.path(indexFile)
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.readOnly || len(x.added) == 0 {
		return
	}
	if x.lines += len(x.added); x.lines > 1000+2*len(x.known) {
		x.rewrite(path)
		return
	}
	var text strings.Builder
	for _, d := range slices.Sorted(maps.Keys(x.added)) {
		text.WriteString(x.added[d])
	}
	x.added = map[Digest]string{}
	if f, err := openIndex(path); err == nil {
		_, _ = f.WriteString(text.String())
		f.Close()
	}
}

// openIndex opens the file to append to it; if something else is in its place, not at all.
func openIndex(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, regular(path, info)
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
}

// rewrite writes the file anew, without lines that later ones have made void.
func (x *index) rewrite(path string) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return
	}
	var text bytes.Buffer
	for _, d := range slices.Sorted(maps.Keys(x.known)) {
		text.WriteString(x.known[d].line(d))
	}
	x.lines, x.added = len(x.known), map[Digest]string{}
	_ = WriteFileAtomic(path, text.Bytes(), 0o644)
}

// keepInIndex forgets all objects but these.
func (s *Store) keepInIndex(objects map[Digest]bool) {
	x, path := &s.index, s.path(indexFile)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ensure(path)
	before := len(x.known)
	maps.DeleteFunc(x.known, func(d Digest, _ stamp) bool { return !objects[d] })
	if len(x.known) < before {
		x.rewrite(path)
	}
}
