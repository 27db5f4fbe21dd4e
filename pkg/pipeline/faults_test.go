package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/pkg/store/failpoint"
)

// These tests kill processes. `go tool task test-faults` does it at many more random moments than
// an ordinary run of the tests.
var roles = map[string]func(dir string) error{"work": workAsChild, "collect": collectAsChild}

// randomKills is how many processes are killed at random moments.
func randomKills(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("SICGRID_FAULTS")); err == nil {
		return n
	}
	return 50
}

// small is a pipeline of five nodes; "checkpointed" leaves a checkpoint in its scratch directory
// and goes on from it.
func small() (*Graph, Options) {
	type p struct {
		Add int64 `json:"add"`
	}
	node := func(name string, add int64, inputs ...*Node) *Node {
		n := &Node{Name: name, Stage: "sum", Params: p{add}, Inputs: map[string]Ref{}, Outputs: []string{"number"}}
		for i, in := range inputs {
			n.Inputs[fmt.Sprint("in", i)] = in.Ref("number")
		}
		n.Run = func(ctx context.Context, t *Task) error {
			rows := make([]number, 2000)
			for role := range n.Inputs {
				in, _, err := Read[number](t, role)
				if err != nil {
					return err
				}
				for i := range rows {
					rows[i].Value += in[i].Value*int64(i%7) + add
				}
			}
			time.Sleep(2 * time.Millisecond)
			return Emit(t, "number", rows, nil)
		}
		return n
	}
	a := node("a", 1)
	b := node("b", 2, a)
	c := node("checkpointed", 3, b)
	inner := c.Run
	c.Run = func(ctx context.Context, t *Task) error {
		dir, err := t.Scratch()
		if err != nil {
			return err
		}
		path := filepath.Join(dir, "checkpoint")
		if data, err := os.ReadFile(path); err == nil && string(data) != "half" {
			return fmt.Errorf("a checkpoint of %q", data)
		}
		if err := store.WriteFileAtomic(path, []byte("half"), 0o644); err != nil {
			return err
		}
		return inner(ctx, t)
	}
	d := node("d", 4, a)
	g, err := NewGraph(node("e", 5, c, d))
	if err != nil {
		panic(err)
	}
	return g, Options{DAG: "test", Numerics: "here", Jobs: 1, Code: map[string]codedigest.Stage{"sum": code("1")}}
}

func workAsChild(dir string) error {
	armFromEnvironment(dir)
	g, opt := small()
	var err error
	if opt.Store, err = store.Open(filepath.Join(dir, "store")); err != nil {
		return err
	}
	report, err := Run(context.Background(), g, opt)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "digests"), []byte(strings.Join(logical(report), "\n")), 0o644)
}

func collectAsChild(dir string) error {
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		return err
	}
	armFromEnvironment(dir)
	return collectAllButSmall(s)
}

// collectAllButSmall collects everything that the small pipeline does not reach.
func collectAllButSmall(s *store.Store) error {
	g, opt := small()
	opt.Store = s
	keys, err := Reachable(g, opt)
	if err != nil {
		return err
	}
	_, err = s.Collect(context.Background(), store.Roots{Keys: keys}, false)
	return err
}

// armFromEnvironment kills this process at the failpoint of the number asked for, counted from 1,
// and writes down all that it came to.
func armFromEnvironment(dir string) {
	at, _ := strconv.Atoi(os.Getenv("PIPELINE_TEST_KILL_AT"))
	steps, err := os.Create(filepath.Join(dir, "steps"))
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	n := 0
	failpoint.Arm(func(step string) {
		mu.Lock()
		defer mu.Unlock()
		if n++; n == at {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until the signal is delivered
		}
		fmt.Fprintln(steps, step)
	})
}

func role(dir, name string, killAt int) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PIPELINE_TEST_DIR="+dir, "PIPELINE_TEST_ROLE="+name, "PIPELINE_TEST_KILL_AT="+strconv.Itoa(killAt))
	cmd.Stderr = os.Stderr
	return cmd
}

func runRole(t *testing.T, dir, name string) {
	t.Helper()
	if err := role(dir, name, 0).Run(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func readLines(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// The two ways in which processes share a store: the kernel's locks, and leases as on a network
// file system.
var sharings = []string{"flock", "leases"}

// folder makes one for a store that is shared in this way.
func folder(t *testing.T, sharing string) string {
	t.Helper()
	dir := t.TempDir()
	if sharing == "leases" {
		leases := filepath.Join(dir, "store", "leases")
		if err := errors.Join(os.MkdirAll(leases, 0o755), os.WriteFile(filepath.Join(leases, ".patience"), []byte("300ms\n"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// whole is what an undisturbed run leaves.
type whole struct {
	sharing string
	digests []string
	files   []string // of the store after a collection
	steps   []string // failpoints in their order
}

func undisturbed(t *testing.T, sharing string) whole {
	t.Helper()
	dir := folder(t, sharing)
	runRole(t, dir, "work")
	w := whole{sharing: sharing, digests: readLines(t, filepath.Join(dir, "digests")), steps: readLines(t, filepath.Join(dir, "steps"))}
	runRole(t, dir, "collect")
	w.files = storeFiles(t, dir)
	return w
}

// storeFiles lists the files of the store, and directories that a scratch left. Two runs' records
// differ in their times, so only objects are told apart by contents (their names are their
// digests).
func storeFiles(t *testing.T, dir string) []string {
	t.Helper()
	root := filepath.Join(dir, "store")
	var files []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		if err == nil && (!e.IsDir() || strings.HasPrefix(rel, "scratch"+string(filepath.Separator))) {
			files = append(files, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// checkAfterAKill demands that whatever is visible is sound, that no lock is held, that the next
// run ends as the undisturbed one did, and that collection then finds everything else.
func (w whole) checkAfterAKill(t *testing.T, dir, when string) {
	t.Helper()
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	sound := func(path string, err error) error {
		if err != nil && filepath.Base(path) != "stray" {
			t.Errorf("%s: visible and not sound: %v", when, err)
		}
		return nil
	}
	err = s.Walk(
		func(_ store.Digest, path string, err error) error { return sound(path, err) },
		func(_ *store.Action, path string, err error) error { return sound(path, err) })
	if err != nil {
		t.Fatal(err)
	}
	g, opt := small()
	opt.Store = s
	keys, err := Reachable(g, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		unlock, err := s.Lock(ctx, k)
		cancel()
		if err != nil {
			t.Errorf("%s: a lock outlived its process: %v", when, err)
			continue
		}
		unlock()
	}
	report, err := Run(context.Background(), g, opt)
	if err != nil {
		t.Fatalf("%s: the next run: %v", when, err)
	}
	if got := logical(report); !slices.Equal(got, w.digests) {
		t.Errorf("%s: the next run ends in %q, want %q", when, got, w.digests)
	}
	if err := collectAllButSmall(s); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if got := storeFiles(t, dir); !slices.Equal(got, w.files) {
		t.Errorf("%s: after collection there are\n%q, want\n%q", when, got, w.files)
	}
}

// die runs the role and demands that it was killed.
func die(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the process was to be killed, and ended with %v", err)
	}
}

func TestARunKilledAtAnyStepLosesNothing(t *testing.T) {
	for _, sharing := range sharings {
		w := undisturbed(t, sharing)
		killed := 0
		for n, step := range w.steps {
			if sharing == "leases" && os.Getenv("SICGRID_FAULTS") == "" && rand.N(8) > 0 {
				continue // after each it takes a while until a heartbeat counts as missed
			}
			killed++
			dir := folder(t, sharing)
			die(t, role(dir, "work", n+1))
			w.checkAfterAKill(t, dir, fmt.Sprintf("%s: killed at step %d (%s)", sharing, n+1, step))
		}
		t.Logf("%s: killed at %d of the %d steps of a run: nothing lost", sharing, killed, len(w.steps))
	}
}

func TestARunKilledAtRandomMomentsLosesNothing(t *testing.T) {
	for _, sharing := range sharings {
		kills := randomKills(t)
		if sharing == "leases" {
			kills = max(1, kills/10)
		}
		killAtRandom(t, undisturbed(t, sharing), kills)
	}
}

func killAtRandom(t *testing.T, w whole, kills int) {
	t.Helper()
	begun := time.Now()
	runRole(t, folder(t, w.sharing), "work")
	span := time.Since(begun)
	killed, ended, dir := 0, 0, folder(t, w.sharing)
	for killed < kills && ended < 100+10*kills {
		cmd := role(dir, "work", 0)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		after := rand.N(span)
		time.Sleep(after)
		_ = cmd.Process.Kill()
		if cmd.Wait() != nil {
			killed++
			span += span / 100 // the span follows the machine's load, so that most kills strike
		} else {
			ended++
			span -= span / 50
		}
		if rand.N(3) == 0 { // or the next one goes on in the same store
			w.checkAfterAKill(t, dir, fmt.Sprintf("%s: killed after %v", w.sharing, after))
			dir = folder(t, w.sharing)
		}
	}
	w.checkAfterAKill(t, dir, "at the end")
	if killed < kills {
		t.Errorf("only %d processes of %d were killed", killed, kills)
	}
	t.Logf("%s: %d processes killed at random moments (%d others had ended): nothing lost", w.sharing, killed, ended)
}

// Some of the runners die on the way.
func TestTwoAndEightRunnersRacingOnOneStoreAgree(t *testing.T) {
	for _, sharing := range sharings {
		race(t, undisturbed(t, sharing))
	}
}

func race(t *testing.T, w whole) {
	t.Helper()
	for _, runners := range []int{2, 8} {
		dir := folder(t, w.sharing)
		var racing []*exec.Cmd
		for i := range runners {
			killAt := 0
			if i%4 == 3 {
				killAt = 10 + 20*i
			}
			cmd := role(dir, "work", killAt)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			racing = append(racing, cmd)
		}
		for i, cmd := range racing {
			if err := cmd.Wait(); err != nil && i%4 != 3 {
				t.Errorf("one of %d runners: %v", runners, err)
			}
		}
		if got := readLines(t, filepath.Join(dir, "digests")); !slices.Equal(got, w.digests) {
			t.Errorf("%s: %d runners end in %q, want %q", w.sharing, runners, got, w.digests)
		}
		w.checkAfterAKill(t, dir, fmt.Sprintf("%s: after %d runners", w.sharing, runners))
	}
}

// litter puts into a store what collection must find: results that nothing reaches, an object
// without a record, a checkpoint, the files of killed processes.
func litter(t *testing.T, dir string) {
	t.Helper()
	r := newRigIn(t, filepath.Join(dir, "store"))
	r.opt.DAG = "old"
	r.run(r.sum("x", sumParams{Add: 1000}, r.sum("y", sumParams{Add: 2000})))
	if _, _, err := r.opt.Store.Put(func(w io.Writer) error { _, err := io.WriteString(w, "an orphan"); return err }); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"objects/stray", "scratch/" + strings.Repeat("cd", 32) + "/on-here/checkpoint",
		"locks/" + strings.Repeat("ef", 32), "objects/.tmp-1", "names/test/.tmp-2", "runs/00000001",
	} {
		path = filepath.Join(dir, "store", path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("litter"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACollectionKilledAtAnyStepLosesNothing(t *testing.T) {
	killCollection(t, undisturbed(t, "flock"))
	if os.Getenv("SICGRID_FAULTS") != "" {
		killCollection(t, undisturbed(t, "leases"))
	}
}

func killCollection(t *testing.T, w whole) {
	t.Helper()
	for n := 1; ; n++ {
		dir := folder(t, w.sharing)
		runRole(t, dir, "work")
		litter(t, dir)
		err := role(dir, "collect", n).Run()
		if err == nil {
			if got := storeFiles(t, dir); !slices.Equal(got, w.files) {
				t.Errorf("a collection leaves\n%q, want\n%q", got, w.files)
			}
			if n < 10 {
				t.Errorf("the collection came to %d steps", n-1)
			}
			t.Logf("%s: killed at each of %d steps of a collection: nothing lost", w.sharing, n-1)
			return
		}
		w.checkAfterAKill(t, dir, fmt.Sprintf("%s: collection killed at step %d", w.sharing, n))
	}
}

// Every failpoint of store and pipeline is one that the tests above come to.
func TestEveryFailpointIsReached(t *testing.T) {
	dir := folder(t, "flock")
	runRole(t, dir, "work")
	steps := readLines(t, filepath.Join(dir, "steps"))
	litter(t, dir)
	runRole(t, dir, "collect")
	steps = append(steps, readLines(t, filepath.Join(dir, "steps"))...)
	dir = folder(t, "leases")
	die(t, role(dir, "work", 1+slices.Index(undisturbed(t, "leases").steps, "lock: taken")))
	runRole(t, dir, "work")
	steps = append(steps, readLines(t, filepath.Join(dir, "steps"))...)
	named := regexp.MustCompile(`failpoint\.At\("([^"]+)"`)
	for _, folder := range []string{".", "../store"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range named.FindAllStringSubmatch(string(text), -1) {
				if m[1] == "publish: linked" { // of transfers only, and reached in their tests
					continue
				}
				if !strings.HasSuffix(file, "_test.go") && !slices.ContainsFunc(steps, func(s string) bool { return strings.HasPrefix(s, m[1]) }) {
					t.Errorf("%s: no test comes to %q", file, m[1])
				}
			}
		}
	}
}

// Collections go on while runs do; each run must end in the right digests, and leave a sound store.
func TestCollectionBesideRunningPipelines(t *testing.T) {
	for _, sharing := range sharings {
		collectBeside(t, undisturbed(t, sharing))
	}
}

func collectBeside(t *testing.T, w whole) {
	t.Helper()
	dir := folder(t, w.sharing)
	s, err := store.Open(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var collecting sync.WaitGroup
	collections := 0
	collecting.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := s.Collect(context.Background(), store.Roots{}, false); err != nil {
				t.Error(err)
			}
			time.Sleep(5 * time.Millisecond)
			collections++
		}
	})
	for range map[string]int{"flock": 5, "leases": 2}[w.sharing] {
		var runners []*exec.Cmd
		for range 2 {
			cmd := role(dir, "work", 0)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			runners = append(runners, cmd)
		}
		for _, cmd := range runners {
			if err := cmd.Wait(); err != nil {
				t.Errorf("a run beside collections: %v", err)
			}
		}
		if got := readLines(t, filepath.Join(dir, "digests")); !slices.Equal(got, w.digests) {
			t.Errorf("a run beside collections ends in %q, want %q", got, w.digests)
		}
	}
	close(stop)
	collecting.Wait()
	w.checkAfterAKill(t, dir, w.sharing+": after collections")
	t.Logf("%s: pairs of runs beside %d collections", w.sharing, collections)
}
