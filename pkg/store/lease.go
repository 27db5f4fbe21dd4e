package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
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

// Leases stand in for flock where several machines share a store: on many network file systems
// flock holds within one machine only, or not at all, and no kernel frees the lock of a machine
// that is gone.
//
// Every process that holds something keeps its heartbeat, leases/<owner>, a file whose contents
// change all the time. A lock is a file that names its owner. Whoever waits for it watches the
// owner's heartbeat: when that has not changed for patience on the watcher's own clock, the owner
// counts as dead and its lock is taken over. No clock is compared with another's, and no file's
// time is looked at.
//
// A process that was suspended for longer may wake up without its locks: Holds tells, before it
// publishes. Should it be suspended again right after it has looked, two publish the same
// computation: one record replaces the other, each with its own objects, and nothing wrong comes of
// it. Locks spare work; that nothing wrong is used rests on digests.

// leaseFolder is in a store that is shared by leases. Once it is there all its users keep to them,
// be the store local to some of them.
const leaseFolder = "leases"

// patienceFile is where the store's users agree on how long a heartbeat may be missed.
const patienceFile = ".patience"

const (
	defaultPatience = 20 * time.Second
	beatsInPatience = 10
)

const sharePrefix = "share-"

// thisProcess names this process as an owner. Its temporary files carry the name, too.
var thisProcess = nonce()

func nonce() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // which cannot fail
	return hex.EncodeToString(b[:])
}

// leases are those of one store.
type leases struct {
	dir      string
	patience time.Duration

	mu         sync.Mutex
	holds      int           // what keeps the heartbeat going
	stop       chan struct{} // ends it
	stopped    chan struct{} // it has ended
	heartbeats map[string]heartbeat
}

// heartbeat is what another's heartbeat was when it last changed.
type heartbeat struct {
	beat  string
	since time.Time // by this process's monotonic clock
}

// openLeases returns nil if the store in dir uses flock.
func openLeases(dir string) (*leases, error) {
	l := &leases{dir: filepath.Join(dir, leaseFolder), patience: defaultPatience, heartbeats: map[string]heartbeat{}}
	if _, err := os.Stat(l.dir); errors.Is(err, fs.ErrNotExist) {
		if !onNetwork(dir) {
			return nil, nil
		}
		if err := os.Mkdir(l.dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, storeError("making", l.dir, err)
		}
	}
	path := filepath.Join(l.dir, patienceFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, WriteFileAtomic(path, []byte(l.patience.String()+"\n"), 0o644)
	}
	if err != nil {
		return nil, storeError("reading", path, err)
	}
	if l.patience, err = time.ParseDuration(strings.TrimSpace(string(data))); err != nil || l.patience <= 0 {
		return nil, fmt.Errorf("store: %s holds %q, must be a duration such as %s: correct it while nothing uses the store", path, strings.TrimSpace(string(data)), defaultPatience)
	}
	return l, nil
}

// hold keeps this process's heartbeat going until release is called.
func (l *leases) hold() (release func(), err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holds == 0 {
		if err := l.beat(0); err != nil {
			return nil, storeError("writing", l.dir, err)
		}
		failpoint.At("lease: heartbeat begun")
		l.stop, l.stopped = make(chan struct{}), make(chan struct{})
		go l.keepBeating(l.stop, l.stopped)
	}
	l.holds++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.holds--; l.holds == 0 {
			close(l.stop)
			<-l.stopped
			os.Remove(filepath.Join(l.dir, thisProcess))
		}
	}), nil
}

func (l *leases) keepBeating(stop, stopped chan struct{}) {
	defer close(stopped)
	ticker := time.NewTicker(l.patience / beatsInPatience)
	defer ticker.Stop()
	for n := 1; ; n++ {
		select {
		case <-stop:
			return
		case <-ticker.C:
			_ = l.beat(n) // one that is missed does no harm
		}
	}
}

// beat changes the heartbeat. It is written in place, for a reader who sees it half-written sees it
// changed, and not truncated first, on which some file systems wait for the disk.
func (l *leases) beat(n int) error {
	f, err := os.OpenFile(filepath.Join(l.dir, thisProcess), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %010d\n", nonce(), n)
	return errors.Join(err, f.Close())
}

// dead reports whether this owner's heartbeat has stopped. It takes patience to find out. What
// names no owner is nobody's: whoever holds something has said so from the start.
func (l *leases) dead(owner string) bool {
	if owner == thisProcess {
		return false
	}
	path := filepath.Join(l.dir, owner)
	data, err := os.ReadFile(path)
	if owner == "" || errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if !l.unchanged(owner, string(data)) {
		return false
	}
	os.Remove(path) // so that nobody else has to watch it; should the owner wake up, it makes a new one
	return true
}

// unchanged reports whether what has this name has held the same for as long as it has been
// watched, and that for long enough.
func (l *leases) unchanged(name, holds string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, known := l.heartbeats[name]
	if !known || holds != last.beat {
		l.heartbeats[name] = heartbeat{holds, time.Now()}
		return false
	}
	if time.Since(last.since) < l.patience {
		return false
	}
	delete(l.heartbeats, name)
	return true
}

// abandoned reports whether a lock file's owner is dead. One that is empty may be about to be
// written.
func (l *leases) abandoned(path, text string) bool {
	if text == "" {
		return l.unchanged(path, text)
	}
	return l.dead(lockOwner(text))
}

// settle waits until it is known of everybody with a heartbeat whether it lives.
func (l *leases) settle(ctx context.Context) error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return storeError("reading", l.dir, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(e.Name(), sharePrefix) {
			continue
		}
		for first, begun := "", time.Now(); !l.dead(e.Name()); {
			data, err := os.ReadFile(filepath.Join(l.dir, e.Name()))
			if first == "" {
				first = string(data)
			}
			if e.Name() == thisProcess || err == nil && string(data) != first {
				break // it beats
			}
			if err := pause(ctx, min(l.patience/beatsInPatience, l.patience-time.Since(begun)+time.Millisecond)); err != nil {
				return err
			}
		}
	}
	return nil
}

// pause waits, but no longer than ctx.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(max(d, time.Millisecond)):
		return nil
	}
}

// claim takes the lock file at path, or says that a living owner has it (release is nil). mine is
// what the file then holds.
func (l *leases) claim(path string) (release func(), mine string, err error) {
	stopBeating, err := l.hold()
	if err != nil {
		return nil, "", err
	}
	mine = thisProcess + " " + nonce() + "\n"
	for {
		err := writeNew(path, mine)
		if err == nil {
			failpoint.At("lease: lock file made")
			return sync.OnceFunc(func() {
				if l.has(path, mine) {
					os.Remove(path)
				}
				failpoint.At("lease: lock file removed")
				stopBeating()
			}), mine, nil
		}
		if !errors.Is(err, ErrExists) {
			stopBeating()
			return nil, "", err
		}
		theirs, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !l.abandoned(path, string(theirs)) {
			stopBeating()
			return nil, "", nil
		}
		l.takeAway(path, string(theirs))
	}
}

// lockOwner is the owner that a lock file names; "" if none.
func lockOwner(text string) string {
	owner, _, _ := strings.Cut(text, " ")
	if !isOwner(owner) {
		return ""
	}
	return owner
}

func isOwner(name string) bool {
	return len(name) == len(thisProcess) && strings.Trim(name, "0123456789abcdef") == ""
}

// has reports whether the lock file at path still is the one of this claim.
func (l *leases) has(path, mine string) bool {
	data, err := os.ReadFile(path)
	return err == nil && string(data) == mine
}

// takeAway removes the lock file of a dead owner. Somebody else may have done so before and made
// his own: that one is put back.
func (l *leases) takeAway(path, theirs string) {
	aside := filepath.Join(l.dir, tempPrefix+thisProcess+"-"+nonce())
	if os.Rename(path, aside) != nil {
		return
	}
	failpoint.At("lease: lock file put aside")
	if data, err := os.ReadFile(aside); err == nil && string(data) != theirs {
		_ = os.Link(aside, path)
	}
	os.Remove(aside)
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
		return storeError("locking", path, err)
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

func (l *leases) share(ctx context.Context, lock string) (release func(), err error) {
	stopBeating, err := l.hold()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(l.dir, sharePrefix+thisProcess+"-"+nonce())
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			stopBeating()
			return nil, storeError("locking", path, err)
		}
		failpoint.At("lease: shared")
		theirs, err := os.ReadFile(lock)
		if errors.Is(err, fs.ErrNotExist) {
			return sync.OnceFunc(func() {
				os.Remove(path)
				stopBeating()
			}), nil
		}
		os.Remove(path)
		if err == nil && l.abandoned(lock, string(theirs)) {
			l.takeAway(lock, string(theirs))
			continue
		}
		if err := pause(ctx, wait); err != nil {
			stopBeating()
			return nil, fmt.Errorf("store: waiting for the lock %s: %w", lock, err)
		}
	}
}

func (l *leases) alone(ctx context.Context, lock string) (release func(), err error) {
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		release, _, err := l.claim(lock)
		if err != nil {
			return nil, err
		}
		if release != nil {
			err := l.untilUnshared(ctx)
			if err == nil {
				return release, nil
			}
			release()
			return nil, err
		}
		if err := pause(ctx, wait); err != nil {
			return nil, fmt.Errorf("store: waiting for the lock %s: %w", lock, err)
		}
	}
}

// untilUnshared waits for the end of all shares.
func (l *leases) untilUnshared(ctx context.Context) error {
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		entries, err := os.ReadDir(l.dir)
		if err != nil {
			return storeError("reading", l.dir, err)
		}
		shared := false
		for _, e := range entries {
			name, isShare := strings.CutPrefix(e.Name(), sharePrefix)
			if !isShare {
				continue
			}
			if owner, _, _ := strings.Cut(name, "-"); l.dead(owner) {
				os.Remove(filepath.Join(l.dir, e.Name()))
				continue
			}
			shared = true
		}
		if !shared {
			return nil
		}
		if err := pause(ctx, wait); err != nil {
			return fmt.Errorf("store: waiting for those who use %s: %w", filepath.Dir(l.dir), err)
		}
	}
}

// tempOwner is the owner that a temporary file's name carries; "" if none.
func tempOwner(name string) string {
	owner, _, _ := strings.Cut(strings.TrimPrefix(name, tempPrefix), "-")
	if !isOwner(owner) {
		return ""
	}
	return owner
}
