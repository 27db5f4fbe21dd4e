package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"sicgrid/pkg/store/failpoint"
)

// collectLock is the file by which garbage collection keeps away from those who are about to use or
// publish something.
const collectLock = "gc.lock"

// Share keeps garbage collection out until release is called, waiting for one that is under way.
// Whoever looks a record up and means to use it, or publishes objects and then their record, does
// so within one Share and tells its Use of the key before the end of it. Keep it short: collection
// waits. In a store that cannot be written it only waits.
func (s *Store) Share(ctx context.Context) (release func(), err error) {
	if s.leases != nil {
		return s.leases.share(ctx)
	}
	return s.holdCollectLock(ctx, tryShare)
}

// Alone keeps everybody out who publishes or is about to use something, until release is called.
func (s *Store) Alone(ctx context.Context) (release func(), err error) {
	if err := s.writing(s.path(collectLock)); err != nil {
		return nil, err
	}
	release, _, err = s.alone(ctx)
	return release, err
}

// alone is Alone, with a look whether the others are still kept out.
func (s *Store) alone(ctx context.Context) (release func(), held func() bool, err error) {
	if s.leases != nil {
		return s.leases.alone(ctx)
	}
	release, err = s.holdCollectLock(ctx, tryLock)
	return release, func() bool { return true }, err
}

// holdCollectLock takes the collection lock as try does it.
func (s *Store) holdCollectLock(ctx context.Context, try func(*os.File) (bool, error)) (release func(), err error) {
	path := s.path(collectLock)
	f, err := s.openCollectLock(path)
	if err != nil {
		return nil, storeError("locking", path, err)
	}
	if f == nil {
		return func() {}, nil
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		locked, err := try(f)
		if err != nil {
			f.Close()
			return nil, storeError("locking", path, err)
		}
		if locked {
			return sync.OnceFunc(func() { f.Close() }), nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("store: waiting for the lock %s: %w", path, context.Cause(ctx))
		case <-time.After(wait):
		}
	}
}

// openCollectLock returns nil if there is no such file and none can be made.
func (s *Store) openCollectLock(path string) (*os.File, error) {
	if s.readOnly {
		f, err := OpenRegular(path)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
			return nil, nil
		}
		return f, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, 0o666)
}

// A Use is the list of keys that one run uses, results and computations under way. While the run
// lives, collection spares them all; then for as long as the run is among the recent ones. Its
// methods may be called from many goroutines.
type Use struct {
	store *Store
	mu    sync.Mutex
	file  *os.File // locked while the run lives; nil in a store that cannot be written
	rest  func()   // ends the heartbeat, of leases
	keys  map[string]bool
}

// With leases, the first line of a list names the owner, with whose heartbeat the run lives, and
// the last one says that it has ended.
const (
	ownerLine = "owner "
	endedLine = "ended"
)

const (
	mostRuns    = 100      // lists that are kept at all
	mostRunList = 64 << 20 // bytes of a list that are read
)

// BeginUse starts the list of a run.
func (s *Store) BeginUse() (*Use, error) {
	if s.readOnly {
		return &Use{store: s, rest: func() {}, keys: map[string]bool{}}, nil
	}
	for {
		runs, err := s.runs()
		if err != nil {
			return nil, err
		}
		next := 1
		if len(runs) > 0 {
			next = runs[len(runs)-1] + 1
		}
		path := s.runPath(next)
		if _, ok := runNumber(filepath.Base(path)); !ok {
			return nil, fmt.Errorf("store: %s is the last list of a run that can be: remove it", s.runPath(next-1))
		}
		if s.leases != nil {
			u, err := s.beginLeasedUse(path)
			if errors.Is(err, ErrExists) || errors.Is(err, os.ErrNotExist) {
				continue
			}
			return u, err
		}
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, storeError("writing", path, err)
		}
		failpoint.At("use: begun")
		locked, err := tryLock(f)
		if err == nil && locked && stillThere(f) {
			return &Use{store: s, file: f, rest: func() {}, keys: map[string]bool{}}, nil
		}
		f.Close() // a collection came between creation and lock, and took the list for a dead run's
		if err != nil {
			return nil, storeError("locking", path, err)
		}
	}
}

// beginLeasedUse makes the list whole, so that one without an owner is nobody's.
func (s *Store) beginLeasedUse(path string) (*Use, error) {
	rest, err := s.leases.hold()
	if err != nil {
		return nil, err
	}
	if err = writeNew(path, ownerLine+thisProcess+"\n"); err == nil {
		failpoint.At("use: begun")
		var f *os.File
		if f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0); err == nil {
			return &Use{store: s, file: f, rest: rest, keys: map[string]bool{}}, nil
		}
	}
	rest()
	return nil, err
}

// Add puts a key on the list, within a Share.
func (u *Use) Add(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.keys[key] {
		return nil
	}
	u.keys[key] = true
	if u.file == nil {
		return nil
	}
	if _, err := u.file.WriteString(key + "\n"); err != nil {
		return storeError("writing", u.file.Name(), err)
	}
	return nil
}

// End closes the list. Of several runs that used the same, the store remembers the last; of one
// that used nothing, nothing.
func (u *Use) End() {
	u.mu.Lock()
	defer u.mu.Unlock()
	defer u.rest()
	if u.file == nil {
		return
	}
	defer u.file.Close()
	if u.store.leases != nil {
		_, _ = u.file.WriteString(endedLine + "\n") // without it, the run ends with the process
	}
	if len(u.keys) == 0 {
		os.Remove(u.file.Name())
		return
	}
	runs, err := u.store.runs()
	if err != nil {
		return // it costs a superfluous list
	}
	for i, n := range runs {
		path := u.store.runPath(n)
		if path == u.file.Name() {
			break
		}
		if f, keys := u.store.readRun(path); f != nil {
			if len(runs)-i > mostRuns || u.same(keys) {
				os.Remove(path)
			}
			f.Close()
		}
	}
	failpoint.At("use: ended")
}

func (u *Use) same(keys []string) bool {
	return len(keys) == len(u.keys) && !slices.ContainsFunc(keys, func(k string) bool { return !u.keys[k] })
}

func (s *Store) runPath(n int) string { return s.path("runs", runName(n)) }

// runs lists the numbers of the runs, oldest first.
func (s *Store) runs() ([]int, error) {
	entries, err := os.ReadDir(s.path("runs"))
	if err := ignoreMissing(err); err != nil {
		return nil, storeError("reading", s.path("runs"), err)
	}
	var list []int
	for _, e := range entries {
		if n, ok := runNumber(e.Name()); ok {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list, nil
}

// readRun returns the keys of a run's list and the file, locked; nil if the run lives.
func (s *Store) readRun(path string) (*os.File, []string) {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	f, err := OpenRegular(path)
	if err != nil {
		return nil, nil
	}
	if s.leases != nil {
		if !s.leases.runEnded(path) {
			f.Close()
			return nil, nil
		}
		return f, runKeys(path)
	}
	if locked, err := tryLock(f); err != nil || !locked || !stillThere(f) {
		f.Close()
		return nil, nil
	}
	return f, runKeys(path)
}

// runKeys reads a list; a line that is not a key (the last one of a run that was killed) is left
// out.
func runKeys(path string) []string {
	data, err := ReadRegular(path, mostRunList)
	if err != nil {
		return nil
	}
	var keys []string
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		if key := strings.TrimSpace(lines.Text()); isHex256(key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// runEnded reports whether the run of this list is over. An empty list may be about to be written.
func (l *leases) runEnded(path string) bool {
	data, err := ReadRegular(path, mostRunList)
	if err != nil {
		return false
	}
	if len(data) == 0 {
		return l.unchanged(path, "")
	}
	return strings.HasSuffix(string(data), "\n"+endedLine+"\n") || l.dead(runOwner(data))
}

// runOwner is the owner that a list names; "" if none.
func runOwner(data []byte) string {
	line, _, _ := strings.Cut(string(data), "\n")
	owner, named := strings.CutPrefix(line, ownerLine)
	if !named || !isOwner(owner) {
		return ""
	}
	return owner
}

// runOwners are the owners of the runs' lists that have not ended.
func (s *Store) runOwners() []string {
	runs, err := s.runs()
	if err != nil {
		return nil
	}
	var owners []string
	for _, n := range runs {
		data, err := ReadRegular(s.runPath(n), mostRunList)
		if owner := runOwner(data); err == nil && owner != "" && !strings.HasSuffix(string(data), "\n"+endedLine+"\n") {
			owners = append(owners, owner)
		}
	}
	return owners
}
