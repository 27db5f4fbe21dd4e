package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/printable"
	"sicgrid/pkg/progress"
	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
)

type verifyFlags struct {
	graphFlags
	rerun, fetched, repair, hashOnly, json bool
	sample                                 int
}

func newVerifyCommand() *cobra.Command {
	var flags verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [TARGET...]",
		Short: "Hash everything in the store again; exit code 1 on any mismatch",
		Long: "Hash everything in the store again, or what the targets need, and compare with the digests on record. Then read every\n" +
			"artifact with two independent Parquet readers and compare the values.\n" +
			"--rerun computes the targets' stages again from their stored inputs, in a scratch folder, and compares the results; of\n" +
			"results from another instruction set or device, whose bits differ, it compares measures (within bounds) and verdicts.\n" +
			"With --fetched it computes, of everything that the targets rest on, just what was fetched from a remote.\n" +
			"--repair removes what is damaged, so that the next run makes it anew.",
		Example: "  sicgrid verify\n" +
			"  sicgrid verify --hash-only --repair\n" +
			"  sicgrid verify all --rerun --sample 5\n" +
			"  sicgrid verify all --rerun --fetched --params params/smoke.yaml\n" +
			"  sicgrid verify figure-6 --rerun --params params/smoke.yaml",
		RunE: func(cmd *cobra.Command, targets []string) error { return verify(cmd, flags, targets) },
	}
	flags.add(cmd)
	f := cmd.Flags()
	f.BoolVar(&flags.rerun, "rerun", false, "compute the targets again from their stored inputs and compare")
	f.BoolVar(&flags.fetched, "fetched", false, "with --rerun: of all that the targets rest on just what was fetched from a remote")
	f.IntVar(&flags.sample, "sample", 0, "with --rerun: of the targets only `N`, drawn by chance")
	f.BoolVar(&flags.repair, "repair", false, "remove what is damaged")
	f.BoolVar(&flags.hashOnly, "hash-only", false, "hash, but do not read the artifacts")
	f.BoolVar(&flags.json, "json", false, "print the answer as JSON")
	return cmd
}

func verify(cmd *cobra.Command, flags verifyFlags, targets []string) error {
	if cmd.Flags().Changed("sample") && (flags.sample < 1 || !flags.rerun) {
		return usage.Errorf("--sample %d: must be 1 or greater, together with --rerun", flags.sample)
	}
	if flags.fetched && !flags.rerun {
		return usage.Errorf("--fetched: must stand together with --rerun")
	}
	s, err := flags.Look(targets)
	if err != nil {
		return err
	}
	var graph *pipeline.Graph // nil: everything in the store
	if len(targets) > 0 {
		graph = s.Graph
	}
	var answer verification
	hashing := progress.NewWork(cmd.ErrOrStderr(), verbosityOf(cmd) < 0)
	answer.Verification, err = pipeline.Verify(cmd.Context(), graph, s.Options, pipeline.VerifyOptions{
		HashOnly: flags.hashOnly, Check: experiment.CheckTable, Progress: hashing.UpdateBytes,
	})
	hashing.Close()
	if err != nil {
		return err
	}
	if flags.repair {
		if answer.Removed, err = pipeline.Repair(cmd.Context(), s.Options.Store, answer.Findings); err != nil {
			return err
		}
	}
	if flags.rerun {
		display := progress.New(cmd.ErrOrStderr(), progress.Options{Live: progress.IsTerminal(cmd.ErrOrStderr()), Quiet: verbosityOf(cmd) < 0})
		s.Options.Observer = display.Observe
		candidates := s.Graph.Targets()
		if flags.fetched {
			if candidates, err = pipeline.FetchedNodes(s.Graph, s.Options); err != nil {
				return err
			}
		}
		results, err := pipeline.Rerun(cmd.Context(), s.Graph, s.Options, chosen(candidates, flags.sample))
		for _, r := range results {
			answer.Recomputed = append(answer.Recomputed, recomputed{r})
		}
		display.Close()
		if err != nil {
			return err
		}
	}
	if err := answer.print(cmd.OutOrStdout(), flags.json, verbosityOf(cmd)); err != nil {
		return err
	}
	return answer.fault(flags.repair, strings.Join(append([]string{"sicgrid verify --repair"}, targets...), " ")+s.Request.Flags())
}

// chosen picks these nodes, or n of them by chance, and nothing that they only need.
func chosen(targets []*pipeline.Node, n int) func(*pipeline.Node) bool {
	targets = slices.Clone(targets)
	if n > 0 && n < len(targets) {
		rand.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
		targets = targets[:n]
	}
	return func(node *pipeline.Node) bool { return slices.Contains(targets, node) }
}

type verification struct {
	pipeline.Verification
	Removed    int
	Recomputed []recomputed
}

type recomputed struct{ pipeline.Recomputed }

// printMeasures prints how the result of other numerics compares.
func (r *recomputed) printMeasures(w io.Writer) {
	says, agree := "agrees", 0
	for _, c := range r.Measures {
		if c.Agrees() {
			agree++
		} else {
			says = "differs"
		}
	}
	fmt.Fprintf(w, "%-8s %s: %d of %d measures and verdicts agree; it was made by other numerics %s, so bits are not compared\n",
		says, r.Node.Name, agree, len(r.Measures), printable.Line(r.Numerics))
	for _, c := range r.Measures {
		fmt.Fprintf(w, "         %s\n", c)
	}
}

func (v *verification) print(w io.Writer, asJSON bool, level verbosity) error {
	if asJSON {
		return v.printJSON(w)
	}
	for _, f := range v.Findings {
		fmt.Fprintln(w, findingText(f))
	}
	for _, r := range v.Recomputed {
		switch {
		case r.Err != nil:
			fmt.Fprintf(w, "failed   %s: %s\n", r.Node.Name, printable.Line(r.Err.Error()))
		case r.Skipped != "":
			fmt.Fprintf(w, "skipped  %s: %s\n", r.Node.Name, printable.Line(r.Skipped))
		case r.Numerics != "":
			r.printMeasures(w)
		case !r.Same:
			for _, d := range r.Differ {
				fmt.Fprintf(w, "differs  %s: %s\n", r.Node.Name, d)
			}
		case level >= 0:
			fmt.Fprintf(w, "same     %s  %.1f s\n", r.Node.Name, r.Time.Seconds())
		}
	}
	if v.Removed > 0 {
		fmt.Fprintf(w, "removed %d damaged files; the next run makes them anew\n", v.Removed)
	}
	if level >= 0 {
		fmt.Fprintf(w, "%d artifacts of %d results verified, %.1f MB hashed at %.2f GB/s", v.Objects, v.Actions, float64(v.Bytes)/1e6, float64(v.Bytes)/1e9/v.Hashing.Seconds())
		if v.Contents > 0 {
			fmt.Fprintf(w, ", %d read alike by two readers in %.1f s", v.Compared, v.Contents.Seconds())
		}
		if v.Foreign > 0 {
			fmt.Fprintf(w, ", %d of another version's encoding by one", v.Foreign)
		}
		fmt.Fprintf(w, ": %d faults\n", len(v.Findings))
	}
	return nil
}

func findingText(f pipeline.Finding) string {
	text := f.What
	if f.Node != "" {
		text = f.Node + ": " + text
	}
	if f.Path != "" {
		text += " (" + f.Path + ")"
	}
	return printable.Line(text)
}

func (v *verification) printJSON(w io.Writer) error {
	type measure struct {
		Name       string   `json:"name"`
		Stored     *float64 `json:"stored"` // null where it is undefined
		Recomputed *float64 `json:"recomputed"`
		Within     float64  `json:"within"` // 0: a verdict
		Agrees     bool     `json:"agrees"`
	}
	type recomputed struct {
		Name     string    `json:"name"`
		Same     bool      `json:"same"`
		Differ   []string  `json:"differ,omitempty"`
		Numerics string    `json:"numerics,omitempty"` // of the stored result, if another's; then measures are compared
		Measures []measure `json:"measures,omitempty"`
		Skipped  string    `json:"skipped,omitempty"`
		Error    string    `json:"error,omitempty"`
		Seconds  float64   `json:"seconds"`
	}
	type finding struct {
		Name string `json:"name,omitempty"`
		Path string `json:"path,omitempty"`
		What string `json:"what"`
	}
	answer := struct {
		Results    int          `json:"results"`
		Objects    int          `json:"objects"`
		Bytes      int64        `json:"bytes"`
		Hashing    float64      `json:"hashing_seconds"`
		Contents   float64      `json:"reading_seconds"`
		Compared   int          `json:"read_alike"` // by two Parquet readers
		Foreign    int          `json:"other_encoding"`
		Faults     []finding    `json:"faults"`
		Removed    int          `json:"removed"`
		Recomputed []recomputed `json:"recomputed,omitempty"`
	}{Results: v.Actions, Objects: v.Objects, Bytes: v.Bytes, Hashing: v.Hashing.Seconds(), Contents: v.Contents.Seconds(),
		Compared: v.Compared, Foreign: v.Foreign, Faults: []finding{}, Removed: v.Removed}
	for _, f := range v.Findings {
		answer.Faults = append(answer.Faults, finding{f.Node, f.Path, f.What})
	}
	for _, r := range v.Recomputed {
		e := recomputed{Name: r.Node.Name, Same: r.Same, Differ: r.Differ, Numerics: r.Numerics, Skipped: r.Skipped, Seconds: r.Time.Seconds()}
		if r.Err != nil {
			e.Error = r.Err.Error()
		}
		for _, c := range r.Measures {
			e.Measures = append(e.Measures, measure{c.Name, finite(c.Stored), finite(c.Recomputed), c.Within, c.Agrees()})
		}
		answer.Recomputed = append(answer.Recomputed, e)
	}
	return jsontext.Write(w, answer)
}

// finite is x, or nil where JSON has no number for it.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// fault is the error of a verification that found something which was not mended; repair is the
// command that removes it.
func (v *verification) fault(repaired bool, repair string) error {
	foreign := slices.DeleteFunc(slices.Clone(v.Findings), func(f pipeline.Finding) bool { return !f.Foreign })
	if n := len(foreign); n > 0 && repaired {
		return fmt.Errorf("%d files in the store are none that it writes, and stay; move them away, first: %s", n, findingText(foreign[0]))
	}
	if n := len(v.Findings); n > 0 && !repaired {
		return fmt.Errorf("%d faults in the store, first: %s; `%s` removes them, the next run mends them", n, findingText(v.Findings[0]), repair)
	}
	var errs []error
	for _, r := range v.Recomputed {
		if r.Err != nil {
			errs = append(errs, r.Err)
		} else if r.Fault() && r.Numerics != "" {
			errs = append(errs, fmt.Errorf("%s: measures or verdicts are not those of the stored result of %s", r.Node.Name, r.Numerics))
		} else if r.Fault() {
			errs = append(errs, fmt.Errorf("%s: recomputed results differ from the stored ones", r.Node.Name))
		}
	}
	return errors.Join(errs...)
}
