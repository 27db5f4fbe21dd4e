// Package completion answers the shell, which asks the program what a word may go on with:
// `sicgrid completion bash` writes what it is asked by.
package completion

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/params"
	"sicgrid/stages/devices"
	"sicgrid/stages/experiment"
	"sicgrid/stages/export"
)

type completions = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// Add gives every command and flag that takes a name those that there are.
func Add(root *cobra.Command) {
	arguments := map[string]completions{
		"run": several(completeTargets), "status": several(completeTargets), "why": several(completeTargets), "dag": several(completeTargets),
		"verify": several(completeTargets), "watch": several(completeTargets), "pin": several(completeTargets), "unpin": several(completeTargets),
		"check": first(completeFigures), "cite": first(completeFigures), "compare": completeSides, "export": first(completeOutputs), "sweep": first(completeSweeps), "params": several(completeKeys),
	}
	flags := map[string]completions{
		"params": completeProfiles, "set": completeAssignments, "force": completeStages, "device": words("auto", "cpu", "vulkan"),
		"precision": words("float32", "mixed"), "as": completeVariants,
	}
	for _, cmd := range root.Commands() {
		if complete := arguments[cmd.Name()]; complete != nil {
			cmd.ValidArgsFunction = begunSo(complete)
		}
		for name, complete := range flags {
			if cmd.Flags().Lookup(name) != nil {
				_ = cmd.RegisterFlagCompletionFunc(name, begunSo(complete)) // fails for a flag that there is not, or twice
			}
		}
	}
	formats := map[string]completions{"dag": words("mermaid", "dot", "svg"), "export": words(export.Formats...)}
	for _, cmd := range root.Commands() {
		if complete := formats[cmd.Name()]; complete != nil {
			_ = cmd.RegisterFlagCompletionFunc("format", begunSo(complete))
		}
	}
}

// begunSo leaves out what the word that was begun cannot become.
func begunSo(complete completions) completions {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		list, directive := complete(cmd, args, begun)
		return slices.DeleteFunc(slices.Clone(list), func(word string) bool { return !strings.HasPrefix(word, begun) }), directive
	}
}

func words(list ...string) completions {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return list, cobra.ShellCompDirectiveNoFileComp
	}
}

// first completes one argument, and nothing behind it.
func first(list func(*cobra.Command) []string) completions {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return list(cmd), cobra.ShellCompDirectiveNoFileComp
	}
}

// several completes any number of arguments, each once.
func several(list func(*cobra.Command) []string) completions {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		rest := slices.DeleteFunc(list(cmd), func(word string) bool { return slices.Contains(args, word) })
		return rest, cobra.ShellCompDirectiveNoFileComp
	}
}

// profileFile is the file of the profile that the command line names so far.
func profileFile(cmd *cobra.Command) string {
	given, _ := cmd.Flags().GetString("params")
	if given == "" {
		return experiment.DefaultProfile
	}
	if path, err := experiment.ProfilePath(given); err == nil {
		return path
	}
	return given
}

// profileOf is that profile; nil where it is none, or broken.
func profileOf(cmd *cobra.Command) *experiment.Parameters {
	path := profileFile(cmd)
	sets, _ := cmd.Flags().GetStringArray("set")
	p, err := experiment.ReadParameters(path, sets)
	if err != nil {
		return nil
	}
	return p
}

// dagOf is what that profile can make.
func dagOf(cmd *cobra.Command) *experiment.DAG {
	if p := profileOf(cmd); p != nil {
		return experiment.Wire(p, devices.CPU())
	}
	return &experiment.DAG{}
}

// completeTargets are the names of groups, then of nodes, then of sweeps.
func completeTargets(cmd *cobra.Command) []string {
	d := dagOf(cmd)
	names := d.Names()
	for _, name := range completeSweeps(cmd) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func completeFigures(cmd *cobra.Command) (names []string) {
	for _, n := range dagOf(cmd).Nodes {
		if n.Stage == experiment.FigureStage {
			names = append(names, n.Name)
		}
	}
	return names
}

func completeOutputs(cmd *cobra.Command) (names []string) {
	for _, n := range dagOf(cmd).Nodes {
		for _, output := range n.Outputs {
			names = append(names, n.Name+":"+output)
		}
	}
	return names
}

func completeSweeps(cmd *cobra.Command) []string {
	return experiment.SweepNames(filepath.Dir(profileFile(cmd)))
}

// completeKeys are the keys of parameters and of their sections, with their meanings.
func completeKeys(*cobra.Command) (keys []string) {
	for _, p := range params.List(experiment.Profile{}) {
		keys = append(keys, p.Key+"\t"+p.Meaning)
	}
	return keys
}

// completeSides are profiles and the points of sweeps, and then any folder.
func completeSides(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
	if len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, path := range experiment.Profiles(experiment.ProfilesDir) {
		names = append(names, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	}
	for _, sweep := range experiment.SweepNames(experiment.ProfilesDir) {
		names = append(names, sweep+"/0")
	}
	return names, cobra.ShellCompDirectiveDefault
}

func completeVariants(cmd *cobra.Command, _ []string, _ string) (names []string, _ cobra.ShellCompDirective) {
	if p := profileOf(cmd); p != nil {
		names = p.VariantNames()
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeProfiles are the profiles beside the default one, and then any file.
func completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return experiment.Profiles(filepath.Dir(experiment.DefaultProfile)), cobra.ShellCompDirectiveDefault
}

// completeStages are what may be forced.
func completeStages(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, n := range dagOf(cmd).Nodes {
		if !slices.Contains(names, n.Stage) {
			names = append(names, n.Stage)
		}
	}
	for _, n := range dagOf(cmd).Nodes {
		names = append(names, n.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeAssignments are keys with a "=", and behind that the words that a parameter may be.
func completeAssignments(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	key, _, assigned := strings.Cut(begun, "=")
	var list []string
	for _, p := range params.List(experiment.Profile{}) {
		switch {
		case p.Type == "mapping":
		case !assigned:
			list = append(list, p.Key+"=\t"+p.Meaning)
		case p.Key == key && p.Type == "true or false":
			list = append(list, key+"=true", key+"=false")
		case p.Key == key:
			if allowed, isWords := strings.CutPrefix(p.Range, "one of "); isWords {
				for word := range strings.SplitSeq(allowed, ", ") {
					list = append(list, key+"="+word)
				}
			}
		}
	}
	if assigned {
		return list, cobra.ShellCompDirectiveNoFileComp
	}
	return list, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
