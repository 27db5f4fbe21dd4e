package pathint

import (
	"math"
	"math/rand/v2"
)

// rings is into how many rings of equal width the places around a place are divided.
const rings = 40

// Unexplained is the share of the variance of two states' distance that the distance of their
// places does not explain (one minus the correlation ratio): 0 where the distance of states depends
// on how far apart the places are and on nothing else. A periodic code's depends on the direction
// too, a hexagonal lattice's less than any other's, and errors of path integration add to it.
//
// It looks at so many random pairs of moments, of any walks, whose places are less than reach
// metres apart, in rings of equal width that weigh the same. It is NaN if a ring stays empty or all
// distances are equal.
func (t *Track) Unexplained(reach float64, pairs int, seed uint64) float64 {
	random := rand.New(rand.NewPCG(seed, 6))
	var count, sum, squares [rings]float64
	for range pairs {
		a, b := t.draw(random), t.draw(random)
		ring := int(t.apart(a, b) / reach * rings)
		if ring >= rings || a == b {
			continue
		}
		d := distance(t.at(a.walk, a.step), t.at(b.walk, b.step))
		count[ring]++
		sum[ring] += d
		squares[ring] += d * d
	}
	var within, mean, square float64
	for r := range rings {
		m := sum[r] / count[r]
		within += (squares[r]/count[r] - m*m) / rings
		mean += m / rings
		square += squares[r] / count[r] / rings
	}
	return within / (square - mean*mean)
}

// moment is a step of a walk.
type moment struct{ walk, step int }

// draw is a random moment of any walk.
func (t *Track) draw(random *rand.Rand) moment {
	return moment{random.IntN(len(t.State)), random.IntN(t.Steps)}
}

// apart is how far apart (m) the places of two moments are.
func (t *Track) apart(a, b moment) float64 {
	x0, y0 := t.place(a.walk, a.step)
	x, y := t.place(b.walk, b.step)
	return math.Hypot(x-x0, y-y0)
}
