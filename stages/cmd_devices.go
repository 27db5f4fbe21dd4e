package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/cpu"
)

func newDevicesCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "devices",
		Short:   "List what can train here",
		Example: "  sicgrid devices --json",
		Args:    takes(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := thisCPU()
			if asJSON {
				return printJSON(cmd.OutOrStdout(), []device{d})
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s  %s, %d threads, %s; numerics %s\n",
				d.Name, d.Architecture, d.Threads, orNone(d.Features), d.Numerics)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}

// device is one device of the JSON of devices.
type device struct {
	Name         string   `json:"name"`
	Architecture string   `json:"architecture"`
	Threads      int      `json:"threads"`
	Features     []string `json:"features"` // those that the training step can make use of
	Numerics     string   `json:"numerics"` // the name under which its results are kept
}

func thisCPU() device {
	d := device{Name: "cpu", Architecture: runtime.GOARCH, Threads: runtime.GOMAXPROCS(0), Features: []string{}, Numerics: numerics()}
	for _, f := range []struct {
		name string
		has  bool
	}{{"avx2", cpu.X86.HasAVX2}, {"fma", cpu.X86.HasFMA}, {"avx512f", cpu.X86.HasAVX512F}, {"asimd", cpu.ARM64.HasASIMD}} {
		if f.has {
			d.Features = append(d.Features, f.name)
		}
	}
	return d
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "no vector features"
	}
	return strings.Join(list, " ")
}
