package remote

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sicgrid/pkg/store"
	"sicgrid/pkg/store/failpoint"
)

// To be killed, this program starts itself again: REMOTE_TEST_ROLE says what to do with the store
// and the remote.
func TestMain(m *testing.M) {
	if role := os.Getenv("REMOTE_TEST_ROLE"); role != "" {
		if err := transferAsChild(role, os.Getenv("REMOTE_TEST_STORE"), os.Getenv("REMOTE_TEST_URL")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func transferAsChild(role, dir, url string) error {
	at, _ := strconv.ParseInt(os.Getenv("REMOTE_TEST_KILL_AT"), 10, 64)
	var n atomic.Int64
	var mu sync.Mutex
	failpoint.Arm(func(step string) {
		if n.Add(1) == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until the signal is delivered
		}
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(step)
	})
	s, err := store.Open(dir)
	if err != nil {
		return err
	}
	r, err := Open(context.Background(), url)
	if err != nil {
		return err
	}
	if role == "pull" {
		_, err = r.Pull(context.Background(), s, nil, nil)
		return err
	}
	var actions []*store.Action
	err = s.Walk(nil, func(a *store.Action, _ string, err error) error { actions = append(actions, a); return err })
	if err != nil {
		return err
	}
	_, err = r.Push(context.Background(), s, actions, nil)
	return err
}

func child(role, dir, url string, killAt int) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "REMOTE_TEST_ROLE="+role, "REMOTE_TEST_STORE="+dir, "REMOTE_TEST_URL="+url, "REMOTE_TEST_KILL_AT="+strconv.Itoa(killAt))
	cmd.Stderr = os.Stderr
	return cmd
}

// killed reports whether the process died of kill -9, and fails on any other end but a good one.
func killed(t *testing.T, err error) bool {
	t.Helper()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// checkTransfer demands that whatever a remote and a store show is sound, that pushing and pulling
// once more makes them whole, and that nothing is left over.
func checkTransfer(t *testing.T, when string, ours, theirs *store.Store, url string) {
	t.Helper()
	ctx := context.Background()
	unsound(t, theirs)
	r := openRemote(t, url)
	if got, err := r.Pull(ctx, openStore(t), nil, nil); err != nil || len(got.Problems) > 0 {
		t.Errorf("%s: the remote shows %+v, %v", when, got, err)
	}
	var actions []*store.Action
	if err := ours.Walk(nil, func(a *store.Action, _ string, err error) error { actions = append(actions, a); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Push(ctx, ours, actions, nil); err != nil {
		t.Errorf("%s: the next push: %v", when, err)
	}
	if _, err := r.Pull(ctx, theirs, nil, nil); err != nil {
		t.Errorf("%s: the next pull: %v", when, err)
	}
	for _, s := range []*store.Store{ours, theirs} {
		if _, err := store.Open(s.Dir()); err != nil { // which removes what dead writers left
			t.Error(err)
		}
	}
	if !sameContents(contents(t, ours), contents(t, theirs)) {
		t.Errorf("%s: the pulled store is another", when)
	}
	if r.dir != "" {
		for _, path := range treeOf(t, r.dir) {
			if strings.HasPrefix(filepath.Base(path), ".") {
				t.Errorf("%s: %s is left in the remote", when, path)
			}
		}
	}
}

func TestATransferKilledAtAnyStepLosesNothing(t *testing.T) {
	for _, kind := range []string{"file", "s3"} {
		for _, role := range []string{"push", "pull"} {
			t.Run(role+" "+kind, func(t *testing.T) {
				ours := openStore(t)
				actions := results(t, ours, 3)
				for n := 1; ; n++ {
					url := remotes(t)[kind]
					theirs := openStore(t)
					dir := ours.Dir()
					if role == "pull" {
						dir = theirs.Dir()
						if _, err := openRemote(t, url).Push(context.Background(), ours, actions, nil); err != nil {
							t.Fatal(err)
						}
					}
					dead := killed(t, child(role, dir, url, n).Run())
					checkTransfer(t, fmt.Sprintf("%s to %s killed at step %d", role, kind, n), ours, theirs, url)
					if !dead {
						t.Logf("killed at each of %d steps: nothing lost", n-1)
						break
					}
				}
			})
		}
	}
}

func TestATransferKilledAtRandomMomentsLosesNothing(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("SICGRID_FAULTS"))
	if err != nil {
		kills = 20
	}
	ours := openStore(t)
	results(t, ours, 8)
	dead, ended, span := 0, 0, 100*time.Millisecond
	for i := 0; dead < kills && ended < 100+10*kills; i++ {
		kind, role := []string{"file", "s3"}[i%2], []string{"push", "pull"}[i/2%2]
		url, theirs := remotes(t)[kind], openStore(t)
		dir := ours.Dir()
		if role == "pull" {
			dir = theirs.Dir()
			if err := child("push", ours.Dir(), url, 0).Run(); err != nil {
				t.Fatal(err)
			}
		}
		cmd := child(role, dir, url, 0)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := rand.N(span)
		time.Sleep(after)
		_ = cmd.Process.Kill()
		if killed(t, cmd.Wait()) {
			dead++
			span += span / 50 // the span follows the machine's load, so that most kills strike
		} else {
			ended++
			span -= span / 25
		}
		checkTransfer(t, fmt.Sprintf("%s to %s killed after %v", role, kind, after), ours, theirs, url)
	}
	if dead < kills {
		t.Errorf("only %d transfers of %d were killed", dead, kills)
	}
	t.Logf("%d transfers killed at random moments (%d others had ended): nothing lost", dead, ended)
}

// Every failpoint of this package is one that a transfer comes to.
func TestEveryFailpointIsReached(t *testing.T) {
	ours, theirs := openStore(t), openStore(t)
	results(t, ours, 2)
	url := remotes(t)["file"]
	var steps string
	for _, cmd := range []*exec.Cmd{child("push", ours.Dir(), url, 0), child("pull", theirs.Dir(), url, 0)} {
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		steps += string(out)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, "../publish.go") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`failpoint\.At\("([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(steps, m[1]+"\n") {
				t.Errorf("%s: no transfer comes to %q", file, m[1])
			}
		}
	}
}
