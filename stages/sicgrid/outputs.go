package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/outfile"
	"sicgrid/stages/analysis"
	"sicgrid/stages/spectra/spectratable"
)

// Files that a user names with --out. What cannot be written is found before anything is computed,
// and a file of somebody else's that is to be replaced is named.

// checkOutput finds what speaks against writing an exported artifact to a file.
func (f *graphFlags) checkOutput(out string) error {
	if err := outfile.Check([]string{out}, []string{f.params}); err != nil {
		return err
	}
	if within(out, f.store) {
		return usagef("--out %s: lies in the store %s, which holds what the program itself puts there; choose another folder", out, f.store)
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

// modulesFile is the file beside --out in which the modules are written; of population states there
// is none.
func (f *analyzeFlags) modulesFile() string {
	ext := filepath.Ext(f.out)
	return strings.TrimSuffix(f.out, ext) + ".modules" + ext
}

// checkOutputs finds what speaks against writing what analyze was told to, and says which file of
// somebody else's is going to be replaced. That beside the one that was named is spared.
func (f *analyzeFlags) checkOutputs(cmd *cobra.Command, args []string) error {
	r, given := &f.request, func(path string) bool { return path == "" }
	inputs := slices.DeleteFunc(append([]string{r.Positions, r.Times, r.Spikes, r.Activity, f.states}, args...), given)
	for i, in := range inputs {
		inputs[i] = analysis.Path(in)
	}
	outputs := slices.DeleteFunc([]string{f.out, f.maps, f.fields, f.figure}, given)
	headers := append(analysis.Headers(), headerOf[shapeRow]()) // a table of either kind is of this program's making
	if f.states == "" {
		beside := f.modulesFile()
		if outfile.Existing(beside) != nil && !madeHere(beside, headerOf[spectratable.Module]()) {
			return fmt.Errorf("%s: is where the modules are written, and sicgrid did not make it; move it away or choose another --out", beside)
		}
		outputs = append(outputs, beside)
	}
	if err := outfile.Check(outputs, inputs); err != nil {
		return err
	}
	sayReplaced(cmd, f.out, headers...)
	return nil
}

// headerOf is the first line of a CSV table of T: these columns, or all.
func headerOf[T any](columns ...string) string {
	var names []string
	for _, c := range columnsOf[T](columns) {
		names = append(names, c.Name)
	}
	return strings.Join(names, ",")
}

// sayReplaced says that a file is going to be replaced which does not look like one of this
// program's.
func sayReplaced(cmd *cobra.Command, path string, headers ...string) {
	if outfile.Existing(path) != nil && !madeHere(path, headers...) && verbosityOf(cmd) >= 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "replaces %s, which sicgrid did not make\n", path)
	}
}

// madeHere says whether a regular file is of this program's making: a Parquet file says so at its
// end; another begins as what is about to take its place, a table with the same columns.
func madeHere(path string, headers ...string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	piece := func(at, most int64) []byte {
		data := make([]byte, min(info.Size()-at, most))
		n, _ := f.ReadAt(data, at) // of a file that shrinks meanwhile, what is left
		return data[:n]
	}
	if head := piece(0, 1<<16); !bytes.HasPrefix(head, []byte("PAR1")) {
		first := firstLine(head)
		return slices.ContainsFunc(headers, func(h string) bool { return h != "" && strings.HasPrefix(first, h) })
	}
	return bytes.Contains(piece(max(info.Size()-4096, 0), 4096), []byte("sicgrid")) // the writer's name
}

// firstLine is the first line that is no comment.
func firstLine(data []byte) string {
	for line := range bytes.Lines(data[:min(len(data), 1<<16)]) {
		if !bytes.HasPrefix(line, []byte("#")) {
			return string(bytes.TrimRight(line, "\r\n"))
		}
	}
	return ""
}
