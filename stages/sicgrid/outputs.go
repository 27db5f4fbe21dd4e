package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/outfile"
	"sicgrid/pkg/usage"
	"sicgrid/stages/analysis"
	"sicgrid/stages/spectra/spectratable"
	"sicgrid/stages/tablefile"
)

// Files that a user names with --out. What cannot be written is found before anything is computed,
// and a file of somebody else's that is to be replaced is named.

// checkOutput finds what speaks against writing an exported artifact to a file.
func (f *graphFlags) checkOutput(out string) error {
	if err := outfile.Check([]string{out}, []string{f.Params}); err != nil {
		return err
	}
	if within(out, f.Store) {
		return usage.Errorf("--out %s: lies in the store %s, which holds what the program itself puts there; choose another folder", out, f.Store)
	}
	return nil
}

// within says whether a file lies, or would lie, in a folder, over links.
func within(file, folder string) bool {
	at, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return false
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return false
	}
	if at, err = filepath.Abs(at); err != nil {
		return false
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return false
	}
	rel, err := filepath.Rel(folder, at)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// checkOutputs finds what speaks against writing what analyze was told to, and says which file of
// somebody else's is going to be replaced. That beside the one that was named is spared.
func (f *analyzeFlags) checkOutputs(cmd *cobra.Command, args []string) error {
	r, given := &f.request, func(path string) bool { return path == "" }
	inputs := slices.DeleteFunc(append([]string{r.Positions, r.Times, r.Spikes, r.Activity, f.states}, args...), given)
	for i, in := range inputs {
		inputs[i] = analysis.Path(in)
	}
	outputs := f.files.Named()
	headers := append(analysis.Headers(), tablefile.Header[analysis.ShapeRow]()) // a table of either kind is of this program's making
	if f.states == "" {
		beside := f.files.Modules()
		if outfile.Existing(beside) != nil && !tablefile.MadeHere(beside, tablefile.Header[spectratable.Module]()) {
			return fmt.Errorf("%s: is where the modules are written, and sicgrid did not make it; move it away or choose another --out", beside)
		}
		outputs = append(outputs, beside)
	}
	if err := outfile.Check(outputs, inputs); err != nil {
		return err
	}
	sayReplaced(cmd, f.files.Table, headers...)
	return nil
}

// sayReplaced says that a file is going to be replaced which does not look like one of this
// program's.
func sayReplaced(cmd *cobra.Command, path string, headers ...string) {
	if outfile.Existing(path) != nil && !tablefile.MadeHere(path, headers...) && verbosityOf(cmd) >= 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "replaces %s, which sicgrid did not make\n", path)
	}
}
