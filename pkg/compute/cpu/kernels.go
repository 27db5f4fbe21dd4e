package cpu

//go:generate go run ./gen -out kernels_amd64.s -stubs kernels_amd64.go -pkg cpu

// kernels are the inner loops, in one of two forms: AVX2/FMA assembly, or Go.
// They agree to rounding. Strides are in elements; what each computes stands with
// its declaration in kernels_amd64.go.
type kernels struct {
	numerics        string
	tile            [7]func(c *float32, ldc int, a *float32, rs, cs int, b *float32, ldb, k, groups, panel int, accumulate bool) // by rows, 1 to 6
	dot3x4          func(c *float32, ldc int, a *float32, lda int, b *float32, panel, panels int)
	dotListed       func(c, a, b *float32, panel, panels int, index *int32, count int)
	sparse          []sparseKernel   // by width/16, from 1 on
	combine         [5]combineKernel // by panels, from 1 on
	spread          [5]spreadKernel  // likewise
	listRows        func(index *int32, ldi int, count *int32, x *float32, ldx, n, rows int)
	transposeStrip  func(dst *float32, ldd int, src *float32, lds int, blocks int)
	settle          func(state, h, sum *float32, index *int32, n int) (norm float32, active int)
	unsettle        func(d, later, mean, pairs, state *float32, inverse float32, index *int32, n int) (active int)
	pairTile        func(p *float32, ld, rows, columns int, xi, yi, hi, xj, yj, hj *float32, c *float32, sums *float32)
	nearPairs       func(rows, columns int, xi, yi, xj, yj *float32, c *float32) int
	rectify         func(x *float32, n int)
	add             func(dst, src *float32, n int)
	fetch           func(x *float32, n int)
	addDifference   func(dst, a, b *float32, factor float32, n int)
	mix             func(dst, other, shares *float32, n int)
	unmix           func(src, other, shares *float32, n int)
	squaredDistance func(a, b *float32, n int) float32
	sumSquares      func(x *float32, n int) float32
	adamw           func(p, m, v, g *float32, n int, c *float32)
	multiplyAdd     func(n int) // 192·n operations at the machine's peak
}

type sparseKernel = func(h, w *float32, ld int, index *int32, value *float32, count int)

type combineKernel = func(c *float32, ldc, cpanel int, a *float32, lda int, index *int32, ldi int, count *int32, b *float32, ldb, bpanel, rows int, accumulate bool)

type spreadKernel = func(c *float32, cpanel int, g *float32, listed *int32, n int, d *float32, ldd int, a *float32, lda int, index *int32, ldi int, count *int32)

// Numerics names what decides the last bit of this machine's results.
func Numerics() string { return best().numerics }

// eight is a constant in every lane.
type eight [8]float32

func splat(x float32) eight { return eight{x, x, x, x, x, x, x, x} }

// pairConstants are the constants of pairTile and nearPairs.
type pairConstants struct {
	limit      eight // σ_x²
	exponent   eight // -1/σ_g²
	separation eight // 2 λ_Sep/(n_far σ_g²)
	invariance eight // -4 λ_Inv/n_near
}

// adamConstants are the constants of adamw at one step.
type adamConstants struct {
	scale       eight // of the gradient: clipping and the share of a micro-batch
	beta1       eight
	rest1       eight // 1 - β1
	beta2       eight
	rest2       eight // 1 - β2
	rate        eight // learning rate/(1 - β1^step)
	correction2 eight // 1/√(1 - β2^step)
	epsilon     eight
	decay       eight // 1 - learning rate·weight decay
}

// matrix is a matrix whose columns come in panels of 16: element (r, c) is
// at[r·row + c/16·panel + c%16].
type matrix struct {
	at         []float32
	row, panel int
}

// rest is how many rows a group of six leaves over are cut: groups of fewer than
// four rows would wait for the multiply-adds before them.
var rest = [6]struct{ borrowed, first, second int }{1: {1, 4, 3}, 2: {1, 4, 4}, 3: {1, 5, 4}, 4: {0, 4, 0}, 5: {0, 5, 0}}

// matmul computes C[rows x 16·panels] (+)= A[rows x depth] B[depth x 16·panels],
// A with any row and column stride. Every element is summed in order of depth.
func (k *kernels) matmul(c matrix, a []float32, rs, cs int, b matrix, rows, depth, panels int, accumulate bool) {
	sixes, left := rows/6, rest[rows%6]
	if left.borrowed > sixes { // too few to borrow from
		left.borrowed, left.first, left.second = 0, rows%6, 0
	}
	sixes -= left.borrowed
	for p := range panels {
		row, cp, bp := 0, c.at[p*c.panel:], &b.at[p*b.panel]
		if sixes > 0 {
			k.tile[6](&cp[0], c.row, &a[0], rs, cs, bp, b.row, depth, sixes, b.panel, accumulate)
			row = 6 * sixes
		}
		if left.first > 0 {
			k.tile[left.first](&cp[row*c.row], c.row, &a[row*rs], rs, cs, bp, b.row, depth, 1, b.panel, accumulate)
			row += left.first
		}
		if left.second > 0 {
			k.tile[left.second](&cp[row*c.row], c.row, &a[row*rs], rs, cs, bp, b.row, depth, 1, b.panel, accumulate)
		}
	}
}

// gather computes h[n] = Σ over the count indices of value[index]·w[index][n]; n
// is a multiple of 16.
func (k *kernels) gather(h, w []float32, ld int, index []int32, value []float32, count, n int) {
	for c, most := 0, 16*(len(k.sparse)-1); c < n; c += most {
		width := min(most, n-c)
		k.sparse[width/16](&h[c], &w[c], ld, &index[0], &value[0], count)
	}
}

// A listed matrix knows where its rows are not zero.
type listed struct {
	at    []float32 // [rows][row]
	row   int
	index []int32 // [rows][row+listRoom]
	count []int32 // [rows]
}

// listRoom is what a list of places needs beyond them: eight are written at a time.
const listRoom = 8

func newListed(rows, row int) listed {
	return listed{floats(rows * row), row, make([]int32, rows*(row+listRoom)), make([]int32, rows)}
}

// from returns the matrix from a row on.
func (l listed) from(row int) listed {
	return listed{l.at[row*l.row:], l.row, l.index[row*(l.row+listRoom):], l.count[row:]}
}

// list finds what is not zero in the first columns, a multiple of 8, of some rows.
func (k *kernels) list(l listed, rows, columns int) {
	k.listRows(&l.index[0], l.row+listRoom, &l.count[0], &l.at[0], l.row, columns, rows)
}

// product is matmul for an A that is mostly zeros: the sums are the same, the time is that of the
// terms that are not.
func (k *kernels) product(c matrix, a listed, b matrix, rows, panels int, accumulate bool) {
	for p := 0; p < panels; p += len(k.combine) - 1 {
		k.combine[min(panels-p, len(k.combine)-1)](&c.at[p*c.panel], c.row, c.panel, &a.at[0], a.row, &a.index[0], a.row+listRoom, &a.count[0],
			&b.at[p*b.panel], b.row, b.panel, rows, accumulate)
	}
}

// transpose writes the transpose of src, rows x columns, to dst; both are rounded up to multiples
// of 8.
func (k *kernels) transpose(dst []float32, ldd int, src []float32, lds, rows, columns int) {
	for r := 0; r < rows; r += 8 {
		k.transposeStrip(&dst[r], ldd, &src[r*lds], lds, up(columns, 8)/8)
	}
}
