package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"sicgrid/pkg/store/failpoint"
)

// claimName is a new name for a claim of this process. prefix is the lock's.
func claimName(prefix string) string { return prefix + thisProcess + "-" + nonce() }

// claimOwner is whose claim has this name.
func claimOwner(name, prefix string) (owner string, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	owner, number, _ := strings.Cut(rest, "-")
	return owner, ok && isOwner(owner) && isOwner(number)
}

// claim takes the lock whose claims begin with this path, or says that a living owner has it or
// wants it at the same time (release is nil). mine is the path of the claim.
func (l *leases) claim(prefix string) (release func(), mine string, err error) {
	stopBeating, err := l.hold()
	if err != nil {
		return nil, "", err
	}
	if l.obstructed(prefix) {
		stopBeating()
		return nil, "", nil
	}
	mine = claimName(prefix)
	if err := show(mine); err != nil {
		stopBeating()
		return nil, "", err
	}
	failpoint.At("lease: claim shown")
	others, err := l.claimed(prefix, mine, true)
	if err != nil || others || !isThere(mine) {
		os.Remove(mine)
		stopBeating()
		return nil, "", err
	}
	return sync.OnceFunc(func() {
		os.Remove(mine)
		failpoint.At("lease: claim withdrawn")
		stopBeating()
	}), mine, nil
}

// claimed reports whether somebody living has claimed the lock, mine apart. It takes away the
// claims of dead processes if it is told to.
func (l *leases) claimed(prefix, mine string, takeAway bool) (bool, error) {
	dir, lock := filepath.Split(prefix)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false, storeError("reading", dir, err)
	}
	for _, e := range entries {
		owner, isClaim := claimOwner(e.Name(), lock)
		path := filepath.Join(dir, e.Name())
		if !isClaim || path == mine || !e.Type().IsRegular() {
			continue
		}
		if !l.dead(owner) {
			l.mu.Lock()
			l.obstacle[prefix] = path
			l.mu.Unlock()
			return true, nil
		}
		if !takeAway {
			continue
		}
		os.Remove(path)
		failpoint.At("lease: dead claim removed")
		if isThere(path) {
			return true, storeError("removing", path, fs.ErrPermission)
		}
	}
	return false, nil
}

// obstructed reports whether the claim that was in the way last still is, so that those who wait do
// not show theirs all the time and stand in each other's way.
func (l *leases) obstructed(prefix string) bool {
	l.mu.Lock()
	path := l.obstacle[prefix]
	l.mu.Unlock()
	owner, _ := claimOwner(filepath.Base(path), filepath.Base(prefix))
	if path != "" && isThere(path) && !l.dead(owner) {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.obstacle, prefix)
	return false
}

// show makes the file of a claim.
func show(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return storeError("locking", path, err)
	}
	return f.Close()
}

// isThere opens the file, for some network file systems answer from memory what is asked without.
func isThere(path string) bool {
	f, err := OpenRegular(path)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// writeNew makes a file that must not be there yet, whole; ErrExists if it is.
func writeNew(path, text string) error {
	f, err := createTemp(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer f.discard()
	if _, err := f.WriteString(text); err != nil {
		return storeError("writing", path, err)
	}
	err = os.Link(f.Name(), path)
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EPERM) {
		err = createNew(path, text)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return ErrExists
	case err != nil:
		return storeError("writing", path, err)
	}
	return nil
}

// createNew is writeNew where files cannot be linked: others may see it empty for a moment.
func createNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// share and alone are Share and Alone. Each first shows itself and then looks for the other, so
// that of two at once one sees the other.

func (l *leases) share(ctx context.Context) (release func(), err error) {
	if l.blind {
		return func() {}, l.untilFree(ctx, alonePrefix)
	}
	stopBeating, err := l.hold()
	if err != nil {
		return nil, err
	}
	alone := filepath.Join(l.dir, alonePrefix)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		mine := claimName(filepath.Join(l.dir, sharePrefix))
		if err := show(mine); err != nil {
			stopBeating()
			return nil, err
		}
		failpoint.At("lease: shared")
		collecting, err := l.claimed(alone, "", true)
		if err == nil && !collecting && isThere(mine) {
			return sync.OnceFunc(func() {
				os.Remove(mine)
				stopBeating()
			}), nil
		}
		os.Remove(mine)
		for err == nil && l.obstructed(alone) {
			err = pause(ctx, wait)
			wait = min(2*wait, 50*time.Millisecond)
		}
		if err != nil {
			stopBeating()
			return nil, fmt.Errorf("store: waiting for the lock %s: %w", alone, err)
		}
	}
}

func (l *leases) alone(ctx context.Context) (release func(), held func() bool, err error) {
	stopBeating, err := l.hold()
	if err != nil {
		return nil, nil, err
	}
	defer stopBeating()
	prefix := filepath.Join(l.dir, alonePrefix)
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		release, mine, err := l.claim(prefix)
		if err != nil {
			return nil, nil, err
		}
		if release != nil {
			if err := l.untilFree(ctx, sharePrefix); err != nil {
				release()
				return nil, nil, err
			}
			return release, func() bool { return isThere(mine) }, nil
		}
		if err := pause(ctx, wait); err != nil {
			return nil, nil, fmt.Errorf("store: waiting for the lock %s: %w", prefix, err)
		}
	}
}

// untilFree waits until nobody living has such a claim among the leases.
func (l *leases) untilFree(ctx context.Context, prefix string) error {
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		claimed, err := l.claimed(filepath.Join(l.dir, prefix), "", !l.blind)
		if err != nil || !claimed {
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return fmt.Errorf("store: waiting for those who use %s: %w", filepath.Dir(l.dir), err)
		}
	}
}

// abandoned calls drop for every claim, heartbeat and old lock that nobody is behind. Heartbeats
// are the last, for by them one tells who is dead.
func (l *leases) abandoned(drop func(path string) error) error {
	locks := filepath.Join(filepath.Dir(l.dir), "locks")
	var claims, heartbeats []string
	for _, dir := range []string{locks, l.dir} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return storeError("reading", dir, err)
		}
		for _, e := range entries {
			owner, ok := leftBy(e.Name(), dir == locks)
			switch {
			case !ok || !e.Type().IsRegular() || owner != "" && !l.dead(owner):
			case e.Name() == owner:
				heartbeats = append(heartbeats, filepath.Join(dir, owner))
			default:
				claims = append(claims, filepath.Join(dir, e.Name()))
			}
		}
	}
	for _, path := range append(claims, heartbeats...) {
		if err := drop(path); err != nil {
			return err
		}
	}
	return nil
}

// leftBy is who left the file of this name among the locks or among the leases; "" if that is
// nobody, for it is a lock from before the store had leases. A file of another name is none of
// ours.
func leftBy(name string, lock bool) (owner string, ok bool) {
	if lock {
		key, _, claim := strings.Cut(name, ".")
		if !claim || !isHex256(key) {
			return "", isHex256(name)
		}
		return claimOwner(name, key+".")
	}
	for _, prefix := range []string{sharePrefix, alonePrefix} {
		if owner, ok := claimOwner(name, prefix); ok {
			return owner, true
		}
	}
	return name, isOwner(name)
}
