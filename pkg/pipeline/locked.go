package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// Locked is the outcome of a run of a graph under one numerics, short enough for git: the digests
// of every output, and of every key the parts, so that a run with other digests can be told in
// words what differs.
type Locked struct {
	Stages map[string]LockedStage `json:"stages"` // code, by the name of its digest
	Nodes  map[string]LockedNode  `json:"nodes"`
}

// LockedStage is the code of a stage, or of one of its nodes that has code of its own.
type LockedStage struct {
	Code    string            `json:"code"`
	Files   map[string]string `json:"files"`
	Modules map[string]string `json:"modules,omitempty"`
}

// LockedNode is what one node was made of and its outputs.
type LockedNode struct {
	recipe
	Outputs []LockedOutput `json:"outputs"`
}

// LockedOutput is what an output says. Its bytes may change with the meanings that its columns are
// given, and with the encoder.
type LockedOutput struct {
	Name    string `json:"name"`
	Logical string `json:"logical"`
	Rows    int64  `json:"rows"`
}

// Lock describes a run that has made every node.
func Lock(report Report, opt Options) (Locked, error) {
	l := Locked{Stages: map[string]LockedStage{}, Nodes: map[string]LockedNode{}}
	for _, n := range report.Nodes {
		if n.State != Ran && n.State != Cached || n.Numerics != opt.numerics(n.Node) {
			return l, fmt.Errorf("pipeline: %s is %s under %s: a lock is made of own results only", n.Node.Name, n.State, n.Numerics)
		}
		action, err := opt.Store.Lookup(n.Key, n.Numerics, true)
		if action == nil {
			return l, fmt.Errorf("pipeline: the record of %s: %w", n.Node.Name, err)
		}
		p := parseParts(action.Parts)
		if p == nil {
			return l, fmt.Errorf("pipeline: the record of %s does not say what it was made of", n.Node.Name)
		}
		l.Stages[n.Node.code()] = LockedStage{p.Code, p.Files, p.Modules}
		node := LockedNode{recipe: p.recipe}
		for _, o := range action.Outputs {
			node.Outputs = append(node.Outputs, LockedOutput{o.Name, o.Logical, o.Rows})
		}
		l.Nodes[n.Node.Name] = node
	}
	return l, nil
}

// Differences says, for every node of now whose outputs are not those of l, in what they differ and
// what differs in their keys. Nodes come in the order of the graph, so the first is where the
// difference begins.
func (l Locked) Differences(g *Graph, now Locked) []string {
	var list []string
	for _, n := range g.nodes {
		was, is := l.Nodes[n.Name], now.Nodes[n.Name]
		if slices.Equal(was.Outputs, is.Outputs) && was.Stage == is.Stage {
			continue
		}
		if was.Stage == "" {
			list = append(list, n.Name+" is not in the lock")
			continue
		}
		list = append(list, fmt.Sprintf("%s gives other %s: %s", n.Name, otherOutputs(was.Outputs, is.Outputs), l.why(n, now)))
	}
	return list
}

func otherOutputs(was, is []LockedOutput) string {
	var names []string
	for _, o := range is {
		if !slices.Contains(was, o) {
			names = append(names, o.Name)
		}
	}
	if names == nil {
		return "outputs"
	}
	return strings.Join(names, ", ")
}

// why says what differs in a node's key.
func (l Locked) why(n *Node, now Locked) string {
	cs := changes(l.parts(n), now.parts(n), nil)
	if len(cs) == 0 {
		return "its key is the same, so the toolchain, the machine or chance decides its values"
	}
	return words(cs)
}

func (l Locked) parts(n *Node) *parts {
	stage := l.Stages[n.code()]
	p := &parts{recipe: l.Nodes[n.Name].recipe, Files: stage.Files, Modules: stage.Modules, From: map[string]string{}}
	for role, ref := range n.Inputs {
		p.From[role] = ref.Node.Name + " " + ref.Output
	}
	return p
}
