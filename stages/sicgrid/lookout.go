package main

import (
	"maps"
	"path/filepath"
	"slices"
	"time"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/experiment"
	"sicgrid/stages/session"
	"sicgrid/stages/train"
	"sicgrid/stages/train/saved"
	"sicgrid/stages/watch"
)

// lookout finds the trainings of what is watched. Where nothing was named it also follows what is
// under way in the store for other targets of the profile, and for its sweeps.
type lookout struct {
	sessions  []*session.Session // that are followed, the one that was asked for first
	strangers []string           // keys of trainings under way that none of them trains, nor any other that was looked at
}

// underWay are the trainings that are seen.
type underWay struct {
	trainings []watch.Training // with a place for checkpoints
	left      int              // that are not up to date
	strange   int              // under way in the store, and nothing known trains them
}

// see asks the store which trainings have a checkpoint.
func (l *lookout) see() (u underWay, err error) {
	seen := map[string]bool{}
	for _, s := range l.sessions {
		if err := u.add(s, seen); err != nil {
			return u, err
		}
	}
	first := l.sessions[0]
	if len(first.Targets) > 0 {
		return u, nil
	}
	var strange []string
	for key, dirs := range first.Options.ScratchPaths() {
		if !seen[key] && slices.ContainsFunc(dirs, goesOn) {
			strange = append(strange, key)
		}
	}
	if slices.ContainsFunc(strange, func(key string) bool { return !slices.Contains(l.strangers, key) }) {
		for _, s := range l.others() {
			its, more := maps.Clone(seen), u
			if err := more.add(s, its); err != nil {
				return u, err
			}
			left := slices.DeleteFunc(slices.Clone(strange), func(key string) bool { return its[key] })
			if len(left) < len(strange) {
				l.sessions, u, seen, strange = append(l.sessions, s), more, its, left
			}
		}
	}
	l.strangers, u.strange = strange, len(strange)
	return u, nil
}

// goesOn reports whether a training's checkpoint in a scratch folder is a recent one.
func goesOn(dir string) bool {
	c := saved.Look(dir)
	return c != nil && time.Since(c.At) <= watch.Asleep
}

// others are sessions of what else might be under way: all other trainings of the profile, and each
// of its sweeps that is not followed yet. One that cannot be read is not watched.
func (l *lookout) others() (found []*session.Session) {
	first := l.sessions[0]
	var names []string
	for _, n := range first.DAG.Nodes {
		if n.Stage == experiment.TrainStage {
			names = append(names, n.Name)
		}
	}
	targets := [][]string{names}
	dir := filepath.Dir(first.Request.Params)
	for _, name := range experiment.SweepNames(dir) {
		path := filepath.Join(dir, experiment.SweepPrefix+name+".yaml")
		if _, file, err := experiment.ReadSweepFile(path); err == nil && file.BasePath(path) == first.Request.Params {
			targets = append(targets, []string{experiment.SweepPrefix + name})
		}
	}
	for _, t := range targets {
		if slices.ContainsFunc(l.sessions, func(s *session.Session) bool { return slices.Equal(s.Targets, t) }) {
			continue
		}
		if s, err := first.Request.Look(t); err == nil {
			found = append(found, s)
		}
	}
	return found
}

// add counts the trainings of a session that were not seen before.
func (u *underWay) add(s *session.Session, seen map[string]bool) error {
	nodes, err := pipeline.Status(s.Graph, s.Options)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		t, ok := n.Node.Params.(train.Params)
		if !ok || n.Node.Stage != experiment.TrainStage || n.Current() || n.Key != "" && seen[n.Key] {
			continue
		}
		u.left++
		seen[n.Key] = true
		if s.Resumes(n) > 0 {
			u.trainings = append(u.trainings, watch.Training{Name: n.Node.Name, Network: t.Network, Steps: t.Optimiser.Steps, Dir: s.Options.ScratchPath(n)})
		}
	}
	return nil
}
