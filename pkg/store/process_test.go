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

// Some claims are about several processes, or about a process with limits of its own: for these the
// test binary runs itself.
const roleVariable = "SICGRID_STORE_TEST_ROLE"

var roles = map[string]func(args []string) error{
	"hold":       holdLock,
	"hold-share": holdShare,
	"hold-alone": holdAlone,
	"hold-use":   holdUse,
	"count":      countUnderLock,
	"half-write": halfWrite,
	"unwritable": openUnprivileged,
}

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := roles[role](os.Args[1:]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process prepares a run of this binary in the given role.
func process(t *testing.T, role string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

// untilItSays starts cmd and waits for a line of its output.
func untilItSays(t *testing.T, cmd *exec.Cmd, line string) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	if got, err := bufio.NewReader(out).ReadString('\n'); err != nil || strings.TrimSpace(got) != line {
		t.Fatalf("the process said %q, %v; want %q", got, err, line)
	}
}

func holdLock(args []string) error {
	s, err := Open(args[0])
	if err != nil {
		return err
	}
	if _, err := s.Lock(context.Background(), key("k")); err != nil {
		return err
	}
	fmt.Println("locked")
	for { // when asked, until killed
		if _, err := fmt.Scanln(); err != nil {
			time.Sleep(time.Hour)
		}
		fmt.Println("holds:", s.Holds(key("k")))
	}
}

func TestALockHoldsAgainstOtherProcessesAndDiesWithItsOwn(t *testing.T) {
	s := open(t)
	holder := process(t, "hold", s.Dir())
	untilItSays(t, holder, "locked")

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Lock(ctx, key("k")); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("locked what another process holds: %v", err)
	}
	unlock, err := s.Lock(context.Background(), key("another"))
	if err != nil {
		t.Fatalf("another key's lock: %v", err)
	}
	unlock()

	if err := holder.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	unlock, err = s.Lock(ctx, key("k"))
	if err != nil {
		t.Fatalf("the lock of a killed process: %v", err)
	}
	unlock()
	unlock() // harmless
	if visible, hidden := visibleFiles(t, s.Dir()); len(visible)+len(hidden) > 0 {
		t.Errorf("locks left behind: %v %v", visible, hidden)
	}
}

const (
	counters = 4
	counts   = 60
)

// countUnderLock adds 1 to the number in a file, many times, each time reading and writing it under
// the lock.
func countUnderLock(args []string) error {
	s, err := Open(args[0])
	if err != nil {
		return err
	}
	file := filepath.Join(args[0], "count")
	for range counts {
		unlock, err := s.Lock(context.Background(), key("k"))
		if err != nil {
			return err
		}
		n := 0
		if data, err := os.ReadFile(file); err == nil {
			if _, err := fmt.Sscan(string(data), &n); err != nil {
				return err
			}
		}
		if err := os.WriteFile(file, []byte(fmt.Sprint(n+1)), 0o666); err != nil {
			return err
		}
		unlock()
	}
	return nil
}

// countTogether has several processes count under one lock of the store; none of their counts may
// be lost.
func countTogether(t *testing.T, s *Store) {
	t.Helper()
	var running sync.WaitGroup
	for range counters {
		cmd := process(t, "count", s.Dir())
		running.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	running.Wait()
	if data, err := os.ReadFile(filepath.Join(s.Dir(), "count")); err != nil || string(data) != fmt.Sprint(counters*counts) {
		t.Errorf("counted to %s, want %d (%v)", data, counters*counts, err)
	}
}

// Lock files are removed while others wait for them, which is where two could come to hold "the"
// lock.
func TestOneAtATimeAcrossProcesses(t *testing.T) {
	s := open(t)
	countTogether(t, s)
}

func TestOneAtATimeInOneProcess(t *testing.T) {
	s := open(t)
	var inside, most atomic.Int32
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 20 {
				unlock, err := s.Lock(context.Background(), key("k"))
				if err != nil {
					t.Error(err)
					return
				}
				most.Store(max(most.Load(), inside.Add(1)))
				inside.Add(-1)
				unlock()
			}
		})
	}
	running.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held the lock at once", most.Load())
	}
}

func TestWaitingForALockEndsWithItsContext(t *testing.T) {
	s := open(t)
	unlock, err := s.Lock(context.Background(), key("k"))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Lock(ctx, key("k")); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), s.Dir()) {
		t.Errorf("error %v; want one that names the lock", err)
	}
}

func halfWrite(args []string) error {
	s, err := Open(args[0])
	if err != nil {
		return err
	}
	_, _, err = s.Put(func(w io.Writer) error {
		if _, err := io.WriteString(w, "half an object"); err != nil {
			return err
		}
		fmt.Println("writing")
		time.Sleep(time.Hour) // until killed
		return nil
	})
	return err
}

func TestAKilledWriterLeavesNothingVisibleAndIsSweptUp(t *testing.T) {
	s := open(t)
	writer := process(t, "half-write", s.Dir())
	untilItSays(t, writer, "writing")
	if _, err := Open(s.Dir()); err != nil {
		t.Fatal(err)
	}
	if visible, hidden := visibleFiles(t, s.Dir()); len(visible) != 0 || len(hidden) != 1 {
		t.Errorf("while it writes: %v, %v; want one hidden file", visible, hidden)
	}
	writer.Process.Kill()
	writer.Wait()
	if visible, _ := visibleFiles(t, s.Dir()); len(visible) != 0 {
		t.Errorf("half-written and visible: %v", visible)
	}
	if _, err := Open(s.Dir()); err != nil {
		t.Fatal(err)
	}
	if visible, hidden := visibleFiles(t, s.Dir()); len(visible)+len(hidden) != 0 {
		t.Errorf("after the store was opened again: %v, %v", visible, hidden)
	}
}

func checkOneLine(t *testing.T, got string, want ...string) {
	t.Helper()
	got = strings.TrimSpace(got)
	for _, w := range want {
		if !strings.Contains(got, w) || strings.Contains(got, "\n") {
			t.Errorf("%q is not one line with %q", got, w)
		}
	}
}

// openUnprivileged opens a store as a user whom file permissions bind.
func openUnprivileged(args []string) error {
	if os.Getuid() == 0 {
		if err := syscall.Setgid(65534); err != nil {
			return err
		}
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
	}
	_, err := Open(args[0])
	return err
}

func TestAStoreThatCannotBeWrittenIsOneClearError(t *testing.T) {
	parent := t.TempDir()
	for dir := parent; dir != os.TempDir() && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755) // for the other user; fails, and need not succeed, on directories that are not ours
	}
	s, err := Open(filepath.Join(parent, "store"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{s.path("objects"), s.Dir(), parent} {
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(dir, 0o755)
	}
	for _, dir := range []string{s.Dir(), filepath.Join(parent, "new")} {
		out, err := process(t, "unwritable", dir).Output()
		if err == nil {
			t.Errorf("%s was opened", dir)
		}
		checkOneLine(t, string(out), dir, "permission denied", "make it writable or choose another directory")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = Open(filepath.Join(file, "store"))
	if err == nil {
		t.Fatal("a store was opened inside a file")
	}
	checkOneLine(t, err.Error(), file, "not a directory", "choose a directory")
}
