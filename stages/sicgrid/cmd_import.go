package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/outfile"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/usage"
	"sicgrid/stages/exchange"
	"sicgrid/stages/experiment"
	"sicgrid/stages/session"
)

// importFlags say which networks of a profile somebody's weights stand for.
type importFlags struct {
	base     string
	store    string
	name     string
	as       []string
	from     string
	identity bool
	json     bool
}

func newImportCommand() *cobra.Command {
	var flags importFlags
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take in a network of this architecture that was trained elsewhere, for every figure",
		Long: "Take in weights of this architecture, .safetensors or .npz, with the names of a PyTorch state_dict (mlp.0.weight,\n" +
			"mlp.0.bias, mlp.2.weight, ..., g0; any prefix and ascending numbers will do), as the result of a training. It writes\n" +
			"a profile over another, whose networks they stand for, so that everything can be done with it that can be done with\n" +
			"a profile: figures, status, compare. Records and figures say whose network it is, and the digest of the file.\n" +
			"Row i of W(v) is what unit i reads. A network whose W(v) is I + MLP(v) needs --identity.",
		Example: "  sicgrid import w.safetensors\n" +
			"  sicgrid import w.npz --as full --name theirs --from 'A. Colleague, 2026'\n" +
			"  sicgrid import w.safetensors --params params/smoke.yaml --identity",
		Args: takes(1, 1, "one file of weights"),
		RunE: func(cmd *cobra.Command, args []string) error { return importWeights(cmd, flags, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.base, "params", experiment.DefaultProfile, "profile whose walks, analysis and figures are used, a `FILE` or the name of one in params/")
	addStoreFlag(f, &flags.store)
	f.StringVar(&flags.name, "name", "", "`NAME` of the profile that is written; by default the file's")
	f.StringSliceVar(&flags.as, "as", nil, "`NETWORK` of the profile that the weights stand for, such as full (repeatable); the others are then trained; by default all that the figures need, and there are no others")
	f.StringVar(&flags.from, "from", "", "`WHOSE` network it is, in one line; by default the file's name")
	f.BoolVar(&flags.identity, "identity", false, "the network's W(v) is I + MLP(v): fold the identity into the last bias")
	f.BoolVar(&flags.json, "json", false, "print what was made as JSON")
	return cmd
}

// importedRecord is the JSON of import.
type importedRecord struct {
	Profile string `json:"profile"` // its file
	exchange.Provenance
	Networks []string `json:"networks"`
	Units    int      `json:"units"`
	Hidden   int      `json:"hidden"`
	Layers   int      `json:"layers"`
}

// importedMark is in the first line of a profile that import wrote.
const importedMark = "written by sicgrid import"

func importWeights(cmd *cobra.Command, flags importFlags, file string) error {
	w, err := exchange.Read(file, flags.identity)
	if err != nil {
		return err
	}
	if flags.base, err = experiment.ProfilePath(flags.base); err != nil {
		return err
	}
	base, err := experiment.ReadParameters(flags.base, nil)
	if err != nil {
		return err
	}
	profile, err := flags.profile(file, base)
	if err != nil {
		return err
	}
	only := len(flags.as) == 0
	if only {
		flags.as = experiment.PairVariants()
	}
	weights := experiment.Weights{File: beside(profile, file), SHA256: w.SHA256, From: flags.from, Identity: flags.identity}
	if weights.From == "" {
		weights.From = filepath.Base(file)
	}
	text := experiment.ImportedProfile(filepath.Base(flags.base), base, w, weights, flags.as, only)
	if err := outfile.Write(cmd.Context(), profile, []byte(text)); err != nil {
		return err
	}
	if _, err := experiment.ReadParameters(profile, nil); err != nil {
		return errors.Join(err, os.Remove(profile))
	}
	if err := flags.takeIn(cmd, profile); err != nil {
		return err
	}
	if flags.json {
		made := weightsProvenance(weights, w)
		return jsontext.Write(cmd.OutOrStdout(), importedRecord{profile, made, flags.as, w.Network.Units, w.Network.Hidden, w.Network.Layers})
	}
	if verbosityOf(cmd) >= 0 {
		fmt.Fprintf(cmd.OutOrStdout(), "wrote   %s: %d units, %d hidden, %d layers; draw it with: sicgrid run figure-6 --params %s\n",
			printable.Line(profile), w.Network.Units, w.Network.Hidden, w.Network.Layers, usage.Quoted(profile))
	}
	return nil
}

func weightsProvenance(w experiment.Weights, read exchange.Weights) exchange.Provenance {
	return exchange.Provenance{From: w.From, File: w.File, SHA256: read.SHA256, Format: read.Format}
}

// takeIn puts the network into the store, so that its file may go.
func (f *importFlags) takeIn(cmd *cobra.Command, profile string) error {
	s, err := (&session.Request{Params: profile, Store: f.store}).Open([]string{experiment.ImportStage})
	if err != nil {
		return err
	}
	_, err = pipeline.Run(cmd.Context(), s.Graph, s.Options)
	return err
}

// profile is the file that is written: beside the base, and none of somebody's own.
func (f *importFlags) profile(file string, base *experiment.Parameters) (string, error) {
	for _, name := range f.as {
		if _, known := base.Variants[name]; !known {
			return "", usage.Errorf("--as %s: must be one of the networks of %s: %s", name, f.base, strings.Join(base.VariantNames(), ", "))
		}
	}
	name := f.name
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	if !experiment.PlainName(name) || experiment.IsSweep(name+".yaml") {
		return "", usage.Errorf("--name %q: must be letters, digits and . _ + = , - alone, the first a letter or digit, and no sweep's", name)
	}
	path := filepath.Join(filepath.Dir(f.base), name+".yaml")
	data, err := os.ReadFile(path)
	if err == nil && !strings.Contains(firstText(data), importedMark) {
		return "", usage.Errorf("%s is there, and import did not write it; choose another --name", path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if filepath.Clean(path) == filepath.Clean(f.base) {
		return "", usage.Errorf("--params %s: is the profile that would be written; choose another --name", f.base)
	}
	return path, nil
}

// firstText is the first line of a file.
func firstText(data []byte) string {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return string(line)
}

// beside is a file's path as a profile names it: from the profile's folder, unless it was given
// from the root.
func beside(profile, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	if rel, err := filepath.Rel(filepath.Dir(profile), file); err == nil && !filepath.IsAbs(profile) {
		return filepath.ToSlash(rel)
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return file
	}
	return abs
}
