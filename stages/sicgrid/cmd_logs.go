package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline/slurm"
	"sicgrid/pkg/printable"
	"sicgrid/stages/jobs"
)

func newLogsCommand() *cobra.Command {
	var storeDir string
	cmd := &cobra.Command{
		Use:   "logs STAGE",
		Short: "Show what the jobs of a stage have printed (--executor slurm)",
		Long: "Show what the jobs of a stage, or of one node, have printed in the last run on a cluster that had it. A run in\n" +
			"this process prints to the terminal and keeps no logs.",
		Example: "  sicgrid logs train\n" +
			"  sicgrid logs train/full",
		Args: takes(1, 1, "one stage or node, such as train or train/full"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return printLogs(cmd.OutOrStdout(), filepath.Join(storeDir, jobs.Folder), args[0])
		},
	}
	cmd.Flags().StringVar(&storeDir, "store", "artifacts/store", "`DIR` that holds the artifacts")
	return cmd
}

// printLogs prints those of the last run that has any of the stage.
func printLogs(w io.Writer, jobs, stage string) error {
	arrays, err := filepath.Glob(filepath.Join(jobs, "*", "arrays"))
	if err != nil {
		return err
	}
	runs := map[string]int64{} // when something was last submitted
	for _, dir := range arrays {
		if info, err := os.Stat(dir); err == nil {
			runs[filepath.Dir(dir)] = info.ModTime().UnixNano()
		}
	}
	latestFirst := func(a, b string) int { return cmp.Compare(runs[b], runs[a]) }
	for _, dir := range slices.SortedFunc(maps.Keys(runs), latestFirst) {
		logs, err := slurm.Logs(dir)
		if err != nil {
			return err
		}
		found := false
		for _, log := range logs {
			if log.Node != stage && !strings.HasPrefix(log.Node, stage+"/") {
				continue
			}
			found = true
			for _, path := range log.Paths {
				fmt.Fprintf(w, "==> %s  %s\n", log.Node, printable.Line(path))
				if err := copyPrintable(w, path); err != nil {
					return err
				}
			}
		}
		if found {
			return nil
		}
	}
	return fmt.Errorf("no job of %s has left a log in %s; runs without --executor slurm print to the terminal", stage, jobs)
}

// copyPrintable leaves out what would steer the terminal.
func copyPrintable(w io.Writer, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			return -1
		}
		return c
	}, string(data)))
	return err
}
