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
)

// testPatience is long for a machine that is busy, for its processes must beat in time.
const testPatience = 1500 * time.Millisecond

// openLeased opens a store that is shared by leases, as on a network file system.
func openLeased(t *testing.T) *Store {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	folder := filepath.Join(dir, leaseFolder)
	if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, patienceFile), []byte(testPatience.String()+"\n"), 0o644)); err != nil {
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
	if visible, hidden := visibleFiles(t, s.Dir()); len(visible) > 0 || len(hidden) != 1 {
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
	countTogether(t, s)
}

// Several find a dead owner's lock at once; they must not take it from each other.
func TestOneOfManyTakesOverFromADeadOwner(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	holder := process(t, "hold", s.Dir())
	untilItSays(t, holder, "locked")
	holder.Process.Kill()
	holder.Wait()
	countTogether(t, s)
}

func TestADamagedLeaseIsNobodys(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	for _, text := range []string{"", "litter", "00000000000000zz 1\n"} {
		if err := os.WriteFile(s.path("locks", key("k")), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		unlock, err := lockWithin(s, time.Minute)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		unlock()
	}
}

func TestALockFileIsMadeOnceWithOrWithoutLinks(t *testing.T) {
	for name, make := range map[string]func(path, text string) error{"linked": writeNew, "created": createNew} {
		path := filepath.Join(t.TempDir(), "lock")
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
		if visible, _ := visibleFiles(t, s.Dir()); len(visible) > 0 {
			t.Errorf("%s: left behind: %v", c.role, visible)
		}
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
	if c, err := s.Collect(context.Background(), Roots{}, false); err != nil || len(c.Garbage) != 3 {
		t.Errorf("after it was killed: %v, %v", c.Garbage, err)
	}
	if visible, _ := visibleFiles(t, s.Dir()); len(visible) > 0 {
		t.Errorf("left behind: %v", visible)
	}
}

func TestAWrongPatienceIsOneClearError(t *testing.T) {
	t.Parallel()
	s := openLeased(t)
	if err := os.WriteFile(filepath.Join(s.Dir(), leaseFolder, patienceFile), []byte("soon\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Open(s.Dir())
	if err == nil {
		t.Fatal("opened")
	}
	checkOneLine(t, err.Error(), patienceFile, `"soon"`, "such as 20s")
}
