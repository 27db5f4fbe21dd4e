// Package publish gathers what is published of a session: its figures and tables, every result behind
// them, and what is said of where they came from and how to go on from them.
package publish

import (
	"fmt"
	"path/filepath"
	"strings"

	"sicgrid/pkg/publication"
	"sicgrid/pkg/usage"
	"sicgrid/stages/layout"
	"sicgrid/stages/session"
)

// Gather adds to a publication the session's figures and the results that they rest on, all of which
// have to be up to date, and what it is.
func Gather(p *publication.Publication, s *session.Session) error {
	nodes, err := s.UpToDate()
	if err != nil {
		return err
	}
	results := map[string]layout.Result{}
	for _, n := range nodes {
		a, err := s.Options.Store.Lookup(n.Key, n.Numerics, true)
		if err != nil {
			return fmt.Errorf("%s: %w; `%s` fetches or makes it", n.Node.Name, err, s.RunCommand())
		}
		results[n.Node.Name] = layout.Result{Key: n.Key, Numerics: n.Numerics, Action: a}
		p.Results = append(p.Results, publication.Result{Name: n.Node.Name, Action: a})
	}
	files, err := s.Layout().Files(results)
	if err != nil {
		return err
	}
	p.Figures = map[string][]byte{}
	for _, file := range files {
		p.Figures[filepath.Base(file.Path)] = file.Data
	}
	describe(p, s)
	return nil
}

// describe says what the publication is, where it came from, and how to go on from it.
func describe(p *publication.Publication, s *session.Session) {
	profile := s.Parameters.Name
	if p.Title == "" {
		p.Title = fmt.Sprintf("sicgrid:%s of the profile %s", s.TargetWords(), profile)
	}
	p.Made = append(p.Made, fmt.Sprintf("made by sicgrid at commit %s", strings.Join(p.Commits(), ", ")),
		fmt.Sprintf("profile %s, seed %d", profile, s.Parameters.Seed))
	for _, set := range s.Parameters.Sets {
		p.Made = append(p.Made, "with --set "+set)
	}
	p.Use = "## Going on from it\n\nIn a checkout of sicgrid at the commit above, with this folder's path in place of FOLDER:\n\n" +
		"    sicgrid pull file://FOLDER/results\n" +
		fmt.Sprintf("    sicgrid run%s --params %s%s\n", s.TargetWords(), profile, usage.Repeated("--set", s.Parameters.Sets)) +
		"\nThat checks every result, and lays the figures out without computing anything.\n" +
		fmt.Sprintf("`sicgrid verify%s --rerun` computes them again.\n", s.TargetWords())
}
