package main

import (
	"errors"
	"fmt"
	"strings"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/stages/experiment"
)

// The train stage's code digests, as code.go has them made.
const (
	codeOnCPU    = "train"
	codeOnVulkan = "train-vulkan"
)

func onCPU() experiment.Device {
	return experiment.Device{
		Backend: compute.Backend{Device: "cpu", Numerics: cpu.Numerics(), New: func(s compute.Spec) (compute.Trainer, error) { return cpu.New(s) }},
		Code:    codeOnCPU, OtherCode: []string{codeOnVulkan}, Close: func() {},
	}
}

// vulkanOptions are those with which Vulkan is opened; a test adds faults to it.
var vulkanOptions vk.Options

func onVulkan(name string, p vulkan.Precision) (experiment.Device, error) {
	d, err := vulkan.Open(name, p, vulkanOptions)
	if err != nil {
		return experiment.Device{}, err
	}
	return experiment.Device{
		Backend: compute.Backend{Device: d.Name + ", " + d.Driver, Numerics: d.Numerics(), New: func(s compute.Spec) (compute.Trainer, error) { return vulkan.New(s, d) }},
		Code:    codeOnVulkan, OtherCode: []string{codeOnCPU}, Close: d.Close,
	}, nil
}

const vulkanDevice = "vulkan"

// checkDevice checks the text of --device.
func checkDevice(flag string) error {
	kind, name, named := strings.Cut(flag, ":")
	if flag == "auto" || flag == "cpu" || kind == vulkanDevice && (!named || name != "") {
		return nil
	}
	return usagef("--device %s: must be one of auto, cpu, vulkan, or vulkan:NAME with part of a name that `sicgrid devices` lists", flag)
}

// checkPrecision checks the text of --precision beside that of --device.
func checkPrecision(flag, device string) error {
	switch p := vulkan.Precision(flag); {
	case p != vulkan.Float32 && p != vulkan.Mixed:
		return usagef("--precision %s: must be float32 or mixed", flag)
	case p == vulkan.Mixed && device == "cpu":
		return usagef("--precision mixed: the CPU trains in float32 alone; leave out --device cpu or --precision mixed")
	}
	return nil
}

// openDevice opens what --device and --precision ask for. why says what speaks
// against a GPU where auto has fallen back on the CPU, which it does not where
// mixed precision was asked for.
func openDevice(flag string, p vulkan.Precision) (on experiment.Device, why string, err error) {
	if flag == "cpu" {
		return onCPU(), "", nil
	}
	_, name, _ := strings.Cut(flag, ":")
	on, err = onVulkan(name, p)
	switch {
	case err == nil:
		return on, "", nil
	case p == vulkan.Mixed:
		return on, "", fmt.Errorf("--precision mixed: %w; `sicgrid devices` lists what there is, --precision float32 needs no such products", err)
	case flag == "auto":
		return onCPU(), err.Error(), nil
	case errors.Is(err, vulkan.ErrNoGPU):
		return on, "", fmt.Errorf("--device %s: %w; `sicgrid devices` lists what there is, --device cpu needs none", flag, err)
	}
	return on, "", fmt.Errorf("--device %s: %w", flag, err)
}
