package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"sicgrid/pkg/pipeline"
)

func newVerifyCommand() *cobra.Command {
	var flags graphFlags
	var asJSON, rerun, repair bool
	cmd := &cobra.Command{
		Use:   "verify [TARGET...]",
		Short: "Hash everything in the store again; exit code 1 on any mismatch",
		Long: "Hash everything in the store again, or what the targets need, and compare with the digests on record.\n" +
			"--rerun computes the targets' stages again from their stored inputs and compares the results.\n" +
			"--repair removes what is damaged, so that the next run makes it anew.",
		Example: "  sicgrid verify\n" +
			"  sicgrid verify figure-6 --rerun --params params/smoke.yaml",
		RunE: func(cmd *cobra.Command, targets []string) error {
			s, err := flags.open(targets)
			if err != nil {
				return err
			}
			var graph *pipeline.Graph // nil: everything in the store
			if len(targets) > 0 {
				graph = s.graph
			}
			var answer verification
			if answer.Verification, err = pipeline.Verify(cmd.Context(), graph, s.options); err != nil {
				return err
			}
			if repair {
				if answer.Removed, err = pipeline.Repair(s.options.Store, answer.Findings); err != nil {
					return err
				}
			}
			if rerun {
				if answer.Recomputed, err = pipeline.Rerun(cmd.Context(), s.graph, s.options); err != nil {
					return err
				}
			}
			if err := answer.print(cmd.OutOrStdout(), asJSON, verbosityOf(cmd)); err != nil {
				return err
			}
			return answer.fault(repair)
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&rerun, "rerun", false, "compute stages again from their stored inputs and compare")
	cmd.Flags().BoolVar(&repair, "repair", false, "remove what is damaged")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}

type verification struct {
	pipeline.Verification
	Removed    int
	Recomputed []pipeline.Recomputed
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
			fmt.Fprintf(w, "failed   %s: %v\n", r.Node.Name, r.Err)
		case r.Skipped != "":
			fmt.Fprintf(w, "skipped  %s: %s\n", r.Node.Name, r.Skipped)
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
		fmt.Fprintf(w, "%d artifacts of %d results verified, %.1f MB: %d faults\n", v.Objects, v.Actions, float64(v.Bytes)/1e6, len(v.Findings))
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
	return text
}

func (v *verification) printJSON(w io.Writer) error {
	type recomputed struct {
		Name    string   `json:"name"`
		Same    bool     `json:"same"`
		Differ  []string `json:"differ,omitempty"`
		Skipped string   `json:"skipped,omitempty"`
		Error   string   `json:"error,omitempty"`
		Seconds float64  `json:"seconds"`
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
		Faults     []finding    `json:"faults"`
		Removed    int          `json:"removed"`
		Recomputed []recomputed `json:"recomputed,omitempty"`
	}{Results: v.Actions, Objects: v.Objects, Bytes: v.Bytes, Faults: []finding{}, Removed: v.Removed}
	for _, f := range v.Findings {
		answer.Faults = append(answer.Faults, finding{f.Node, f.Path, f.What})
	}
	for _, r := range v.Recomputed {
		e := recomputed{Name: r.Node.Name, Same: r.Same, Differ: r.Differ, Skipped: r.Skipped, Seconds: r.Time.Seconds()}
		if r.Err != nil {
			e.Error = r.Err.Error()
		}
		answer.Recomputed = append(answer.Recomputed, e)
	}
	return printJSON(w, answer)
}

// fault is the error of a verification that found something which was not mended.
func (v *verification) fault(repaired bool) error {
	if n := len(v.Findings); n > 0 && !repaired {
		return fmt.Errorf("%d faults in the store, first: %s; `sicgrid verify --repair` removes them, the next run mends them", n, findingText(v.Findings[0]))
	}
	var errs []error
	for _, r := range v.Recomputed {
		if r.Err != nil {
			errs = append(errs, r.Err)
		} else if r.Skipped == "" && !r.Same {
			errs = append(errs, fmt.Errorf("%s: recomputed results differ from the stored ones", r.Node.Name))
		}
	}
	return errors.Join(errs...)
}
