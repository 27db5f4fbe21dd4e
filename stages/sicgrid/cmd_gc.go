package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/store"
	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
	"sicgrid/stages/session"
)

func newGCCommand() *cobra.Command {
	var storeDir string
	var dry, asJSON bool
	var recent int
	cmd := &cobra.Command{
		Use:   "gc [PROFILE...]",
		Short: "Remove from the store what the profiles and the last runs do not reach",
		Long: "Remove from the store what neither the given profiles (all in params/ by default), nor the last runs, nor a run\n" +
			"that is going on, reach: results, checkpoints of computations given up, and what killed processes left behind.\n" +
			"It may be interrupted at any time, and beside it pipelines may run.",
		Example: "  sicgrid gc --dry-run\n" +
			"  sicgrid gc laptop --keep-runs 0",
		RunE: func(cmd *cobra.Command, profiles []string) error {
			if recent < 0 {
				return usage.Errorf("--keep-runs %d: must be 0 or greater", recent)
			}
			if len(profiles) == 0 {
				profiles, _ = filepath.Glob("params/*.yaml") // fails on bad patterns only
			}
			if len(profiles) == 0 {
				return usage.Errorf("no profiles in params/; name those whose results are to be kept: sicgrid gc PROFILE.yaml")
			}
			open, err := session.LookInto(storeDir)
			if err != nil {
				return err
			}
			roots := store.Roots{RecentRuns: recent}
			for _, p := range profiles {
				if p, err = experiment.ProfilePath(p); err != nil {
					return err
				}
				keys, err := reachable(p, open)
				if err != nil {
					return err
				}
				roots.Keys = append(roots.Keys, keys...)
			}
			c, err := open.Collect(cmd.Context(), roots, dry)
			if err != nil {
				return err
			}
			return printCollection(cmd.OutOrStdout(), open, c, dry, asJSON, verbosityOf(cmd))
		},
	}
	f := cmd.Flags()
	addStoreFlag(f, &storeDir)
	f.BoolVar(&dry, "dry-run", false, "say what would be removed, and remove nothing")
	f.IntVar(&recent, "keep-runs", 10, "keep what the last `N` different runs used")
	f.BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}

// reachable are the keys of everything that a profile, or a sweep over one, can make.
func reachable(profile string, open *store.Store) ([]string, error) {
	r := session.Request{Params: profile}
	if experiment.IsSweep(profile) {
		_, f, err := experiment.ReadSweepFile(profile)
		if err != nil {
			return nil, err
		}
		r.Sweep, r.Params, r.Many = profile, f.BasePath(profile), true
	}
	s, err := r.Wire(nil)
	if err != nil {
		return nil, err
	}
	if s.Graph, err = pipeline.NewGraph(s.DAG.Nodes...); err != nil {
		return nil, err
	}
	if err := s.Attach(func(string) (*store.Store, error) { return open, nil }); err != nil {
		return nil, err
	}
	return pipeline.Reachable(s.Graph, s.Options)
}

func printCollection(w io.Writer, s *store.Store, c store.Collection, dry, asJSON bool, level verbosity) error {
	type garbage struct {
		Kind  string `json:"kind"`
		Path  string `json:"path"` // in the store
		Bytes int64  `json:"bytes"`
	}
	list := []garbage{}
	for _, g := range c.Garbage {
		path, err := filepath.Rel(s.Dir(), g.Path)
		if err != nil {
			path = g.Path
		}
		list = append(list, garbage{g.Kind, filepath.ToSlash(path), g.Bytes})
	}
	if asJSON {
		return jsontext.Write(w, struct {
			DryRun    bool      `json:"dry_run"`
			Removed   []garbage `json:"removed"`
			Bytes     int64     `json:"bytes"`
			Kept      int       `json:"kept"`
			KeptBytes int64     `json:"kept_bytes"`
		}{dry, list, c.Bytes, c.Kept, c.KeptBytes})
	}
	verb := "removed"
	if dry {
		verb = "would remove"
	}
	type total struct {
		n     int
		bytes int64
	}
	totals := map[string]*total{}
	for _, k := range garbageKinds {
		totals[k.kind] = &total{}
	}
	for _, g := range list {
		if level > 0 {
			fmt.Fprintf(w, "%s %-9s %10s  %s\n", verb, g.Kind, megabytes(g.Bytes), printable.Line(g.Path))
		}
		totals[g.Kind].n++
		totals[g.Kind].bytes += g.Bytes
	}
	if level < 0 {
		return nil
	}
	var counts []string
	for _, k := range garbageKinds {
		if t := totals[k.kind]; t.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s (%s)", t.n, k.name, megabytes(t.bytes)))
		}
	}
	if len(counts) == 0 {
		counts = []string{"nothing"}
	}
	fmt.Fprintf(w, "%s %s: %s; kept %s in %d files\n", verb, megabytes(c.Bytes), strings.Join(counts, ", "), megabytes(c.KeptBytes), c.Kept)
	return nil
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// garbageKinds are the kinds of garbage and what people call them.
var garbageKinds = []struct{ kind, name string }{
	{"object", "artifacts"}, {"action", "records"}, {"scratch", "folders of checkpoints"}, {"name", "names"}, {"run", "lists of old runs"},
	{"lock", "locks of dead processes"}, {"temporary", "files of dead writers"},
}
