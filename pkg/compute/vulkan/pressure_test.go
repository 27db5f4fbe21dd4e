package vulkan

import (
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/vulkan/vk"
)

// trained returns the state after n steps on a fresh trainer.
func trained(t *testing.T, d *Device, s compute.Spec, n int) compute.State {
	t.Helper()
	tr, err := New(s, d)
	if err != nil {
		t.Error(err)
		return compute.State{}
	}
	defer tr.Close()
	if _, err := tr.Train(n, nil); err != nil {
		t.Error(err)
	}
	return tr.State()
}

// With a garbage collector that never rests and stacks that grow and move, opening,
// recording and reading still give the same bits.
func TestGarbageCollectionMovesNothingThatVulkanHolds(t *testing.T) {
	s := spec(17, 6)
	want := trained(t, lavapipe(t), s, 6)

	defer debug.SetGCPercent(debug.SetGCPercent(1))
	stop := make(chan struct{})
	var busy sync.WaitGroup
	for range 2 {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					dig(200)
					runtime.GC()
				}
			}
		})
	}
	defer busy.Wait()
	defer close(stop)
	d, err := Open("llvmpipe", Float32, vk.Options{Messages: hear})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got := trained(t, d, s, 6); !slices.Equal(got.Params, want.Params) || !slices.Equal(got.Moments.Second, want.Moments.Second) {
		t.Error("other bits")
	}
}

// dig makes the stack grow and leaves garbage.
func dig(n int) []byte {
	garbage := make([]byte, 512)
	if n > 0 {
		garbage[0] = dig(n - 1)[0]
	}
	return garbage
}

// Trainers that share a device from several goroutines do not disturb each other.
func TestTrainersShareADevice(t *testing.T) {
	d := lavapipe(t)
	a, b := spec(16, 6), spec(33, 5)
	wantA, wantB := trained(t, d, a, 5), trained(t, d, b, 5)
	var both sync.WaitGroup
	var gotA, gotB compute.State
	both.Go(func() { gotA = trained(t, d, a, 5) })
	both.Go(func() { gotB = trained(t, d, b, 5) })
	both.Wait()
	if !slices.Equal(gotA.Params, wantA.Params) || !slices.Equal(gotB.Params, wantB.Params) {
		t.Error("other bits")
	}
}
