package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/printable"
	"sicgrid/stages/devices"
)

func newDevicesCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "devices",
		Short: "List what can train here",
		Long: "List what can train here, and of a GPU that `run --device auto` would not choose, why not.\n" +
			"The first GPU that is marked \"auto\" is the one that it chooses; run --device vulkan:NAME chooses by part of a name.",
		Example: "  sicgrid devices\n  sicgrid devices --json",
		Args:    takes(0, 0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, why := devices.List()
			if asJSON {
				return jsontext.Write(cmd.OutOrStdout(), list)
			}
			printDevices(cmd.OutOrStdout(), list)
			if why != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "no GPU: %s\n", printable.Line(fmt.Sprint(why)))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}

func printDevices(w io.Writer, list []devices.Device) {
	for _, d := range list {
		if d.GPU == nil {
			fmt.Fprintf(w, "%s  %s, %d threads, %s; numerics %s\n", d.Name, d.Architecture, d.Threads, orNone(d.Features), d.Numerics)
			continue
		}
		chosen := "auto"
		if d.Reason != "" {
			chosen = "not chosen by itself: " + d.Reason
			if !d.Usable {
				chosen = "not usable: " + d.Reason
			}
		}
		mixed := "--precision mixed: " + d.NotMixed
		if d.Mixed != "" {
			mixed = "--precision mixed: numerics " + d.Mixed
		}
		line := fmt.Sprintf("%s  %s, driver %s, Vulkan %s, %d MiB, workgroups of %d sharing %d KiB, %d bytes of push constants; numerics %s; %s; %s",
			d.Name, d.Kind, d.Driver, d.API, d.MemoryMiB, d.MaxInvocations, d.MaxSharedBytes>>10, d.MaxPushBytes, d.Numerics, mixed, chosen)
		fmt.Fprintln(w, printable.Line(line))
	}
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "no vector features"
	}
	return strings.Join(list, " ")
}
