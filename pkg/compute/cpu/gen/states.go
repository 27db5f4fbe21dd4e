package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// compress writes the indices of the non-zero values of g, without a branch: a
// table holds, for each of the 256 patterns of eight lanes, the lanes that are set.
func compress() {
	table := GLOBL("lanes", RODATA_NOPTR)
	for pattern := range 256 {
		packed, n := uint64(0), 0
		for lane := range 8 {
			if pattern>>lane&1 == 1 {
				packed |= uint64(lane) << (8 * n)
				n++
			}
		}
		DATA(8*pattern, U64(packed))
	}
	TEXT("compress", NOSPLIT, "func(index *int32, value *float32, n int) int")
	Pragma("noescape")
	Doc("compress writes the indices of the non-zero values of value[n] and returns how many; index has room for n+8, n is a multiple of 8.")
	index, g, n := load("index"), load("value"), load("n")
	SHRQ(Imm(3), n)
	start, base, lanes := GP64(), GP64(), GP64()
	MOVQ(index, start)
	XORQ(base, base)
	LEAQ(table, lanes)
	none := YMM()
	zero(none)
	loop("group", n, func() {
		set, mask, list, offset := YMM(), GP64(), YMM(), YMM()
		VCMPPS(Imm(4), Mem{Base: g}, none, set)
		VMOVMSKPS(set, mask.As32())
		VPMOVZXBD(Mem{Base: lanes, Index: mask, Scale: 8}, list)
		VMOVD(base.As32(), offset.AsX())
		VPBROADCASTD(offset.AsX(), offset)
		VPADDD(offset, list, list)
		VMOVDQU(list, Mem{Base: index})
		POPCNTQ(mask, mask)
		LEAQ(Mem{Base: index, Index: mask, Scale: 4}, index)
		ADDQ(Imm(8), base)
		ADDQ(Imm(32), g)
	})
	SUBQ(start, index)
	SHRQ(Imm(2), index)
	Store(index, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// normReLU writes g = ReLU(h)/max(‖ReLU(h)‖, 1e-8) and returns the norm (eq. 3).
func normReLU() {
	TEXT("normReLU", NOSPLIT, "func(state, h *float32, n int) float32")
	Pragma("noescape")
	Doc("normReLU writes state = ReLU(h)/max(‖ReLU(h)‖, 1e-8) and returns the norm; n is a multiple of 8.")
	g, h, n := load("state"), load("h"), load("n")
	SHRQ(Imm(3), n)
	again := GP64()
	MOVQ(n, again)
	none, square := YMM(), YMM()
	zero(none, square)
	p := GP64()
	MOVQ(g, p)
	loop("square", n, func() {
		x := YMM()
		VMAXPS(Mem{Base: h}, none, x)
		VFMADD231PS(x, x, square)
		VMOVUPS(x, Mem{Base: p})
		ADDQ(Imm(32), h)
		ADDQ(Imm(32), p)
	})
	norm := horizontal(square)
	VSQRTSS(norm, norm, norm)
	Store(norm, ReturnIndex(0))
	floor, inverse := eightFloat("tiny", 1e-8), YMM()
	VMAXSS(floor, norm, norm)
	VMOVSS(eightFloat("one", 1), inverse.AsX())
	VDIVSS(norm, inverse.AsX(), inverse.AsX())
	VBROADCASTSS(inverse.AsX(), inverse)
	loop("scale", again, func() {
		x := YMM()
		VMULPS(Mem{Base: g}, inverse, x)
		VMOVUPS(x, Mem{Base: g})
		ADDQ(Imm(32), g)
	})
	VZEROUPPER()
	RET()
}

// normReLUBackward turns dL/dg in d into dL/dh: 1[g>0]·(d - (d·g) g)/norm.
func normReLUBackward() {
	TEXT("normReLUBackward", NOSPLIT, "func(d, state *float32, inverse float32, n int)")
	Pragma("noescape")
	Doc("normReLUBackward replaces d by 1[state>0]·(d - (d·state) state)·inverse; n is a multiple of 8.")
	d, g, n := load("d"), load("state"), load("n")
	SHRQ(Imm(3), n)
	again, dp, gp := GP64(), GP64(), GP64()
	MOVQ(n, again)
	MOVQ(d, dp)
	MOVQ(g, gp)
	radial := YMM()
	zero(radial)
	loop("radial", n, func() {
		x := YMM()
		VMOVUPS(Mem{Base: dp}, x)
		VFMADD231PS(Mem{Base: gp}, x, radial)
		ADDQ(Imm(32), dp)
		ADDQ(Imm(32), gp)
	})
	sum := horizontal(radial)
	VBROADCASTSS(sum, radial)
	inverse, none := YMM(), YMM()
	VBROADCASTSS(mustAddr("inverse"), inverse)
	zero(none)
	loop("project", again, func() {
		x, y, mask := YMM(), YMM(), YMM()
		VMOVUPS(Mem{Base: d}, x)
		VMOVUPS(Mem{Base: g}, y)
		VCMPPS(Imm(1), y, none, mask) // 0 < g
		VFNMADD231PS(radial, y, x)
		VMULPS(inverse, x, x)
		VANDPS(mask, x, x)
		VMOVUPS(x, Mem{Base: d})
		ADDQ(Imm(32), d)
		ADDQ(Imm(32), g)
	})
	VZEROUPPER()
	RET()
}
