// Command gen writes the AVX2/FMA kernels of package cpu.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	for rows := 1; rows <= 6; rows++ {
		tile(rows)
	}
	dot3x4()
	for width := 16; width <= 64; width += 16 {
		sparse(width)
	}
	compress()
	transposeStrip()
	normReLU()
	normReLUBackward()
	pairTile()
	nearPairs()
	rectify()
	add()
	addDifference()
	squaredDistance()
	sumSquares()
	adamw()
	multiplyAdd()
	Generate()
}

// floats multiplies a count of float32 values by their size, in place.
func floats(r GPVirtual) GPVirtual {
	SHLQ(Imm(2), r)
	return r
}

func load(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

func zero(v ...VecVirtual) {
	for _, r := range v {
		VXORPS(r, r, r)
	}
}

func yields(n int) []VecVirtual {
	v := make([]VecVirtual, n)
	for i := range v {
		v[i] = YMM()
	}
	return v
}

// loop runs body count times; the count register is consumed. A count of 0 runs
// nothing.
func loop(label string, count Register, body func()) {
	TESTQ(count, count)
	JZ(LabelRef(label + "_done"))
	Label(label)
	body()
	DECQ(count)
	JNZ(LabelRef(label))
	Label(label + "_done")
}

// horizontal adds the eight lanes of v into the lowest of the returned register.
func horizontal(v VecVirtual) VecVirtual {
	high, low := XMM(), v.AsX()
	VEXTRACTF128(Imm(1), v, high)
	VADDPS(high, low, high)
	VHADDPS(high, high, high)
	VHADDPS(high, high, high)
	return high
}

var constants = map[string]Mem{}

// eight returns a constant in all eight lanes, in memory.
func eight(name string, bits uint32) Mem {
	m, ok := constants[name]
	if !ok {
		m = GLOBL(name, RODATA_NOPTR)
		for i := range 8 {
			DATA(4*i, U32(bits))
		}
		constants[name] = m
	}
	return m
}

const RODATA_NOPTR = 8 | 16

func eightFloat(name string, x float64) Mem {
	return eight(name, math.Float32bits(float32(x)))
}

// tile writes the kernel C[rows x 16·panels] (+)= A[rows x k] B[k x 16·panels].
// A is broadcast from memory with any row and column stride, so that it may be a
// transpose; B and C are row-major. Twelve of sixteen registers accumulate.
func tile(rows int) {
	name := fmt.Sprintf("tile%d", rows)
	TEXT(name, NOSPLIT, "func(c *float32, ldc int, a *float32, rs, cs int, b *float32, ldb, k, panels int, accumulate bool)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s computes C (+)= A B for %d rows of C and panels of 16 columns.", name, rows))
	c, a, b := load("c"), load("a"), load("b")
	ldc, rs, cs, ldb := floats(load("ldc")), floats(load("rs")), floats(load("cs")), floats(load("ldb"))
	var rs3, rs5 GPVirtual
	if rows > 3 {
		rs3 = GP64()
		LEAQ(Mem{Base: rs, Index: rs, Scale: 2}, rs3)
	}
	if rows > 5 {
		rs5 = GP64()
		LEAQ(Mem{Base: rs, Index: rs, Scale: 4}, rs5)
	}
	element := func(row int, base Register) Mem {
		switch row {
		case 0:
			return Mem{Base: base}
		case 3:
			return Mem{Base: base, Index: rs3, Scale: 1}
		case 5:
			return Mem{Base: base, Index: rs5, Scale: 1}
		default:
			return Mem{Base: base, Index: rs, Scale: uint8(row)}
		}
	}
	Label("panel")
	acc := yields(2 * rows)
	zero(acc...)
	ap, bp, k := GP64(), GP64(), load("k")
	MOVQ(a, ap)
	MOVQ(b, bp)
	loop("term", k, func() {
		b0, b1 := YMM(), YMM()
		VMOVUPS(Mem{Base: bp}, b0)
		VMOVUPS(Mem{Base: bp, Disp: 32}, b1)
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
	for row := range rows {
		VADDPS(Mem{Base: cp}, acc[2*row], acc[2*row])
		VADDPS(Mem{Base: cp, Disp: 32}, acc[2*row+1], acc[2*row+1])
		if row < rows-1 {
			ADDQ(ldc, cp)
		}
	}
	MOVQ(c, cp)
	Label("store")
	for row := range rows {
		VMOVUPS(acc[2*row], Mem{Base: cp})
		VMOVUPS(acc[2*row+1], Mem{Base: cp, Disp: 32})
		if row < rows-1 {
			ADDQ(ldc, cp)
		}
	}
	ADDQ(Imm(64), b)
	ADDQ(Imm(64), c)
	panels, err := Param("panels").Resolve()
	if err != nil {
		panic(err)
	}
	DECQ(panels.Addr)
	JNZ(LabelRef("panel"))
	VZEROUPPER()
	RET()
}

// dot3x4 writes C[3 x 4] = A[3 x n] B[4 x n]^T, both row-major.
func dot3x4() {
	TEXT("dot3x4", NOSPLIT, "func(c *float32, ldc int, a *float32, lda int, b *float32, ldb int, n int)")
	Pragma("noescape")
	Doc("dot3x4 computes the 12 inner products of 3 rows of a and 4 rows of b; n is a multiple of 8.")
	a, b := load("a"), load("b")
	lda, ldb := floats(load("lda")), floats(load("ldb"))
	ldb3 := GP64()
	LEAQ(Mem{Base: ldb, Index: ldb, Scale: 2}, ldb3)
	acc := yields(12)
	zero(acc...)
	n := load("n")
	SHRQ(Imm(3), n)
	loop("term", n, func() {
		rows := []Mem{{Base: a}, {Base: a, Index: lda, Scale: 1}, {Base: a, Index: lda, Scale: 2}}
		columns := []Mem{{Base: b}, {Base: b, Index: ldb, Scale: 1}, {Base: b, Index: ldb, Scale: 2}, {Base: b, Index: ldb3, Scale: 1}}
		x := yields(3)
		for r := range rows {
			VMOVUPS(rows[r], x[r])
		}
		for q := range columns {
			y := YMM()
			VMOVUPS(columns[q], y)
			for r := range rows {
				VFMADD231PS(x[r], y, acc[4*r+q])
			}
		}
		ADDQ(Imm(32), a)
		ADDQ(Imm(32), b)
	})
	c, ldc := load("c"), floats(load("ldc"))
	for r := range 3 {
		v := acc[4*r : 4*r+4]
		VHADDPS(v[1], v[0], v[0])
		VHADDPS(v[3], v[2], v[2])
		VHADDPS(v[2], v[0], v[0])
		high := XMM()
		VEXTRACTF128(Imm(1), v[0], high)
		VADDPS(v[0].AsX(), high, high)
		VMOVUPS(high, Mem{Base: c})
		if r < 2 {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}

// ahead is how many rows ahead sparse fetches: the rows of W lie in the second
// cache at best, and no prefetcher guesses which unit is active next.
const ahead = 4

// sparse writes h[width] = Σ_q value[index_q] · w[index_q][width].
func sparse(width int) {
	name := fmt.Sprintf("sparse%d", width)
	TEXT(name, NOSPLIT, "func(h, w *float32, ld int, index *int32, value *float32, count int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s adds up count rows of w, %d wide, each times its value, into h.", name, width))
	w, ld := load("w"), floats(load("ld"))
	index, value, count := load("index"), load("value"), load("count")
	acc := yields(width / 8)
	zero(acc...)
	loop("row", count, func() {
		j, x, row := GP64(), YMM(), GP64()
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
			VFMADD231PS(Mem{Base: row, Disp: 32 * i}, x, acc[i])
		}
		ADDQ(Imm(4), index)
	})
	h := load("h")
	for i := range acc {
		VMOVUPS(acc[i], Mem{Base: h, Disp: 32 * i})
	}
	VZEROUPPER()
	RET()
}

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

// transposeStrip transposes 8 rows of blocks·8 columns.
func transposeStrip() {
	TEXT("transposeStrip", NOSPLIT, "func(dst *float32, ldd int, src *float32, lds int, blocks int)")
	Pragma("noescape")
	Doc("transposeStrip writes the transpose of 8 rows of src, 8·blocks columns wide, to dst.")
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

func mustAddr(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

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
func places(xj, yj Register, offset Register, x, y, limit VecVirtual) (square VecVirtual) {
	dx, dy := YMM(), YMM()
	VSUBPS(Mem{Base: xj, Index: offset, Scale: 1}, x, dx)
	VSUBPS(Mem{Base: yj, Index: offset, Scale: 1}, y, dy)
	VMULPS(dx, dx, dx)
	VFMADD231PS(dy, dy, dx)
	return dx
}

// pairTile turns a tile of the Gram matrix into the tile of P and adds up the losses.
func pairTile() {
	TEXT("pairTile", NOSPLIT, "func(p *float32, ld, rows, columns int, xi, yi, hi, xj, yj, hj *float32, c *float32, sums *float32)")
	Pragma("noescape")
	Doc("pairTile replaces the inner products p_ij by P_ij and adds, lane by lane, exp(-‖g_i-g_j‖²/2σ_g²) over far pairs to sums[0:8] and ‖g_i-g_j‖²/2 over near pairs to sums[8:16]. hi and hj are half the squared norms of the states; a NaN place takes part in nothing. columns is a multiple of 8.")
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
	square := places(xj, yj, offset, x, y, limit)
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
	VZEROUPPER()
	RET()
}

// nearPairs counts the pairs nearer than σ_x.
func nearPairs() {
	TEXT("nearPairs", NOSPLIT, "func(rows, columns int, xi, yi, xj, yj *float32, c *float32) int")
	Pragma("noescape")
	Doc("nearPairs counts the pairs of places nearer than σ_x; columns is a multiple of 8.")
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
		square := places(xj, yj, offset, x, y, limit)
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
	VZEROUPPER()
	RET()
}

// rectify replaces x by ReLU(x).
func rectify() {
	TEXT("rectify", NOSPLIT, "func(x *float32, n int)")
	Pragma("noescape")
	Doc("rectify replaces x[n] by max(x, 0); n is a multiple of 8.")
	x, n := load("x"), load("n")
	SHRQ(Imm(3), n)
	none := YMM()
	zero(none)
	loop("group", n, func() {
		y := YMM()
		VMAXPS(Mem{Base: x}, none, y)
		VMOVUPS(y, Mem{Base: x})
		ADDQ(Imm(32), x)
	})
	VZEROUPPER()
	RET()
}

func add() {
	TEXT("add", NOSPLIT, "func(dst, src *float32, n int)")
	Pragma("noescape")
	Doc("add adds src[n] to dst[n]; n is a multiple of 8.")
	dst, src, n := load("dst"), load("src"), load("n")
	SHRQ(Imm(3), n)
	loop("group", n, func() {
		x := YMM()
		VMOVUPS(Mem{Base: dst}, x)
		VADDPS(Mem{Base: src}, x, x)
		VMOVUPS(x, Mem{Base: dst})
		ADDQ(Imm(32), dst)
		ADDQ(Imm(32), src)
	})
	VZEROUPPER()
	RET()
}

func addDifference() {
	TEXT("addDifference", NOSPLIT, "func(dst, a, b *float32, factor float32, n int)")
	Pragma("noescape")
	Doc("addDifference adds factor·(a-b) to dst[n]; n is a multiple of 8.")
	dst, a, b, n := load("dst"), load("a"), load("b"), load("n")
	SHRQ(Imm(3), n)
	factor := YMM()
	VBROADCASTSS(mustAddr("factor"), factor)
	loop("group", n, func() {
		x, y := YMM(), YMM()
		VMOVUPS(Mem{Base: a}, x)
		VSUBPS(Mem{Base: b}, x, x)
		VMOVUPS(Mem{Base: dst}, y)
		VFMADD231PS(factor, x, y)
		VMOVUPS(y, Mem{Base: dst})
		ADDQ(Imm(32), dst)
		ADDQ(Imm(32), a)
		ADDQ(Imm(32), b)
	})
	VZEROUPPER()
	RET()
}

func squaredDistance() {
	TEXT("squaredDistance", NOSPLIT, "func(a, b *float32, n int) float32")
	Pragma("noescape")
	Doc("squaredDistance returns ‖a-b‖²; n is a multiple of 8.")
	a, b, n := load("a"), load("b"), load("n")
	SHRQ(Imm(3), n)
	sum := YMM()
	zero(sum)
	loop("group", n, func() {
		x := YMM()
		VMOVUPS(Mem{Base: a}, x)
		VSUBPS(Mem{Base: b}, x, x)
		VFMADD231PS(x, x, sum)
		ADDQ(Imm(32), a)
		ADDQ(Imm(32), b)
	})
	Store(horizontal(sum), ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func sumSquares() {
	TEXT("sumSquares", NOSPLIT, "func(x *float32, n int) float32")
	Pragma("noescape")
	Doc("sumSquares returns ‖x‖²; n is a multiple of 32.")
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
	VZEROUPPER()
	RET()
}

// adamw is the whole optimiser for a block of parameters, clipping included.
func adamw() {
	TEXT("adamw", NOSPLIT, "func(p, m, v, gradient *float32, n int, c *float32)")
	Pragma("noescape")
	Doc("adamw updates p, m and v from the gradient; n is a multiple of 8.")
	p, m, v, g, n, c := load("p"), load("m"), load("v"), load("gradient"), load("n"), load("c")
	SHRQ(Imm(3), n)
	k := yields(9)
	for i := range k {
		VMOVUPS(Mem{Base: c, Disp: 32 * i}, k[i])
	}
	scale, beta1, rest1, beta2, rest2, rate, correction2, epsilon, decay := k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7], k[8]
	loop("group", n, func() {
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
		for _, q := range []GPVirtual{p, m, v, g} {
			ADDQ(Imm(32), q)
		}
	})
	VZEROUPPER()
	RET()
}

// multiplyAdd does nothing but multiply and add, at the processor's peak.
func multiplyAdd() {
	TEXT("multiplyAdd", NOSPLIT, "func(n int)")
	Doc("multiplyAdd does n times 12 independent multiply-adds of eight lanes: 192·n floating-point operations.")
	n := load("n")
	acc := yields(12)
	zero(acc...)
	x := YMM()
	zero(x)
	loop("round", n, func() {
		for _, a := range acc {
			VFMADD231PS(x, x, a)
		}
	})
	VZEROUPPER()
	RET()
}
