package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sicgrid/pkg/store"
)

// NodeStatus says what a run would do with a node.
type NodeStatus struct {
	Node     *Node
	State    State // Cached, WouldRun or MayRun
	Reason   string
	Key      string        // "" if it depends on outputs that will be made anew; of a pinned result, its own
	Numerics string        // of the result that would be used
	Action   *store.Action // of a cached result: its record
}

// Current reports whether a run would leave the node alone.
func (s *NodeStatus) Current() bool { return s.State == Cached || s.State == Pinned }

// Status says of every node, in topological order, what Run would do with it, without running
// anything. Like Run it checks the objects of every hit.
func Status(g *Graph, opt Options) ([]NodeStatus, error) {
	if err := opt.check(g); err != nil {
		return nil, err
	}
	plan, err := planGraph(g, &opt)
	if err != nil {
		return nil, err
	}
	all := make([]NodeStatus, len(plan))
	for i, p := range plan {
		all[i] = p.NodeStatus
	}
	return all, nil
}

// planned is a step with what would become of it.
type planned struct {
	NodeStatus
	step *step
}

func planGraph(g *Graph, opt *Options) ([]planned, error) {
	opt = opt.atOnce()
	objects := newObjectChecks(opt)
	found := lookAhead(g, opt, objects)
	made := map[*Node]*store.Action{}
	var plan []planned
	for _, n := range g.nodes {
		s := found.of(n, made)
		if s == nil {
			var err error
			if s, err = resolve(n, opt, made); err != nil {
				return nil, fmt.Errorf("%s: %w", n.Name, err)
			}
		}
		s.checkObjects(objects)
		p := planned{NodeStatus: NodeStatus{Node: n, Key: s.key, Numerics: opt.numerics(n)}, step: s}
		switch {
		case opt.forced(n):
			p.State, p.Reason = WouldRun, "forced"
		case s.action != nil:
			p.State, p.Reason, p.Numerics, p.Action = Cached, s.reason(opt), s.action.Numerics, s.action
			made[n] = s.action
		case s.result() != nil:
			pinned := s.result()
			p.State, p.Reason, p.Key, p.Numerics = Pinned, s.reason(opt), pinned.Key, pinned.Numerics
			made[n] = pinned
		case len(s.unknown) > 0 && s.last != nil && len(changes(s.last, s.parts, s.unknown)) == 0:
			p.State, p.Reason = MayRun, remade(s.unknown)
		default:
			p.State, p.Reason = WouldRun, s.reason(opt)
		}
		plan = append(plan, p)
	}
	return plan, nil
}

func remade(unknown map[string]bool) string {
	roles := slices.Sorted(maps.Keys(unknown))
	if len(roles) == 1 {
		return "input " + roles[0] + " will be remade"
	}
	return "inputs " + strings.Join(roles, ", ") + " will be remade"
}

// Part is one part of a key, as it was at the node's last run and as it is now.
type Part struct {
	Part    string `json:"part"`           // "format", "stage", "params", "seed", "code", "module", "input"
	Name    string `json:"name,omitempty"` // parameter, file, module or role
	Old     string `json:"old,omitempty"`  // "" if there was none
	New     string `json:"new,omitempty"`  // "" if there is none, or it is not known yet
	From    string `json:"from,omitempty"` // of an input: node and output
	Changed bool   `json:"changed"`
	Bytes   bool   `json:"other_bytes,omitempty"` // an input of the same values in another file
	Unknown bool   `json:"unknown,omitempty"`     // an input that will be made anew
}

// Explanation says what decides a node's key, and what of it changed since the node's last run.
type Explanation struct {
	Node     string `json:"node"`
	State    State  `json:"state"`
	Reason   string `json:"reason"`
	LastKey  string `json:"last_key,omitempty"`
	Key      string `json:"key,omitempty"` // "" if an input will be made anew
	Numerics string `json:"numerics"`
	Parts    []Part `json:"parts"`
}

// Why explains the node of this name.
func Why(g *Graph, node string, opt Options) (Explanation, error) {
	if err := opt.check(g); err != nil {
		return Explanation{}, err
	}
	n := g.Node(node)
	if n == nil {
		return Explanation{}, fmt.Errorf("pipeline: no node %q in this graph", node)
	}
	// Only what the node depends on decides its key.
	sub, err := NewGraph(n)
	if err != nil {
		return Explanation{}, err
	}
	opt.Force = nil
	plan, err := planGraph(sub, &opt)
	if err != nil {
		return Explanation{}, err
	}
	p := plan[len(plan)-1]
	return Explanation{
		Node: node, State: p.State, Reason: p.Reason, LastKey: p.step.lastKey,
		Key: p.Key, Numerics: p.Numerics, Parts: listParts(p.step),
	}, nil
}

// listParts puts old and new parts side by side.
func listParts(s *step) []Part {
	now, before := s.parts, s.last
	if before == nil {
		before = &parts{}
	}
	var list []Part
	add := func(part string, old, new map[string]string) {
		names := map[string]bool{}
		for k := range old {
			names[k] = true
		}
		for k := range new {
			names[k] = true
		}
		for _, k := range slices.Sorted(maps.Keys(names)) {
			p := Part{Part: part, Name: k, Old: old[k], New: new[k], Changed: s.last != nil && old[k] != new[k]}
			if part == "input" {
				p.From = now.From[k]
				p.Unknown = s.unknown[k]
				p.Changed = p.Changed && !p.Unknown
				then, is := before.Objects[k], now.Objects[k]
				p.Bytes = !p.Unknown && !p.Changed && then != "" && is != "" && then != is
			}
			list = append(list, p)
		}
	}
	one := func(v string) map[string]string { return map[string]string{"": v} }
	old := func(v string) map[string]string {
		if s.last == nil {
			return nil
		}
		return one(v)
	}
	add("format", old(strconv.Itoa(before.Format)), one(strconv.Itoa(now.Format)))
	add("stage", old(before.Stage), one(now.Stage))
	add("params", flatten(before.Params), flatten(now.Params))
	add("seed", old(strconv.FormatUint(before.Seed, 10)), one(strconv.FormatUint(now.Seed, 10)))
	add("code", before.Files, now.Files)
	add("module", before.Modules, now.Modules)
	inputs := map[string]string{}
	for role := range s.node.Inputs {
		inputs[role] = now.Inputs[role]
	}
	add("input", before.Inputs, inputs)
	return list
}

// String lists the parts one a line, what changed marked by "*".
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s: %s\n", e.Node, e.State, e.Reason)
	line := func(mark, part, name, value string) { fmt.Fprintf(&b, "%s %-8s %s%s\n", mark, part, name, value) }
	key := func(k string) string {
		if k == "" {
			return "(not known yet)"
		}
		return short(k)
	}
	switch {
	case e.LastKey == "" || e.LastKey == e.Key:
		line(" ", "key", "", key(e.Key))
	default:
		line("*", "key", "", short(e.LastKey)+" -> "+key(e.Key))
	}
	line(" ", "numerics", "", e.Numerics)
	for _, p := range e.sorted() {
		mark, name, value := " ", p.Name, p.text(p.New)
		if name != "" {
			name += "  "
		}
		switch {
		case p.Unknown && p.Old != "":
			mark, value = "?", p.text(p.Old)+" -> (will be remade)"
		case p.Unknown:
			mark, value = "?", "(will be made)"
		case p.Bytes:
			mark, value = "~", value+" (the same values in other bytes)"
		case p.Changed:
			mark, value = "*", p.text(p.Old)+" -> "+p.text(p.New)
		}
		if p.From != "" {
			value += "  from " + p.From
		}
		line(mark, p.Part, name, value)
	}
	return b.String()
}

// sorted puts what changed before what did not.
func (e Explanation) sorted() []Part {
	place := func(p Part) int {
		if p.Changed || p.Unknown {
			return 0
		}
		return 1
	}
	return slices.SortedStableFunc(slices.Values(e.Parts), func(a, b Part) int { return place(a) - place(b) })
}

func (p Part) text(v string) string {
	switch {
	case v == "":
		return "(none)"
	case p.Part == "code" || p.Part == "input":
		return short(v)
	}
	return shorten(v)
}
