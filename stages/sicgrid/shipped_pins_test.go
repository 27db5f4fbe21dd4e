package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sicgrid/pkg/store"
	"sicgrid/stages/session"
)

// The pins that the repository ships are used: none is damaged, of other parameters, or of a node
// that there is not.
func TestThePinsOfTheRepositoryAreUsed(t *testing.T) {
	root := filepath.Join("..", "..")
	profiles, err := os.ReadDir(filepath.Join(root, session.PinsDir))
	if err != nil || len(profiles) == 0 {
		t.Skip("the repository has no pins")
	}
	stored := filepath.Join(t.TempDir(), "store")
	if _, err := store.Open(stored); err != nil {
		t.Fatal(err)
	}
	for _, profile := range profiles {
		pinned := pinnedNodes(t, filepath.Join(root, session.PinsDir, profile.Name()))
		cmd := exec.Command(program, append([]string{"status", "--json", "--params", profile.Name(), "--store", stored}, pinned...)...)
		cmd.Dir = root
		var said strings.Builder
		cmd.Stderr = &said
		out, failed := cmd.Output() // exit code 3: something else would run
		var answer struct {
			Stages []stageStatus `json:"stages"`
		}
		if err := json.Unmarshal(out, &answer); err != nil {
			t.Fatalf("%v: %v: %v\n%s%s", cmd.Args, failed, err, out, said.String())
		}
		states := map[string]stageStatus{}
		for _, s := range answer.Stages {
			states[s.Name] = s
		}
		for _, name := range pinned {
			if s := states[name]; s.State != "pinned" {
				t.Errorf("%s: the pin of %s is not used: %s, %s", profile.Name(), name, s.State, s.Reason)
			}
		}
	}
}

// pinnedNodes are the nodes of a profile that have a record among the pins.
func pinnedNodes(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Ext(path) == ".json" {
			rel, err := filepath.Rel(dir, filepath.Dir(path))
			if err != nil {
				return err
			}
			names = append(names, strings.ReplaceAll(rel, string(filepath.Separator), "/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
