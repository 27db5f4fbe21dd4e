package pipeline

import (
	"fmt"
	"maps"
	"slices"
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
		case len(s.unknown) > 0 && s.last() != nil && len(changes(s.last(), s.parts, s.unknown)) == 0:
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
