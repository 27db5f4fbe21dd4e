package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The command line is tested from outside: scripts in testdata/script run the
// program as `go tool task build` makes it.

var program string // path of the built program

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "sicgrid-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "sicgrid")
		if err := buildProgram("../..", program); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// buildProgram does what `go tool task build` does, in the tree at root.
func buildProgram(root, to string) error {
	for _, args := range [][]string{{"generate", "./stages/source"}, {"build", "-trimpath", "-o", to, "./stages/sicgrid"}} {
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// layProfiles copies the smoke profile and what it is based on into a folder.
func layProfiles(dir string) error {
	for _, name := range []string{"smoke.yaml", "defaults.yaml"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "params", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// smokeResults is a store with every result of the smoke profile, made once for the tests that rest
// on results and are not about making them.
var smokeResults = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(filepath.Dir(program), "smoke")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	if err := layProfiles(dir); err != nil {
		return "", err
	}
	cmd := exec.Command(program, "lock", "--params", "smoke.yaml")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return filepath.Join(dir, "artifacts", "store"), nil
})

// layResults gives dir a store of its own with every result of the smoke profile.
func layResults(dir string) error {
	from, err := smokeResults()
	if err != nil {
		return err
	}
	to := filepath.Join(dir, "artifacts", "store")
	for _, part := range []string{"actions", "objects"} {
		if err := os.CopyFS(filepath.Join(to, part), os.DirFS(filepath.Join(from, part))); err != nil {
			return err
		}
	}
	format, err := os.ReadFile(filepath.Join(from, "format"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, "format"), format, 0o644)
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(program)+string(filepath.ListSeparator)+env.Getenv("PATH"))
			return layProfiles(env.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"ran":    ran,
			"same":   same,
			"damage": damage,
			"results": func(ts *testscript.TestScript, neg bool, args []string) { // of the smoke profile, made elsewhere
				if neg || len(args) > 0 {
					ts.Fatalf("usage: results")
				}
				ts.Check(layResults(ts.MkAbs(".")))
			},
			"oneline": func(ts *testscript.TestScript, _ bool, args []string) {
				if text := ts.ReadFile("stderr"); strings.Count(text, "\n") != 1 {
					ts.Fatalf("standard error is not one line:\n%s", text)
				}
			},
		},
		RequireExplicitExec: true,
	})
}

// exits CODE PROGRAM ARG...: run, and demand this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func readRun(ts *testscript.TestScript, file string) runRecord {
	var r runRecord
	if err := json.Unmarshal([]byte(ts.ReadFile(file)), &r); err != nil {
		ts.Fatalf("%s: %v", file, err)
	}
	return r
}

// ran FILE PATTERN...: in the JSON of a run, the stages that ran are those that
// the patterns name; "spectra/..." names all that begin so, "all" every stage.
func ran(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: ran FILE [PATTERN...]")
	}
	var got, want []string
	used := map[string]bool{}
	for _, s := range readRun(ts, args[0]).Stages {
		if s.State == "ran" {
			got = append(got, s.Name)
		}
		for _, pattern := range args[1:] {
			prefix, isPrefix := strings.CutSuffix(pattern, "...")
			if pattern == "all" || s.Name == pattern || isPrefix && strings.HasPrefix(s.Name, prefix) {
				used[pattern] = true
				if !slices.Contains(want, s.Name) {
					want = append(want, s.Name)
				}
			}
		}
	}
	for _, pattern := range args[1:] {
		if !used[pattern] {
			ts.Fatalf("no stage is called %s", pattern)
		}
	}
	if !slices.Equal(got, want) {
		ts.Fatalf("ran  %q\nwant %q", got, want)
	}
}

// same FILE FILE: the two runs give every output the same object and logical digest.
func same(ts *testscript.TestScript, neg bool, args []string) {
	a, b := readRun(ts, args[0]), readRun(ts, args[1])
	if len(a.Stages) == 0 || len(a.Stages) != len(b.Stages) {
		ts.Fatalf("%d and %d stages", len(a.Stages), len(b.Stages))
	}
	for i, s := range a.Stages {
		if len(s.Outputs) == 0 || s.Name != b.Stages[i].Name || !slices.Equal(s.Outputs, b.Stages[i].Outputs) {
			ts.Fatalf("%s: outputs differ:\n%+v\n%+v", s.Name, s.Outputs, b.Stages[i].Outputs)
		}
	}
}

// damage RUN STAGE OUTPUT STORE: flip the last byte of the object.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	var digest string
	for _, s := range readRun(ts, args[0]).Stages {
		for _, o := range s.Outputs {
			if s.Name == args[1] && o.Name == args[2] {
				digest = string(o.Object)
			}
		}
	}
	path := objectPath(ts, ts.MkAbs(args[3]), digest)
	data, err := os.ReadFile(path)
	ts.Check(err)
	data[len(data)-1] ^= 1
	ts.Check(os.Chmod(path, 0o644))
	ts.Check(os.WriteFile(path, data, 0o644))
	ts.Setenv("OBJECT", digest[:12])
}

func objectPath(ts *testscript.TestScript, dir, digest string) string {
	var found string
	ts.Check(filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && digest != "" && !e.IsDir() && strings.Contains(filepath.ToSlash(path), "objects") &&
			strings.HasSuffix(digest, strings.TrimSuffix(e.Name(), filepath.Ext(e.Name()))) {
			found = path
		}
		return err
	}))
	if found == "" {
		ts.Fatalf("no object %q in %s", digest, dir)
	}
	return found
}

// runJSON runs the program and decodes what it says.
func runJSON(t *testing.T, exe, dir string, args ...string) runRecord {
	t.Helper()
	cmd := exec.Command(exe, append([]string{"run", "--json"}, args...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, &stderr)
	}
	var r runRecord
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}
