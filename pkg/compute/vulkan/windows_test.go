package vulkan

import (
	"fmt"
	"slices"
	"testing"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/computetest"
	"sicgrid/pkg/compute/vulkan/vk"
)

// independent is a run in which each of 5 trajectories takes 13 velocities of its own.
func independent() compute.Spec {
	s := spec(20, 9)
	s.Batch.Permute = false
	return s
}

// withWindows has trainers made by f take windows of so many velocities.
func withWindows(velocities, units int, f func()) {
	defer func(bytes uint64) { windowBytes = bytes }(windowBytes)
	windowBytes = uint64(4 * velocities * units * units)
	f()
}

// Independent velocities have the reference's gradient in windows of any size:
// single steps, parts of a trajectory that do not divide it, one trajectory and a
// bit, several that do not divide the batch, and all at once.
func TestGradientAgreesInWindowsOfAnySize(t *testing.T) {
	for velocities, windows := range map[int]int{1: 65, 5: 15, 12: 10, 13: 5, 20: 5, 30: 3, 64: 2, 65: 1, 1000: 1} {
		t.Run(fmt.Sprint(velocities), func(t *testing.T) {
			withWindows(velocities, 20, func() {
				tr := newTrainer(t, independent())
				if len(tr.windows) != windows || tr.rows > velocities {
					t.Errorf("%d windows of %d velocities", len(tr.windows), tr.rows)
				}
				gradientBy(t, tr, 3).Check(t, computetest.Float32)
			})
		})
	}
}

// Training on independent velocities in windows stays the same where trajectories
// are cut into several dispatches too, and goes on from a state to the bit.
func TestWindowsAndDispatchesMayCutAnywhere(t *testing.T) {
	withWindows(8, 20, func() {
		s := independent()
		s.Optimiser.Accumulate = 2
		want := trained(t, lavapipe(t), s, 4)
		tr := newTrainer(t, s)
		tr.rollSteps = 3 // of windows of 8 and 5
		if _, err := tr.Train(2, nil); err != nil {
			t.Fatal(err)
		}
		if err := tr.Restore(tr.State()); err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Train(2, nil); err != nil {
			t.Fatal(err)
		}
		if got := tr.State(); !slices.Equal(got.Params, want.Params) || !slices.Equal(got.Moments.Second, want.Moments.Second) {
			t.Error("other bits")
		}
	})
}

// W(v) of independent velocities takes two windows of memory, an eighth of the device's at most
// each, however many velocities there are: of the paper's network, all at once on a large device, a
// part on a small one, and no more for ten times the batch.
func TestIndependentVelocitiesTakeBoundedMemory(t *testing.T) {
	bytesOf := func(trajectories int, device uint64) uint64 {
		s := spec(128, 128)
		s.Batch.Permute, s.Batch.Trajectories, s.Batch.Length, s.Batch.Pairs = false, trajectories, 60, 512
		shape, err := newShape(s, &Device{Device: &vk.Device{Memory: device, MaxThreads: 1024}})
		if err != nil {
			t.Fatal(err)
		}
		var a arena
		shape.lay(&a)
		if a.err != nil {
			t.Fatal(a.err)
		}
		if matrices := 2 * 4 * uint64(shape.rows) * 128 * 128; matrices > 2*min(windowBytes, device/8) {
			t.Errorf("%d MiB for matrices on a device of %d MiB", matrices>>20, device>>20)
		}
		return a.size
	}
	for _, c := range []struct {
		trajectories  int
		device, bytes uint64 // at most
	}{
		{130, 80 << 30, 1200 << 20}, {130, 2 << 30, 700 << 20}, {130, 1 << 30, 450 << 20}, {1300, 80 << 30, 1400 << 20}, {1300, 2 << 30, 900 << 20},
	} {
		if n := bytesOf(c.trajectories, c.device); n > c.bytes {
			t.Errorf("%d trajectories on a device of %d MiB: %d MiB", c.trajectories, c.device>>20, n>>20)
		} else {
			t.Logf("%d trajectories on a device of %d MiB: %d MiB", c.trajectories, c.device>>20, n>>20)
		}
	}
}
