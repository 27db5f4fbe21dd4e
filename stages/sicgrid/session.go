package main

import (
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
)

// defaultProfile is the one without --params.
const defaultProfile = "params/laptop.yaml"

// graphFlags are the flags of the commands that look at the DAG.
type graphFlags struct {
	params   string
	sets     []string
	store    string
	exact    bool
	unpinned bool
	adopt    bool
	sweep    string     // file of a sweep over the profile, beside those that targets name
	many     bool       // a sweep may have more than manyPoints
	frozen   *frozenRun // of a job: what was submitted; nil elsewhere
}

func (f *graphFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.params, "params", defaultProfile, "parameter `FILE`; its name is the profile's")
	flags.StringArrayVar(&f.sets, "set", nil, "set one parameter, `key=value`, such as loss.sigma_g=0.5 (repeatable); sicgrid params lists them")
	flags.StringVar(&f.store, "store", "artifacts/store", "`DIR` that holds the artifacts")
	flags.BoolVar(&f.exact, "exact", false, "take no result of another instruction set or device")
	flags.BoolVar(&f.unpinned, "unpinned", false, "let no pinned result stand in for one of other code")
}

// session is what a command needs to look at the DAG: checked parameters, the
// nodes that it was asked for, and the open store.
type session struct {
	parameters *experiment.Parameters
	targets    []string
	designs    []*experiment.Sweep // that the targets name
	dag        *experiment.DAG
	graph      *pipeline.Graph          // of the targets
	sweeps     []*experiment.WiredSweep // of designs
	options    pipeline.Options
	device     experiment.Device // of the networks
}

// open checks everything that can be wrong before anything runs: parameters
// first, then targets, the program's own code, and the store.
func (f *graphFlags) open(targets []string) (*session, error) {
	s, err := f.wire(targets)
	if err != nil {
		return nil, err
	}
	return s, f.attach(s)
}

// attach gives a session the program's code digests and the store.
func (f *graphFlags) attach(s *session) error {
	digests := currentCode
	if f.frozen != nil { // the source may have moved on since; the job's program has not
		digests = embeddedCode
	}
	code, err := digests()
	if err != nil {
		return err
	}
	open, err := store.Open(f.store)
	if err != nil {
		return err
	}
	s.options = pipeline.Options{
		Store: open, DAG: s.parameters.Name, Code: code, Numerics: numerics(), Exact: f.exact, Adopt: f.adopt,
		Pins: pinsDir, Unpinned: f.unpinned,
		Provenance: func() map[string]any { return map[string]any{"commit": commit(), "profile": s.parameters.Name} },
	}
	if f.frozen != nil {
		f.frozen.apply(&s.options)
	}
	return nil
}

// wire is open without the store, for what only needs the shape of the DAG.
func (f *graphFlags) wire(targets []string) (*session, error) {
	p, err := experiment.ReadParameters(f.params, f.sets)
	if err != nil {
		return nil, err
	}
	s := &session{parameters: p, targets: targets}
	for _, path := range f.sweepFiles(targets) {
		one, err := experiment.ReadSweep(path, p, f.many)
		if err != nil {
			return nil, err
		}
		s.designs = append(s.designs, one)
	}
	return s.on(onCPU())
}

// on is the session with its networks trained on a device.
func (s *session) on(device experiment.Device) (*session, error) {
	again := &session{parameters: s.parameters, targets: s.targets, designs: s.designs, dag: experiment.Wire(s.parameters, device), options: s.options, device: device}
	for _, one := range s.designs {
		wired, err := experiment.WireSweep(again.dag, one, device)
		if err != nil {
			return nil, err
		}
		again.sweeps = append(again.sweeps, wired)
	}
	nodes, err := again.dag.Find(s.targets)
	if err != nil {
		return nil, err
	}
	again.graph, err = pipeline.NewGraph(nodes...)
	return again, err
}

// sweepFiles are the files of the sweeps that are asked for.
func (f *graphFlags) sweepFiles(targets []string) []string {
	if f.sweep != "" {
		return []string{f.sweep}
	}
	return experiment.SweepsOf(filepath.Dir(f.params), targets)
}

// commit is the git commit of the source tree around the working directory, with "-dirty"
// after it where files differ from it; else the one that the program was built from.
func commit() string {
	if root := sourceTree(); root != "" {
		out, err := exec.Command("git", "-C", root, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*").Output()
		if c := strings.TrimSpace(string(out)); err == nil && c != "" {
			return c
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

// sourceTree is the folder of this module's go.mod at or above the working
// directory, or "".
func sourceTree() string {
	root, _ := codedigest.FindRoot(".", "sicgrid")
	return root
}
