package manifold

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Interval is the range of scales [Birth, Death) over which a class of the cohomology of the Rips
// complex lives; Death is +Inf for the one component that never dies.
type Interval struct{ Birth, Death float64 }

// Persistence is the persistent cohomology of a Rips complex over a field Z/p.
type Persistence struct {
	// Intervals[d] are those of dimension d (0: components, 1: loops, 2: voids) that last: none has
	// Birth = Death. Longest first, of equal ones the earliest born.
	Intervals [][]Interval
	// Cone is the enclosing radius, the least scale at which one point is joined to all: from there
	// on the complex is a cone and nothing but one component is left. No larger simplex is ever
	// looked at.
	Cone float64
}

// RipsOptions of Rips.
type RipsOptions struct {
	Dimension int // up to which classes are sought, 0 to 2
	// Field is the prime p of the field Z/p that coefficients are taken from, 2 to 47. A class of
	// twice which is a boundary, as a Klein bottle has, counts over Z/2 alone.
	Field   int
	Threads int
}

// tie is the share of the largest distance below which two distances that follow each other in size
// are equal: points of a lattice or of a circle are equally far apart but for rounding.
const tie = 1e-9

// Rips returns the persistent cohomology of the Rips complex of points with these distances [n, n],
// row-major: the complex at scale r has a simplex for every set of points that are all within r of
// each other. Distances that differ by less than 1e-9 of the largest are equal.
//
// The coboundary matrix is never stored. Columns are reduced from the latest simplex to the
// earliest; those that are known to be killed by a lower dimension are skipped (clearing: Chen and
// Kerber 2011; for cohomology de Silva, Morozov and Vejdemo-Johansson 2011), and pairs of a simplex
// and its first cofacet of equal diameter are found without a reduction (apparent pairs: Bauer
// 2021).
//
// It is an error unless the distances are square, symmetric, finite and not negative with a zero
// diagonal, the options in range, and there are points, but not so many that a simplex has no
// number of 64 bits (1 000 are not over Z/2, 500 over any field), or if ctx ends. The result does
// not depend on the threads.
func Rips(ctx context.Context, distances []float64, o RipsOptions) (*Persistence, error) {
	n := int(math.Sqrt(float64(len(distances))))
	if err := checkDistances(distances, n); err != nil {
		return nil, fmt.Errorf("persistence: %w", err)
	}
	if err := checkField(o.Field); err != nil {
		return nil, fmt.Errorf("persistence: %w", err)
	}
	top := o.Dimension
	if top < 0 || top > 2 {
		return nil, fmt.Errorf("persistence: dimension %d, must be 0 to 2", top)
	}
	r, err := newRips(distances, n, top, o.Field)
	if err != nil {
		return nil, err
	}
	p := &Persistence{Intervals: make([][]Interval, top+1), Cone: r.value[r.cone]}
	columns := r.components(p)
	for d := 1; d <= top; d++ {
		if d > 1 {
			columns = r.triangles(ctx, o.Threads)
		}
		if err := r.reduce(ctx, columns, d, p); err != nil {
			return nil, fmt.Errorf("persistence: %w", err)
		}
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

// checkField returns an error unless p is a prime from 2 to 47.
func checkField(p int) error {
	if !slices.Contains([]int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47}, p) {
		return fmt.Errorf("field is %d, must be a prime from 2 to 47", p)
	}
	return nil
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

// reduce reduces the coboundaries of the columns of dimension d and adds the intervals that it
// finds.
func (r *rips) reduce(ctx context.Context, columns []simplex, d int, p *Persistence) error {
	owner := map[simplex]int32{} // the column that a cofacet is the pivot of
	var lead []int               // of each reduced column, the coefficient of its pivot
	var start []int32            // of each column's sum in terms
	var terms []simplex          // whose coboundaries add up to each reduced column, without the column itself
	boundary, sum := cochain{rips: r}, cochain{rips: r}
	for i, s := range columns {
		if i%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		start, lead = append(start, int32(len(terms))), append(lead, 1)
		boundary.clear()
		sum.clear()
		pivot, settled := r.initial(s, d, owner, &boundary)
		for !settled && pivot != none {
			j, owned := owner[r.bare(pivot)]
			if owned {
				factor := r.cancelling(pivot, lead[j])
				r.add(r.times(columns[j], factor), d, &boundary, &sum)
				for _, t := range terms[start[j]:start[j+1]] {
					r.add(r.times(t, factor), d, &boundary, &sum)
				}
			} else if f := r.apparentFacet(r.bare(pivot), d+1); f != none {
				r.add(r.times(f, r.cancelling(pivot, r.incidence(f, pivot, d))), d, &boundary, &sum)
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
		owner[r.bare(pivot)], lead[i] = int32(i), r.coefficientOf(pivot)
		for t := sum.pop(); t != none; t = sum.pop() {
			terms = append(terms, t)
		}
		if death := r.value[r.rankOf(pivot)]; death > birth {
			p.Intervals[d] = append(p.Intervals[d], Interval{birth, death})
		}
	}
	r.killed = owner
	return nil
}

// cancelling is the factor by which a column whose pivot has the coefficient lead is to be
// multiplied, so that it cancels the pivot.
func (r *rips) cancelling(pivot simplex, lead int) int {
	return (r.field.p - r.coefficientOf(pivot)) * r.field.inverse[lead] % r.field.p
}

// incidence is the coefficient of a cofacet in the coboundary of f, of dimension d.
func (r *rips) incidence(f, cofacet simplex, d int) int {
	own, of := r.numberOf(f), r.numberOf(cofacet)
	for k := range d + 1 {
		if r.pointOf(own, k) != r.pointOf(of, k) {
			return r.field.sign(k)
		}
	}
	return r.field.sign(d + 1)
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
			if _, owned := owner[r.bare(t)]; !owned && r.apparentFacet(r.bare(t), d+1) == none {
				return t, true
			}
		}
	}
	boundary.order()
	return boundary.pivot(), false
}

// add adds the coboundary of s to boundary, and s to sum.
func (r *rips) add(s simplex, d int, boundary, sum *cochain) {
	sum.push(s)
	c := r.cofacets(s, d, r.cone)
	for {
		t, _ := c.next()
		if t == none {
			return
		}
		boundary.push(t)
	}
}
