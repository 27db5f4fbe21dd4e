package experiment

import (
	"fmt"
	"slices"
	"strings"

	"sicgrid/pkg/params"
	"sicgrid/pkg/pipeline"
)

// Find turns target names into nodes. A target is "all", a stage ("train" is
// the training of every variant), or a node ("train/full").
func (d *DAG) Find(targets []string) ([]*pipeline.Node, error) {
	if len(targets) == 0 {
		targets = []string{"all"}
	}
	var nodes []*pipeline.Node
	for _, t := range targets {
		found := d.Targets[t]
		if found == nil {
			if n := d.Node(t); n != nil {
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

// Node is the node of this name, or nil.
func (d *DAG) Node(name string) *pipeline.Node {
	i := slices.IndexFunc(d.Nodes, func(n *pipeline.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return d.Nodes[i]
}

// Names are those of all groups of nodes, and then of all nodes.
func (d *DAG) Names() []string {
	all := d.groupNames()
	groups := len(all)
	for _, n := range d.Nodes {
		if !slices.Contains(all[:groups], n.Name) {
			all = append(all, n.Name)
		}
	}
	return all
}

func (d *DAG) unknownTarget(name string) error {
	if near := params.Nearest(name, d.Names()); len(near) > 0 {
		return unknownf("unknown target %q, did you mean %s?", name, strings.Join(near, " or "))
	}
	names := slices.DeleteFunc(d.groupNames(), func(n string) bool { return strings.Contains(n, "/") }) // those of every seed are too many to read
	return unknownf("unknown target %q, must be one of %s, or a node that `sicgrid status all` lists", name, strings.Join(names, ", "))
}

// UnknownError is a name of a target or a sweep that means nothing.
type UnknownError struct{ message string }

func (e *UnknownError) Error() string { return e.message }

func unknownf(format string, a ...any) error { return &UnknownError{fmt.Sprintf(format, a...)} }
