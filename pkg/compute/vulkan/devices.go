package vulkan

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"sicgrid/pkg/compute/vulkan/vk"
)

// Device is an opened device with the shaders of the training step. Trainers on
// it may be used from different goroutines; their submissions take turns.
type Device struct {
	*vk.Device
	Precision Precision
	loader    *vk.Loader
	matrix    vk.MatrixSize // of its products, where Precision is Mixed
	mu        sync.Mutex
	pipelines map[pipelineKey]*vk.Pipeline
}

// Numerics names what decides the last bit of this device's results.
func (d *Device) Numerics() string { return Numerics(d.Device, d.Precision) }

// Automatic says whether a device may be chosen without being named: it is
// usable and not a driver that runs on the processor.
func Automatic(d *vk.Device) bool { return Why(d) == "" }

// Why says what keeps a device from being chosen automatically; "" = nothing.
func Why(d *vk.Device) string {
	if d.Unsupported == "" && d.Kind == vk.Processor {
		return "a driver that runs on the processor, for tests; it has to be named"
	}
	return d.Unsupported
}

// ErrNoGPU is what Open's errors wrap where nothing is wrong but that there is no GPU.
var ErrNoGPU = errors.New("no GPU that can be used")

// Open opens the best device whose name holds `name`, letters' case aside, for
// training in a precision. "" is any but drivers that run on the processor.
func Open(name string, p Precision, o vk.Options) (*Device, error) {
	loader, err := vk.Open(o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoGPU, err)
	}
	chosen, err := choose(loader.Devices(), name, p)
	if err == nil {
		err = chosen.Open()
	}
	if err != nil {
		loader.Close()
		return nil, err
	}
	d := &Device{Device: chosen, Precision: p, loader: loader, pipelines: map[pipelineKey]*vk.Pipeline{}}
	if p == Mixed {
		d.matrix, _ = matrixOf(chosen)
	}
	return d, nil
}

// choose prefers discrete GPUs to integrated ones, and those with more memory.
func choose(devices []*vk.Device, name string, p Precision) (*vk.Device, error) {
	rank := map[vk.Kind]int{vk.Discrete: 4, vk.Virtual: 3, vk.Integrated: 2, vk.Other: 1}
	var best *vk.Device
	var reasons []string
	for _, d := range devices {
		if !strings.Contains(strings.ToLower(d.Name), strings.ToLower(name)) {
			reasons = append(reasons, d.Name+": not the one asked for")
			continue
		}
		if why := Why(d); why != "" && (name == "" || d.Unsupported != "") {
			reasons = append(reasons, d.Name+": "+why)
			continue
		}
		if why := WhyNot(d, p); why != "" {
			reasons = append(reasons, d.Name+": "+why)
			continue
		}
		if best == nil || rank[d.Kind] > rank[best.Kind] || rank[d.Kind] == rank[best.Kind] && d.Memory > best.Memory {
			best = d
		}
	}
	if best != nil {
		return best, nil
	}
	if len(reasons) == 0 {
		return nil, fmt.Errorf("%w: the Vulkan loader lists no device", ErrNoGPU)
	}
	return nil, fmt.Errorf("%w: %s", ErrNoGPU, strings.Join(reasons, "; "))
}

// Close gives the device back; its trainers must be closed.
func (d *Device) Close() {
	for _, p := range d.pipelines {
		p.Close()
	}
	d.Device.Close()
	d.loader.Close()
}
