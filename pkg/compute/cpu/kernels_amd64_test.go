package cpu

import (
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/sys/cpu"
)

// Wider registers change no bit of a sum, whatever the number of columns and of active units.
func TestWideSparseKernelsGiveTheSameBits(t *testing.T) {
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX2 {
		t.Skip("this processor has no AVX-512")
	}
	narrow, wide := best(), best()
	narrow.sparse, wide.sparse = sparse(false), sparse(true)
	r := rand.New(rand.NewPCG(1, 2))
	for n := 16; n <= 288; n += 16 {
		for _, count := range []int{0, 1, 7, n / 3, n} {
			w, value := floats(n*n), floats(n)
			for i := range w {
				w[i] = r.Float32() - 0.5
			}
			for i := range value {
				value[i] = r.Float32()
			}
			index := make([]int32, n+listRoom)
			for i, j := range r.Perm(n)[:count] {
				index[i] = int32(j)
			}
			slices.Sort(index[:count])
			want, got := floats(n), floats(n)
			narrow.gather(want, w, n, index, value, count, n)
			wide.gather(got, w, n, index, value, count, n)
			if !slices.Equal(got, want) || count > 0 && slices.Max(want) == 0 {
				t.Fatalf("%d columns, %d active: %v, want %v", n, count, got, want)
			}
		}
	}
}
