package vulkan

// window is a piece of the batch whose matrices W(v) are on the device at once: the steps from..to
// of some trajectories. Where trajectories permute one set of velocities it is the whole batch.
// Where each has its own, W(v) of the whole batch may be more than there is memory for, and is
// evaluated again, window by window, on the way back.
type window struct {
	first, trajectories int
	from, to            int // steps
	velocity            int // the first
	rows                int // number of velocities
}

// windowBytes is the memory for W(v) of one window; as much again holds their
// transposes, and later dL/dW. 512 MiB hold those of 7 800 steps of 128 units.
var windowBytes uint64 = 512 << 20

// cutWindows makes windows of whole trajectories or, where not even one fits, of
// some steps of one: either way a window's velocities lie together.
func (s *shape) cutWindows(d *Device) {
	if s.spec.Batch.Permute {
		s.windows, s.rows = []window{{0, s.b, 0, s.t, 0, s.t}}, s.t
		return
	}
	matrix := 4 * uint64(s.n) * uint64(s.n)
	most := int(min(max(min(windowBytes, d.Memory/8)/matrix, 1), maxRows))
	trajectories, steps := max(most/s.t, 1), min(most, s.t)
	for first := 0; first < s.b; first += trajectories {
		n := min(trajectories, s.b-first)
		for from := 0; from < s.t; from += steps {
			to := min(from+steps, s.t)
			s.windows = append(s.windows, window{first, n, from, to, first*s.t + from, n * (to - from)})
		}
	}
	s.rows = s.windows[0].rows // no other has more
}
