package pathint

import (
	"math"
	"math/rand/v2"
)

// Ambiguity is how well places at which a lattice has the same phase are told from one another.
type Ambiguity struct {
	Places int     // outside the lattice's cell around the start
	Right  float64 // share of them that are decoded nearer to themselves than to any such place
	Chance float64 // what a code of that lattice alone would reach by guessing
}

// reachInCells is how far from the start places are drawn, in periods; the cell's own corners are
// 1/√3 away.
const reachInCells = 1.5

// BeyondCell draws places uniformly between the corners of the cell of a hexagonal lattice and one
// and a half periods from the start, goes to each by a detour in steps of the given length, and
// decodes its state by templates from the whole disc. k are two wave vectors of the lattice, rad/m,
// linearly independent. A code that repeats with the lattice has a state in common with every
// equivalent of a place, so that it finds the right one as often as one guess among those in the
// disc does.
func BeyondCell(m Model, k [2][2]float64, places int, step float64, seed uint64) Ambiguity {
	l := latticeOf(k)
	period := math.Sqrt(math.Abs(l.a[0]*l.b[1]-l.a[1]*l.b[0]) * 2 / math.Sqrt(3)) // of a hexagonal cell of this area
	inner, reach := period/math.Sqrt(3), reachInCells*period
	random := rand.New(rand.NewPCG(seed, 6))
	over, goals := make([][2]float64, places), make([][2]float64, places)
	for w := range goals {
		over[w], goals[w] = inRing(random, 0, detour), inRing(random, inner, reach)
	}
	templates := NewTemplates(m, int(math.Ceil(2*math.Pi*reach/step)), step, reach)
	out := Ambiguity{Places: places}
	for w, off := range templates.visit(m, over, goals, step) {
		if l.nearest(off[0], off[1]) == [2]int{} {
			out.Right++
		}
		out.Chance += 1 / float64(l.within(goals[w], reach))
	}
	out.Right, out.Chance = out.Right/float64(places), out.Chance/float64(places)
	return out
}

// planeLattice is all whole multiples of two vectors, m.
type planeLattice struct{ a, b [2]float64 }

// latticeOf is the lattice of the places at which two waves have the phases that they have at 0:
// k_i · a_j = 2 pi if i = j, else 0.
func latticeOf(k [2][2]float64) planeLattice {
	f := 2 * math.Pi / (k[0][0]*k[1][1] - k[0][1]*k[1][0])
	return planeLattice{a: [2]float64{f * k[1][1], -f * k[1][0]}, b: [2]float64{-f * k[0][1], f * k[0][0]}}
}

func (l planeLattice) at(i, j int) (x, y float64) {
	return float64(i)*l.a[0] + float64(j)*l.b[0], float64(i)*l.a[1] + float64(j)*l.b[1]
}

// few is beyond the multiples that a disc of reachInCells takes, the cell's angle being 60 or 120
// degrees.
const few = 8

// nearest is which point of the lattice is nearest to a difference of places; NaN is nearest to
// none.
func (l planeLattice) nearest(x, y float64) (best [2]int) {
	best = [2]int{few + 1, few + 1}
	least := math.Inf(1)
	for i := -few; i <= few; i++ {
		for j := -few; j <= few; j++ {
			u, v := l.at(i, j)
			if d := math.Hypot(x-u, y-v); d < least {
				best, least = [2]int{i, j}, d
			}
		}
	}
	return best
}

// within is how many equivalents of a place, with itself, are in the disc around the start.
func (l planeLattice) within(place [2]float64, radius float64) int {
	n := 0
	for i := -few; i <= few; i++ {
		for j := -few; j <= few; j++ {
			if u, v := l.at(i, j); math.Hypot(place[0]+u, place[1]+v) <= radius {
				n++
			}
		}
	}
	return max(n, 1)
}
