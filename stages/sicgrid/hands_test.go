package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What a hurried hand can type at the program: outputs that are inputs, links, folders, sockets and
// somebody's tables; names of profiles, sweeps and folders that lead elsewhere; flags without a
// value. Each is refused in one line, at once, and not a byte of what lies there is lost.
func TestBadCommandLinesDamageNothing(t *testing.T) {
	dir := t.TempDir()
	layParams(t, dir, "laptop")
	for _, command := range []string{"run trajectories/2m ratemaps/full/2m figure-3", "run figure-3 --set seed=2 --name mine",
		"export ratemaps/full/2m:maps --out m.parquet", "pin trajectories/2m"} {
		if said, code := shell(t, dir, "sicgrid "+command+" -q"); code != exitDone {
			t.Fatalf("%s\n%s", command, said)
		}
	}
	layTheirs(t, dir)
	before := treeOf(t, dir)
	commands := badCommands(newRootCommand())
	for _, args := range commands {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Dir = dir
		var stderr strings.Builder
		cmd.Stderr = &stderr
		_ = cmd.Run() // its exit code is looked at
		cancel()
		code := cmd.ProcessState.ExitCode()
		if said := stderr.String(); code != exitFailed && code != exitUsage || strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "sicgrid: ") {
			t.Errorf("%q: exit code %d, must be refused in one line\n%s", args, code, said)
		}
		if after := treeOf(t, dir); !maps.Equal(before, after) {
			t.Fatalf("%q has changed what lies there:\n%s", args, differences(before, after))
		}
	}
	t.Logf("%d bad command lines: nothing lost", len(commands))
}

// layTheirs puts somebody's files beside those of the program.
func layTheirs(t *testing.T, dir string) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"theirs.csv", "units.modules.csv", "units.modules.parquet", ".tmp-1-2", "artifacts/smoke/notes.txt", "artifacts/pinned/laptop/trajectories/2m/notes.parquet",
		"artifacts/published/figure-3.svg", "a[b].yaml", "protected.csv"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte("theirs\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	smoke, err := os.ReadFile(at("params/smoke.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range badProfiles {
		if err := os.WriteFile(at("params/"+name), smoke, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{
		os.Chmod(at("protected.csv"), 0o444), os.Symlink("m.parquet", at("link.parquet")), os.Link(at("m.parquet"), at("hard.parquet")),
		os.Symlink("loop.csv", at("loop.csv")), os.Mkdir(at("folder.csv"), 0o755), syscall.Mkfifo(at(".tmp-pipe"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir) // a socket's path must be short
	socket, err := net.Listen("unix", "socket.csv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
}

var badProfiles = []string{"store.yaml", "Store.yaml", "published.yaml", "pinned.yaml", "lock.x.yaml", ".hidden.yaml", "a[b].yaml", "a b.yaml", "a\nb.yaml", "-x.yaml"}

// badCommands are command lines that must be refused.
func badCommands(root *cobra.Command) (list [][]string) {
	for _, out := range []string{"theirs.csv/x.csv", "nowhere/x.csv", "folder.csv", "loop.csv", "socket.csv", "protected.csv", "x.txt", "x.csv.gz",
		"params/smoke.yaml", "params/laptop.yaml", "artifacts/store/x.csv", "artifacts/store/objects/x.csv", ".", "/", "folder.csv/"} {
		list = append(list, []string{"export", "trajectories/2m", "--out", out})
	}
	list = append(list, []string{"export", "trajectories/2m", "--out", "params/laptop.yaml", "--format", "csv"},
		[]string{"export", "trajectories/2m", "--out", "new.csv", "--format", "npy"}, []string{"export", "trajectories/2m", "--out", "new.csv", "--columns"})
	for _, out := range []string{"m.parquet", "./m.parquet", "link.parquet", "hard.parquet", "units.csv", "units.parquet", "x.txt", "nowhere/x.csv", "folder.csv", "socket.csv"} {
		list = append(list, []string{"analyze", "m.parquet", "--column", "mean", "--box", "2", "--out", out})
	}
	for _, name := range badProfiles {
		for _, command := range [][]string{{"run", "figure-3"}, {"status"}, {"pin", "trajectories/2m"}, {"unpin", "trajectories/2m"}, {"lock"}, {"clean"}} {
			list = append(list, append(slices.Clone(command), "--params=params/"+name))
		}
	}
	for _, name := range []string{"..", ".", "../smoke", "a/b", "/tmp", ".hidden", "a*", "a b", "-x", "figure-3.svg", "contents.json", strings.Repeat("x", 300)} {
		list = append(list, []string{"run", "figure-3", "--name=" + name}, []string{"clean", "--name=" + name}, []string{"status", "--name=" + name})
	}
	for _, command := range []string{"run figure-3 --name mine", "run figure-3 --set seed=3 --name mine", "pin trajectories/2m --set seed=2", "unpin trajectories/2m --set seed=2",
		"lock --set seed=2", "verify --sample 0", "verify --sample 0 --rerun", "status -q -v", "analyze m.parquet --box 2 --out u.csv --smooth 1",
		"export trajectories/2m --format csv --column position", "run figure-3 --params store", "run figure-3 --params nonesuch", "sweep nonesuch"} {
		list = append(list, strings.Fields(command))
	}
	return append(list, emptyFlags(root)...)
}

// emptyFlags are all commands with each of their flags that takes a text given an empty one.
func emptyFlags(c *cobra.Command) (list [][]string) {
	for _, below := range c.Commands() {
		path := strings.Fields(below.CommandPath())[1:]
		if least := below.Args; least != nil && least(below, nil) != nil {
			path = append(path, "trajectories/2m")
		}
		below.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if kind := f.Value.Type(); strings.HasPrefix(kind, "string") {
				list = append(list, append(slices.Clone(path), "--"+f.Name+"="))
			}
		})
		list = append(list, emptyFlags(below)...)
	}
	return list
}

// treeOf says of everything below a folder what it is and what it holds.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	tree := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		about := info.Mode().String()
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			about += fmt.Sprintf(" %x", sha256.Sum256(data))
		}
		rel, err := filepath.Rel(dir, path)
		if slash := filepath.ToSlash(rel); !strings.HasPrefix(slash, "artifacts/store/locks") {
			tree[slash] = about
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func differences(a, b map[string]string) (text string) {
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if b[name] != a[name] {
			text += fmt.Sprintf("%s: %s, was %s\n", name, b[name], a[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if a[name] == "" {
			text += name + ": is new\n"
		}
	}
	return text
}
