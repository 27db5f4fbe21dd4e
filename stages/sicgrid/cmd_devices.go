package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/cpu"

	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/printable"
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
			gpus, why := listGPUs()
			devices := append([]device{thisCPU()}, gpus...)
			if asJSON {
				return printJSON(cmd.OutOrStdout(), devices)
			}
			printDevices(cmd.OutOrStdout(), devices)
			if why != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "no GPU: %s\n", printable.Line(fmt.Sprint(why)))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as JSON")
	return cmd
}

// device is one device of the JSON of devices.
type device struct {
	Name         string   `json:"name"`
	Architecture string   `json:"architecture,omitempty"` // of a CPU
	Threads      int      `json:"threads,omitempty"`
	Features     []string `json:"features"` // those that the training step can make use of
	Numerics     string   `json:"numerics"` // the name under which its results are kept
	*gpu                  // nil for the CPU
}

// gpu is what a device of the Vulkan loader says of itself.
type gpu struct {
	Kind           string          `json:"kind"` // "discrete GPU", "integrated GPU", "virtual GPU", "processor", "other"
	Driver         string          `json:"driver"`
	API            string          `json:"vulkan"`
	MemoryMiB      uint64          `json:"memory_mib"`
	MaxBindingMiB  uint64          `json:"max_binding_mib"`
	MaxInvocations uint32          `json:"max_workgroup_invocations"`
	MaxSharedBytes uint32          `json:"max_shared_bytes"`
	MaxPushBytes   uint32          `json:"max_push_constant_bytes"`
	MaxGroups      uint32          `json:"max_workgroups"`           // along the first side of a grid
	Subgroup       uint32          `json:"subgroup,omitempty"`       // invocations, of a device with cooperative matrices
	Matrices       []vk.MatrixSize `json:"matrices,omitempty"`       // sizes of the products of 16-bit floats that a subgroup does at once
	Mixed          string          `json:"mixed_numerics,omitempty"` // of --precision mixed, where the device has it
	NotMixed       string          `json:"mixed_reason,omitempty"`   // what keeps it from that
	Usable         bool            `json:"usable"`
	Automatic      bool            `json:"automatic"` // may be chosen without being named
	Reason         string          `json:"reason,omitempty"`
}

// listGPUs asks the Vulkan loader; why says what keeps it from answering.
func listGPUs() (list []device, why string) {
	loader, err := vk.Open(vk.Options{})
	if err != nil {
		return nil, err.Error()
	}
	defer loader.Close()
	for _, d := range loader.Devices() {
		g := &gpu{
			Kind: string(d.Kind), Driver: d.Driver, API: d.API, MemoryMiB: d.Memory >> 20, MaxBindingMiB: d.MaxBuffer >> 20,
			MaxInvocations: d.MaxThreads, MaxSharedBytes: d.MaxShared, MaxPushBytes: d.MaxPush, MaxGroups: d.MaxGroups(), Subgroup: d.Subgroup, Matrices: d.Matrices,
			NotMixed: vulkan.WhyNot(d, vulkan.Mixed), Usable: d.Unsupported == "", Automatic: vulkan.Automatic(d), Reason: vulkan.Why(d),
		}
		if g.NotMixed == "" {
			g.Mixed = vulkan.Numerics(d, vulkan.Mixed)
		}
		list = append(list, device{Name: d.Name, Features: gpuFeatures(d), Numerics: vulkan.Numerics(d, vulkan.Float32), gpu: g})
	}
	if len(list) == 0 {
		return nil, "the Vulkan loader lists no device"
	}
	return list, ""
}

func gpuFeatures(d *vk.Device) []string {
	features := []string{}
	for _, f := range []struct{ name, extension string }{{"cooperative-matrix", "VK_KHR_cooperative_matrix"}, {"memory-budget", "VK_EXT_memory_budget"}} {
		if d.Has(f.extension) {
			features = append(features, f.name)
		}
	}
	return features
}

func printDevices(w io.Writer, devices []device) {
	for _, d := range devices {
		if d.gpu == nil {
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
