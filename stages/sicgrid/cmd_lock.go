package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/store"
	"sicgrid/stages/experiment"
)

// lockFile is what a profile comes to, by numerics; git keeps it.
type lockFile map[string]pipeline.Locked

func newLockCommand() *cobra.Command {
	var flags graphFlags
	var check bool
	var jobs int
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Record the digests of everything that a profile makes, or compare with those on record",
		Long: "Make everything that a profile can make and write the digests of all outputs to artifacts/lock.<profile>.json, under the\n" +
			"name of this machine's numerics; those of other numerics in the file stay. --check compares with the file instead, and says\n" +
			"what differs and why; of numerics that the file does not have it says so and is content.",
		Example: "  sicgrid lock --params params/smoke.yaml\n" +
			"  sicgrid lock --params params/smoke.yaml --check",
		Args: takes(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if jobs < 0 {
				return usagef("--jobs %d: must be 0 or greater", jobs)
			}
			flags.exact, flags.unpinned = true, true // of this program's own making, on this machine
			s, err := flags.open([]string{"all", "seeds", experiment.ResultsName})
			if err != nil {
				return err
			}
			display := progress.New(cmd.ErrOrStderr(), progress.Options{Live: progress.IsTerminal(cmd.ErrOrStderr()), Quiet: true})
			s.options.Jobs, s.options.Observer = jobs, display.Observe
			report, err := pipeline.Run(cmd.Context(), s.graph, s.options)
			display.Close()
			if err != nil {
				return err
			}
			now, err := pipeline.Lock(report, s.options)
			if err != nil {
				return err
			}
			path := filepath.Join("artifacts", "lock."+s.parameters.Name+".json")
			locks, err := readLocks(path)
			if err != nil {
				return err
			}
			if !check {
				locks[s.options.Numerics] = now
				data, err := json.MarshalIndent(locks, "", " ")
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "locked %d stages under %s in %s\n", len(now.Nodes), s.options.Numerics, path)
				return store.WriteFileAtomic(path, append(data, '\n'), 0o644)
			}
			was, known := locks[s.options.Numerics]
			if !known {
				fmt.Fprintf(cmd.OutOrStdout(), "%s has no digests of %s (only of %s): nothing compared\n", path, s.options.Numerics, strings.Join(slices.Sorted(maps.Keys(locks)), ", "))
				return nil
			}
			differences := was.Differences(s.graph, now)
			for _, d := range differences {
				fmt.Fprintln(cmd.OutOrStdout(), printable.Line(d))
			}
			if n := len(differences); n > 0 {
				return fmt.Errorf("%d stages do not give what %s says, first: %s; if that is meant, run: go tool task relock", n, path, differences[0])
			}
			fmt.Fprintf(cmd.OutOrStdout(), "all %d stages give what %s says of %s\n", len(now.Nodes), path, s.options.Numerics)
			return nil
		},
	}
	flags.add(cmd)
	cmd.Flags().IntVar(&jobs, "jobs", 0, "run at most `N` stages at once; 0 is as many as there are cores")
	cmd.Flags().BoolVar(&check, "check", false, "compare with the file and write nothing")
	return cmd
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
