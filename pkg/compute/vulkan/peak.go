package vulkan

import (
	"slices"
	"time"

	"sicgrid/pkg/compute/vulkan/vk"
)

// Peaks are what a device does at best in simple shaders of ours: multiply-adds,
// in GFLOP/s (one is two operations), in float32 and, where the precision is mixed,
// of cooperative matrices; and bytes read and written, in GB/s.
type Peaks struct{ GFLOPs, MatrixGFLOPs, GBs float64 }

// Measure measures the peaks; each shader runs several times and the best counts.
func (d *Device) Measure() (Peaks, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// A processor is busy for long enough with far less.
	groups, rounds, elements := 4096, 1024, 1<<26
	if d.Kind == vk.Processor {
		groups, rounds, elements = 64, 256, 1<<22
	}
	b, err := d.NewBuffer(uint64(8*max(elements, 256*groups)), vk.OnDevice)
	if err != nil {
		return Peaks{}, err
	}
	defer b.Close()
	inner, err := d.NewRecorder(maxStamps)
	if err != nil {
		return Peaks{}, err
	}
	defer inner.Close()
	r := &recorder{Recorder: inner, device: d}
	sums, err := r.fastest(func() { r.run("peak", groups, 1, 1, []vk.Address{b.Address}, rounds, float32(0.5)) })
	if err != nil {
		return Peaks{}, err
	}
	copies, err := r.fastest(func() {
		r.each("copy", elements, []vk.Address{b.Address, b.Address + vk.Address(4*elements)}, elements)
	})
	if err != nil {
		return Peaks{}, err
	}
	p := Peaks{GFLOPs: 2 * 64 * 256 * float64(groups) * float64(rounds) / sums / 1e9, GBs: 8 * float64(elements) / copies / 1e9}
	if !r.mixed() {
		return p, nil
	}
	// Sums go where the copies came from: of every subgroup one matrix.
	m, subgroups := d.matrix, int(workgroup/d.Subgroup)
	groups = min(groups, elements/(subgroups*int(m.M*m.N)))
	products, err := r.fastest(func() { r.run("peak"+mixedSuffix, groups, 1, 1, []vk.Address{b.Address}, rounds) })
	p.MatrixGFLOPs = 2 * 8 * float64(m.M*m.N*m.K) * float64(subgroups*groups*rounds) / products / 1e9
	return p, err
}

// fastest returns the least seconds that what is recorded takes.
func (r *recorder) fastest(record func()) (float64, error) {
	var times []float64
	for range 8 {
		stamped := map[string]float64{}
		if err := r.start(stamped); err != nil {
			return 0, err
		}
		record()
		begun := time.Now()
		if err := r.finish(); err != nil {
			return 0, err
		}
		seconds := time.Since(begun).Seconds()
		for _, s := range stamped { // of the one shader, where the device has a clock
			if s > 0 {
				seconds = s
			}
		}
		times = append(times, seconds)
	}
	return slices.Min(times), nil
}
