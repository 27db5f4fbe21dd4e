package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// combine writes the kernel C[rows x 16·panels] (+)= A B for an A of which only some elements of
// each row are listed and looked at: the others are zeros, which change no sum. It needs as much
// time as loading the listed rows of B from the first cache takes.
func combine(panels, bytes int) {
	name, needs, register := fmt.Sprintf("combine%d", panels), "", YMM
	if bytes == 64 {
		name, needs, register = name+"wide", " It needs AVX-512.", ZMM
	}
	kernel(name, "func(c *float32, ldc, cpanel int, a *float32, lda int, index *int32, ldi int, count *int32, b *float32, ldb, bpanel, rows int, accumulate bool)",
		fmt.Sprintf("%s computes C (+)= A B for %d panels of 16 columns of C; of row r of A only the count[r] elements listed in index are looked at.%s", name, panels, needs))
	c, a, index, ldb := load("c"), load("a"), load("index"), load("ldb")
	base := make([]GPVirtual, panels)
	base[0] = load("b")
	if panels > 1 {
		stride := floats(load("bpanel"))
		for i := 1; i < panels; i++ {
			base[i] = GP64()
			LEAQ(Mem{Base: base[i-1], Index: stride, Scale: 1}, base[i])
		}
	}
	each := 64 / bytes
	Label("row")
	acc := make([]VecVirtual, panels*each)
	for i := range acc {
		acc[i] = register()
		if bytes == 64 {
			VPXORD(acc[i], acc[i], acc[i])
		} else {
			zero(acc[i])
		}
	}
	q, n, t := GP64(), GP64(), load("count")
	MOVLQSX(Mem{Base: t}, n)
	ADDQ(Imm(4), mustAddr("count"))
	MOVQ(index, q)
	loop("term", n, func() {
		j, x := GP64(), register()
		MOVLQSX(Mem{Base: q}, j)
		VBROADCASTSS(Mem{Base: a, Index: j, Scale: 4}, x)
		IMULQ(ldb, j)
		ADDQ(Imm(4), q)
		for i := range acc {
			VFMADD231PS(Mem{Base: base[i/each], Index: j, Scale: 4, Disp: bytes * (i % each)}, x, acc[i])
		}
	})
	cp, step := GP64(), floats(load("cpanel"))
	MOVQ(c, cp)
	flag := Load(Param("accumulate"), GP8())
	TESTB(flag, flag)
	JZ(LabelRef("store"))
	for i := range acc {
		VADDPS(Mem{Base: cp, Disp: bytes * (i % each)}, acc[i], acc[i])
		if i%each == each-1 {
			ADDQ(step, cp)
		}
	}
	MOVQ(c, cp)
	Label("store")
	for i := range acc {
		VMOVUPS(acc[i], Mem{Base: cp, Disp: bytes * (i % each)})
		if i%each == each-1 {
			ADDQ(step, cp)
		}
	}
	for _, advance := range []struct {
		pointer GPVirtual
		stride  string
	}{{c, "ldc"}, {a, "lda"}, {index, "ldi"}} {
		s := load(advance.stride)
		LEAQ(Mem{Base: advance.pointer, Index: s, Scale: 4}, advance.pointer)
	}
	DECQ(mustAddr("rows"))
	JNZ(LabelRef("row"))
	leave()
}

// dotListed writes the elements of a row of C = A B^T that are listed, in the order of terms of
// dot3x4; B comes as there. The others it leaves alone or, up to three of them, computes too.
func dotListed() {
	kernel("dotListed", "func(c, a, b *float32, panel, panels int, index *int32, count int)",
		"dotListed computes c[j], the inner product of a and row j of b, 16·panels long, for the count places j listed in index, and up to three that follow; b is stored in panels of 16 columns.")
	index, count, panel := load("index"), load("count"), floats(load("panel"))
	ADDQ(Imm(3), count)
	SHRQ(Imm(2), count)
	loop("four", count, func() {
		a, b, j := load("a"), load("b"), make([]GPVirtual, 4)
		for q := range j {
			j[q] = GP64()
			MOVLQSX(Mem{Base: index, Disp: 4 * q}, j[q])
			SHLQ(Imm(6), j[q])
			ADDQ(b, j[q])
		}
		acc := yields(4)
		zero(acc...)
		loop("panel", load("panels"), func() {
			for half := range 2 {
				x := YMM()
				VMOVUPS(Mem{Base: a, Disp: 32 * half}, x)
				for q := range acc {
					VFMADD231PS(Mem{Base: j[q], Disp: 32 * half}, x, acc[q])
				}
			}
			ADDQ(Imm(64), a)
			for q := range j {
				ADDQ(panel, j[q])
			}
		})
		sums, c := addLanes(acc), load("c")
		for q := range 4 {
			place := GP64()
			MOVLQSX(Mem{Base: index, Disp: 4 * q}, place)
			VEXTRACTPS(Imm(uint64(q)), sums, Mem{Base: c, Index: place, Scale: 4})
		}
		ADDQ(Imm(16), index)
	})
	leave()
}

// spread writes the kernel of a product of three factors that are all mostly zeros, C[h] += Σ_k
// a[k][h]·(factor[k]·d[k]), over the k and h that are listed. Rows of C are 16 wide in panels.
func spread(panels int) {
	name := fmt.Sprintf("spread%d", panels)
	kernel(name, "func(c *float32, cpanel int, factor *float32, listed *int32, n int, d *float32, ldd int, a *float32, lda int, index *int32, ldi int, count *int32)",
		fmt.Sprintf("%s adds a[k][h]·(factor[k]·d[k]) to the rows h of %d panels of c, for the n places k in listed and the count[k] places h in index[k].", name, panels))
	c, cpanel, listed := load("c"), floats(load("cpanel")), load("listed")
	loop("place", load("n"), func() {
		k, t, d := GP64(), GP64(), GP64()
		MOVLQSX(Mem{Base: listed}, k)
		g, x := YMM(), yields(2*panels)
		MOVQ(mustAddr("factor"), t)
		VBROADCASTSS(Mem{Base: t, Index: k, Scale: 4}, g)
		MOVQ(mustAddr("ldd"), t)
		IMULQ(k, t)
		MOVQ(mustAddr("d"), d)
		for i := range x {
			VMULPS(Mem{Base: d, Index: t, Scale: 4, Disp: 32 * i}, g, x[i])
		}
		a, index, count := GP64(), GP64(), GP64()
		MOVQ(mustAddr("lda"), t)
		IMULQ(k, t)
		MOVQ(mustAddr("a"), a)
		LEAQ(Mem{Base: a, Index: t, Scale: 4}, a)
		MOVQ(mustAddr("ldi"), t)
		IMULQ(k, t)
		MOVQ(mustAddr("index"), index)
		LEAQ(Mem{Base: index, Index: t, Scale: 4}, index)
		MOVQ(mustAddr("count"), count)
		MOVLQSX(Mem{Base: count, Index: k, Scale: 4}, count)
		ADDQ(Imm(4), listed)
		loop("row", count, func() {
			h, p, value := GP64(), GP64(), YMM()
			MOVLQSX(Mem{Base: index}, h)
			VBROADCASTSS(Mem{Base: a, Index: h, Scale: 4}, value)
			ADDQ(Imm(4), index)
			SHLQ(Imm(6), h)
			LEAQ(Mem{Base: c, Index: h, Scale: 1}, p)
			for i := range x {
				sum := YMM()
				VMOVUPS(Mem{Base: p, Disp: 32 * (i % 2)}, sum)
				VFMADD231PS(x[i], value, sum)
				VMOVUPS(sum, Mem{Base: p, Disp: 32 * (i % 2)})
				if i%2 == 1 {
					ADDQ(cpanel, p)
				}
			}
		})
	})
	leave()
}
