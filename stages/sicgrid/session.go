package main

import (
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
	"sicgrid/stages/sicgrid/layout"
)

// profilesDir is where a profile is looked for that is given by its name alone.
const profilesDir = "params"

// defaultProfile is the one without --params.
const defaultProfile = profilesDir + "/laptop.yaml"

// defaultStore is the one without --store.
const defaultStore = "artifacts/store"

// profilePath is the file that --params means.
func profilePath(given string) (string, error) { return experiment.ProfilePath(profilesDir, given) }

// graphFlags are the flags of the commands that look at the DAG.
type graphFlags struct {
	params   string
	sets     []string
	store    string
	exact    bool
	unpinned bool
	adopt    bool
	sweep    string     // file of a sweep over the profile, beside those that targets name
	name     string     // of the folder of the figures, within the profile's; "" = the profile's, or by the settings
	many     bool       // a sweep may have more than manyPoints
	frozen   *frozenRun // of a job: what was submitted; nil elsewhere
}

func (f *graphFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.params, "params", defaultProfile, "parameter `FILE`, or the name of one in params/; its name is the profile's")
	flags.StringArrayVar(&f.sets, "set", nil, "set one parameter, `key=value`, such as loss.sigma_g=0.5 (repeatable); sicgrid params lists them")
	addStoreFlag(flags, &f.store)
	flags.BoolVar(&f.exact, "exact", false, "take no result of another instruction set or device")
	flags.BoolVar(&f.unpinned, "unpinned", false, "let no pinned result stand in for one of other code")
}

// addName adds the flag of the commands that lay figures out, or say what would be.
func (f *graphFlags) addName(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "name", "", "`NAME` of the folder of the figures and tables, within the profile's; by default that is the profile's own, and with --set one that says the settings")
}

// checkName finds a --name that is no folder's.
func (f *graphFlags) checkName() error {
	if f.name != "" && !experiment.PlainName(f.name) {
		return usagef("--name %q: must be letters, digits and . _ + = , - alone, the first a letter or digit", f.name)
	}
	if ext := filepath.Ext(f.name); slices.Contains([]string{".svg", ".png", ".json", ".csv", ".parquet", ".md"}, strings.ToLower(ext)) {
		return usagef("--name %s: must not end in %s, as the files beside the folder do", f.name, ext)
	}
	return nil
}

// session is what a command needs to look at the DAG: checked parameters, the
// nodes that it was asked for, and the open store.
type session struct {
	parameters *experiment.Parameters
	folder     layout.Folder // of the files that are laid out
	said       string        // the flags that chose them, for the advice of errors
	targets    []string
	designs    []*experiment.Sweep // that the targets name
	dag        *experiment.DAG
	graph      *pipeline.Graph          // of the targets
	sweeps     []*experiment.WiredSweep // of designs
	options    pipeline.Options
	device     experiment.Device // of the networks
}

// open checks everything that can be wrong before anything runs: parameters
// first, then targets, the program's own code, and the store, which is made if need be.
func (f *graphFlags) open(targets []string) (*session, error) {
	s, err := f.wire(targets)
	if err != nil {
		return nil, err
	}
	return s, f.attach(s)
}

// look is open for a command that only asks: it makes no store, and one that cannot be written
// serves.
func (f *graphFlags) look(targets []string) (*session, error) {
	s, err := f.wire(targets)
	if err != nil {
		return nil, err
	}
	return s, f.attachWith(s, lookInto)
}

// lookInto opens a store that is there, or none where the usual one has not been made yet.
func lookInto(dir string) (*store.Store, error) {
	if dir == defaultStore {
		return thereOrNone(dir)
	}
	return store.OpenThere(dir)
}

// thereOrNone opens a store that is there, or none.
func thereOrNone(dir string) (*store.Store, error) {
	s, err := store.OpenThere(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return store.None(dir), nil
	}
	return s, err
}

// attach gives a session the program's code digests and the store.
func (f *graphFlags) attach(s *session) error { return f.attachWith(s, store.Open) }

func (f *graphFlags) attachWith(s *session, open func(dir string) (*store.Store, error)) error {
	digests := currentCode
	if f.frozen != nil { // the source may have moved on since; the job's program has not
		digests = embeddedCode
	}
	code, err := digests()
	if err != nil {
		return err
	}
	opened, err := open(f.store)
	if err != nil {
		return err
	}
	s.options = pipeline.Options{
		Store: opened, DAG: s.parameters.Name, Code: code, Numerics: numerics(), Exact: f.exact, Adopt: f.adopt,
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
	err := f.checkName()
	if err != nil {
		return nil, err
	}
	if f.params, err = profilePath(f.params); err != nil {
		return nil, err
	}
	p, err := experiment.ReadParameters(f.params, f.sets)
	if err != nil {
		return nil, err
	}
	s := &session{parameters: p, folder: layout.Folder{Path: layout.Path(p.Name, f.name, f.sets), Profile: f.params, Set: f.sets}, said: f.said(), targets: targets}
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
	again := &session{parameters: s.parameters, folder: s.folder, said: s.said, targets: s.targets, designs: s.designs, dag: experiment.Wire(s.parameters, device), options: s.options, device: device}
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
