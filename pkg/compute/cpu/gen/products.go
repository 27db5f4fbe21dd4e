package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile writes the kernel C[rows·groups x 16] (+)= A[rows·groups x k] B[k x 16].
// A is broadcast from memory with any row and column stride, so that it may be a
// transpose. Twelve of sixteen registers accumulate.
func tile(rows int) {
	name := fmt.Sprintf("tile%d", rows)
	kernel(name, "func(c *float32, ldc int, a *float32, rs, cs int, b *float32, ldb, k, groups, panel int, accumulate bool)",
		fmt.Sprintf("%s computes C (+)= A B for groups of %d rows of C, one after the other, and 16 columns. The next panel of B, panel numbers on, is fetched meanwhile.", name, rows))
	c, a, b := load("c"), load("a"), load("b")
	ldc, rs, cs, ldb := floats(load("ldc")), floats(load("rs")), floats(load("cs")), floats(load("ldb"))
	element := strided(rs, rows)
	panel := floats(load("panel"))
	Label("group")
	ap, bp, k := GP64(), GP64(), load("k")
	MOVQ(c, bp) // C is in no cache yet: ask for it before it is needed
	down(rows, bp, ldc, func(row int) { PREFETCHT0(Mem{Base: bp}) })
	acc := yields(2 * rows)
	zero(acc...)
	MOVQ(a, ap)
	MOVQ(b, bp)
	loop("term", k, func() {
		b0, b1 := YMM(), YMM()
		VMOVUPS(Mem{Base: bp}, b0)
		VMOVUPS(Mem{Base: bp, Disp: 32}, b1)
		PREFETCHT0(Mem{Base: bp, Index: panel, Scale: 1})
		for row := range rows {
			x := YMM()
			VBROADCASTSS(element(row, ap), x)
			VFMADD231PS(x, b0, acc[2*row])
			VFMADD231PS(x, b1, acc[2*row+1])
		}
		ADDQ(cs, ap)
		ADDQ(ldb, bp)
	})
	cp := GP64()
	MOVQ(c, cp)
	flag := Load(Param("accumulate"), GP8())
	TESTB(flag, flag)
	JZ(LabelRef("store"))
	down(rows, cp, ldc, func(row int) {
		VADDPS(Mem{Base: cp}, acc[2*row], acc[2*row])
		VADDPS(Mem{Base: cp, Disp: 32}, acc[2*row+1], acc[2*row+1])
	})
	MOVQ(c, cp)
	Label("store")
	for row := range rows {
		VMOVUPS(acc[2*row], Mem{Base: cp})
		VMOVUPS(acc[2*row+1], Mem{Base: cp, Disp: 32})
		ADDQ(ldc, cp)
		ADDQ(rs, a)
	}
	MOVQ(cp, c)
	DECQ(mustAddr("groups"))
	JNZ(LabelRef("group"))
	leave()
}

// strided returns the address of the row-th of up to six values that begin at base and are rs bytes
// apart.
func strided(rs Register, rows int) func(row int, base Register) Mem {
	multiples := map[int]Register{}
	for _, m := range []int{3, 5} { // 1, 2 and 4 are scales of an index
		if rows > m {
			r := GP64()
			LEAQ(Mem{Base: rs, Index: rs, Scale: uint8(m - 1)}, r)
			multiples[m] = r
		}
	}
	return func(row int, base Register) Mem {
		if row == 0 {
			return Mem{Base: base}
		}
		if r := multiples[row]; r != nil {
			return Mem{Base: base, Index: r, Scale: 1}
		}
		return Mem{Base: base, Index: rs, Scale: uint8(row)}
	}
}

// down visits rows that are step bytes apart, with at on each in turn; it stays on the last.
func down(rows int, at, step Register, visit func(row int)) {
	for row := range rows {
		if row > 0 {
			ADDQ(step, at)
		}
		visit(row)
	}
}

// dot3x4 writes C[3 x 4] = A[3 x 16·panels] B^T, A row-major, B four adjacent
// rows of a matrix stored in panels of 16 columns.
func dot3x4() {
	kernel("dot3x4", "func(c *float32, ldc int, a *float32, lda int, b *float32, panel int, panels int)",
		"dot3x4 computes the 12 inner products of 3 rows of a and 4 rows of b, 16·panels long; b is stored in panels of 16 columns. The next four rows of b are fetched meanwhile.")
	a, b := load("a"), load("b")
	lda, panel := floats(load("lda")), floats(load("panel"))
	acc := yields(12)
	zero(acc...)
	n := load("panels")
	loop("panel", n, func() {
		rows := func(disp int) []Mem {
			return []Mem{{Base: a, Disp: disp}, {Base: a, Index: lda, Scale: 1, Disp: disp}, {Base: a, Index: lda, Scale: 2, Disp: disp}}
		}
		for half := range 2 {
			x := yields(3)
			for r, m := range rows(32 * half) {
				VMOVUPS(m, x[r])
			}
			for q := range 4 {
				y := YMM()
				VMOVUPS(Mem{Base: b, Disp: 64*q + 32*half}, y)
				for r := range x {
					VFMADD231PS(x[r], y, acc[4*r+q])
				}
			}
		}
		for q := range 4 {
			PREFETCHT0(Mem{Base: b, Disp: 256 + 64*q})
		}
		ADDQ(Imm(64), a)
		ADDQ(panel, b)
	})
	c, ldc := load("c"), floats(load("ldc"))
	down(3, c, ldc, func(r int) { VMOVUPS(addLanes(acc[4*r:4*r+4]), Mem{Base: c}) })
	leave()
}

// addLanes adds up the lanes of each of four registers.
func addLanes(v []VecVirtual) VecVirtual {
	VHADDPS(v[1], v[0], v[0])
	VHADDPS(v[3], v[2], v[2])
	VHADDPS(v[2], v[0], v[0])
	high := XMM()
	VEXTRACTF128(Imm(1), v[0], high)
	VADDPS(v[0].AsX(), high, high)
	return high
}

// sparse writes h[width] = Σ_q value[index_q] · w[index_q][width], in registers
// of 32 bytes, or of 64, which gives the same bits: no column's sum changes its
// order. The rows of W lie in the second cache at best, and no prefetcher guesses
// which unit is active next, so they are fetched some rows ahead.
func sparse(width, bytes, ahead int) {
	name, needs, register := fmt.Sprintf("sparse%d", width), "", YMM
	if bytes == 64 {
		name, needs, register = name+"wide", "; it needs AVX-512", ZMM
	}
	kernel(name, "func(h, w *float32, ld int, index *int32, value *float32, count int)",
		fmt.Sprintf("%s adds up count rows of w, %d wide, each times its value, into h%s.", name, width, needs))
	w, ld := load("w"), floats(load("ld"))
	index, value, count := load("index"), load("value"), load("count")
	acc := make([]VecVirtual, 4*width/bytes)
	for i := range acc {
		acc[i] = register()
		if bytes == 64 {
			VPXORD(acc[i], acc[i], acc[i])
		} else {
			zero(acc[i])
		}
	}
	loop("row", count, func() {
		j, x, row := GP64(), register(), GP64()
		MOVLQSX(Mem{Base: index, Disp: 4 * ahead}, j)
		IMULQ(ld, j)
		for line := 0; line < width/16; line++ {
			PREFETCHT0(Mem{Base: w, Index: j, Scale: 1, Disp: 64 * line})
		}
		MOVLQSX(Mem{Base: index}, j)
		VBROADCASTSS(Mem{Base: value, Index: j, Scale: 4}, x)
		IMULQ(ld, j)
		LEAQ(Mem{Base: w, Index: j, Scale: 1}, row)
		for i := range acc {
			VFMADD231PS(Mem{Base: row, Disp: bytes * i}, x, acc[i])
		}
		ADDQ(Imm(4), index)
	})
	h := load("h")
	for i := range acc {
		VMOVUPS(acc[i], Mem{Base: h, Disp: bytes * i})
	}
	leave()
}

// transposeStrip transposes 8 rows of blocks·8 columns.
func transposeStrip() {
	kernel("transposeStrip", "func(dst *float32, ldd int, src *float32, lds int, blocks int)",
		"transposeStrip writes the transpose of 8 rows of src, 8·blocks columns wide, to dst.")
	dst, src, blocks := load("dst"), load("src"), load("blocks")
	ldd, lds := floats(load("ldd")), floats(load("lds"))
	loop("block", blocks, func() {
		r, p := yields(8), GP64()
		MOVQ(src, p)
		for i := range r {
			VMOVUPS(Mem{Base: p}, r[i])
			ADDQ(lds, p)
		}
		t := yields(8)
		for i := 0; i < 8; i += 2 {
			VUNPCKLPS(r[i+1], r[i], t[i])
			VUNPCKHPS(r[i+1], r[i], t[i+1])
		}
		for i := 0; i < 8; i += 4 {
			VSHUFPS(Imm(0x44), t[i+2], t[i], r[i])
			VSHUFPS(Imm(0xee), t[i+2], t[i], r[i+1])
			VSHUFPS(Imm(0x44), t[i+3], t[i+1], r[i+2])
			VSHUFPS(Imm(0xee), t[i+3], t[i+1], r[i+3])
		}
		for i := range 4 {
			low, high := YMM(), YMM()
			VPERM2F128(Imm(0x20), r[i+4], r[i], low)
			VPERM2F128(Imm(0x31), r[i+4], r[i], high)
			t[i], t[i+4] = low, high
		}
		for i := range t {
			VMOVUPS(t[i], Mem{Base: dst})
			ADDQ(ldd, dst)
		}
		ADDQ(Imm(32), src)
	})
	leave()
}

// multiplyAdd does nothing but multiply and add, at the processor's peak.
func multiplyAdd(bytes int) {
	name, lanes, needs, register := "multiplyAdd", "eight lanes: 192", "", YMM
	if bytes == 64 {
		name, lanes, needs, register = "multiplyAddWide", "sixteen lanes: 384", " It needs AVX-512.", ZMM
	}
	TEXT(name, NOSPLIT, "func(n int)")
	Doc(fmt.Sprintf("%s does n times 12 independent multiply-adds of %s·n floating-point operations.%s", name, lanes, needs))
	n, x := load("n"), register()
	acc := make([]VecVirtual, 12)
	for i := range acc {
		acc[i] = register()
		VXORPS(acc[i].AsY(), acc[i].AsY(), acc[i].AsY()) // which clears all of a wider one
	}
	VXORPS(x.AsY(), x.AsY(), x.AsY())
	loop("round", n, func() {
		for _, a := range acc {
			VFMADD231PS(x, x, a)
		}
	})
	leave()
}
