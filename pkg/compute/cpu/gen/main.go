// Command gen writes the AVX2/FMA kernels of package cpu.
package main

import (
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
		sparse(width, 32, 6)
	}
	for width := 16; width <= 128; width += 16 { // a row of 128 units in one pass
		sparse(width, 64, 4)
	}
	for panels := 1; panels <= 4; panels++ {
		combine(panels, 32)
		combine(panels, 64)
	}
	for panels := 1; panels <= 4; panels++ {
		spread(panels)
	}
	transposeStrip()
	dotListed()
	table := lanes()
	listRows(table)
	settle(table)
	unsettle(table)
	pairTile()
	nearPairs()
	rectify()
	fetch()
	add()
	addDifference()
	mix()
	unmix()
	squaredDistance()
	sumSquares()
	adamw()
	multiplyAdd(32)
	multiplyAdd(64)
	Generate()
}

// kernel begins a function of this signature, none of whose pointers escape.
func kernel(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
}

// leave returns from it, with the upper halves of the registers clear for what does not know of
// them.
func leave() {
	VZEROUPPER()
	RET()
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

// loop runs body count times; the count register is consumed. A count of 0 runs nothing.
func loop(label string, count Register, body func()) {
	TESTQ(count, count)
	JZ(LabelRef(label + "_done"))
	Label(label)
	body()
	DECQ(count)
	JNZ(LabelRef(label))
	Label(label + "_done")
}

// groups runs body count times, for the 8 floats that each pointer stands at and moves on from.
func groups(count Register, body func(), pointers ...GPVirtual) {
	loop("group", count, func() {
		body()
		for _, p := range pointers {
			ADDQ(Imm(32), p)
		}
	})
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

func mustAddr(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}
