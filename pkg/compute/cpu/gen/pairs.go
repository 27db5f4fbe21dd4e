package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// exp replaces x <= 0 (clamped at -87) by e^x: x = n ln2 + r, |r| <= ln2/2, and a
// polynomial in r of degree 6 (minimax on that interval, Cephes' expf).
func exp(x VecVirtual) VecVirtual {
	n, whole := YMM(), YMM()
	VMOVUPS(eightFloat("exp_lowest", -87), n)
	VMAXPS(x, n, x) // in this order a NaN stays
	VMULPS(eightFloat("exp_log2e", math.Log2E), x, n)
	VROUNDPS(Imm(8), n, n) // to nearest, no exception
	VFNMADD231PS(eightFloat("exp_ln2_high", 0.693359375), n, x)
	VFNMADD231PS(eightFloat("exp_ln2_low", -2.12194440e-4), n, x)
	VCVTPS2DQ(n, whole)
	VPADDD(eight("exp_bias", 127), whole, whole)
	VPSLLD(Imm(23), whole, whole)
	y, square := YMM(), YMM()
	VMULPS(x, x, square)
	VMOVUPS(eightFloat("exp_p0", 1.9875691500e-4), y)
	for i, p := range []float64{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		VFMADD213PS(eightFloat(fmt.Sprintf("exp_p%d", i+1), p), x, y)
	}
	VFMADD213PS(x, square, y)
	VADDPS(eightFloat("one", 1), y, y)
	VMULPS(whole, y, y)
	return y
}

// places loads one row's position, broadcast, and returns how to find which of
// eight other places lie nearer than σ_x and which do not. A NaN place is neither.
func places(xj, yj Register, offset Register, x, y VecVirtual) (square VecVirtual) {
	dx, dy := YMM(), YMM()
	VSUBPS(Mem{Base: xj, Index: offset, Scale: 1}, x, dx)
	VSUBPS(Mem{Base: yj, Index: offset, Scale: 1}, y, dy)
	VMULPS(dx, dx, dx)
	VFMADD231PS(dy, dy, dx)
	return dx
}

// pairTile turns a tile of the Gram matrix into the tile of P and adds up the losses.
func pairTile() {
	kernel("pairTile", "func(p *float32, ld, rows, columns int, xi, yi, hi, xj, yj, hj *float32, c *float32, sums *float32)",
		"pairTile replaces the inner products p_ij by P_ij and adds, lane by lane, exp(-‖g_i-g_j‖²/2σ_g²) over far pairs to sums[0:8] and ‖g_i-g_j‖²/2 over near pairs to sums[8:16]. hi and hj are half the squared norms of the states; a NaN place takes part in nothing. columns is a multiple of 8.")
	c := load("c")
	constant := func(i int) Mem { return Mem{Base: c, Disp: 32 * i} }
	limit := YMM()
	VMOVUPS(constant(0), limit)
	sums := load("sums")
	far, near := YMM(), YMM()
	VMOVUPS(Mem{Base: sums}, far)
	VMOVUPS(Mem{Base: sums, Disp: 32}, near)
	p, ld := load("p"), floats(load("ld"))
	xi, yi, hi, xj, yj, hj := load("xi"), load("yi"), load("hi"), load("xj"), load("yj"), load("hj")
	width := floats(load("columns"))
	Label("row")
	x, y, h := YMM(), YMM(), YMM()
	VBROADCASTSS(Mem{Base: xi}, x)
	VBROADCASTSS(Mem{Base: yi}, y)
	VBROADCASTSS(Mem{Base: hi}, h)
	offset := GP64()
	XORQ(offset, offset)
	Label("group")
	square := places(xj, yj, offset, x, y)
	isFar, isNear, half := YMM(), YMM(), YMM()
	VCMPPS(Imm(13), limit, square, isFar) // square >= limit
	VCMPPS(Imm(1), limit, square, isNear) // square < limit
	VADDPS(Mem{Base: hj, Index: offset, Scale: 1}, h, half)
	VSUBPS(Mem{Base: p, Index: offset, Scale: 1}, half, half)
	nearHalf := YMM()
	VANDPS(isNear, half, nearHalf)
	VADDPS(nearHalf, near, near)
	VMULPS(constant(1), half, half)
	e := exp(half)
	VANDPS(isFar, e, e)
	VADDPS(e, far, far)
	VMULPS(constant(2), e, e)
	VANDPS(constant(3), isNear, isNear)
	VORPS(isNear, e, e)
	VMOVUPS(e, Mem{Base: p, Index: offset, Scale: 1})
	ADDQ(Imm(32), offset)
	CMPQ(offset, width)
	JLT(LabelRef("group"))
	ADDQ(ld, p)
	ADDQ(Imm(4), xi)
	ADDQ(Imm(4), yi)
	ADDQ(Imm(4), hi)
	DECQ(mustAddr("rows"))
	JNZ(LabelRef("row"))
	sums = load("sums")
	VMOVUPS(far, Mem{Base: sums})
	VMOVUPS(near, Mem{Base: sums, Disp: 32})
	leave()
}

// nearPairs counts the pairs nearer than σ_x.
func nearPairs() {
	kernel("nearPairs", "func(rows, columns int, xi, yi, xj, yj *float32, c *float32) int",
		"nearPairs counts the pairs of places nearer than σ_x; columns is a multiple of 8.")
	c := load("c")
	limit := YMM()
	VMOVUPS(Mem{Base: c}, limit)
	xi, yi, xj, yj, rows := load("xi"), load("yi"), load("xj"), load("yj"), load("rows")
	width := floats(load("columns"))
	count := YMM()
	zero(count)
	loop("row", rows, func() {
		x, y, offset := YMM(), YMM(), GP64()
		VBROADCASTSS(Mem{Base: xi}, x)
		VBROADCASTSS(Mem{Base: yi}, y)
		XORQ(offset, offset)
		Label("group")
		square := places(xj, yj, offset, x, y)
		VCMPPS(Imm(1), limit, square, square)
		VPSUBD(square, count, count)
		ADDQ(Imm(32), offset)
		CMPQ(offset, width)
		JLT(LabelRef("group"))
		ADDQ(Imm(4), xi)
		ADDQ(Imm(4), yi)
	})
	high := XMM()
	VEXTRACTI128(Imm(1), count, high)
	VPADDD(high, count.AsX(), high)
	VPHADDD(high, high, high)
	VPHADDD(high, high, high)
	total := GP64()
	VMOVD(high, total.As32())
	Store(total, ReturnIndex(0))
	leave()
}
