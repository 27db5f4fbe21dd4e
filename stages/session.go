package main

import (
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/params"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/pkg/store"
)

// graphFlags are the flags of the commands that look at the DAG.
type graphFlags struct {
	params   string
	sets     []string
	store    string
	exact    bool
	unpinned bool
	adopt    bool
	on       *trainOn // what trains; nil is the CPU
}

func (f *graphFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.params, "params", "params/laptop.yaml", "parameter `FILE`; its name is the profile's")
	flags.StringArrayVar(&f.sets, "set", nil, "set one parameter, `key=value`, such as loss.sigma_g=0.5 (repeatable)")
	flags.StringVar(&f.store, "store", "artifacts/store", "`DIR` that holds the artifacts")
	flags.BoolVar(&f.exact, "exact", false, "take no result of another instruction set or device")
	flags.BoolVar(&f.unpinned, "unpinned", false, "let no pinned result stand in for one of other code")
}

// session is what a command needs to look at the DAG: checked parameters, the
// nodes that it was asked for, and the open store.
type session struct {
	parameters *Parameters
	dag        *DAG
	graph      *pipeline.Graph // of the targets
	options    pipeline.Options
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
	code, err := currentCode()
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
	return nil
}

// wire is open without the store, for what only needs the shape of the DAG.
func (f *graphFlags) wire(targets []string) (*session, error) {
	p, err := readParameters(f.params, f.sets)
	if err != nil {
		return nil, err
	}
	s := &session{parameters: p, dag: wire(p, f.trainer())}
	nodes, err := s.dag.find(targets)
	if err != nil {
		return nil, err
	}
	if s.graph, err = pipeline.NewGraph(nodes...); err != nil {
		return nil, err
	}
	return s, nil
}

// rewire is the session with what flags say now of the device.
func (s *session) rewire(f *graphFlags, targets []string) (*session, error) {
	again, err := f.wire(targets)
	if err != nil {
		return nil, err
	}
	again.options = s.options
	again.options.Adopt = f.adopt
	return again, nil
}

func (f *graphFlags) trainer() trainOn {
	if f.on != nil {
		return *f.on
	}
	return onCPU()
}

// find turns target names into nodes. A target is "all", a stage ("train" is
// the training of every variant), or a node ("train/full").
func (d *DAG) find(targets []string) ([]*pipeline.Node, error) {
	if len(targets) == 0 {
		targets = []string{"all"}
	}
	var nodes []*pipeline.Node
	for _, t := range targets {
		found := d.Targets[t]
		if found == nil {
			if n := d.node(t); n != nil {
				found = []*pipeline.Node{n}
			}
		}
		if found == nil {
			return nil, d.unknownTarget(t)
		}
		nodes = append(nodes, found...)
	}
	return nodes, nil
}

// node is the node of this name, or nil.
func (d *DAG) node(name string) *pipeline.Node {
	i := slices.IndexFunc(d.Nodes, func(n *pipeline.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return d.Nodes[i]
}

func (d *DAG) unknownTarget(name string) error {
	names := d.groupNames()
	all := slices.Clone(names)
	for _, n := range d.Nodes {
		if !slices.Contains(all, n.Name) {
			all = append(all, n.Name)
		}
	}
	if near := params.Nearest(name, all); len(near) > 0 {
		return usagef("unknown target %q, did you mean %s?", name, strings.Join(near, " or "))
	}
	return usagef("unknown target %q, must be one of %s, or a node that `sicgrid status all` lists", name, strings.Join(names, ", "))
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
