package vulkan

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"

	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/sic"
)

// The device draws the same micro-batches as package sic, bit for bit: all of
// one submission, for seeds and moments of more than 32 bits, and for bounds
// whose product with a random number has to be rounded twice.
func TestDrawIsTheReferences(t *testing.T) {
	for _, c := range []struct {
		trajectories, length, pairs int
		permute                     bool
		bound                       float64
		seed                        uint64
		step                        int
	}{
		{5, 13, 37, true, 0.15, 1, 0},
		{70, 9, 0, true, 0.1, 1<<63 + 12345, 1<<32 - 2},
		{3, 60, 100, false, 0.3333333333333333, 7, 5},
		{1, 1, 0, true, 0.25, 9, 1 << 33},
		{90, 70, 6000, true, 1.0 / 3 * 0.1, 3, 11},
		{2, maxLength, 100, true, 0.15, 5, 0},
		{1, maxLength, 0, false, 1.0 / 3 * 0.1, 6, 2},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			s := spec(2, 2)
			s.Batch = sic.Batch{Trajectories: c.trajectories, Length: c.length, VelocityMax: c.bound, Pairs: c.pairs, Permute: c.permute}
			s.Seed = c.seed
			tr := newTrainer(t, s)
			tr.step = c.step
			r := tr.record
			if err := r.Begin(); err != nil {
				t.Fatal(err)
			}
			const count = 4
			r.draw(tr, count)
			if err := r.Submit(); err != nil {
				t.Fatal(err)
			}
			for i := range count {
				want := sic.NewDraw(s.Batch)
				want.Fill(s.Batch, c.seed, uint64(c.step+i))
				b := tr.batch(i)
				m, d, n := s.Batch.States(), s.Batch.Distinct(), s.Batch.Sampled()
				if got := fetchPairs(t, tr, b.velocity, d); !slices.Equal(got, want.Velocity) {
					t.Fatalf("batch %d: velocities %v, want %v", i, got[:1], want.Velocity[:1])
				}
				if got := fetchWords(t, tr, b.order, m); !slices.Equal(got, want.Order) {
					t.Fatalf("batch %d: another order", i)
				}
				if got := fetchPairs(t, tr, b.position, m); !slices.Equal(got, want.Position) {
					t.Fatalf("batch %d: other positions", i)
				}
				if got := fetchWords(t, tr, b.sampled, n); !slices.Equal(got, want.Sampled) {
					t.Fatalf("batch %d: other samples", i)
				}
				row := fetchWords(t, tr, b.row, m)
				for k, state := range want.Sampled {
					if row[state] != int32(k) {
						t.Fatalf("batch %d: state %d is said to be sample %d, not %d", i, state, row[state], k)
					}
				}
				for k, state := range fetchWords(t, tr, b.meet, m) {
					if want.Order[state] != int32(k/(m/d)) {
						t.Fatalf("batch %d: state %d does not meet velocity %d", i, state, k/(m/d))
					}
				}
			}
		})
	}
}

func fetchPairs(t testing.TB, tr *Trainer, from vk.Address, n int) [][2]float32 {
	f := fetchFloats(t, tr, from, 2*n)
	return unsafe.Slice((*[2]float32)(unsafe.Pointer(&f[0])), n)
}

func fetchWords(t testing.TB, tr *Trainer, from vk.Address, n int) []int32 {
	f := fetchFloats(t, tr, from, n)
	return unsafe.Slice((*int32)(unsafe.Pointer(&f[0])), n)
}
