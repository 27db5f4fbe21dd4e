package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/experiment"
	"sicgrid/stages/train"
)

// The train stage's code digests, as code.go has them made.
const (
	codeOnCPU    = "train"
	codeOnVulkan = "train-vulkan"
)

func onCPU() experiment.Device {
	return experiment.Device{
		Backend: compute.Backend{Device: "cpu", Numerics: cpu.Numerics(), New: func(s compute.Spec) (compute.Trainer, error) { return cpu.New(s) }},
		Code:    codeOnCPU, OtherCode: []string{codeOnVulkan}, Close: func() {}, CheckpointEvery: train.CheckpointEvery,
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
		Code:    codeOnVulkan, OtherCode: []string{codeOnCPU}, Close: d.Close, CheckpointEvery: train.CheckpointEvery,
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

// chooseDevice opens what --device and --precision ask for, and has the session's networks trained
// on it.
func (r *execution) chooseDevice() error {
	on, why, err := openDevice(r.flags.device, vulkan.Precision(r.flags.precision))
	if err != nil {
		return err
	}
	r.closers = append(r.closers, on.Close)
	r.noGPU = why
	on.CheckpointEvery = r.flags.checkpointEvery
	r.session, err = r.session.on(on)
	return err
}

// onCPU is the CPU, with the flags' checkpoints.
func (f *runFlags) onCPU() experiment.Device {
	cpu := onCPU()
	cpu.CheckpointEvery = f.checkpointEvery
	return cpu
}

// trainings are the trainings among what the targets need.
func (s *session) trainings() (nodes []*pipeline.Node) {
	for _, n := range s.graph.Nodes() {
		if n.Stage == experiment.TrainStage {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// needsDevice says whether the choice of device makes a difference: something is to be trained, or
// a GPU may have trained it. Looking for a GPU and loading its driver takes longer than all else
// that a run without work does.
func (s *session) needsDevice(flags runFlags) (bool, error) {
	if flags.exact || len(flags.force) > 0 {
		return len(s.trainings()) > 0, nil
	}
	gpu := onCPU()
	gpu.Numerics, gpu.Code, gpu.OtherCode = vulkanDevice, codeOnVulkan, []string{codeOnCPU} // of no GPU that there is
	wired, err := s.on(gpu)
	if err != nil {
		return false, err
	}
	trainings := wired.trainings()
	if len(trainings) == 0 {
		return false, nil
	}
	g, err := pipeline.NewGraph(trainings...)
	if err != nil {
		return false, err
	}
	status, err := pipeline.Status(g, s.options)
	return slices.ContainsFunc(status, func(n pipeline.NodeStatus) bool {
		return n.State != pipeline.Pinned && (n.State != pipeline.Cached || n.Numerics != s.options.Numerics)
	}), err
}
