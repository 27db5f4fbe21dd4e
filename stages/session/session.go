// Package session opens what the commands of the program look at.
//
//   - A Request is what a command line asks for: a profile with settings over it, sweeps, a store.
//   - A Session is a request that has been read and checked: parameters, the graph of the targets,
//     a device for the networks, and the open store.
package session

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/store"
	"sicgrid/pkg/usage"
	"sicgrid/stages/devices"
	"sicgrid/stages/experiment"
	"sicgrid/stages/layout"
	"sicgrid/stages/source"
)

// DefaultStore is the store of a request that names none.
const DefaultStore = "artifacts/store"

// PinsDir holds the pinned results, beside the sources that they outlive.
const PinsDir = "artifacts/pinned"

// Request is what a command line asks for.
type Request struct {
	Params   string   // file of the profile, or the name of one in params/
	Sets     []string // key=value over it
	Store    string   // folder
	Exact    bool     // take no result of another instruction set or device
	Unpinned bool     // let no pinned result stand in for one of other code
	Adopt    bool     // take up a training where another device left it
	Sweep    string   // file of a sweep over the profile, beside those that targets name
	Name     string   // of the folder of the figures, within the profile's; "" = the profile's, or by the settings
	Many     bool     // a sweep may have more than experiment.ManyPoints

	Submitted *Submitted // of a job; nil elsewhere
}

// Submitted is what a job of a cluster takes over from the run that submitted it, in place of what
// it would find around itself.
type Submitted struct {
	Pins   string // folder of the pinned results
	Commit string
}

// CheckName finds a name that is no folder's.
func (r *Request) CheckName() error {
	if r.Name != "" && !experiment.PlainName(r.Name) {
		return usage.Errorf("--name %q: must be letters, digits and . _ + = , - alone, the first a letter or digit", r.Name)
	}
	if ext := filepath.Ext(r.Name); slices.Contains([]string{".svg", ".png", ".json", ".csv", ".parquet", ".md"}, strings.ToLower(ext)) {
		return usage.Errorf("--name %s: must not end in %s, as the files beside the folder do", r.Name, ext)
	}
	return nil
}

// Flags are those that ask for the same, as a shell takes them: " --params smoke.yaml".
func (r *Request) Flags() string {
	text := experiment.ProfileFlags(r.Params, r.Sets)
	if r.Store != DefaultStore {
		text += usage.Words("--store", r.Store)
	}
	if r.Name != "" {
		text += usage.Words("--name", r.Name)
	}
	for _, on := range []struct {
		given bool
		flag  string
	}{{r.Exact, "--exact"}, {r.Unpinned, "--unpinned"}} {
		if on.given {
			text += usage.Words(on.flag)
		}
	}
	return text
}

// AsTheFileSays refuses settings where what is written stands for the profile: with other values it
// would take the place of the profile's own.
func (r *Request) AsTheFileSays(what string) error {
	if len(r.Sets) == 0 {
		return nil
	}
	return usage.Errorf("--set %s: %s is of a profile as its file says it; write a profile with these values: sicgrid params --params %s%s --yaml > params/NAME.yaml",
		r.Sets[0], what, usage.Quoted(r.Params), usage.Repeated("--set", r.Sets))
}

// Session is what a command needs to look at the DAG: checked parameters, the nodes that it was
// asked for, and the open store.
type Session struct {
	Request    Request
	Parameters *experiment.Parameters
	Folder     layout.Folder // of the files that are laid out
	Targets    []string
	DAG        *experiment.DAG
	Graph      *pipeline.Graph          // of the targets
	Sweeps     []*experiment.WiredSweep // that the targets name
	Options    pipeline.Options
	Device     experiment.Device // of the networks

	designs []*experiment.Sweep // of the sweeps
}

// Open checks everything that can be wrong before anything runs: parameters first, then targets, the
// program's own code, and the store, which is made if need be.
func (r *Request) Open(targets []string) (*Session, error) { return r.openWith(targets, store.Open) }

// Look is Open for a command that only asks: it makes no store, and one that cannot be written
// serves.
func (r *Request) Look(targets []string) (*Session, error) { return r.openWith(targets, LookInto) }

func (r *Request) openWith(targets []string, open func(dir string) (*store.Store, error)) (*Session, error) {
	s, err := r.Wire(targets)
	if err != nil {
		return nil, err
	}
	return s, s.Attach(open)
}

// LookInto opens a store that is there, or none where the usual one has not been made yet.
func LookInto(dir string) (*store.Store, error) {
	if dir == DefaultStore {
		return ThereOrNone(dir)
	}
	return store.OpenThere(dir)
}

// ThereOrNone opens a store that is there, or none.
func ThereOrNone(dir string) (*store.Store, error) {
	s, err := store.OpenThere(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return store.None(dir), nil
	}
	return s, err
}

// Attach gives a session that has been wired the program's code digests and the request's store.
func (s *Session) Attach(open func(dir string) (*store.Store, error)) error {
	r := &s.Request
	digests := source.Current
	if r.Submitted != nil { // the source may have moved on since; the job's program has not
		digests = source.Built
	}
	code, err := digests()
	if err != nil {
		return err
	}
	opened, err := open(r.Store)
	if err != nil {
		return err
	}
	pins, commit := PinsDir, source.Commit
	if r.Submitted != nil {
		pins, commit = r.Submitted.Pins, func() string { return r.Submitted.Commit }
	}
	s.Options = pipeline.Options{
		Store: opened, DAG: s.Parameters.Name, Code: code, Numerics: cpu.Numerics(), Exact: r.Exact, Adopt: r.Adopt,
		Pins: pins, Unpinned: r.Unpinned,
		Provenance: func() map[string]any { return map[string]any{"commit": commit(), "profile": s.Parameters.Name} },
	}
	return nil
}

// Wire is Open without the store, for what only needs the shape of the DAG.
func (r *Request) Wire(targets []string) (*Session, error) {
	err := r.CheckName()
	if err != nil {
		return nil, err
	}
	if r.Params, err = experiment.ProfilePath(r.Params); err != nil {
		return nil, err
	}
	p, err := experiment.ReadParameters(r.Params, r.Sets)
	if err != nil {
		return nil, err
	}
	s := &Session{Request: *r, Parameters: p, Folder: layout.Folder{Path: layout.Path(p.Name, r.Name, r.Sets), Profile: r.Params, Set: r.Sets}, Targets: targets}
	for _, path := range r.sweepFiles(targets) {
		one, err := experiment.ReadSweep(path, p, r.Many)
		if err != nil {
			return nil, err
		}
		s.designs = append(s.designs, one)
	}
	return s.On(devices.CPU())
}

// On is the session with its networks trained on a device.
func (s *Session) On(device experiment.Device) (*Session, error) {
	again := *s
	again.Device, again.DAG, again.Sweeps = device, experiment.Wire(s.Parameters, device), nil
	for _, one := range s.designs {
		wired, err := experiment.WireSweep(again.DAG, one, device)
		if err != nil {
			return nil, err
		}
		again.Sweeps = append(again.Sweeps, wired)
	}
	nodes, err := again.DAG.Find(s.Targets)
	if err != nil {
		return nil, err
	}
	again.Graph, err = pipeline.NewGraph(nodes...)
	return &again, err
}

// sweepFiles are the files of the sweeps that are asked for.
func (r *Request) sweepFiles(targets []string) []string {
	if r.Sweep != "" {
		return []string{r.Sweep}
	}
	return experiment.SweepsOf(filepath.Dir(r.Params), targets)
}

// Layout is what the files of the session's figures and sweeps are laid out of.
func (s *Session) Layout() layout.Source {
	return layout.Source{Parameters: s.Parameters, Graph: s.Graph, Store: s.Options.Store, Folder: s.Folder, Code: s.Options.Code["layout"].Digest}
}

// Trainings are the trainings among what the targets need.
func (s *Session) Trainings() (nodes []*pipeline.Node) {
	for _, n := range s.Graph.Nodes() {
		if n.Stage == experiment.TrainStage {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// NeedsDevice says whether the choice of device makes a difference: something is to be trained, as
// what is forced is, or a GPU may have trained it. Looking for a GPU and loading its driver takes
// longer than all else that a run without work does.
func (s *Session) NeedsDevice(forced bool) (bool, error) {
	if s.Options.Exact || forced {
		return len(s.Trainings()) > 0, nil
	}
	wired, err := s.On(devices.AnyGPU())
	if err != nil {
		return false, err
	}
	trainings := wired.Trainings()
	if len(trainings) == 0 {
		return false, nil
	}
	g, err := pipeline.NewGraph(trainings...)
	if err != nil {
		return false, err
	}
	status, err := pipeline.Status(g, s.Options)
	return slices.ContainsFunc(status, func(n pipeline.NodeStatus) bool {
		return n.State != pipeline.Pinned && (n.State != pipeline.Cached || n.Numerics != s.Options.Numerics)
	}), err
}
