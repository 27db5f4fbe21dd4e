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
		dotListed:       dotListed,
		sparse:          sparse(cpu.X86.HasAVX512F),
		combine:         combine(cpu.X86.HasAVX512F),
		spread:          [5]spreadKernel{nil, spread1, spread2, spread3, spread4},
		listRows:        listRows,
		transposeStrip:  transposeStrip,
		settle:          settle,
		unsettle:        unsettle,
		pairTile:        pairTile,
		nearPairs:       nearPairs,
		rectify:         rectify,
		add:             add,
		fetch:           fetch,
		addDifference:   addDifference,
		mix:             mix,
		unmix:           unmix,
		squaredDistance: squaredDistance,
		sumSquares:      sumSquares,
		adamw:           adamw,
		multiplyAdd:     peak(cpu.X86.HasAVX512F),
	}
}

// sparse returns the kernels for rows of active units. Registers of 64 bytes give bitwise the same.
func sparse(wide bool) []sparseKernel {
	if wide {
		return []sparseKernel{nil, sparse16wide, sparse32wide, sparse48wide, sparse64wide, sparse80wide, sparse96wide, sparse112wide, sparse128wide}
	}
	return []sparseKernel{nil, sparse16, sparse32, sparse48, sparse64}
}

// combine returns the kernels for products of listed matrices, likewise.
func combine(wide bool) [5]combineKernel {
	if wide {
		return [5]combineKernel{nil, combine1wide, combine2wide, combine3wide, combine4wide}
	}
	return [5]combineKernel{nil, combine1, combine2, combine3, combine4}
}

// peak returns the bare multiply-adds of the widest registers that the kernels use.
func peak(wide bool) func(n int) {
	if wide {
		return func(n int) { multiplyAddWide(n / 2) }
	}
	return multiplyAdd
}
