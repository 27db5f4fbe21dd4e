package cpu

import "golang.org/x/sys/cpu"

// best returns the assembly where the processor has AVX2 and FMA, else plain Go.
func best() *kernels {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA || !cpu.X86.HasPOPCNT {
		return portable()
	}
	return &kernels{
		numerics:        "amd64-avx2",
		tile:            [7]func(c *float32, ldc int, a *float32, rs, cs int, b *float32, ldb, k, groups, panel int, accumulate bool){nil, tile1, tile2, tile3, tile4, tile5, tile6},
		dot3x4:          dot3x4,
		sparse:          [5]func(h, w *float32, ld int, index *int32, value *float32, count int){nil, sparse16, sparse32, sparse48, sparse64},
		transposeStrip:  transposeStrip,
		settle:          settle,
		unsettle:        unsettle,
		pairTile:        pairTile,
		nearPairs:       nearPairs,
		rectify:         rectify,
		add:             add,
		fetch:           fetch,
		addDifference:   addDifference,
		squaredDistance: squaredDistance,
		sumSquares:      sumSquares,
		adamw:           adamw,
		multiplyAdd:     multiplyAdd,
	}
}
