package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// rectify replaces x by ReLU(x).
func rectify() {
	kernel("rectify", "func(x *float32, n int)",
		"rectify replaces x[n] by max(x, 0); n is a multiple of 8.")
	x, n := load("x"), load("n")
	SHRQ(Imm(3), n)
	none := YMM()
	zero(none)
	groups(n, func() {
		y := YMM()
		VMAXPS(Mem{Base: x}, none, y)
		VMOVUPS(y, Mem{Base: x})
	}, x)
	leave()
}

func add() {
	kernel("add", "func(dst, src *float32, n int)",
		"add adds src[n] to dst[n]; n is a multiple of 8.")
	dst, src, n := load("dst"), load("src"), load("n")
	SHRQ(Imm(3), n)
	groups(n, func() {
		x := YMM()
		VMOVUPS(Mem{Base: dst}, x)
		VADDPS(Mem{Base: src}, x, x)
		VMOVUPS(x, Mem{Base: dst})
	}, dst, src)
	leave()
}

func addDifference() {
	kernel("addDifference", "func(dst, a, b *float32, factor float32, n int)",
		"addDifference adds factor·(a-b) to dst[n]; n is a multiple of 8.")
	dst, a, b, n := load("dst"), load("a"), load("b"), load("n")
	SHRQ(Imm(3), n)
	factor := YMM()
	VBROADCASTSS(mustAddr("factor"), factor)
	groups(n, func() {
		x, y := YMM(), YMM()
		VMOVUPS(Mem{Base: a}, x)
		VSUBPS(Mem{Base: b}, x, x)
		VMOVUPS(Mem{Base: dst}, y)
		VFMADD231PS(factor, x, y)
		VMOVUPS(y, Mem{Base: dst})
	}, dst, a, b)
	leave()
}

func mix() {
	kernel("mix", "func(dst, other, shares *float32, n int)",
		"mix adds shares·(other-dst), each its own, to dst[n]; n is a multiple of 8.")
	dst, other, shares, n := load("dst"), load("other"), load("shares"), load("n")
	SHRQ(Imm(3), n)
	groups(n, func() {
		x, y := YMM(), YMM()
		VMOVUPS(Mem{Base: dst}, x)
		VMOVUPS(Mem{Base: other}, y)
		VSUBPS(x, y, y)
		VFMADD231PS(Mem{Base: shares}, y, x)
		VMOVUPS(x, Mem{Base: dst})
	}, dst, other, shares)
	leave()
}

func unmix() {
	kernel("unmix", "func(src, other, shares *float32, n int)",
		"unmix moves shares·src, each its own, from src[n] to other[n]; n is a multiple of 8.")
	src, other, shares, n := load("src"), load("other"), load("shares"), load("n")
	SHRQ(Imm(3), n)
	groups(n, func() {
		x, y := YMM(), YMM()
		VMOVUPS(Mem{Base: src}, x)
		VMULPS(Mem{Base: shares}, x, y)
		VMOVUPS(y, Mem{Base: other})
		VSUBPS(y, x, x)
		VMOVUPS(x, Mem{Base: src})
	}, src, other, shares)
	leave()
}

func squaredDistance() {
	kernel("squaredDistance", "func(a, b *float32, n int) float32",
		"squaredDistance returns ‖a-b‖²; n is a multiple of 8.")
	a, b, n := load("a"), load("b"), load("n")
	SHRQ(Imm(3), n)
	sum := YMM()
	zero(sum)
	groups(n, func() {
		x := YMM()
		VMOVUPS(Mem{Base: a}, x)
		VSUBPS(Mem{Base: b}, x, x)
		VFMADD231PS(x, x, sum)
	}, a, b)
	Store(horizontal(sum), ReturnIndex(0))
	leave()
}

func sumSquares() {
	kernel("sumSquares", "func(x *float32, n int) float32",
		"sumSquares returns ‖x‖²; n is a multiple of 32.")
	x, n := load("x"), load("n")
	SHRQ(Imm(5), n)
	acc := yields(4)
	zero(acc...)
	loop("group", n, func() {
		for i := range acc {
			y := YMM()
			VMOVUPS(Mem{Base: x, Disp: 32 * i}, y)
			VFMADD231PS(y, y, acc[i])
		}
		ADDQ(Imm(128), x)
	})
	VADDPS(acc[1], acc[0], acc[0])
	VADDPS(acc[3], acc[2], acc[2])
	VADDPS(acc[2], acc[0], acc[0])
	Store(horizontal(acc[0]), ReturnIndex(0))
	leave()
}

// adamw is the whole optimiser for a block of parameters, clipping included.
func adamw() {
	kernel("adamw", "func(p, m, v, gradient *float32, n int, c *float32)",
		"adamw updates p, m and v from the gradient; n is a multiple of 8. Moments that have decayed below the normal numbers become 0.")
	restore := flushToZero()
	p, m, v, g, n, c := load("p"), load("m"), load("v"), load("gradient"), load("n"), load("c")
	SHRQ(Imm(3), n)
	k := yields(9)
	for i := range k {
		VMOVUPS(Mem{Base: c, Disp: 32 * i}, k[i])
	}
	scale, beta1, rest1, beta2, rest2, rate, correction2, epsilon, decay := k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7], k[8]
	groups(n, func() {
		d, first, second := YMM(), YMM(), YMM()
		VMULPS(Mem{Base: g}, scale, d)
		VMULPS(Mem{Base: m}, beta1, first)
		VFMADD231PS(rest1, d, first)
		VMOVUPS(first, Mem{Base: m})
		VMULPS(d, d, d)
		VMULPS(Mem{Base: v}, beta2, second)
		VFMADD231PS(rest2, d, second)
		VMOVUPS(second, Mem{Base: v})
		VSQRTPS(second, second)
		VFMADD213PS(epsilon, correction2, second)
		VMULPS(rate, first, first)
		VDIVPS(second, first, first)
		VMULPS(Mem{Base: p}, decay, d)
		VSUBPS(first, d, d)
		VMOVUPS(d, Mem{Base: p})
	}, p, m, v, g)
	restore()
	leave()
}

// flushToZero has numbers below the normal ones taken for 0 until restore is called. A first moment
// without gradient ends there after some 800 steps and stays, and some processors take a hundred
// times as long for such a number as for another.
func flushToZero() (restore func()) {
	const flushResults, flushOperands = 1 << 15, 1 << 6
	before, during := AllocLocal(4), AllocLocal(4)
	STMXCSR(before)
	bits := GP32()
	MOVL(before, bits)
	ORL(U32(flushResults|flushOperands), bits)
	MOVL(bits, during)
	LDMXCSR(during)
	return func() { LDMXCSR(before) }
}

// fetch asks for a vector before it is needed.
func fetch() {
	kernel("fetch", "func(x *float32, n int)",
		"fetch asks for x[n] to come into the first cache; n is a multiple of 16.")
	x, n := load("x"), load("n")
	SHRQ(Imm(4), n)
	loop("line", n, func() {
		PREFETCHT0(Mem{Base: x})
		ADDQ(Imm(64), x)
	})
	RET()
}
