package vulkan

import (
	"slices"
	"testing"

	"github.com/ebitengine/purego"
)

// A step that takes longer than a submission should is cut into several, with the same bits, on the
// permuted batch and in windows of independent velocities, with timestamps and without.
func TestLongStepsAreSubmittedInPieces(t *testing.T) {
	submissions := 0
	d := opened(t, instead("vkQueueSubmit", func(found uintptr) any {
		return func(queue, count, info, fence uintptr) uintptr {
			submissions++
			r, _, _ := purego.SyscallN(found, queue, count, info, fence)
			return r
		}
	}))
	for _, s := range []struct {
		permute, timed bool
		least          int // submissions of two steps of two micro-batches
	}{{true, false, 2 * 2 * 3}, {true, true, 2 * 2 * 3}, {false, false, 2 * 2 * (5 + 1 + 5)}} {
		withWindows(13, 17, func() {
			spec := spec(17, 6)
			spec.Batch.Permute, spec.Optimiser.Accumulate = s.permute, 2
			want := trained(t, lavapipe(t), spec, 2)
			tr, err := New(spec, d)
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			if s.timed {
				tr.Parts = map[string]float64{}
			}
			submissions = 0
			for range 2 {
				tr.record.pieces = true
				if _, err := tr.Train(1, nil); err != nil {
					t.Fatal(err)
				}
			}
			if submissions < s.least {
				t.Errorf("%+v: %d submissions", s, submissions)
			}
			if got := tr.State(); !slices.Equal(got.Params, want.Params) || !slices.Equal(got.Moments.Second, want.Moments.Second) {
				t.Errorf("%+v: other bits", s)
			}
			if s.timed && (tr.Parts["pairs"] <= 0 || tr.Parts["adamw"] <= 0) {
				t.Errorf("%v", tr.Parts)
			}
			tr.record.pieces = false
			submissions = 0
			if _, err := tr.Train(1, nil); err != nil || submissions != 1 {
				t.Errorf("%+v: %d submissions of a step in one piece, %v", s, submissions, err)
			}
		})
	}
}
