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

// A product that looks at the listed elements alone gives the bits of the dense one, and so does a
// product with a transpose.
func TestListedProductsGiveTheBitsOfDenseOnes(t *testing.T) {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		t.Skip("this processor has no AVX2")
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, wide := range []bool{false, true} {
		if wide && !cpu.X86.HasAVX512F {
			continue
		}
		k := best()
		k.combine = combine(wide)
		for panels := 1; panels <= 9; panels++ {
			for _, active := range []float64{0, 0.1, 0.5, 1} {
				rows, depth := 1+r.IntN(40), 1+r.IntN(70)
				a, b := newListed(up(rows, 3), odd(depth)), matrix{floats(up(depth, 4) * 16 * panels), 16, 16 * up(depth, 4)}
				for i := range rows {
					for j := range depth {
						if r.Float64() < active {
							a.at[i*a.row+j] = r.Float32() - 0.5
						}
					}
				}
				for i := range b.at {
					b.at[i] = r.Float32() - 0.5
				}
				k.list(a, rows, up(depth, 8))
				for _, accumulate := range []bool{false, true} {
					got, want := floats(rows*16*panels), floats(rows*16*panels)
					for i := range got {
						got[i] = r.Float32()
						want[i] = got[i]
					}
					k.product(matrix{got, 16 * panels, 16}, a, b, rows, panels, accumulate)
					k.matmul(matrix{want, 16 * panels, 16}, a.at, a.row, 1, b, rows, depth, panels, accumulate)
					if !slices.Equal(got, want) {
						t.Fatalf("wide %v, %d panels, %d x %d, %v active, accumulate %v: other bits", wide, panels, rows, depth, active, accumulate)
					}
				}
				checkDotListed(t, k, b, depth, panels, r)
			}
		}
	}
}

// checkDotListed compares the products of three rows with all rows of b, computed by dot3x4, with
// those of one row that are listed.
func checkDotListed(t *testing.T, k *kernels, b matrix, depth, panels int, r *rand.Rand) {
	t.Helper()
	x, want, got := floats(3*16*panels), floats(3*up(depth, 4)), floats(up(depth, 4))
	for i := range x {
		x[i] = r.Float32() - 0.5
	}
	for j := 0; j < depth; j += 4 {
		k.dot3x4(&want[j], up(depth, 4), &x[0], 16*panels, &b.at[16*j], b.panel, panels)
	}
	index, count := make([]int32, depth+listRoom), 0
	for j := range depth {
		if r.IntN(2) == 0 {
			index[count] = int32(j)
			count++
		}
	}
	k.dotListed(&got[0], &x[0], &b.at[0], b.panel, panels, &index[0], count)
	for _, j := range index[:count] {
		if got[j] != want[j] {
			t.Fatalf("inner product with row %d: %v, want %v", j, got[j], want[j])
		}
	}
}
