package main

import "github.com/spf13/cobra"

func newFetchCommand() *cobra.Command {
	var flags shareFlags
	cmd := &cobra.Command{
		Use:   "fetch URL",
		Short: "Bring a publication into the store: figures, and every result behind them",
		Long: "Bring what sicgrid publish has put at oci://registry/name:tag, or @sha256:... in place of the tag, into the store, checked\n" +
			"as what pull fetches is: against the digests that the image names, and against what each stage makes. sicgrid run then\n" +
			"lays the figures out and computes nothing. Of a published folder, pull file://FOLDER/results does the same.",
		Example: "  sicgrid fetch oci://ghcr.io/our-lab/grid-cells:v1",
		Args:    takes(1, 1, "the address of an image"),
		RunE:    func(cmd *cobra.Command, args []string) error { return flags.pull(cmd, args[0]) },
	}
	flags.add(cmd)
	return cmd
}
