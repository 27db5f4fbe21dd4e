package pipeline

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/pkg/store/failpoint"
)

// TestMain lets the tests start this program again as another process that works on the same store.
func TestMain(m *testing.M) {
	failpoint.Hasty.Store(true)
	if dir := os.Getenv("PIPELINE_TEST_DIR"); dir != "" {
		role := runAsChild
		if other := roles[os.Getenv("PIPELINE_TEST_ROLE")]; other != nil {
			role = other
		}
		if err := role(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runAsChild runs one slow node, which writes down that it ran, and leaves the digests that came of
// it in a file of its own.
func runAsChild(dir string) error {
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	if reached := os.Getenv("PIPELINE_TEST_REACHED"); reached != "" {
		waitBeforeTheRecord(reached, filepath.Join(dir, "go on"))
	}
	n := &Node{Name: "slow", Stage: "sum", Outputs: []string{"number"}}
	n.Run = func(ctx context.Context, t *Task) error {
		f, err := os.OpenFile(filepath.Join(dir, "ran"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := f.WriteString("ran\n"); err != nil {
			return err
		}
		if os.Getenv("PIPELINE_TEST_HANG") != "" {
			time.Sleep(time.Hour)
		}
		time.Sleep(100 * time.Millisecond)
		for path := os.Getenv("PIPELINE_TEST_WAIT"); path != "" && !exists(path); {
			time.Sleep(10 * time.Millisecond)
		}
		value := int64(1)
		if os.Getenv("PIPELINE_TEST_DICE") != "" {
			value = rand.Int64()
		}
		return Emit(t, "number", []number{{value}}, nil)
	}
	g, err := NewGraph(n)
	if err != nil {
		return err
	}
	report, err := Run(context.Background(), g, Options{
		Store: s, DAG: "test", Numerics: "here", Code: map[string]codedigest.Stage{"sum": code("1")},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, os.Getenv("PIPELINE_TEST_NAME")), []byte(strings.Join(logical(report), "\n")), 0o644)
}

// waitBeforeTheRecord has the process make one file and wait for another when its objects are
// published and its record is written, but not visible yet.
func waitBeforeTheRecord(reached, goOn string) {
	objects, waited := false, false
	failpoint.Arm(func(step string) {
		objects = objects || step == "run: objects published"
		if !objects || waited || step != "publish: flushed" {
			return
		}
		waited = true
		if err := os.WriteFile(reached, nil, 0o644); err != nil {
			panic(err)
		}
		for !exists(goOn) {
			time.Sleep(10 * time.Millisecond)
		}
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// awaitFile waits for what another process is to make, also on a busy machine.
func awaitFile(t *testing.T, path string) {
	t.Helper()
	const within = 2 * time.Minute
	for begun := time.Now(); !exists(path); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > within {
			t.Fatalf("waited %v in vain for %s", within, path)
		}
	}
}

func child(t *testing.T, dir, name string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "PIPELINE_TEST_DIR="+dir, "PIPELINE_TEST_NAME="+name), env...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, unless the test failed
	return cmd
}

func TestTwoProcessesComputeOnce(t *testing.T) {
	dir := t.TempDir()
	a, b := child(t, dir, "a"), child(t, dir, "b")
	if err := a.Wait(); err != nil {
		t.Error(err)
	}
	if err := b.Wait(); err != nil {
		t.Error(err)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if ran := read("ran"); ran != "ran\n" {
		t.Errorf("the stage ran %d times", strings.Count(ran, "ran"))
	}
	if read("a") != read("b") || read("a") == "" {
		t.Error("the processes do not agree on the result")
	}
}

func TestAKilledProcessLeavesNothingVisibleAndNoLock(t *testing.T) {
	dir := t.TempDir()
	hanging := child(t, dir, "a", "PIPELINE_TEST_HANG=1")
	awaitFile(t, filepath.Join(dir, "ran"))
	if err := hanging.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = hanging.Wait() // it was killed
	r := newRigIn(t, filepath.Join(dir, "store"))
	if objects, actions := r.contents(); objects != 0 || actions != 0 {
		t.Errorf("%d objects and %d action records are visible", objects, actions)
	}
	if err := child(t, dir, "b").Wait(); err != nil {
		t.Errorf("the next process: %v", err)
	}
}

// With leases a process that is suspended loses its lock to another, which computes in its place.
// When it wakes up it finds that out, be it that it had only to rename the record, and takes what
// the other has made instead of publishing what it computed: here a stage that never gives the same
// twice.
func TestASuspendedRunThatWasOvertakenPublishesNothing(t *testing.T) {
	for _, at := range []string{"in its stage", "before it renames its record"} {
		t.Run(at, func(t *testing.T) { suspendRun(t, at == "in its stage") })
	}
}

func suspendRun(t *testing.T, inStage bool) {
	t.Helper()
	dir := folder(t, "leases")
	env, until := []string{"PIPELINE_TEST_DICE=1"}, filepath.Join(dir, "reached")
	if inStage {
		env, until = append(env, "PIPELINE_TEST_WAIT="+filepath.Join(dir, "go on")), filepath.Join(dir, "ran")
	} else {
		env = append(env, "PIPELINE_TEST_REACHED="+until)
	}
	slow := child(t, dir, "slow", env...)
	awaitFile(t, until)
	if err := slow.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := child(t, dir, "fast", "PIPELINE_TEST_DICE=1").Wait(); err != nil {
		t.Fatal(err)
	}
	records := func() string {
		paths, err := filepath.Glob(filepath.Join(dir, "store", "actions", "[0-9a-f]*.json"))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, fmt.Sprintf("%s %x", path, sha256.Sum256(data)))
		}
		return strings.Join(list, "\n")
	}
	published := records()
	if err := os.WriteFile(filepath.Join(dir, "go on"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := slow.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := slow.Wait(); err != nil {
		t.Errorf("the run that was overtaken: %v", err)
	}
	if now := records(); now != published {
		t.Errorf("the run that was overtaken changed the store from\n%s\nto\n%s", published, now)
	}
	if ran := readLines(t, filepath.Join(dir, "ran")); len(ran) != 2 {
		t.Errorf("the stage ran %d times", len(ran))
	}
	if a, b := readLines(t, filepath.Join(dir, "slow")), readLines(t, filepath.Join(dir, "fast")); !slices.Equal(a, b) || len(a) == 0 {
		t.Errorf("the runs end in %q and %q", a, b)
	}
}
