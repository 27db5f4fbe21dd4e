package gridcell

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// cell is one of this period and orientation at a random place: of three cosines, or of sharp fields.
func cell(l Lattice, fields bool, bins int, boxM float64, rng *rand.Rand) Map {
	u, v := rng.Float64(), rng.Float64()
	x, y := u*l.A[0]+v*l.B[0], u*l.A[1]+v*l.B[1]
	if fields {
		return sharp(l, x, y, 0.16*math.Hypot(l.A[0], l.A[1]), bins, boxM)
	}
	return IdealGrid(l.WaveVectors(), x, y, bins, boxM)
}

func sum(a, b Map, weight float64) Map {
	for i, v := range b.Values {
		a.Values[i] += weight * v
	}
	return a
}

// A map that is the sum of two lattices has the period of the one that is clearly stronger, or none,
// and both are named.
func TestSumsOfTwoLatticesAreNamed(t *testing.T) {
	rng := source(61)
	for _, ratio := range []float64{1.2, 1.4, 1.62, 2.2, 2.6} {
		for _, turned := range []float64{0, 12, 30} {
			for k, weight := range []float64{1, 0.7, 0.4} {
				period, o := map[bool]float64{true: 0.5, false: 0.7}[ratio < 1.5], 60*rng.Float64()
				two := []Lattice{IdealHexagonal(period, o), IdealHexagonal(period/ratio, o+turned)}
				periods := []float64{period, period / ratio}
				if rng.IntN(2) == 0 {
					two[0], two[1], periods[0], periods[1] = two[1], two[0], periods[1], periods[0]
				}
				u := analyze(t, []Map{noisy(sum(cell(two[0], k%2 == 1, 48, 2, rng), cell(two[1], k%2 == 1, 48, 2, rng), weight), 0.05, rng)}).Units[0]
				name := fmt.Sprintf("%.3f m and %.3f m, %g degrees on, %g times as strong", periods[0], periods[1], turned, weight)
				if u.Superposed == nil {
					t.Errorf("%s: period %.3f m and no second lattice", name, u.PeriodM)
					continue
				}
				found := u.Superposed.Lattices
				if weight == 1 && math.Abs(found[0].PeriodM/periods[0]-1) > 0.1 {
					found[0], found[1] = found[1], found[0]
				}
				for i := range found {
					near(t, name+fmt.Sprintf(": period %d", i), found[i].PeriodM/periods[i], 1, 0.02)
				}
				near(t, name+": share", u.Superposed.Share, weight, 0.25)
				if none := math.IsNaN(u.PeriodM); none != (u.Missing == SumOfTwo) || weight == 1 && !none {
					t.Errorf("%s: period %.3f m, %q", name, u.PeriodM, u.Missing)
				} else if !none {
					near(t, name+": period", u.PeriodM/periods[0], 1, 0.02)
				}
			}
		}
	}
}

// Lattices of sharp, uneven or misplaced fields, superlattices, fields without a lattice, and noise
// are not the sum of two.
func TestOneLatticeIsNoSumOfTwo(t *testing.T) {
	var rng *rand.Rand
	lattice := func() (Lattice, float64) {
		period := 0.3 + 0.5*rng.Float64()
		return IdealHexagonal(period, 60*rng.Float64()).Stretched(1+0.25*rng.Float64(), 180*rng.Float64()), period
	}
	for name, draw := range map[string]func() Map{
		"cosines": func() Map {
			l, _ := lattice()
			return noisy(IdealGrid(l.WaveVectors(), rng.Float64(), rng.Float64(), 48, 2), 0.5*rng.Float64(), rng)
		},
		"sharp fields": func() Map {
			l, period := lattice()
			return sharp(l, rng.Float64(), rng.Float64(), (0.1+0.08*rng.Float64())*period, 48, 2)
		},
		"uneven, misplaced fields": func() Map {
			l, period := lattice()
			m := constant(0, 48, 2)
			for _, c := range l.Points(rng.Float64(), rng.Float64(), 2, period/2) {
				c[0], c[1] = c[0]+0.1*period*rng.NormFloat64(), c[1]+0.1*period*rng.NormFloat64()
				m = sum(m, IdealFields([][2]float64{c}, 0.14*period, 48, 2), 0.4+1.2*rng.Float64())
			}
			return m
		},
		"a superlattice": func() Map {
			v := superlattices[rng.IntN(len(superlattices))]
			return noisy(alternating(v[0], v[1], 0.2+0.6*rng.Float64(), 0.3+0.2*rng.Float64(), 60*rng.Float64(), 64, 3), 0.1*rng.Float64(), rng)
		},
		"no lattice": func() Map { return irregular(1, 0.4, 0.1, 48, 2, rng)[0] },
		"noise":      func() Map { return noisy(constant(0, 48, 2), 1, rng) },
	} {
		rng = source(62) // of each alike, in whatever order they come
		var maps []Map
		for range map[bool]int{false: 12, true: 60}[name == "a superlattice"] {
			m := draw()
			if len(maps) > 0 && (m.NX != maps[0].NX || m.BoxM != maps[0].BoxM) {
				t.Fatal("maps of two shapes")
			}
			maps = append(maps, m)
		}
		for i, u := range analyze(t, maps).Units {
			if s := u.Superposed; s != nil {
				t.Errorf("%s, map %d, period %.3f m: the sum of %.3f m and %.3f m, %.2f times as strong", name, i, u.PeriodM, s.Lattices[0].PeriodM, s.Lattices[1].PeriodM, s.Share)
			}
		}
	}
}

// A lattice of sharp fields with a period of more than half the box is none of the sums of two that its
// overtones, √3 and 2 times finer, would make.
func TestOvertonesOfALargePeriodAreNoLattices(t *testing.T) {
	rng := source(72)
	for _, share := range []float64{0.56, 0.62, 0.68, 0.74} {
		for range 6 {
			period := 1.5 * share
			l := IdealHexagonal(period, 60*rng.Float64())
			m := noisy(sharp(l, rng.Float64(), rng.Float64(), 0.105*period, 40, 1.5), 0.07, rng)
			for i := range m.Values {
				if math.Hypot(m.X(i%40), m.Y(i/40)) > 0.75 {
					m.Values[i] = math.NaN()
				}
			}
			if u := analyze(t, []Map{m}).Units[0]; u.Superposed != nil || u.Missing == SumOfTwo {
				t.Errorf("a lattice of %.3f m in 1.5 m: %q, %+v", period, u.Missing, u.Superposed)
			}
		}
	}
}
