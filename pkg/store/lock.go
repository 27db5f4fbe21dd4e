package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"sicgrid/pkg/store/failpoint"
)

// Lock locks key against every other process and goroutine, waiting for whoever has it until ctx is
// done. The kernel frees the lock if this process dies, or, on a network file system, those who
// wait when its heartbeat stops; unlock frees it otherwise, and may be called more than once.
func (s *Store) Lock(ctx context.Context, key string) (unlock func(), err error) {
	path := s.path("locks", key)
	if err := errors.Join(checkKey(key), s.writing(path)); err != nil {
		return nil, err
	}
	if s.leases != nil {
		rest, err := s.leases.hold() // to wait is to watch, for which one needs a heartbeat of one's own
		if err != nil {
			return nil, err
		}
		defer rest()
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		unlock, err := s.claim(key)
		if err != nil {
			return nil, storeError("locking", path, err)
		}
		if unlock != nil {
			failpoint.At("lock: taken")
			return unlock, nil
		}
		// flock cannot wait and be cancelled too.
		if err := pause(ctx, wait); err != nil {
			return nil, fmt.Errorf("store: waiting for the lock %s: %w", path, err)
		}
	}
}

// claim takes the lock of key, or returns nil if somebody else has it.
func (s *Store) claim(key string) (unlock func(), err error) {
	path := s.path("locks", key)
	if s.leases == nil {
		f, err := openLocked(path)
		if f == nil {
			return nil, err
		}
		return sync.OnceFunc(func() {
			os.Remove(path)
			failpoint.At("lock: file removed")
			f.Close()
		}), nil
	}
	release, mine, err := s.leases.claim(path + ".")
	if release == nil {
		return nil, err
	}
	s.claims.Store(key, mine)
	return sync.OnceFunc(func() {
		s.claims.CompareAndDelete(key, mine)
		release()
	}), nil
}

// Holds reports whether this process still has the lock of key that it took. With leases it may
// have lost it while it was suspended.
func (s *Store) Holds(key string) bool {
	return s.leases == nil || s.holdsLease(key) == nil
}

// ErrOvertaken says that a lock was lost to another process while this one was suspended.
var ErrOvertaken = errors.New("the lock was lost to another process while this one stood still")

// holdsLease is ErrOvertaken if this process took the lock of key and has lost it, and ErrMissing
// if it did not take it.
func (s *Store) holdsLease(key string) error {
	mine, ok := s.claims.Load(key)
	switch {
	case !ok:
		return ErrMissing
	case !isThere(mine.(string)):
		return fmt.Errorf("store: %s: %w", s.path("locks", key), ErrOvertaken)
	}
	return nil
}

// locked reports whether somebody has the lock of key, without taking it.
func (s *Store) locked(key string) bool {
	path := s.path("locks", key)
	if s.leases != nil {
		living, err := s.leases.claimed(path+".", "", false)
		return err != nil || living
	}
	f, err := OpenRegular(path)
	if err != nil {
		return false
	}
	defer f.Close()
	free, err := tryLock(f)
	return err == nil && !free
}

// openLocked returns the lock file at path, locked, or nil if somebody else has it.
//
// The holder removes the file before letting go, so that a store does not fill up with lock files.
// One who opened the file in time to wait for it may then lock a file that has no name any more,
// while a third locks a new one of that name: a lock counts only if its file is still the one at
// path.
func openLocked(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, 0o666)
		if err != nil {
			return nil, err
		}
		failpoint.At("lock: file made")
		locked, err := tryLock(f)
		if err == nil && locked && stillThere(f) {
			return f, nil
		}
		f.Close()
		if err != nil || !locked {
			return nil, err
		}
	}
}

// stillThere reports whether the open file f still has its name.
func stillThere(f *os.File) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(mine, there)
}
