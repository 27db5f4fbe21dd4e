package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsondiff"
	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/usage"
	"sicgrid/stages/layout"
)

type comparisonFlags struct {
	graphFlags
	against     string
	within      []string
	anyNumerics bool
	json        bool
}

func newCheckCommand() *cobra.Command {
	var flags comparisonFlags
	cmd := &cobra.Command{
		Use:   "check FIGURE",
		Short: "Compare a figure's numbers with those of a JSON file, field by field; exit code 1 if they differ",
		Long: "Compare the numbers of a figure that is up to date with those in the JSON file of another run of it, such as\n" +
			"artifacts/published/figure-6.json: every field of the one must be in the other, words and truths must be equal, and\n" +
			"numbers as near as --within says: 5% of the file's number, or 0.01 in the number's own unit; without it they must be\n" +
			"equal. Given twice, either will do. What differs is listed, and the exit code is then 1. A file that was made under\n" +
			"other numerics (instruction set, device) is refused unless --any-numerics is given: a training amplifies rounding.",
		Example: "  sicgrid check figure-6 --against artifacts/published/figure-6.json --within 5%\n" +
			"  sicgrid check figure-4 --against theirs.json --within 5% --within 0.01 --any-numerics\n" +
			"  sicgrid check figure-1 --params params/smoke.yaml --against artifacts/smoke/figure-1.json --json",
		Args: takes(1, 1, "one figure, such as figure-6"),
		RunE: func(cmd *cobra.Command, args []string) error { return flags.check(cmd, args[0]) },
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&flags.against, "against", "", "JSON `FILE` of the figure as another run laid it out")
	cmd.Flags().StringArrayVar(&flags.within, "within", nil, "how far a number may be off: `5%` of the file's, or 0.01 as such (repeatable: either will do)")
	cmd.Flags().BoolVar(&flags.anyNumerics, "any-numerics", false, "compare with a file of other numerics too")
	cmd.Flags().BoolVar(&flags.json, "json", false, "print the comparison as JSON")
	return cmd
}

// A comparison is the JSON of check.
type comparison struct {
	Figure      string                `json:"figure"`
	Against     string                `json:"against"`
	Within      []string              `json:"within"`
	Numerics    []string              `json:"numerics"`         // of this figure
	Theirs      []string              `json:"against_numerics"` // of the file
	Compared    int                   `json:"compared"`         // fields
	Differences []jsondiff.Difference `json:"differences"`
}

func (f *comparisonFlags) check(cmd *cobra.Command, figure string) error {
	if f.against == "" {
		return usage.Errorf("--against: missing, must be the JSON file of another run of %s", figure)
	}
	tolerances, err := jsondiff.ReadTolerances(f.within)
	if err != nil {
		return usage.Errorf("--within %v", err)
	}
	theirs, err := layout.ReadRecord(f.against)
	if err != nil {
		return err
	}
	s, err := f.Open([]string{figure})
	if err != nil {
		return err
	}
	ours, _, err := s.Figure()
	if err != nil {
		return err
	}
	if theirs.Figure != ours.Figure {
		return fmt.Errorf("%s is of %q, must be of %s", f.against, theirs.Figure, ours.Figure)
	}
	if !slices.Equal(slices.Sorted(slices.Values(theirs.Numerics)), slices.Sorted(slices.Values(ours.Numerics))) && !f.anyNumerics {
		return fmt.Errorf("%s was made under numerics %s, this figure under %s; compare them all the same with --any-numerics", f.against, quotedEach(theirs.Numerics), quotedEach(ours.Numerics))
	}
	result := comparison{Figure: ours.Figure, Against: f.against, Within: append([]string{}, f.within...), Numerics: ours.Numerics, Theirs: theirs.Numerics}
	result.Compared, result.Differences = jsondiff.Compare(ours.Numbers, theirs.Numbers, tolerances)
	if err := result.print(cmd.OutOrStdout(), f.json, verbosityOf(cmd)); err != nil {
		return err
	}
	if n := len(result.Differences); n > 0 {
		return fmt.Errorf("%d of %d fields of %s differ from %s%s, first: %s", n, result.Compared, figure, f.against, ours.Unlike(theirs), result.Differences[0])
	}
	return nil
}

func (c comparison) print(w io.Writer, asJSON bool, level verbosity) error {
	if asJSON {
		c.Differences = append([]jsondiff.Difference{}, c.Differences...)
		return jsontext.Write(w, c)
	}
	for _, d := range c.Differences {
		if _, err := fmt.Fprintf(w, "differs %s\n", d); err != nil {
			return err
		}
	}
	if level < 0 || len(c.Differences) > 0 {
		return nil
	}
	as := "equal to those"
	if len(c.Within) > 0 {
		as = "within " + strings.Join(c.Within, " or ")
	}
	_, err := fmt.Fprintf(w, "all %d fields of %s are %s of %s\n", c.Compared, c.Figure, as, c.Against)
	return err
}

// quotedEach are words that a file may have made up.
func quotedEach(words []string) string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = strconv.Quote(word)
	}
	return strings.Join(list, ", ")
}
