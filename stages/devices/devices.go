// Package devices is what trains the networks: this machine's processor, or a GPU with a Vulkan
// driver. It opens what --device and --precision ask for, and lists what there is.
package devices

import (
	"errors"
	"fmt"
	"strings"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/usage"
	"sicgrid/stages/experiment"
	"sicgrid/stages/train"
)

// The train stage's code digests, as stages/source has them made.
const (
	codeOnCPU    = "train"
	codeOnVulkan = "train-vulkan"
)

// CPU is this machine's processor.
func CPU() experiment.Device {
	return experiment.Device{
		Backend: compute.Backend{Device: "cpu", Numerics: cpu.Numerics(), New: func(s compute.Spec) (compute.Trainer, error) { return cpu.New(s) }},
		Code:    codeOnCPU, OtherCode: []string{codeOnVulkan}, Close: func() {}, CheckpointEvery: train.CheckpointEvery,
	}
}

// vulkanOptions are those with which Vulkan is opened; a test adds faults to it.
var vulkanOptions vk.Options

// OpenVulkan opens the GPU that --device names, of vulkan or vulkan:NAME; any if it names none.
func OpenVulkan(flag string, p vulkan.Precision) (*vulkan.Device, error) {
	_, name, _ := strings.Cut(flag, ":")
	return vulkan.Open(name, p, vulkanOptions)
}

// AnyGPU stands for a GPU that may have trained something; it cannot train.
func AnyGPU() experiment.Device {
	gpu := CPU()
	gpu.Numerics, gpu.Code, gpu.OtherCode = vulkanDevice, codeOnVulkan, []string{codeOnCPU}
	return gpu
}

func onVulkan(flag string, p vulkan.Precision) (experiment.Device, error) {
	d, err := OpenVulkan(flag, p)
	if err != nil {
		return experiment.Device{}, err
	}
	return experiment.Device{
		Backend: compute.Backend{Device: d.Name + ", " + d.Driver, Numerics: d.Numerics(), New: func(s compute.Spec) (compute.Trainer, error) { return vulkan.New(s, d) }},
		Code:    codeOnVulkan, OtherCode: []string{codeOnCPU}, Close: d.Close, CheckpointEvery: train.CheckpointEvery,
	}, nil
}

const vulkanDevice = "vulkan"

// Check checks the text of --device.
func Check(flag string) error {
	kind, name, named := strings.Cut(flag, ":")
	if flag == "auto" || flag == "cpu" || kind == vulkanDevice && (!named || name != "") {
		return nil
	}
	return usage.Errorf("--device %s: must be one of auto, cpu, vulkan, or vulkan:NAME with part of a name that `sicgrid devices` lists", flag)
}

// CheckPrecision checks the text of --precision beside that of --device.
func CheckPrecision(flag, device string) error {
	switch p := vulkan.Precision(flag); {
	case p != vulkan.Float32 && p != vulkan.Mixed:
		return usage.Errorf("--precision %s: must be float32 or mixed", flag)
	case p == vulkan.Mixed && device == "cpu":
		return usage.Errorf("--precision mixed: the CPU trains in float32 alone; leave out --device cpu or --precision mixed")
	}
	return nil
}

// Open opens what --device and --precision ask for. why says what speaks
// against a GPU where auto has fallen back on the CPU, which it does not where
// mixed precision was asked for.
func Open(flag string, p vulkan.Precision) (on experiment.Device, why string, err error) {
	if flag == "cpu" {
		return CPU(), "", nil
	}
	on, err = onVulkan(flag, p)
	switch {
	case err == nil:
		return on, "", nil
	case p == vulkan.Mixed:
		return on, "", fmt.Errorf("--precision mixed: %w; `sicgrid devices` lists what there is, --precision float32 needs no such products", err)
	case flag == "auto":
		return CPU(), err.Error(), nil
	case errors.Is(err, vulkan.ErrNoGPU):
		return on, "", fmt.Errorf("--device %s: %w; `sicgrid devices` lists what there is, --device cpu needs none", flag, err)
	}
	return on, "", fmt.Errorf("--device %s: %w", flag, err)
}
