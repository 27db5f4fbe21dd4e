package main

import (
	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/outfile"
	"sicgrid/stages/compare"
	"sicgrid/stages/experiment"
	"sicgrid/stages/tablefile"
)

func newCompareCommand() *cobra.Command {
	var flags compareFlags
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Say in which parameters and numbers two sets of results differ, and set their figures side by side",
		Long: "Say in which parameters two sets of results differ, and in which numbers of their figures, beside what seeds differ\n" +
			"by, and set the figures side by side. A and B are each one of\n" +
			"  laptop, params/mine.yaml        a profile: what lies in artifacts/laptop\n" +
			"  seed=2, 'paper loss.sigma_g=0.5'  settings over --params, or over the profile before them\n" +
			"  artifacts/laptop/seed=2         a folder with the JSON files of figures, of whomever\n" +
			"  report/0, report/0/full         a point of a sweep, by its number or name, and one of its networks\n" +
			"  HEAD~3, HEAD~3:some/folder      a commit: what it has in artifacts/published, or in a folder\n" +
			"Nothing is computed. Numbers that other seeds of the same settings have as well, in folders beside, have a spread.",
		Example: "  sicgrid compare laptop seed=2\n" +
			"  sicgrid compare laptop smoke --json\n" +
			"  sicgrid compare artifacts/laptop seed=2 --html compared.html",
		Args: takes(2, 2, "two sets of results"),
		RunE: func(cmd *cobra.Command, args []string) error { return compareSides(cmd, flags, args) },
	}
	f := cmd.Flags()
	f.StringVar(&flags.params, "params", experiment.DefaultProfile, "profile that settings are over, a `FILE` or the name of one in params/")
	f.StringVar(&flags.html, "html", "", "write a page to this `FILE`, which needs no other")
	f.BoolVar(&flags.json, "json", false, "print all of it as JSON")
	return cmd
}

type compareFlags struct {
	params string
	html   string
	json   bool
}

func compareSides(cmd *cobra.Command, flags compareFlags, args []string) error {
	if flags.html != "" {
		if err := outfile.Check([]string{flags.html}, nil); err != nil {
			return err
		}
	}
	var sides [2]compare.Side
	for i, text := range args {
		var err error
		if sides[i], err = compare.Find(text, flags.params); err != nil {
			return err
		}
	}
	c := compare.Compare(sides[0], sides[1])
	if flags.html != "" {
		page, err := c.HTML()
		if err != nil {
			return err
		}
		sayReplaced(cmd, flags.html, tablefile.FirstLine(page))
		if err := outfile.Write(cmd.Context(), flags.html, page); err != nil {
			return err
		}
	}
	if flags.json {
		return jsontext.Write(cmd.OutOrStdout(), c)
	}
	if flags.html != "" {
		return nil
	}
	return c.Print(cmd.OutOrStdout(), verbosityOf(cmd) > 0)
}
