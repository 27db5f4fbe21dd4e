package devices

import (
	"runtime"

	"golang.org/x/sys/cpu"

	compute "sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/compute/vulkan/vk"
)

// Device is what is known of something that can train, in the JSON of sicgrid devices.
type Device struct {
	Name         string   `json:"name"`
	Architecture string   `json:"architecture,omitempty"` // of a CPU
	Threads      int      `json:"threads,omitempty"`
	Features     []string `json:"features"` // those that the training step can make use of
	Numerics     string   `json:"numerics"` // the name under which its results are kept
	*GPU                  // nil for the CPU
}

// GPU is what a device of the Vulkan loader says of itself.
type GPU struct {
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

// List asks the processor, which comes first, and the Vulkan loader; why says what keeps that from
// answering.
func List() (list []Device, why string) {
	gpus, why := listGPUs()
	return append([]Device{thisCPU()}, gpus...), why
}

func listGPUs() (list []Device, why string) {
	loader, err := vk.Open(vk.Options{})
	if err != nil {
		return nil, err.Error()
	}
	defer loader.Close()
	for _, d := range loader.Devices() {
		g := &GPU{
			Kind: string(d.Kind), Driver: d.Driver, API: d.API, MemoryMiB: d.Memory >> 20, MaxBindingMiB: d.MaxBuffer >> 20,
			MaxInvocations: d.MaxThreads, MaxSharedBytes: d.MaxShared, MaxPushBytes: d.MaxPush, MaxGroups: d.MaxGroups(), Subgroup: d.Subgroup, Matrices: d.Matrices,
			NotMixed: vulkan.WhyNot(d, vulkan.Mixed), Usable: d.Unsupported == "", Automatic: vulkan.Automatic(d), Reason: vulkan.Why(d),
		}
		if g.NotMixed == "" {
			g.Mixed = vulkan.Numerics(d, vulkan.Mixed)
		}
		list = append(list, Device{Name: d.Name, Features: gpuFeatures(d), Numerics: vulkan.Numerics(d, vulkan.Float32), GPU: g})
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

func thisCPU() Device {
	d := Device{Name: "cpu", Architecture: runtime.GOARCH, Threads: runtime.GOMAXPROCS(0), Features: []string{}, Numerics: compute.Numerics()}
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
