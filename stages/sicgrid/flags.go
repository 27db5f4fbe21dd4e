package main

import (
	"path/filepath"
	"strings"

	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
	"sicgrid/stages/session"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// checkFlags finds flags that mean nothing, whatever the command: an empty value is most often a
// variable of the shell that was never set.
func checkFlags(cmd *cobra.Command) (err error) {
	if cmd.Flags().Changed("quiet") && cmd.Flags().Changed("verbose") {
		return usage.Errorf("--quiet and --verbose: must be one of them")
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && emptyFlag(f) {
			err = usage.Errorf("--%s '': must not be empty; see %s --help", f.Name, cmd.CommandPath())
		}
	})
	return err
}

// emptyFlag says whether a flag was given an empty text, or a list with one in it.
func emptyFlag(f *pflag.Flag) bool {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		for _, text := range list.GetSlice() {
			if strings.TrimSpace(text) == "" {
				return true
			}
		}
		return len(list.GetSlice()) == 0
	}
	return f.Value.Type() == "string" && strings.TrimSpace(f.Value.String()) == ""
}

// graphFlags are the flags of the commands that look at the DAG.
type graphFlags struct{ session.Request }

func (f *graphFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.Params, "params", experiment.DefaultProfile, "parameter `FILE`, or the name of one in params/; its name is the profile's")
	flags.StringArrayVar(&f.Sets, "set", nil, "set one parameter, `key=value`, such as loss.sigma_g=0.5 (repeatable); sicgrid params lists them")
	addStoreFlag(flags, &f.Store)
	flags.BoolVar(&f.Exact, "exact", false, "take no result of another instruction set or device")
	flags.BoolVar(&f.Unpinned, "unpinned", false, "let no pinned result stand in for one of other code")
}

// addName adds the flag of the commands that lay figures out, or say what would be.
func (f *graphFlags) addName(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.Name, "name", "", "`NAME` of the folder of the figures and tables, within the profile's; by default that is the profile's own, and with --set one that says the settings")
}

// recordingFlags mean something of recordings alone.
var recordingFlags = []string{"bins", "smooth", "unit", "origin", "arena", "speed", "epochs", "shuffles", "seed"}

// statesFlagNames mean something of population states alone.
var statesFlagNames = []string{"landmarks", "average", "components", "sqrt", "zscore", "field", "controls", "control"}

// checkForm finds flags that do nothing for the files at hand: ratemaps, a recording, or population
// states.
func (f *analyzeFlags) checkForm(cmd *cobra.Command) error {
	for _, only := range []struct {
		given bool
		with  string
		flags []string
	}{
		{f.states == "", "a recording, not with --states", recordingFlags},
		{f.states != "", "--states", statesFlagNames},
	} {
		for _, name := range only.flags {
			if !only.given && cmd.Flags().Changed(name) {
				return usage.Errorf("--%s: must be given with %s", name, only.with)
			}
		}
	}
	return nil
}

// checkColumn finds a --column of files that have none.
func (f *analyzeFlags) checkColumn(args []string) error {
	if f.request.Column == "" {
		return nil
	}
	for _, path := range append([]string{f.request.Activity, f.states}, args...) {
		if filepath.Ext(path) == ".parquet" {
			return nil
		}
	}
	return usage.Errorf("--column %s: must be given with a .parquet file; .npy files have no columns", f.request.Column)
}
