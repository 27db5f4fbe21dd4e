package cpu

import (
	"math"
	"runtime"
	"unsafe"

	"sicgrid/pkg/sic"
)

// portable returns the kernels in plain Go.
func portable() *kernels {
	k := &kernels{
		numerics:        "portable-" + runtime.GOARCH,
		dot3x4:          goDot3x4,
		dotListed:       goDotListed,
		listRows:        goListRows,
		transposeStrip:  goTransposeStrip,
		settle:          goSettle,
		unsettle:        goUnsettle,
		pairTile:        goPairTile,
		nearPairs:       goNearPairs,
		rectify:         goRectify,
		add:             goAdd,
		fetch:           func(*float32, int) {},
		addDifference:   goAddDifference,
		mix:             goMix,
		unmix:           goUnmix,
		squaredDistance: goSquaredDistance,
		sumSquares:      goSumSquares,
		adamw:           goAdamW,
		multiplyAdd:     goMultiplyAdd,
	}
	for rows := 1; rows <= 6; rows++ {
		k.tile[rows] = func(c *float32, ldc int, a *float32, rs, cs int, b *float32, ldb, depth, groups, _ int, accumulate bool) {
			goTile(rows*groups, c, ldc, a, rs, cs, b, ldb, depth, accumulate)
		}
	}
	k.sparse = make([]sparseKernel, 5)
	for width := 1; width <= 4; width++ {
		k.sparse[width] = func(h, w *float32, ld int, index *int32, value *float32, count int) {
			goSparse(16*width, h, w, ld, index, value, count)
		}
	}
	for panels := 1; panels < len(k.combine); panels++ {
		k.combine[panels] = func(c *float32, ldc, cpanel int, a *float32, lda int, index *int32, ldi int, count *int32, b *float32, ldb, bpanel, rows int, accumulate bool) {
			for p := range panels {
				goCombine(at(c, p*cpanel), ldc, a, lda, index, ldi, count, at(b, p*bpanel), ldb, rows, accumulate)
			}
		}
	}
	for panels := 1; panels < len(k.spread); panels++ {
		k.spread[panels] = func(c *float32, cpanel int, g *float32, listed *int32, n int, d *float32, ldd int, a *float32, lda int, index *int32, ldi int, count *int32) {
			for p := range panels {
				goSpread(at(c, p*cpanel), g, listed, n, at(d, 16*p), ldd, a, lda, index, ldi, count)
			}
		}
	}
	return k
}

// at returns the address of the element n on from p.
func at[T any](p *T, n int) *T { return (*T)(unsafe.Add(unsafe.Pointer(p), n*int(unsafe.Sizeof(*p)))) }

func slice(p *float32, n int) []float32 { return unsafe.Slice(p, n) }

func goTile(rows int, c *float32, ldc int, a *float32, rs, cs int, b *float32, ldb, depth int, accumulate bool) {
	as, bs := slice(a, (rows-1)*rs+(depth-1)*cs+1), slice(b, (depth-1)*ldb+16)
	for r := range rows {
		var sums [16]float32
		for k := range depth {
			x := as[r*rs+k*cs]
			for j, y := range bs[k*ldb:][:16] {
				sums[j] += x * y
			}
		}
		row := slice(c, (rows-1)*ldc+16)[r*ldc:][:16]
		for j, sum := range sums {
			if accumulate {
				sum += row[j]
			}
			row[j] = sum
		}
	}
}

func goDot3x4(c *float32, ldc int, a *float32, lda int, b *float32, panel, panels int) {
	out, as, bs := slice(c, 2*ldc+4), slice(a, 2*lda+16*panels), slice(b, (panels-1)*panel+64)
	for r := range 3 {
		for q := range 4 {
			var sum float32
			for p := range panels {
				y := bs[p*panel+16*q:][:16]
				for i, x := range as[r*lda+16*p:][:16] {
					sum += x * y[i]
				}
			}
			out[r*ldc+q] = sum
		}
	}
}

func goDotListed(c, a, b *float32, panel, panels int, index *int32, count int) {
	for _, j := range unsafe.Slice(index, count) {
		var sum float32
		for p := range panels {
			y := slice(at(b, p*panel+16*int(j)), 16)
			for i, x := range slice(at(a, 16*p), 16) {
				sum += x * y[i]
			}
		}
		*at(c, int(j)) = sum
	}
}

// goCombine is one panel of combine.
func goCombine(c *float32, ldc int, a *float32, lda int, index *int32, ldi int, count *int32, b *float32, ldb, rows int, accumulate bool) {
	for r := range rows {
		var sums [16]float32
		for _, j := range unsafe.Slice(at(index, r*ldi), *at(count, r)) {
			x := *at(a, r*lda+int(j))
			for i, y := range slice(at(b, int(j)*ldb), 16) {
				sums[i] += x * y
			}
		}
		row := slice(at(c, r*ldc), 16)
		for i, sum := range sums {
			if accumulate {
				sum += row[i]
			}
			row[i] = sum
		}
	}
}

// goSpread is one panel of spread.
func goSpread(c, g *float32, listed *int32, n int, d *float32, ldd int, a *float32, lda int, index *int32, ldi int, count *int32) {
	for _, k := range unsafe.Slice(listed, n) {
		k := int(k)
		for _, h := range unsafe.Slice(at(index, k*ldi), *at(count, k)) {
			row := slice(at(c, 16*int(h)), 16)
			for i, x := range slice(at(d, k*ldd), 16) {
				row[i] += *at(a, k*lda+int(h)) * (*at(g, k) * x)
			}
		}
	}
}

func goListRows(index *int32, ldi int, count *int32, x *float32, ldx, n, rows int) {
	for r := range rows {
		places, found := unsafe.Slice(at(index, r*ldi), n), 0
		for i, v := range slice(at(x, r*ldx), n) {
			if v != 0 {
				places[found] = int32(i)
				found++
			}
		}
		*at(count, r) = int32(found)
	}
}

func goSparse(width int, h, w *float32, ld int, index *int32, value *float32, count int) {
	out := slice(h, width)
	clear(out)
	for _, j := range unsafe.Slice(index, count) {
		x, row := *at(value, int(j)), slice(at(w, int(j)*ld), width)
		for i := range out {
			out[i] += x * row[i]
		}
	}
}

func goTransposeStrip(dst *float32, ldd int, src *float32, lds int, blocks int) {
	to, from := slice(dst, (8*blocks-1)*ldd+8), slice(src, 7*lds+8*blocks)
	for r := range 8 {
		for c := range 8 * blocks {
			to[c*ldd+r] = from[r*lds+c]
		}
	}
}

func goSettle(state, h, sum *float32, index *int32, n int) (norm float32, active int) {
	out, sums, places := slice(state, n), slice(sum, n), unsafe.Slice(index, n)
	var square float32
	for i, x := range slice(h, n) {
		if x <= 0 {
			x = 0
		}
		out[i] = x
		square += x * x
	}
	norm = float32(math.Sqrt(float64(square)))
	inverse := 1 / max(norm, sic.Tiny)
	for i := range out {
		out[i] *= inverse
		sums[i] += out[i]
		if out[i] != 0 {
			places[active] = int32(i)
			active++
		}
	}
	return norm, active
}

func goUnsettle(d, later, mean, pairs, state *float32, inverse float32, index *int32, n int) (active int) {
	out, g, places := slice(d, n), slice(state, n), unsafe.Slice(index, n)
	m, p := slice(mean, n), slice(pairs, n)
	var radial float32
	for i, x := range slice(later, n) {
		out[i] = x + m[i] + p[i]
		radial += out[i] * g[i]
	}
	for i, x := range g {
		if x > 0 {
			out[i] = (out[i] - radial*x) * inverse
		} else {
			out[i] = 0
		}
		if out[i] != 0 {
			places[active] = int32(i)
			active++
		}
	}
	return active
}

func goPairTile(p *float32, ld, rows, columns int, xi, yi, hi, xj, yj, hj *float32, c *float32, sums *float32) {
	k := (*pairConstants)(unsafe.Pointer(c))
	tile, total := slice(p, (rows-1)*ld+columns), slice(sums, 16)
	x, y, h := slice(xj, columns), slice(yj, columns), slice(hj, columns)
	xs, ys, hs := slice(xi, rows), slice(yi, rows), slice(hi, rows)
	for i := range rows {
		row := tile[i*ld:][:columns]
		for j, product := range row {
			dx, dy := xs[i]-x[j], ys[i]-y[j]
			half := hs[i] + h[j] - product
			switch square := dx*dx + dy*dy; {
			case square < k.limit[0]:
				total[8+j%8] += half
				row[j] = k.invariance[0]
			case square >= k.limit[0]:
				e := float32(math.Exp(float64(max(half*k.exponent[0], -87))))
				total[j%8] += e
				row[j] = e * k.separation[0]
			default:
				row[j] = 0
			}
		}
	}
}

func goNearPairs(rows, columns int, xi, yi, xj, yj *float32, c *float32) int {
	limit := (*pairConstants)(unsafe.Pointer(c)).limit[0]
	count := 0
	x, y := slice(xj, columns), slice(yj, columns)
	ys := slice(yi, rows)
	for i, xr := range slice(xi, rows) {
		for j := range x {
			dx, dy := xr-x[j], ys[i]-y[j]
			if dx*dx+dy*dy < limit {
				count++
			}
		}
	}
	return count
}

func goRectify(x *float32, n int) {
	for i, v := range slice(x, n) {
		if v <= 0 {
			slice(x, n)[i] = 0
		}
	}
}

func goAdd(dst, src *float32, n int) {
	out := slice(dst, n)
	for i, x := range slice(src, n) {
		out[i] += x
	}
}

func goAddDifference(dst, a, b *float32, factor float32, n int) {
	out, bs := slice(dst, n), slice(b, n)
	for i, x := range slice(a, n) {
		out[i] += factor * (x - bs[i])
	}
}

func goMix(dst, other, shares *float32, n int) {
	out, from := slice(dst, n), slice(other, n)
	for i, share := range slice(shares, n) {
		out[i] += share * (from[i] - out[i])
	}
}

func goUnmix(src, other, shares *float32, n int) {
	from, to := slice(src, n), slice(other, n)
	for i, share := range slice(shares, n) {
		to[i] = share * from[i]
		from[i] -= to[i]
	}
}

func goSquaredDistance(a, b *float32, n int) float32 {
	bs := slice(b, n)
	var sum float32
	for i, x := range slice(a, n) {
		sum += (x - bs[i]) * (x - bs[i])
	}
	return sum
}

func goSumSquares(x *float32, n int) float32 {
	var sum float32
	for _, v := range slice(x, n) {
		sum += v * v
	}
	return sum
}

// normal is x, or 0 where x is below the normal numbers.
func normal(x float32) float32 {
	if x > -0x1p-126 && x < 0x1p-126 {
		return 0
	}
	return x
}

func goAdamW(p, m, v, g *float32, n int, c *float32) {
	k := (*adamConstants)(unsafe.Pointer(c))
	ps, ms, vs := slice(p, n), slice(m, n), slice(v, n)
	for i, d := range slice(g, n) {
		d *= k.scale[0]
		ms[i] = normal(k.beta1[0]*ms[i] + k.rest1[0]*d)
		vs[i] = normal(k.beta2[0]*vs[i] + k.rest2[0]*d*d)
		root := float32(math.Sqrt(float64(vs[i])))
		ps[i] = k.decay[0]*ps[i] - k.rate[0]*ms[i]/(k.correction2[0]*root+k.epsilon[0])
	}
}

// sink keeps goMultiplyAdd from being optimised away.
//
//lint:ignore U1000 writing to it is its use
var sink float32

func goMultiplyAdd(n int) {
	var a [8]float32
	x := float32(1.0000001)
	for range 12 * n {
		a[0] += x * x
		a[1] += x * x
		a[2] += x * x
		a[3] += x * x
		a[4] += x * x
		a[5] += x * x
		a[6] += x * x
		a[7] += x * x
	}
	sink = a[0] + a[1] + a[2] + a[3] + a[4] + a[5] + a[6] + a[7]
}
