package pipeline

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

// TestMain lets the tests start this program again as another process that
// works on the same store.
func TestMain(m *testing.M) {
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

// runAsChild runs one slow node, which writes down that it ran, and leaves the
// digests that came of it in a file of its own.
func runAsChild(dir string) error {
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		return err
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
		return Emit(t, "number", []number{{1}}, nil)
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

func child(t *testing.T, dir, name string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "PIPELINE_TEST_DIR="+dir, "PIPELINE_TEST_NAME="+name), env...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
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
	for range 1000 {
		if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
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
