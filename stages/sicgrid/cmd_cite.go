package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/printable"
	"sicgrid/stages/cite"
)

func newCiteCommand() *cobra.Command {
	var flags graphFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "cite RESULT",
		Short: "Print where a figure or another result is from, and BibTeX, for a paper's supplement",
		Long: "Print a paragraph that says how a figure or another result was made (versions, commits, parameters, seeds,\n" +
			"devices, digests, the command that remakes it), and BibTeX of the paper that is reproduced and of this software.",
		Example: "  sicgrid cite figure-6\n" +
			"  sicgrid cite figure-6 --json",
		Args: takes(1, 1, "one figure or other result"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := flags.Look(args)
			if err != nil {
				return err
			}
			r, err := cite.Of(s)
			if err != nil {
				return err
			}
			if asJSON {
				return jsontext.Write(cmd.OutOrStdout(), struct {
					cite.Result
					Paragraph string `json:"paragraph"`
					BibTeX    string `json:"bibtex"`
				}{r, r.Paragraph(), r.BibTeX()})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n\n%s", printable.Line(r.Paragraph()), printable.Lines(r.BibTeX()))
			return err
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print all of it as JSON, with every stage")
	return cmd
}
