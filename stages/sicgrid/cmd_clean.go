package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"sicgrid/pkg/printable"
	"sicgrid/stages/experiment"
	"sicgrid/stages/layout"
)

func newCleanCommand() *cobra.Command {
	var flags graphFlags
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "Remove the figures and tables of a profile, which come back from the store",
		Long: "Remove the figures and tables that a profile's runs have laid out in artifacts/<profile>, and in the folders in it of what\n" +
			"was made with --set; with --name one of these alone. Only files that are as they were laid out go: what somebody has\n" +
			"altered or put there stays, and is named. The store keeps every figure, and the next run lays it out again.",
		Example: "  sicgrid clean --params smoke\n" +
			"  sicgrid clean --name seed=2",
		Args: takes(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := flags.CheckName(); err != nil {
				return err
			}
			path, err := experiment.ProfilePath(flags.Params)
			if err != nil {
				return err
			}
			p, err := experiment.ReadParameters(path, nil)
			if err != nil {
				return err
			}
			folders := []string{layout.Path(p.Name, flags.Name, nil)}
			if flags.Name == "" {
				for _, f := range layout.Within(p.Name) {
					folders = append(folders, f.Path)
				}
			}
			slices.Reverse(folders) // those within go first
			for _, folder := range folders {
				removed, left, err := layout.Clean(folder)
				if err != nil {
					return err
				}
				if verbosityOf(cmd) >= 0 && removed > 0 {
					fmt.Fprintf(cmd.OutOrStdout(), "removed %s in %s\n", printable.Count(removed, "file"), folder)
				}
				for _, path := range left {
					fmt.Fprintf(cmd.OutOrStdout(), "left    %s, which is not as it was laid out\n", path)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&flags.Params, "params", experiment.DefaultProfile, "parameter `FILE`, or the name of one in params/")
	cmd.Flags().StringVar(&flags.Name, "name", "", "`NAME` of the one folder within the profile's that is meant")
	return cmd
}
