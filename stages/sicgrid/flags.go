package main

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// checkFlags finds flags that mean nothing, whatever the command: an empty value is most often a
// variable of the shell that was never set.
func checkFlags(cmd *cobra.Command) (err error) {
	if cmd.Flags().Changed("quiet") && cmd.Flags().Changed("verbose") {
		return usagef("--quiet and --verbose: must be one of them")
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && emptyFlag(f) {
			err = usagef("--%s '': must not be empty; see %s --help", f.Name, cmd.CommandPath())
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

// said are the flags of a command line that the next one must have as well, as a shell takes them:
// " --params smoke.yaml".
func (f *graphFlags) said() string {
	var words []string
	if f.params != defaultProfile {
		words = append(words, "--params", f.params)
	}
	for _, set := range f.sets {
		words = append(words, "--set", set)
	}
	if f.store != defaultStore {
		words = append(words, "--store", f.store)
	}
	if f.name != "" {
		words = append(words, "--name", f.name)
	}
	for _, on := range []struct {
		given bool
		flag  string
	}{{f.exact, "--exact"}, {f.unpinned, "--unpinned"}} {
		if on.given {
			words = append(words, on.flag)
		}
	}
	text := ""
	for _, w := range words {
		text += " " + quoted(w)
	}
	return text
}

// setFlags are the flags that set parameters, as a shell takes them: " --set seed=2".
func setFlags(sets []string) string {
	text := ""
	for _, set := range sets {
		text += " --set " + quoted(set)
	}
	return text
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// asTheFileSays refuses --set where what is written stands for the profile: with other values it
// would take the place of the profile's own.
func (f *graphFlags) asTheFileSays(what string) error {
	if len(f.sets) == 0 {
		return nil
	}
	sets := ""
	for _, set := range f.sets {
		sets += " --set " + quoted(set)
	}
	return usagef("--set %s: %s is of a profile as its file says it; write a profile with these values: sicgrid params --params %s%s --yaml > params/NAME.yaml",
		f.sets[0], what, quoted(f.params), sets)
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
				return usagef("--%s: must be given with %s", name, only.with)
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
	return usagef("--column %s: must be given with a .parquet file; .npy files have no columns", f.request.Column)
}
