package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/source"
)

func newVersionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print commit, toolchain and the format of the store",
		Example: "  sicgrid version --json",
		Args:    takes(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := struct {
				Commit   string `json:"commit"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
				Format   int    `json:"format"`
				Numerics string `json:"numerics"`
			}{source.Commit(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, pipeline.FormatVersion, cpu.Numerics()}
			if asJSON {
				return jsontext.Write(cmd.OutOrStdout(), v)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "sicgrid %s, %s, %s, store format %d, numerics %s\n", v.Commit, v.Go, v.Platform, v.Format, v.Numerics)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}
