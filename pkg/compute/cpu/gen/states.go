package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lanes is a table that holds, for each of the 256 patterns of eight lanes, the lanes that are set.
func lanes() Mem {
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
	return table
}

// A list collects the places of the non-zero values of a vector, without a branch.
type list struct{ start, end, base, lanes GPVirtual }

func newList(index GPVirtual, table Mem) list {
	l := list{GP64(), index, GP64(), GP64()}
	MOVQ(index, l.start)
	XORQ(l.base, l.base)
	LEAQ(table, l.lanes)
	return l
}

// add appends those of eight values.
func (l list) add(values, none VecVirtual) {
	set, mask, places, offset := YMM(), GP64(), YMM(), YMM()
	VCMPPS(Imm(4), values, none, set)
	VMOVMSKPS(set, mask.As32())
	VPMOVZXBD(Mem{Base: l.lanes, Index: mask, Scale: 8}, places)
	VMOVD(l.base.As32(), offset.AsX())
	VPBROADCASTD(offset.AsX(), offset)
	VPADDD(offset, places, places)
	VMOVDQU(places, Mem{Base: l.end})
	POPCNTQ(mask, mask)
	LEAQ(Mem{Base: l.end, Index: mask, Scale: 4}, l.end)
	ADDQ(Imm(8), l.base)
}

// count returns how many there are.
func (l list) count() GPVirtual {
	SUBQ(l.start, l.end)
	SHRQ(Imm(2), l.end)
	return l.end
}

// listRows finds the zeros of a matrix.
func listRows(table Mem) {
	kernel("listRows", "func(index *int32, ldi int, count *int32, x *float32, ldx, n, rows int)",
		"listRows lists, for each of rows rows of x[n], the places of its non-zero values; a row of index has room for n+8, n is a multiple of 8.")
	index, count, x := load("index"), load("count"), load("x")
	ldi, ldx := floats(load("ldi")), floats(load("ldx"))
	none := YMM()
	zero(none)
	Label("row")
	end, p, n := GP64(), GP64(), load("n")
	MOVQ(index, end)
	MOVQ(x, p)
	SHRQ(Imm(3), n)
	l := newList(end, table)
	loop("group", n, func() {
		y := YMM()
		VMOVUPS(Mem{Base: p}, y)
		l.add(y, none)
		ADDQ(Imm(32), p)
	})
	total := l.count()
	MOVL(total.As32(), Mem{Base: count})
	ADDQ(Imm(4), count)
	ADDQ(ldi, index)
	ADDQ(ldx, x)
	DECQ(mustAddr("rows"))
	JNZ(LabelRef("row"))
	leave()
}

// settle normalises what the recurrent product left (eq. 3), in two passes.
func settle(table Mem) {
	kernel("settle", "func(state, h, sum *float32, index *int32, n int) (norm float32, active int)",
		"settle writes state = ReLU(h)/max(‖ReLU(h)‖, 1e-8), adds it to sum, and lists the places of its non-zero values; index has room for n+8, n is a multiple of 16.")
	g, h, n := load("state"), load("h"), load("n")
	SHRQ(Imm(4), n)
	again, p := GP64(), GP64()
	MOVQ(n, again)
	MOVQ(g, p)
	none, square := YMM(), yields(2)
	zero(none, square[0], square[1])
	loop("square", n, func() {
		for i := range square {
			x := YMM()
			VMAXPS(Mem{Base: h, Disp: 32 * i}, none, x) // in this order a NaN stays
			VFMADD231PS(x, x, square[i])
			VMOVUPS(x, Mem{Base: p, Disp: 32 * i})
		}
		ADDQ(Imm(64), h)
		ADDQ(Imm(64), p)
	})
	VADDPS(square[1], square[0], square[0])
	norm := horizontal(square[0])
	VSQRTSS(norm, norm, norm)
	Store(norm, ReturnIndex(0))
	floor, inverse := eightFloat("tiny", 1e-8), YMM()
	VMAXSS(floor, norm, norm)
	VMOVSS(eightFloat("one", 1), inverse.AsX())
	VDIVSS(norm, inverse.AsX(), inverse.AsX())
	VBROADCASTSS(inverse.AsX(), inverse)
	sum, active := load("sum"), newList(load("index"), table)
	loop("scale", again, func() {
		for i := range 2 {
			x, y := YMM(), YMM()
			VMULPS(Mem{Base: g, Disp: 32 * i}, inverse, x)
			VMOVUPS(x, Mem{Base: g, Disp: 32 * i})
			VADDPS(Mem{Base: sum, Disp: 32 * i}, x, y)
			VMOVUPS(y, Mem{Base: sum, Disp: 32 * i})
			active.add(x, none)
		}
		ADDQ(Imm(64), g)
		ADDQ(Imm(64), sum)
	})
	Store(active.count(), ReturnIndex(1))
	leave()
}

// unsettle is the gradient of settle.
func unsettle(table Mem) {
	kernel("unsettle", "func(d, later, mean, pairs, state *float32, inverse float32, index *int32, n int) (active int)",
		"unsettle adds up the gradients that reach a state, x = later+mean+pairs, writes d = 1[state>0]·(x - (x·state) state)·inverse, and lists the places of its non-zero values; index has room for n+8, n is a multiple of 16.")
	d, later, mean, pairs, g, n := load("d"), load("later"), load("mean"), load("pairs"), load("state"), load("n")
	SHRQ(Imm(4), n)
	again, dp, gp := GP64(), GP64(), GP64()
	MOVQ(n, again)
	MOVQ(d, dp)
	MOVQ(g, gp)
	radial := yields(2)
	zero(radial...)
	loop("radial", n, func() {
		for i := range radial {
			x := YMM()
			VMOVUPS(Mem{Base: later, Disp: 32 * i}, x)
			VADDPS(Mem{Base: mean, Disp: 32 * i}, x, x)
			VADDPS(Mem{Base: pairs, Disp: 32 * i}, x, x)
			VFMADD231PS(Mem{Base: gp, Disp: 32 * i}, x, radial[i])
			VMOVUPS(x, Mem{Base: dp, Disp: 32 * i})
		}
		for _, q := range []GPVirtual{later, mean, pairs, gp, dp} {
			ADDQ(Imm(64), q)
		}
	})
	VADDPS(radial[1], radial[0], radial[0])
	along, inverse, none := YMM(), YMM(), YMM()
	VBROADCASTSS(horizontal(radial[0]), along)
	VBROADCASTSS(mustAddr("inverse"), inverse)
	zero(none)
	active := newList(load("index"), table)
	loop("project", again, func() {
		for i := range 2 {
			x, y, mask := YMM(), YMM(), YMM()
			VMOVUPS(Mem{Base: d, Disp: 32 * i}, x)
			VMOVUPS(Mem{Base: g, Disp: 32 * i}, y)
			VCMPPS(Imm(1), y, none, mask) // 0 < g
			VFNMADD231PS(along, y, x)
			VMULPS(inverse, x, x)
			VANDPS(mask, x, x)
			VMOVUPS(x, Mem{Base: d, Disp: 32 * i})
			active.add(x, none)
		}
		ADDQ(Imm(64), d)
		ADDQ(Imm(64), g)
	})
	Store(active.count(), ReturnIndex(0))
	leave()
}
