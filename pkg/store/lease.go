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
