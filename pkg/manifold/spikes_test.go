package manifold

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// gridModule is a module of recorded grid cells.
type gridModule struct {
	cells       int
	period      float64 // m
	orientation float64 // rad
}

// spikeCounts returns Poisson counts [bins, cells] of modules of grid cells on a walk through a box of
// 1.5 m at 0.2 m/s, in bins of so many seconds: the rate is peak exp(0.7 (sum_a cos(k_a.(x - o)) - 3)),
// with offsets o at random.
func spikeCounts(seed uint64, bins int, binS, peak float64, modules ...gridModule) *mat.Dense {
	random := rand.New(rand.NewPCG(seed, 77))
	track := walkInABox(random, bins, binS)
	cells := 0
	for _, m := range modules {
		cells += m.cells
	}
	out := mat.NewDense(bins, cells, nil)
	column := 0
	for _, m := range modules {
		k := 4 * math.Pi / (math.Sqrt(3) * m.period)
		for range m.cells {
			x, y := 10*random.Float64(), 10*random.Float64()
			for i, p := range track {
				sum := -3.0
				for a := range 3 {
					sin, cos := math.Sincos(m.orientation + 2*math.Pi*float64(a)/3)
					sum += math.Cos(k * (cos*(p[0]-x) + sin*(p[1]-y)))
				}
				out.Set(i, column, float64(poisson(random, binS*peak*math.Exp(0.7*sum))))
			}
			column++
		}
	}
	return out
}

func walkInABox(random *rand.Rand, bins int, binS float64) [][2]float64 {
	const side, speed, step = 1.5, 0.2, 0.05
	x, y := side*(random.Float64()-0.5), side*(random.Float64()-0.5)
	heading := 2 * math.Pi * random.Float64()
	out := make([][2]float64, bins)
	for i := range out {
		out[i] = [2]float64{x, y}
		for t := 0.0; t < binS-1e-9; t += step {
			heading += 0.35 * random.NormFloat64()
			sin, cos := math.Sincos(heading)
			nx, ny := x+speed*step*cos, y+speed*step*sin
			if math.Abs(nx) > side/2 || math.Abs(ny) > side/2 {
				heading = 2 * math.Pi * random.Float64()
				continue
			}
			x, y = nx, ny
		}
	}
	return out
}

// poisson draws a count of this mean, at most 50.
func poisson(random *rand.Rand, mean float64) int {
	limit, product := math.Exp(-mean), 1.0
	for n := range 50 {
		if product *= random.Float64(); product < limit {
			return n
		}
	}
	return 50
}

// Of spike counts the torus of one module is found where there are spikes enough, and nothing is said
// of what is no shape: cells that were rolled in time each by a shift of its own, or two modules, whose
// states fill a torus of four dimensions.
func TestSpikesOfOneModuleAreATorusAndOthersUndetermined(t *testing.T) {
	o := fewControls()
	o.SquareRoot, o.ZScore, o.Controls = true, true, 10
	one := spikeCounts(1, 3000, 0.3, 12, gridModule{100, 0.4, 0.2})
	for _, c := range []struct {
		name   string
		counts *mat.Dense
		want   []int
		or     []int // nil: undetermined
	}{
		{"100 cells in bins of 300 ms", one, []int{1, 2, 1}, []int{1, 2, 1}},
		{"50 cells in bins of 100 ms", spikeCounts(2, 3000, 0.1, 12, gridModule{50, 0.45, 0.4}), nil, []int{1, 2, 1}},
		{"100 cells rolled in time", control(one, Rolled, 5, 0), nil, nil},
		{"two modules of 60 cells", spikeCounts(3, 3000, 0.3, 12, gridModule{60, 0.4, 0.4}, gridModule{60, 0.56, 0.3}), nil, nil},
		{"modules of 80 and 40 cells", spikeCounts(62, 3000, 0.3, 12, gridModule{80, 0.4, 0.4}, gridModule{40, 0.56, 0.3}), nil, nil},
	} {
		s := shapeOf(t, c.counts, o)
		if got := s.Verdict.Numbers; !slices.Equal(got, c.want) && !slices.Equal(got, c.or) || s.Control != Rolled {
			t.Errorf("%s: %+v, controls %s: want %v, rolled", c.name, s.Verdict, s.Control, c.want)
		}
		if several := strings.Contains(s.Verdict.Reason, "several modules"); several != strings.Contains(c.name, "modules of") {
			t.Errorf("%s: undetermined for %q", c.name, s.Verdict.Reason)
		}
	}
}

// Few states on a torus may be too few to tell, but they are taken for nothing else.
func TestFewStatesOnATorusAreATorusOrUndetermined(t *testing.T) {
	for n := 60; n <= 220; n += 40 {
		for seed := uint64(1); seed <= 3; seed++ {
			s := shapeOf(t, squareTorus(seed, n), fewControls())
			if got := s.Verdict.Numbers; got != nil && !slices.Equal(got, []int{1, 2, 1}) {
				t.Errorf("%d states, seed %d: %+v, want 1 2 1 or undetermined", n, seed, s.Verdict)
			}
		}
	}
}
