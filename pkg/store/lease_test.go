package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sicgrid/pkg/store/failpoint"
)

// testPatience is long for a machine that is busy, for its processes must beat in time.
const testPatience = 1500 * time.Millisecond

// openLeased opens a store that is shared by leases, as on a network file system.
func openLeased(t *testing.T) *Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	folder := filepath.Join(dir, leaseFolder)
	err := errors.Join(MakeFolder(dir, StoreFolder), os.Mkdir(folder, 0o755), os.WriteFile(filepath.Join(folder, patienceFile), []byte(testPatience.String()+"\n"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.leases == nil || s.leases.patience != testPatience {
		t.Fatalf("leases %+v", s.leases)
	}
	return s
}

// lockWithin takes the lock that the role "hold" takes, if it gets it in time.
func lockWithin(s *Store, d time.Duration) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return s.Lock(ctx, key("k"))
}

func TestALeaseHoldsAsLongAsItsHeartbeat(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	holder := process(t, "hold", s.Dir())
	untilItSays(t, holder, "locked")
	if _, err := lockWithin(s, 3*testPatience); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("locked what a living process holds: %v", err)
	}
	// Whatever the files' times say: other machines' clocks may be years off.
	for _, to := range []time.Time{time.Unix(0, 0), time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC)} {
		err := filepath.WalkDir(s.Dir(), func(path string, e os.DirEntry, err error) error {
			_ = os.Chtimes(path, to, to)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lockWithin(s, 2*testPatience); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("with files of %v: locked what a living process holds: %v", to, err)
		}
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	holder.Wait()
	if _, err := lockWithin(s, testPatience/2); err == nil {
		t.Error("taken over before the heartbeat was missed for long enough")
	}
	unlock, err := lockWithin(s, time.Minute)
	if err != nil {
		t.Fatalf("the lock of a killed process: %v", err)
	}
	if !s.Holds(key("k")) {
		t.Error("locked and not held")
	}
	unlock()
	unlock() // harmless
	if s.Holds(key("k")) {
		t.Error("unlocked and held")
	}
	checkNothingLeft(t, s)
}

// checkNothingLeft demands that a collection leaves nothing of leases.
func checkNothingLeft(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.Collect(context.Background(), Roots{}, false); err != nil {
		t.Error(err)
	}
	if visible, hidden := visibleFiles(t, s.Dir()); len(visible) > 0 || len(hidden) != 1 || filepath.Base(hidden[0]) != patienceFile {
		t.Errorf("left behind: %v %v", visible, hidden)
	}
}

// holding starts a process that takes the lock, and returns how to ask it whether it still holds
// it.
func holding(t *testing.T, s *Store) (holder *exec.Cmd, ask func() string) {
	t.Helper()
	holder = process(t, "hold", s.Dir())
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		holder.Process.Kill()
		holder.Wait()
	})
	lines := bufio.NewReader(out)
	read := func() string {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(line)
	}
	if got := read(); got != "locked" {
		t.Fatal(got)
	}
	return holder, func() string {
		if _, err := io.WriteString(in, "\n"); err != nil {
			t.Fatal(err)
		}
		return read()
	}
}

func TestASuspendedHolderLosesItsLeaseAndKnowsWhenItWakes(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	holder, ask := holding(t, s)
	if got := ask(); got != "holds: true" {
		t.Errorf("before: %s", got)
	}
	if err := holder.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	unlock, err := lockWithin(s, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != "holds: false" {
		t.Errorf("after it was overtaken: %s", got)
	}
	if !s.Holds(key("k")) {
		t.Error("the one who overtook it does not hold the lock")
	}
	unlock()
}

func TestASuspendedHolderWhomNobodyOvertakesGoesOn(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	holder, ask := holding(t, s)
	if err := holder.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * testPatience)
	if err := holder.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != "holds: true" {
		t.Errorf("%s", got)
	}
}

func TestLeasesAreHeldByOneAtATimeAcrossProcesses(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	countTogether(t, s, "count")
}

// The same where processes linger at each step: between showing a claim and looking for others',
// and between finding an owner dead and taking his claim away.
func TestLeasesAreHeldByOneAtATimeWhateverComesInBetween(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	countTogether(t, s, "count-slow")
}

// Several find a dead owner's lock at once; they must not take it from each other.
func TestOneOfManyTakesOverFromADeadOwner(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	holder := process(t, "hold", s.Dir())
	untilItSays(t, holder, "locked")
	holder.Process.Kill()
	holder.Wait()
	countTogether(t, s, "count-slow")
}

func TestAFileThatIsNoClaimHoldsNothing(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	for _, name := range []string{key("k"), key("k") + ".", key("k") + ".litter", key("k") + ".00000000000000zz-0000000000000001", key("k") + ".../../x-0000000000000001"} {
		path := s.path("locks", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte("litter"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	unlock, err := lockWithin(s, testPatience/2)
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestAListIsMadeOnceWithOrWithoutLinks(t *testing.T) {
	for name, make := range map[string]func(path, text string) error{"linked": writeNew, "created": createNew} {
		path := filepath.Join(t.TempDir(), "list")
		var made atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				if err := make(path, fmt.Sprint(i)); err == nil {
					made.Add(1)
				} else if !errors.Is(err, ErrExists) && !errors.Is(err, os.ErrExist) {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		all.Wait()
		if made.Load() != 1 {
			t.Errorf("%s: made %d times", name, made.Load())
		}
	}
}

// holdUntilKilled holds what take takes.
func holdUntilKilled(dir string, take func(*Store) error) error {
	s, err := Open(dir)
	if err != nil {
		return err
	}
	if err := take(s); err != nil {
		return err
	}
	fmt.Println("held")
	time.Sleep(time.Hour)
	return nil
}

func holdShare(args []string) error {
	return holdUntilKilled(args[0], func(s *Store) error { _, err := s.Share(context.Background()); return err })
}

func holdAlone(args []string) error {
	return holdUntilKilled(args[0], func(s *Store) error { _, err := s.Alone(context.Background()); return err })
}

func holdUse(args []string) error {
	return holdUntilKilled(args[0], func(s *Store) error {
		u, err := s.BeginUse()
		if err == nil {
			err = u.Add(key("k"))
		}
		return err
	})
}

func TestCollectionAndUseKeepEachOtherAwayByLeases(t *testing.T) {
	within := func(take func(context.Context) (func(), error), d time.Duration) error {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		release, err := take(ctx)
		if err == nil {
			release()
		}
		return err
	}
	for _, c := range []struct {
		role                   string
		keepsShare, keepsAlone bool
	}{{"hold-share", false, true}, {"hold-alone", true, true}} {
		s := openLeased(t)
		holder := process(t, c.role, s.Dir())
		untilItSays(t, holder, "held")
		if err := within(s.Share, 2*testPatience); errors.Is(err, context.DeadlineExceeded) != c.keepsShare {
			t.Errorf("%s: sharing: %v", c.role, err)
		}
		if err := within(s.Alone, 2*testPatience); errors.Is(err, context.DeadlineExceeded) != c.keepsAlone {
			t.Errorf("%s: alone: %v", c.role, err)
		}
		holder.Process.Kill()
		holder.Wait()
		if err := errors.Join(within(s.Alone, time.Minute), within(s.Share, time.Minute)); err != nil {
			t.Errorf("%s: after it was killed: %v", c.role, err)
		}
		checkNothingLeft(t, s)
	}
}

func TestCollectionSparesWhatALivingRunUsesByItsLease(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	holder := process(t, "hold-use", s.Dir())
	untilItSays(t, holder, "held")
	d := put(t, s, "of the run")
	if err := s.PutAction(&Action{Key: key("k"), Numerics: "here", Outputs: []Output{{Name: "o", Object: d, Bytes: int64(len("of the run"))}}}); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Collect(context.Background(), Roots{}, false); err != nil || len(c.Garbage) > 0 {
		t.Errorf("beside the run: %v, %v", c.Garbage, err)
	}
	holder.Process.Kill()
	holder.Wait()
	if c, err := s.Collect(context.Background(), Roots{}, false); err != nil || len(c.Garbage) != 4 { // its list, record, object and heartbeat
		t.Errorf("after it was killed: %v, %v", c.Garbage, err)
	}
	if visible, _ := visibleFiles(t, s.Dir()); len(visible) > 0 {
		t.Errorf("left behind: %v", visible)
	}
}

// A heartbeat is as often as patience asks for: of nanoseconds, no ticker can be made; of less than
// a busy machine keeps a process waiting, the living would be robbed.
func TestAWrongPatienceIsOneClearError(t *testing.T) {
	s := openLeased(t)
	failpoint.Hasty.Store(false)
	defer failpoint.Hasty.Store(true)
	for _, text := range []string{"soon", "", "0s", "1ns", "9ns", "-20s", "1.9s", "5m1ns", "2562047h", "20s\n20s", strings.Repeat("1", 1000)} {
		if err := os.WriteFile(filepath.Join(s.Dir(), leaseFolder, patienceFile), []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(s.Dir())
		if err == nil {
			t.Errorf("opened with a patience of %q", text)
			continue
		}
		checkOneLine(t, err.Error(), patienceFile)
	}
}

// A disk on which nobody can write for a while kills nobody: who cannot beat cannot tell who does
// not.
func TestNobodyIsDeadToOneWhoCannotBeat(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	rest, err := s.leases.hold()
	if err != nil {
		t.Fatal(err)
	}
	defer rest()
	other := strings.Repeat("e", 16)
	plant(t, s.path(leaseFolder), map[string]string{other: "its last beat"})
	own := s.path(leaseFolder, thisProcess)
	if err := errors.Join(os.Remove(own), os.Mkdir(own, 0o777)); err != nil {
		t.Fatal(err)
	}
	deadWithin := func(d time.Duration) bool {
		for begun := time.Now(); time.Since(begun) < d; time.Sleep(10 * time.Millisecond) {
			if s.leases.dead(other) {
				return true
			}
		}
		return false
	}
	if deadWithin(3 * testPatience) {
		t.Error("found dead by one whose own heart stood still")
	}
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	if !deadWithin(time.Minute) {
		t.Error("not found dead")
	}
}

// What was being done when a process stood still is not published when it wakes up.
func TestALostLeaseFencesWhatIsPublished(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	unlock, err := lockWithin(s, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	d := put(t, s, "mine")
	mine, _ := s.claims.Load(key("k"))
	if err := os.Remove(mine.(string)); err != nil { // as another does who finds this process dead
		t.Fatal(err)
	}
	a := &Action{Key: key("k"), Numerics: "here", Outputs: []Output{{Name: "o", Object: d, Bytes: 4}}}
	if err := s.PutAction(a); !errors.Is(err, ErrOvertaken) {
		t.Errorf("publishing: %v", err)
	}
	if _, err := s.Lookup(a.Key, a.Numerics, true); !errors.Is(err, ErrMissing) {
		t.Errorf("published: %v", err)
	}
	unlock()
	if err := s.PutAction(a); err != nil { // without a lock there is nothing to lose
		t.Error(err)
	}
}

func TestACollectionThatStoodStillRemovesNothingMore(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	for i := range 3 {
		put(t, s, fmt.Sprint("garbage ", i))
	}
	c := &collector{store: s, keys: map[string]bool{}, done: map[string]bool{}, objects: map[Digest]bool{}}
	release, err := c.begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	claims, err := filepath.Glob(s.path(leaseFolder, alonePrefix+"*"))
	if err != nil || len(claims) != 1 {
		t.Fatal(claims, err)
	}
	if err := os.Remove(claims[0]); err != nil {
		t.Fatal(err)
	}
	if err := c.collectObjects(); err == nil {
		t.Error("it went on")
	} else {
		checkOneLine(t, err.Error(), "start it again")
	}
	if objects, _, err := s.Objects(); err != nil || len(objects) != 3 {
		t.Errorf("%d objects are left, %v", len(objects), err)
	}
}

// One collection takes away all that a dead process left, whatever its name.
func TestACollectionLeavesNothingOfADeadOwner(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	for _, owner := range []string{strings.Repeat("0", 16), strings.Repeat("e", 16)} {
		plant(t, s.Dir(), map[string]string{
			"leases/" + owner: "its last beat", "locks/" + key("k") + "." + owner + "-" + owner: "", "leases/" + sharePrefix + owner + "-" + owner: "",
			"objects/" + tempPrefix + owner + "-1": "half", "runs/" + runName(1+int(owner[0])): ownerLine + owner + "\n" + key("k") + "\n",
		})
	}
	gone := strings.Repeat("d", 16) // whose heartbeat is gone already
	plant(t, s.Dir(), map[string]string{"locks/" + key("k") + "." + gone + "-" + gone: "", "objects/" + tempPrefix + gone + "-1": "half"})
	checkNothingLeft(t, s)
}
