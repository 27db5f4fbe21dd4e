package manifold

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// Interval is the range of scales [Birth, Death) over which a class of the cohomology of the Rips
// complex lives; Death is +Inf for the one component that never dies.
type Interval struct{ Birth, Death float64 }

// Persistence is the persistent cohomology of a Rips complex over the field of two elements.
type Persistence struct {
	// Intervals[d] are those of dimension d (0: components, 1: loops, 2: voids) that last: none has
	// Birth = Death. Longest first, of equal ones the earliest born.
	Intervals [][]Interval
	// Cone is the enclosing radius, the least scale at which one point is joined to all: from there
	// on the complex is a cone and nothing but one component is left. No larger simplex is ever
	// looked at.
	Cone float64
}

// RipsOptions say what is computed of a Rips complex.
type RipsOptions struct {
	Dimension int // up to which classes are looked for, 0 to 2
	Threads   int // the result does not depend on them
}

// Rips returns the persistent cohomology of the Rips complex of points with these distances [n, n],
// row-major: the complex at scale r has a simplex for every set of points that are all within r of
// each other.
//
// The coboundary matrix is never stored. Columns are reduced from the latest simplex to the
// earliest; those that are known to be killed by a lower dimension are skipped (clearing: Chen and
// Kerber 2011; for cohomology de Silva, Morozov and Vejdemo-Johansson 2011), and pairs of a simplex
// and its first cofacet of equal diameter are found without a reduction (apparent pairs: Bauer
// 2021).
//
// It is an error unless the distances are square, symmetric, finite and not negative with a zero
// diagonal, and there are points, but not so many that a simplex has no number of 64 bits (1 000
// are not).
func Rips(distances []float64, o RipsOptions) (*Persistence, error) {
	n := int(math.Sqrt(float64(len(distances))))
	if err := checkDistances(distances, n); err != nil {
		return nil, fmt.Errorf("persistence: %w", err)
	}
	if o.Dimension < 0 || o.Dimension > 2 {
		return nil, fmt.Errorf("persistence: dimension %d, must be 0 to 2", o.Dimension)
	}
	r, err := newRips(distances, n, o.Dimension)
	if err != nil {
		return nil, err
	}
	p := &Persistence{Intervals: make([][]Interval, o.Dimension+1), Cone: r.value[r.cone]}
	columns := r.components(p)
	for d := 1; d <= o.Dimension; d++ {
		if d > 1 {
			columns = r.triangles(o.Threads)
		}
		r.reduce(columns, d, p)
	}
	for _, intervals := range p.Intervals {
		slices.SortFunc(intervals, func(a, b Interval) int {
			// The difference of infinities is no number, so the infinite one is compared by its
			// death.
			if c := cmp.Compare(b.Death-b.Birth, a.Death-a.Birth); c != 0 {
				return c
			}
			return cmp.Compare(a.Birth, b.Birth)
		})
	}
	return p, nil
}

func checkDistances(distances []float64, n int) error {
	if n < 1 {
		return errors.New("there are no points")
	}
	if len(distances) != n*n {
		return fmt.Errorf("%d distances are not those of points to each other: must be a square number", len(distances))
	}
	for i := range n {
		for j := range i + 1 {
			d := distances[i*n+j]
			switch {
			case math.IsNaN(d) || math.IsInf(d, 0) || d < 0:
				return fmt.Errorf("distance of points %d and %d is %g, must be finite and not negative", i, j, d)
			case i == j && d != 0:
				return fmt.Errorf("distance of point %d to itself is %g, must be 0", i, d)
			case d != distances[j*n+i]:
				return fmt.Errorf("distance of points %d and %d is %g one way and %g the other", i, j, d, distances[j*n+i])
			}
		}
	}
	return nil
}

// simplex is a simplex of a known dimension, and its place in the filtration: the rank of its
// diameter in the high bits, and in the low ones its number counted down, so that of two simplices
// the lesser comes first.
type simplex uint64

const none = simplex(math.MaxUint64)

// rips is the filtration of a Rips complex. The number of a simplex is its points, side by side,
// the greatest in the highest bits.
type rips struct {
	n      int
	rank   []uint32  // [n, n] of each distance among all different ones; equal ones share it
	value  []float64 // [ranks] the distance of a rank
	cone   uint32    // rank of the enclosing radius
	point  uint      // bits of a point
	low    uint      // bits of a number
	mask   uint64
	killed map[simplex]int32 // pivots of the dimension below; they need no column of their own
}

func newRips(distances []float64, n, top int) (*rips, error) {
	r := &rips{n: n, rank: make([]uint32, n*n), point: uint(bits.Len(uint(n)))}
	r.value = append(r.value, distances...)
	slices.Sort(r.value)
	r.value = slices.Compact(r.value)
	r.low = r.point * uint(top+2)
	if r.low+uint(bits.Len(uint(len(r.value)))) > 64 {
		return nil, fmt.Errorf("persistence: %d points have too many simplices: take fewer landmarks", n)
	}
	r.mask = 1<<r.low - 1
	for i, d := range distances {
		at, _ := slices.BinarySearch(r.value, d)
		r.rank[i] = uint32(at)
	}
	r.cone = math.MaxUint32
	for i := range n {
		r.cone = min(r.cone, slices.Max(r.row(i)))
	}
	return r, nil
}

func (r *rips) simplex(rank uint32, number uint64) simplex {
	return simplex(uint64(rank)<<r.low | (r.mask - number))
}

func (r *rips) rankOf(s simplex) uint32   { return uint32(s >> simplex(r.low)) }
func (r *rips) numberOf(s simplex) uint64 { return r.mask - uint64(s)&r.mask }

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
func (r *rips) triangles(threads int) []simplex {
	found := make([][]simplex, r.n)
	var left atomic.Int64
	left.Store(int64(r.n))
	var group sync.WaitGroup
	for range max(1, threads) {
		group.Go(func() {
			for i := int(left.Add(-1)); i >= 0; i = int(left.Add(-1)) { // the greatest have the most
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

// cofacets runs through the simplices with one point more that are no wider than a limit, by
// descending number.
type cofacets struct {
	*rips
	rank, limit  uint32
	rows         [3][]uint32 // of each point, the ranks of its distances; of fewer points than three one again
	below, above uint64      // parts of the number: of the points below and above the added one
	v, k         int         // next point to add; how many points of the simplex are below it
	nearest      int         // of those below the greatest, -1 if there is none
}

func (r *rips) cofacets(s simplex, d int, limit uint32) cofacets {
	c := cofacets{rips: r, rank: r.rankOf(s), limit: limit, below: r.numberOf(s), v: r.n - 1, k: d + 1}
	for a := range c.rows {
		c.rows[a] = r.row(r.pointOf(c.below, min(a, d)))
	}
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
			return c.simplex(rank, c.above|uint64(v)<<c.place(c.k)|c.below), rank
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

// firstCofacet is the cofacet of equal diameter that comes first.
func (r *rips) firstCofacet(s simplex, d int) simplex {
	c := r.cofacets(s, d, r.rankOf(s))
	t, _ := c.next()
	return t
}

// lastFacet is the facet of equal diameter that comes last; its dimension is d - 1.
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

// reduce reduces the coboundaries of the columns of dimension d and adds the intervals that it
// finds.
func (r *rips) reduce(columns []simplex, d int, p *Persistence) {
	owner := map[simplex]int32{} // the column that a cofacet is the pivot of
	var start []int32            // of each column's sum in terms
	var terms []simplex          // whose coboundaries add up to each reduced column, without the column itself
	var boundary, sum cochain
	for i, s := range columns {
		start = append(start, int32(len(terms)))
		boundary, sum = boundary[:0], sum[:0]
		pivot, settled := r.initial(s, d, owner, &boundary)
		for !settled && pivot != none {
			j, owned := owner[pivot]
			if owned {
				r.add(columns[j], d, &boundary)
				sum.push(columns[j])
				for _, t := range terms[start[j]:start[j+1]] {
					r.add(t, d, &boundary)
					sum.push(t)
				}
			} else if f := r.apparentFacet(pivot, d+1); f != none {
				r.add(f, d, &boundary)
				sum.push(f)
			} else {
				break
			}
			pivot = boundary.pivot()
		}
		birth := r.value[r.rankOf(s)]
		if pivot == none { // the cone kills every class: only rounding in the caller's distances could lead here
			p.Intervals[d] = append(p.Intervals[d], Interval{birth, math.Inf(1)})
			continue
		}
		owner[pivot] = int32(i)
		for t := sum.pop(); t != none; t = sum.pop() {
			terms = append(terms, t)
		}
		if death := r.value[r.rankOf(pivot)]; death > birth {
			p.Intervals[d] = append(p.Intervals[d], Interval{birth, death})
		}
	}
	r.killed = owner
}

// initial adds the coboundary of a column and returns its pivot. It stops early, settled, where the
// pivot is a cofacet of equal diameter that no other column has (an emergent pair).
func (r *rips) initial(s simplex, d int, owner map[simplex]int32, boundary *cochain) (pivot simplex, settled bool) {
	c := r.cofacets(s, d, r.cone)
	first := true
	for {
		t, rank := c.next()
		if t == none {
			break
		}
		boundary.append(t)
		if first && rank == c.rank {
			first = false
			if _, owned := owner[t]; !owned && r.apparentFacet(t, d+1) == none {
				return t, true
			}
		}
	}
	boundary.order()
	return boundary.pivot(), false
}

// add adds the coboundary of s.
func (r *rips) add(s simplex, d int, boundary *cochain) {
	c := r.cofacets(s, d, r.cone)
	for {
		t, _ := c.next()
		if t == none {
			return
		}
		boundary.push(t)
	}
}

// cochain is a sum of simplices over the field of two elements, as a heap with the earliest on top;
// a simplex that is there twice is not in the sum.
type cochain []simplex

func (h *cochain) append(s simplex) { *h = append(*h, s) }

func (h cochain) order() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

func (h *cochain) push(s simplex) {
	*h = append(*h, s)
	q := *h
	i := len(q) - 1
	for i > 0 {
		above := (i - 1) / 2
		if q[above] <= s {
			break
		}
		q[i] = q[above]
		i = above
	}
	q[i] = s
}

func (h cochain) down(i int) {
	s := h[i]
	for {
		below := 2*i + 1
		if below >= len(h) {
			break
		}
		if below+1 < len(h) && h[below+1] < h[below] {
			below++
		}
		if h[below] >= s {
			break
		}
		h[i] = h[below]
		i = below
	}
	h[i] = s
}

// take removes the top.
func (h *cochain) take() simplex {
	q := *h
	s := q[0]
	last := len(q) - 1
	q[0] = q[last]
	*h = q[:last]
	if last > 0 {
		h.down(0)
	}
	return s
}

// pop removes and returns the earliest simplex of the sum, none if it is empty.
func (h *cochain) pop() simplex {
	for len(*h) > 0 {
		s := h.take()
		if len(*h) == 0 || (*h)[0] != s {
			return s
		}
		h.take()
	}
	return none
}

// pivot returns the earliest simplex of the sum without removing it.
func (h *cochain) pivot() simplex {
	s := h.pop()
	if s != none {
		h.push(s)
	}
	return s
}
