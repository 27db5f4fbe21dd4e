package cpu

//go:generate go run ./gen -out kernels_amd64.s -stubs kernels_amd64.go -pkg cpu

// kernels are the inner loops, in one of two forms: AVX2/FMA assembly, or Go.
// They agree to rounding. Strides are in elements; what each computes stands with
// its declaration in kernels_amd64.go.
type kernels struct {
	numerics         string
	tile             [7]func(c *float32, ldc int, a *float32, rs, cs int, b *float32, ldb, k, panels int, accumulate bool) // by rows, 1 to 6
	dot3x4           func(c *float32, ldc int, a *float32, lda int, b *float32, ldb int, n int)
	sparse           [5]func(h, w *float32, ld int, index *int32, value *float32, count int) // by width/16, 1 to 4
	compress         func(index *int32, g *float32, n int) int
	transposeStrip   func(dst *float32, ldd int, src *float32, lds int, blocks int)
	normReLU         func(g, h *float32, n int) float32
	normReLUBackward func(d, g *float32, inverse float32, n int)
	pairTile         func(p *float32, ld, rows, columns int, xi, yi, hi, xj, yj, hj *float32, c *float32, sums *float32)
	nearPairs        func(rows, columns int, xi, yi, xj, yj *float32, c *float32) int
	rectify          func(x *float32, n int)
	add              func(dst, src *float32, n int)
	addDifference    func(dst, a, b *float32, factor float32, n int)
	squaredDistance  func(a, b *float32, n int) float32
	sumSquares       func(x *float32, n int) float32
	adamw            func(p, m, v, g *float32, n int, c *float32)
	multiplyAdd      func(n int) // 192·n operations at the machine's peak
}

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

// matmul computes C[rows x 16·panels] (+)= A[rows x k] B[k x 16·panels], A with
// any row and column stride.
func (k *kernels) matmul(c []float32, ldc int, a []float32, rs, cs int, b []float32, ldb, rows, depth, panels int, accumulate bool) {
	for r := 0; r < rows; r += 6 {
		n := min(6, rows-r)
		k.tile[n](&c[r*ldc], ldc, &a[r*rs], rs, cs, &b[0], ldb, depth, panels, accumulate)
	}
}

// gather computes h[n] = Σ over the count indices of value[index]·w[index][n]; n
// is a multiple of 16.
func (k *kernels) gather(h, w []float32, ld int, index []int32, value []float32, count, n int) {
	for c := 0; c < n; c += 64 {
		width := min(64, n-c)
		k.sparse[width/16](&h[c], &w[c], ld, &index[0], &value[0], count)
	}
}
