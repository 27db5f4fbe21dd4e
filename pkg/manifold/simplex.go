package manifold

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// simplex is a simplex of a known dimension, and its place in the filtration: the rank of its
// diameter in the high bits, below them its number counted down, so that of two simplices the
// lesser comes first, and in the lowest bits its coefficient, less one, in the sum that it is a
// term of. Over Z/2 that takes no bit.
type simplex uint64

const none = simplex(math.MaxUint64)

// rips is the filtration of a Rips complex. The number of a simplex is its points, side by side,
// the greatest in the highest bits.
type rips struct {
	n      int
	field  field
	rank   []uint32          // [n, n] of each distance among all different ones; equal ones share it
	value  []float64         // [ranks] the distance of a rank
	cone   uint32            // rank of the enclosing radius
	point  uint              // bits of a point
	low    uint              // bits of a number and a coefficient
	coef   uint              // bits of a coefficient
	mask   uint64            // of a number
	killed map[simplex]int32 // pivots of the dimension below, without coefficients; they need no column of their own
}

func newRips(distances []float64, n, top, p int) (*rips, error) {
	r := &rips{n: n, field: newField(p), rank: make([]uint32, n*n), point: uint(bits.Len(uint(n))), coef: uint(bits.Len(uint(p - 2)))}
	sorted := slices.Clone(distances)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	least := tie * sorted[len(sorted)-1]
	class := make([]uint32, len(sorted)) // rank of each
	for i, d := range sorted {
		if i == 0 || d-sorted[i-1] >= least {
			r.value = append(r.value, d)
		}
		class[i] = uint32(len(r.value) - 1)
	}
	number := r.point * uint(top+2)
	r.low = number + r.coef
	if r.low+uint(bits.Len(uint(len(r.value)))) > 64 {
		return nil, fmt.Errorf("persistence: %d points have too many simplices: take fewer landmarks", n)
	}
	r.mask = 1<<number - 1
	for i, d := range distances {
		at, _ := slices.BinarySearch(sorted, d)
		r.rank[i] = class[at]
	}
	r.cone = math.MaxUint32
	for i := range n {
		r.cone = min(r.cone, slices.Max(r.row(i)))
	}
	return r, nil
}

// simplex is the one of this rank and number, with the coefficient 1.
func (r *rips) simplex(rank uint32, number uint64) simplex {
	return simplex(uint64(rank)<<r.low | (r.mask-number)<<r.coef)
}

func (r *rips) rankOf(s simplex) uint32   { return uint32(s >> simplex(r.low)) }
func (r *rips) numberOf(s simplex) uint64 { return r.mask - uint64(s)>>r.coef&r.mask }

// bare is s with the coefficient 1.
func (r *rips) bare(s simplex) simplex { return s >> r.coef << r.coef }

func (r *rips) coefficientOf(s simplex) int { return int(s&(1<<r.coef-1)) + 1 }

// times is s with its coefficient multiplied by c, which is not 0.
func (r *rips) times(s simplex, c int) simplex {
	if r.coef == 0 {
		return s
	}
	return r.bare(s) | simplex(r.coefficientOf(s)*c%r.field.p-1)
}

// field is Z/p.
type field struct {
	p       int
	inverse [48]int // of each element but 0
}

func newField(p int) field {
	f := field{p: p}
	for a := 1; a < p; a++ {
		for b := 1; b < p; b++ {
			if a*b%p == 1 {
				f.inverse[a] = b
			}
		}
	}
	return f
}

// sign is (-1)^k.
func (f *field) sign(k int) int {
	if k%2 == 1 {
		return f.p - 1
	}
	return 1
}

// row returns the ranks of the distances of point i.
func (r *rips) row(i int) []uint32 { return r.rank[i*r.n : (i+1)*r.n] }

// place is where in a number the k-th point from below begins.
func (r *rips) place(k int) uint { return uint(k) * r.point }

// pointOf returns the k-th point from below.
func (r *rips) pointOf(number uint64, k int) int {
	return int(number >> r.place(k) & (1<<r.point - 1))
}

// components finds the intervals of dimension 0, as Kruskal does a spanning tree, and returns the
// edges that are columns of dimension 1: those that join no components, latest first.
func (r *rips) components(p *Persistence) []simplex {
	var edges []simplex
	for i := range r.n {
		for j := range i {
			if rank := r.rank[i*r.n+j]; rank <= r.cone {
				edges = append(edges, r.simplex(rank, uint64(i)<<r.place(1)|uint64(j)))
			}
		}
	}
	slices.Sort(edges)
	root := make([]int32, r.n)
	for i := range root {
		root[i] = int32(i)
	}
	find := func(i int32) int32 {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	var columns []simplex
	for _, e := range edges {
		number := r.numberOf(e)
		a, b := find(int32(r.pointOf(number, 1))), find(int32(r.pointOf(number, 0)))
		if a == b {
			if r.apparentCofacet(e, 1) == none {
				columns = append(columns, e)
			}
			continue
		}
		root[a] = b
		if death := r.value[r.rankOf(e)]; death > 0 {
			p.Intervals[0] = append(p.Intervals[0], Interval{0, death})
		}
	}
	p.Intervals[0] = append(p.Intervals[0], Interval{0, math.Inf(1)})
	slices.Reverse(columns)
	return columns
}

// triangles returns those whose coboundary must be reduced, latest first: neither killed by the
// edges nor half of an apparent pair. Threads share them out by their greatest point.
func (r *rips) triangles(ctx context.Context, threads int) []simplex {
	found := make([][]simplex, r.n)
	var left atomic.Int64
	left.Store(int64(r.n))
	var group sync.WaitGroup
	for range max(1, threads) {
		group.Go(func() {
			for i := int(left.Add(-1)); i >= 0 && ctx.Err() == nil; i = int(left.Add(-1)) { // the greatest have the most
				found[i] = r.trianglesOf(i)
			}
		})
	}
	group.Wait()
	out := slices.Concat(found...)
	slices.SortFunc(out, func(a, b simplex) int { return cmp.Compare(b, a) })
	return out
}

// trianglesOf are those whose greatest point is i.
func (r *rips) trianglesOf(i int) (out []simplex) {
	of := r.row(i)
	for j := range i {
		for k := range j {
			rank := max(of[j], of[k], r.rank[j*r.n+k])
			if rank > r.cone {
				continue
			}
			s := r.simplex(rank, uint64(i)<<r.place(2)|uint64(j)<<r.place(1)|uint64(k))
			if _, dead := r.killed[s]; !dead && r.apparentCofacet(s, 2) == none && r.apparentFacet(s, 2) == none {
				out = append(out, s)
			}
		}
	}
	return out
}

// cofacets runs through the coboundary of a simplex: those with one point more that are no wider
// than a limit, by descending number. The coefficient of one is that of the simplex times (-1)^k,
// where k of its points are below the added one.
type cofacets struct {
	*rips
	rank, limit  uint32
	rows         [3][]uint32 // of each point, the ranks of its distances; of fewer points than three one again
	below, above uint64      // parts of the number: of the points below and above the added one
	v, k         int         // next point to add; how many points of the simplex are below it
	nearest      int         // of those below the greatest, -1 if there is none
	signed       [2]int      // coefficients of the cofacets, for k even and odd
}

func (r *rips) cofacets(s simplex, d int, limit uint32) cofacets {
	c := cofacets{rips: r, rank: r.rankOf(s), limit: limit, below: r.numberOf(s), v: r.n - 1, k: d + 1}
	for a := range c.rows {
		c.rows[a] = r.row(r.pointOf(c.below, min(a, d)))
	}
	own := r.coefficientOf(s)
	c.signed = [2]int{own, r.field.p - own}
	c.nearest = r.pointOf(c.below, d)
	return c
}

// next returns none after the last cofacet.
func (c *cofacets) next() (simplex, uint32) {
	a, b, e := c.rows[0], c.rows[1], c.rows[2]
	for v := c.v; v >= 0; v-- {
		if v == c.nearest {
			c.pass()
			continue
		}
		if rank := max(c.rank, a[v], b[v], e[v]); rank <= c.limit {
			c.v = v - 1
			return c.times(c.simplex(rank, c.above|uint64(v)<<c.place(c.k)|c.below), c.signed[c.k%2]), rank
		}
	}
	c.v = -1
	return none, 0
}

// pass moves the nearest point below to those above: a place higher, because the added one comes
// below it.
func (c *cofacets) pass() {
	c.k--
	c.below &= 1<<c.place(c.k) - 1
	c.above |= uint64(c.nearest) << c.place(c.k+1)
	c.nearest = -1
	if c.k > 0 {
		c.nearest = c.pointOf(c.below, c.k-1)
	}
}

// firstCofacet is the cofacet of equal diameter that comes first, without its coefficient.
func (r *rips) firstCofacet(s simplex, d int) simplex {
	c := r.cofacets(s, d, r.rankOf(s))
	t, _ := c.next()
	if t == none {
		return none
	}
	return r.bare(t)
}

// lastFacet is the facet of equal diameter that comes last, without a coefficient; its dimension is
// d - 1.
func (r *rips) lastFacet(s simplex, d int) simplex {
	number, rank := r.numberOf(s), r.rankOf(s)
	var rows [4][]uint32
	var points [4]int
	for k := range d + 1 {
		points[k] = r.pointOf(number, k)
		rows[k] = r.row(points[k])
	}
	// Without its greatest point a simplex has the least number, so that facet is the last of its
	// diameter.
	for k := d; k >= 0; k-- {
		widest := uint32(0)
		for a := range d + 1 {
			for b := range a {
				if a != k && b != k {
					widest = max(widest, rows[a][points[b]])
				}
			}
		}
		if widest == rank {
			low := number & (1<<r.place(k) - 1)
			return r.simplex(rank, number>>r.place(k+1)<<r.place(k)|low)
		}
	}
	return none
}

// apparentCofacet is the other half of the apparent pair that s, of dimension d, is the facet of:
// its first cofacet of equal diameter, if s is in turn the last facet of that.
func (r *rips) apparentCofacet(s simplex, d int) simplex {
	if t := r.firstCofacet(s, d); t != none && r.lastFacet(t, d+1) == s {
		return t
	}
	return none
}

// apparentFacet is the other half of the apparent pair that s, of dimension d, is the cofacet of.
func (r *rips) apparentFacet(s simplex, d int) simplex {
	if f := r.lastFacet(s, d); f != none && r.firstCofacet(f, d-1) == s {
		return f
	}
	return none
}
