package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sicgrid/stages/experiment"
	"sicgrid/stages/session"
	"sicgrid/stages/sweep"
	"sicgrid/stages/sweep/sweeptable"
)

// wireShipped wires a sweep of params/ over the profile that it names.
func wireShipped(t *testing.T, name string) *session.Session {
	t.Helper()
	path := filepath.Join("..", "..", "params", experiment.SweepPrefix+name+".yaml")
	_, f, err := experiment.ReadSweepFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flags := session.Request{Params: f.BasePath(path)}
	s, err := flags.Wire([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every sweep that is shipped is valid, and as large as it says.
func TestEveryShippedSweepIsValid(t *testing.T) {
	want := map[string]struct{ points, runs, trainings int }{
		"phase-diagram":       {31, 93, 93},  // the two planes share the profile's own point
		"robustness":          {11, 33, 201}, // capacity and the joined scale leave the small networks as they are
		"robustness-scratch":  {11, 33, 33},  // five parameters share it
		"report":              {3, 30, 110},  // four of each small network, which the points share, and the network
		"report-copies":       {1, 10, 190},  // sixteen of the small network, two of its copies, and the network
		"report-scratch":      {1, 20, 80},   // four attempts a network
		"copies":              {18, 54, 93},  // settings share the one network and its copies
		"gains":               {4, 12, 12},
		"gains-isometry":      {8, 24, 24},
		"lengthen":            {3, 6, 18},
		"tori":                {4, 12, 36},
		"report-tori":         {1, 10, 30},
		"report-single":       {1, 10, 10},
		"grown":               {2, 6, 18}, // both share the network of 24 units, and two of its copies
		"report-grown":        {1, 10, 40},
		"separate":            {17, 51, 147}, // four trainings of each network, by its walks and its place
		"smoke":               {7, 42, 42},
		"smoke-phase-diagram": {8, 8, 8},
		"smoke-robustness":    {5, 5, 5},
	}
	if names := experiment.SweepNames("../../params"); len(names) != len(want) {
		t.Errorf("sweeps %v, want %d", names, len(want))
	}
	for name, w := range want {
		s := wireShipped(t, name)
		trainings := 0
		for _, n := range s.Graph.Nodes() {
			if n.Stage == "train" {
				trainings++
			}
		}
		if one := s.Sweeps[0]; len(one.Points) != w.points || len(one.Runs) != w.runs || trainings != w.trainings {
			t.Errorf("%s: %d points, %d runs, %d trainings; want %+v", name, len(one.Points), len(one.Runs), trainings, w)
		}
	}
}

// Without the capacity loss one module is asked for, but of networks that have several to begin with.
func TestWhatASweepsRunIsAskedFor(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"report":         {"full": sweeptable.Several},
		"report-scratch": {"from-scratch": sweeptable.Several, "no-capacity": sweeptable.One},
	} {
		for _, run := range wireShipped(t, name).Sweeps[0].Table.Params.(sweep.Params).Runs {
			if run.Rule != want[run.Variant] {
				t.Errorf("%s, %s %s: judged by the rule %s, want %s", name, run.Name, run.Variant, run.Rule, want[run.Variant])
			}
		}
	}
}

// A run whose parameters equal the profile's own is the profile's.
func TestARunThatIsTheProfilesOwnIsShared(t *testing.T) {
	if wireShipped(t, "smoke").Graph.Node("train/full") != nil {
		t.Error("a run of 100 steps is taken for the profile's of 300")
	}
	dir := t.TempDir()
	if err := layProfiles(dir); err != nil {
		t.Fatal(err)
	}
	text := `
base: smoke.yaml
figure: overview
box_m: 2
variants: [no-capacity]
seeds: {finding: [2, 1]}
set: {}
designs:
  a: {grid: {loss: {sigma_g: {times: [1]}, invariance: [0.1]}}}
  b: {list: {again: {}}}
`
	if err := os.WriteFile(filepath.Join(dir, "sweep-own.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	flags := session.Request{Params: filepath.Join(dir, "smoke.yaml")}
	s, err := flags.Wire([]string{"own"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"train/no-capacity", "train/no-capacity/seed-2", "ratemaps/no-capacity/2m", "spectra/no-capacity/seed-2/2m", "trajectories/2m"} {
		if s.Graph.Node(name) == nil {
			t.Errorf("%s is made a second time", name)
		}
	}
	one := s.Sweeps[0]
	if len(one.Points) != 1 || !slices.Equal(one.Table.Params.(sweep.Params).Runs[0].Designs, []int32{0, 1}) {
		t.Errorf("points %+v: the same setting in two designs is one point of both", one.Points)
	}
	if rule := one.Table.Params.(sweep.Params).Runs[0].Rule; rule != sweeptable.One {
		t.Errorf("without the capacity loss a run is judged by the rule of %s", rule)
	}
}

// Two figures of one sweep read the same tables and are still two results.
func TestTheFiguresOfASweepAreDifferentResults(t *testing.T) {
	for _, name := range []string{"robustness", "phase-diagram", "report"} {
		seen := map[string]string{}
		for _, n := range wireShipped(t, name).DAG.Targets[name] {
			parameters, err := json.Marshal(n.Params)
			id := n.Stage + string(parameters)
			if err != nil || seen[id] != "" {
				t.Errorf("%s: %s has the key of %s, %v", name, n.Name, seen[id], err)
			}
			seen[id] = n.Name
		}
	}
}

// killAfter kills a run, pause after the folder has more records than there were; the channel
// closes when it has struck.
func killAfter(cmd *exec.Cmd, actions string, records int, pause time.Duration) <-chan struct{} {
	struck := make(chan struct{})
	go func() {
		defer close(struck)
		for range 6000 {
			if now, _ := filepath.Glob(filepath.Join(actions, "*.json")); len(now) > records || cmd.ProcessState != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(pause)
		_ = cmd.Process.Kill() // one that has ended by itself is past killing
	}()
	return struck
}

// laySmallSweep puts the profiles into a folder, and a sweep of the smoke profile's full network
// over sigma_g.
func laySmallSweep(t *testing.T, dir, name, seeds string, steps int, sigmas string) {
	t.Helper()
	if err := layProfiles(dir); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`
base: smoke.yaml
figure: overview
box_m: 2
variants: [full]
seeds: {finding: [%s]}
set: {optimiser: {steps: %d}}
designs:
  a: {grid: {loss: {sigma_g: [%s]}}}
`, seeds, steps, sigmas)
	if err := os.WriteFile(filepath.Join(dir, "sweep-"+name+".yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A sweep that is killed at any moment computes nothing again that had been published: every record
// that a killed run has left is there to the end, as it was written.
func TestAKilledSweepComputesNothingTwice(t *testing.T) {
	dir := t.TempDir()
	laySmallSweep(t, dir, "killed", "1, 2", 1000, "0.3, 0.4, 0.5")
	published := map[string]string{} // record -> content and time
	look := func() {
		t.Helper()
		records, _ := filepath.Glob(filepath.Join(dir, "artifacts", "store", "actions", "*.json"))
		for path := range published {
			if !slices.Contains(records, path) {
				t.Fatalf("%s, which had been published, is gone", filepath.Base(path))
			}
		}
		for _, path := range records {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			now := fmt.Sprint(info.ModTime().UnixNano(), " ", string(data))
			if was, known := published[path]; known && was != now {
				t.Fatalf("%s was made again", filepath.Base(path))
			}
			published[path] = now
		}
	}
	sweepIn := func() *exec.Cmd {
		cmd := exec.Command(program, "sweep", "sweep-killed.yaml", "--device", "cpu")
		cmd.Dir = dir
		return cmd
	}
	kills, pause := 0, time.Duration(0)
	for ended := false; !ended && kills < 200; {
		cmd := sweepIn()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		struck := killAfter(cmd, filepath.Join(dir, "artifacts", "store", "actions"), len(published), pause)
		err := cmd.Wait()
		<-struck
		if ended = err == nil; !ended {
			kills++
			pause = (pause + 17*time.Millisecond) % (60 * time.Millisecond) // another moment of the next stage
		}
		look()
	}
	if kills < 3 {
		t.Fatalf("killed %d times only: the sweep is too short for this test", kills)
	}
	out, err := sweepIn().CombinedOutput()
	if err != nil || !strings.Contains(string(out), "6 runs, 6 cached") {
		t.Fatalf("%v\n%s", err, out)
	}
	look()
	t.Logf("%d kills, %d records, none made twice", kills, len(published))
}
