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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sicgrid/pkg/store/failpoint"
)

// Leases stand in for flock where several machines share a store: on many network file systems
// flock holds within one machine only, or not at all, and no kernel frees the lock of a machine
// that is gone.
//
// Every process that holds something keeps its heartbeat, leases/<owner>, a file whose contents
// change all the time. Whoever waits for a lock watches the heartbeats of those who claim it: one
// that has not changed for patience, on the watcher's own clock and in so many of the watcher's own
// beats, belongs to a dead process. No clock is compared with another's, and no file's time is
// looked at. While a disk or a server answers nobody, the watcher's heart does not beat either, and
// nobody dies.
//
// A claim to a lock is a file of its own, <lock>.<owner>-<nonce>, whose name is never used again:
// who removes a dead process's claim can hit no other. One who wants the lock first shows his claim
// and then looks for the others'; if there is a living one, he withdraws his own. Of two at once at
// least one sees the other, so that no two hold a lock, unless one of them stood still for longer
// than patience.
//
// Such a process wakes up without its claims. What it does then is fenced: it looks for its claim
// once more at the moment of publishing (PutAction, Collect), and does not publish. Should it stand
// still again between that look and the rename, which is what leases cannot prevent, two publish
// the same computation: one record replaces the other, each with its own objects, and nothing wrong
// comes of it. Locks spare work; that nothing wrong is used rests on digests.

// leaseFolder is in a store that is shared by leases. Once it is there all its users keep to them,
// be the store local to some of them.
const leaseFolder = "leases"

// patienceFile is where the store's users agree on how long a heartbeat may be missed.
const patienceFile = ".patience"

const (
	defaultPatience = 20 * time.Second
	leastPatience   = 2 * time.Second // a busy machine may keep a process waiting for as long
	mostPatience    = 5 * time.Minute // nobody wants to wait for longer because of what a file says
	beatsInPatience = 10
)

// Claims in the folder of leases: of those who publish or are about to use something, and of the
// one who collects.
const (
	sharePrefix = "share-"
	alonePrefix = "alone-"
)

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
	blind    bool         // the store cannot be written: this process only watches
	beats    atomic.Int64 // of this process's heart

	mu       sync.Mutex
	holds    int           // what keeps the heartbeat going
	stop     chan struct{} // ends it
	stopped  chan struct{} // it has ended
	sights   map[string]sight
	obstacle map[string]string // lock -> the living claim to it that was seen last
}

// sight is what something of another's was when it was last seen to change.
type sight struct {
	text  string
	since time.Time // by this process's monotonic clock
	beats int64     // of this process's heart until then
}

// openLeases returns nil if the store in dir uses flock.
func openLeases(dir string) (*leases, error) {
	l := newLeases(dir)
	if _, err := os.Stat(l.dir); errors.Is(err, fs.ErrNotExist) {
		if !onNetwork(dir) {
			return nil, nil
		}
		if err := os.Mkdir(l.dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, storeError("making", l.dir, err)
		}
	}
	err := l.readPatience()
	if errors.Is(err, fs.ErrNotExist) {
		err = WriteFileAtomic(filepath.Join(l.dir, patienceFile), []byte(l.patience.String()+"\n"), 0o644)
	}
	return l, err
}

// leasesToRead are the leases of a store that cannot be written; nil if it has none.
func leasesToRead(dir string) (*leases, error) {
	l := newLeases(dir)
	l.blind = true
	if _, err := os.Stat(l.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return l, ignoreMissing(l.readPatience())
}

func newLeases(dir string) *leases {
	return &leases{dir: filepath.Join(dir, leaseFolder), patience: defaultPatience, sights: map[string]sight{}, obstacle: map[string]string{}}
}

// readPatience fails with fs.ErrNotExist if its users have not agreed on one yet.
func (l *leases) readPatience() error {
	path := filepath.Join(l.dir, patienceFile)
	data, err := ReadRegular(path, 100)
	if err != nil {
		return storeError("reading", path, err)
	}
	text, least := strings.TrimSpace(string(data)), leastPatience
	if failpoint.Hasty.Load() {
		least = time.Millisecond
	}
	if l.patience, err = time.ParseDuration(text); err != nil || l.patience < least || l.patience > mostPatience {
		return fmt.Errorf("store: %s holds %q, must be a duration from %v to %v such as %v: correct it while nothing uses the store", path, text, least, mostPatience, defaultPatience)
	}
	return nil
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
// changed, and neither truncated first nor flushed, on which one may have to wait for the disk.
func (l *leases) beat(n int) error {
	f, err := os.OpenFile(filepath.Join(l.dir, thisProcess), os.O_WRONLY|os.O_CREATE|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s %010d\n", nonce(), n)
	if err = errors.Join(err, f.Close()); err == nil {
		l.beats.Add(1)
	}
	return err
}

// dead reports whether this owner's heartbeat has stopped, or is not there. It takes patience to
// find out. What names no owner is nobody's: whoever holds something has said so from the start.
func (l *leases) dead(owner string) bool {
	if owner == thisProcess {
		return false
	}
	if !isOwner(owner) {
		return true
	}
	data, err := ReadRegular(filepath.Join(l.dir, owner), 100)
	if err != nil {
		data = nil // as of one who let go of everything; another machine may see it late
	}
	return l.unchanged(owner, string(data))
}

// unchanged reports whether what has this name has held the same for as long as it has been
// watched, and that for long enough.
func (l *leases) unchanged(name, text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, known := l.sights[name]
	if !known || text != last.text {
		l.sights[name] = sight{text, time.Now(), l.beats.Load()}
		return false
	}
	return time.Since(last.since) >= l.patience && (l.holds == 0 || l.beats.Load()-last.beats >= beatsInPatience-2)
}

// settle waits until it is known of these owners, and of everybody who has left something in the
// folder of leases, whether they live.
func (l *leases) settle(ctx context.Context, owners []string) error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return storeError("reading", l.dir, err)
	}
	for _, e := range entries {
		for _, prefix := range []string{"", sharePrefix, alonePrefix} {
			if owner, ok := claimOwner(e.Name(), prefix); ok {
				owners = append(owners, owner)
			}
		}
		if isOwner(e.Name()) {
			owners = append(owners, e.Name())
		}
	}
	slices.Sort(owners)
	first := map[string]string{}
	for begun := time.Now(); ; {
		waiting := false
		for _, owner := range slices.Compact(owners) {
			waiting = !l.dead(owner) && !l.beating(owner, first) || waiting
		}
		if !waiting {
			return nil
		}
		if err := pause(ctx, min(l.patience/beatsInPatience, max(l.patience-time.Since(begun), 0)+5*time.Millisecond)); err != nil {
			return err
		}
	}
}

// beating reports whether the heartbeat is another than at first, when beating was first asked.
func (l *leases) beating(owner string, first map[string]string) bool {
	data, err := ReadRegular(filepath.Join(l.dir, owner), 100)
	text, known := first[owner]
	if !known {
		first[owner] = string(data)
	}
	return owner == thisProcess || known && err == nil && string(data) != text
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
