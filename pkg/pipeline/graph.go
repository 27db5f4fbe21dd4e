package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Graph is a set of target nodes and everything that they read, directly or through other nodes.
type Graph struct {
	targets []*Node
	nodes   []*Node // every node after all nodes that it reads
	byName  map[string]*Node
}

// NewGraph collects the closure of the targets over Inputs. It refuses nodes without name, stage,
// outputs or Run, two nodes of one name, references to outputs that a node does not make, and
// cycles. The order of its nodes is topological and depends only on the order of the targets and
// the role names.
func NewGraph(targets ...*Node) (*Graph, error) {
	g := &Graph{byName: map[string]*Node{}}
	done := map[*Node]bool{}
	var path []*Node
	var visit func(n *Node) error
	visit = func(n *Node) error {
		if done[n] {
			return nil
		}
		if i := slices.Index(path, n); i >= 0 {
			names := make([]string, 0, len(path)-i+1)
			for _, p := range append(path[i:], n) {
				names = append(names, p.Name)
			}
			return fmt.Errorf("pipeline: cycle: %s", strings.Join(names, " reads "))
		}
		if err := checkNode(n); err != nil {
			return err
		}
		path = append(path, n)
		for _, role := range slices.Sorted(maps.Keys(n.Inputs)) {
			ref := n.Inputs[role]
			if ref.Node == nil {
				return fmt.Errorf("pipeline: node %s: input %q refers to no node", n.Name, role)
			}
			if err := visit(ref.Node); err != nil {
				return err
			}
			if !slices.Contains(ref.Node.Outputs, ref.Output) {
				return fmt.Errorf("pipeline: node %s: input %q: node %s makes no output %q (it makes %s)",
					n.Name, role, ref.Node.Name, ref.Output, strings.Join(ref.Node.Outputs, ", "))
			}
		}
		path = path[:len(path)-1]
		if _, ok := g.byName[n.Name]; ok {
			return fmt.Errorf("pipeline: two nodes are called %s", n.Name)
		}
		g.byName[n.Name] = n
		g.nodes = append(g.nodes, n)
		done[n] = true
		return nil
	}
	for _, t := range targets {
		if t == nil {
			return nil, fmt.Errorf("pipeline: a target is nil")
		}
		if err := visit(t); err != nil {
			return nil, err
		}
		if !slices.Contains(g.targets, t) {
			g.targets = append(g.targets, t)
		}
	}
	return g, nil
}

func checkNode(n *Node) error {
	switch {
	case n.Name == "":
		return fmt.Errorf("pipeline: a node of stage %q has no name", n.Stage)
	case n.Stage == "":
		return fmt.Errorf("pipeline: node %s has no stage", n.Name)
	case n.Run == nil:
		return fmt.Errorf("pipeline: node %s has no Run function", n.Name)
	case len(n.Outputs) == 0:
		return fmt.Errorf("pipeline: node %s has no outputs", n.Name)
	}
	for i, o := range n.Outputs {
		if o == "" {
			return fmt.Errorf("pipeline: node %s has an output without a name", n.Name)
		}
		if slices.Contains(n.Outputs[:i], o) {
			return fmt.Errorf("pipeline: node %s has two outputs called %q", n.Name, o)
		}
	}
	return nil
}

// Targets returns the nodes that the graph was made from.
func (g *Graph) Targets() []*Node { return g.targets }

// Nodes returns all nodes in topological order.
func (g *Graph) Nodes() []*Node { return g.nodes }

// Node returns the node of this name, or nil.
func (g *Graph) Node(name string) *Node { return g.byName[name] }
