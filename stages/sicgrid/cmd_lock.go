package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/outfile"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
)

// lockFile is what a profile comes to, by numerics; git keeps it.
type lockFile map[string]pipeline.Locked

type lockFlags struct {
	graphFlags
	jobs        int
	check       bool
	anyNumerics bool
	json        bool
}

// lockRecord is the JSON of lock.
type lockRecord struct {
	File        string   `json:"file"`
	Numerics    string   `json:"numerics"`
	Stages      int      `json:"stages"`
	Written     bool     `json:"written"`     // false of --check
	Compared    bool     `json:"compared"`    // false where the file does not have these numerics
	Differences []string `json:"differences"` // in words
}

func newLockCommand() *cobra.Command {
	var flags lockFlags
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Record the digests of everything that a profile makes, or compare with those on record",
		Long: "Make everything that a profile can make and write the digests of all outputs to artifacts/lock.<profile>.json, under the\n" +
			"name of this machine's numerics; those of other numerics in the file stay. --check compares with the file instead, and says\n" +
			"what differs and why. Numerics that the file does not have are then an error, unless --any-numerics is given: nothing is\n" +
			"compared.",
		Example: "  sicgrid lock --params params/smoke.yaml\n" +
			"  sicgrid lock --params params/smoke.yaml --check",
		Args: takes(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.lock(cmd) },
	}
	flags.add(cmd)
	cmd.Flags().IntVar(&flags.jobs, "jobs", 0, "run at most `N` stages at once; 0 is as many as there are cores")
	cmd.Flags().BoolVar(&flags.check, "check", false, "compare with the file and write nothing")
	cmd.Flags().BoolVar(&flags.anyNumerics, "any-numerics", false, "with --check, be content with a file that does not have this machine's numerics")
	cmd.Flags().BoolVar(&flags.json, "json", false, "print what came of it as JSON")
	return cmd
}

func (f *lockFlags) lock(cmd *cobra.Command) error {
	if err := f.AsTheFileSays("a lock"); err != nil && !f.check {
		return err
	}
	if f.jobs < 0 {
		return usage.Errorf("--jobs %d: must be 0 or greater", f.jobs)
	}
	if f.anyNumerics && !f.check {
		return usage.Errorf("--any-numerics: must be given with --check")
	}
	f.Exact, f.Unpinned = true, true // of this program's own making, on this machine
	s, err := f.Open([]string{"all", "seeds", experiment.ResultsName, experiment.TrainingName})
	if err != nil {
		return err
	}
	r := lockRecord{File: filepath.Join("artifacts", "lock."+s.Parameters.Name+".json"), Numerics: s.Options.Numerics, Differences: []string{}}
	locks, err := readLocks(r.File)
	if err != nil {
		return err
	}
	if _, known := locks[r.Numerics]; f.check && !known && !f.anyNumerics { // before hours of training
		has := strings.Join(slices.Sorted(maps.Keys(locks)), ", ")
		if has == "" {
			has = "none"
		}
		return fmt.Errorf("%s has no digests of %s (it has %s), so nothing can be compared; --any-numerics allows that, `sicgrid lock` without --check adds them", r.File, r.Numerics, has)
	}
	display := progress.New(cmd.ErrOrStderr(), progress.Options{Live: progress.IsTerminal(cmd.ErrOrStderr()), Quiet: true})
	s.Options.Jobs, s.Options.Observer = f.jobs, display.Observe
	report, err := pipeline.Run(cmd.Context(), s.Graph, s.Options)
	display.Close()
	if err != nil {
		return err
	}
	now, err := pipeline.Lock(report, s.Options)
	if err != nil {
		return err
	}
	r.Stages = len(now.Nodes)
	if f.check {
		return f.compare(cmd.OutOrStdout(), s.Graph, r, locks, now)
	}
	locks[r.Numerics] = now
	data, err := json.MarshalIndent(locks, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.File), 0o777); err != nil {
		return err
	}
	if err := outfile.Write(cmd.Context(), r.File, append(data, '\n')); err != nil {
		return err
	}
	r.Written = true
	return f.print(cmd.OutOrStdout(), r)
}

// compare is lock --check.
func (f *lockFlags) compare(w io.Writer, g *pipeline.Graph, r lockRecord, locks lockFile, now pipeline.Locked) error {
	was, known := locks[r.Numerics]
	if known {
		r.Compared = true
		r.Differences = append(r.Differences, was.Differences(g, now)...)
	}
	if err := f.print(w, r); err != nil {
		return err
	}
	if n := len(r.Differences); n > 0 {
		return fmt.Errorf("%d stages do not give what %s says, first: %s; if that is meant, run: sicgrid lock --params %s", n, r.File, r.Differences[0], usage.Quoted(f.Params))
	}
	return nil
}

func (f *lockFlags) print(w io.Writer, r lockRecord) (err error) {
	switch {
	case f.json:
		return jsontext.Write(w, r)
	case r.Written:
		_, err = fmt.Fprintf(w, "locked %d stages under %s in %s\n", r.Stages, r.Numerics, r.File)
	case !r.Compared && f.anyNumerics:
		_, err = fmt.Fprintf(w, "%s has no digests of %s: nothing compared\n", r.File, r.Numerics)
	case r.Compared && len(r.Differences) == 0:
		_, err = fmt.Fprintf(w, "all %d stages give what %s says of %s\n", r.Stages, r.File, r.Numerics)
	}
	for _, d := range r.Differences {
		if err == nil {
			_, err = fmt.Fprintln(w, d)
		}
	}
	return err
}

func readLocks(path string) (lockFile, error) {
	locks := lockFile{}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return locks, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &locks)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; take it from git again or remove it", path, err)
	}
	return locks, nil
}
