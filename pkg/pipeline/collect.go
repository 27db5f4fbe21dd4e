package pipeline

import (
	"context"
	"fmt"

	"sicgrid/pkg/store"
)

// Reachable returns the keys that the graph's nodes have now: of their results, and of what is
// still to be computed where its inputs are known. It is what garbage collection spares for a
// profile.
func Reachable(g *Graph, opt Options) ([]string, error) {
	if err := opt.check(g); err != nil {
		return nil, err
	}
	var keys []string
	made := map[*Node]*store.Action{}
	for _, n := range g.nodes {
		s, err := resolve(n, &opt, made)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
		if s.key != "" {
			keys = append(keys, s.key)
		}
		if made[n] = s.result(); made[n] != nil && made[n].Key != s.key {
			keys = append(keys, made[n].Key) // a pinned result's
		}
	}
	return keys, nil
}

// inUse finds the steps of the graph and tells garbage collection to spare them until end is
// called.
func inUse(ctx context.Context, g *Graph, opt *Options) (steps []*step, made map[*Node]*store.Action, end func(), err error) {
	use, err := opt.Store.BeginUse()
	if err != nil {
		return nil, nil, nil, err
	}
	release, err := opt.Store.Share(ctx)
	if err != nil {
		use.End()
		return nil, nil, nil, err
	}
	defer release()
	made = map[*Node]*store.Action{}
	for _, n := range g.nodes {
		s, err := resolve(n, opt, made)
		if err == nil && s.key != "" {
			err = use.Add(s.key)
		}
		if err != nil {
			use.End()
			return nil, nil, nil, fmt.Errorf("%s: %w", n.Name, err)
		}
		made[n] = s.result()
		steps = append(steps, s)
	}
	return steps, made, use.End, nil
}
