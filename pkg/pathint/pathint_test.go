package pathint

import (
	"math"
	"math/rand/v2"
	"testing"
)

// code is an ideal model: an estimate of the place, moved by each step, and a state for each
// estimate.
type code struct {
	move  func(x, y, vx, vy float64) (float64, float64)
	state func(x, y float64) []float32
}

func (c code) Run(velocity [][]float32, visit func(walk, step int, state []float32)) {
	for w, v := range velocity {
		x, y := 0.0, 0.0
		for s := 0; s < len(v)/2; s++ {
			x, y = c.move(x, y, float64(v[2*s]), float64(v[2*s+1]))
			visit(w, s, c.state(x, y))
		}
	}
}

// exact follows every step, biased adds 1 mm along x to each.
func exact(x, y, vx, vy float64) (float64, float64)  { return x + vx, y + vy }
func biased(x, y, vx, vy float64) (float64, float64) { return x + vx + 0.001, y + vy }

// place is the code whose state is the place itself.
func place(x, y float64) []float32 { return []float32{float32(x), float32(y)} }

// bumps is a code of Gaussian place fields on a square lattice, as unit vectors.
func bumps(x, y float64) []float32 {
	const spacing, sigma, half = 0.5, 0.35, 3.5
	var out []float32
	norm := 0.0
	for u := -half; u <= half; u += spacing {
		for v := -half; v <= half; v += spacing {
			g := math.Exp(-((x-u)*(x-u) + (y-v)*(y-v)) / (2 * sigma * sigma))
			out = append(out, float32(g))
			norm += g * g
		}
	}
	for i := range out {
		out[i] /= float32(math.Sqrt(norm))
	}
	return out
}

// square is a code that repeats every period metres along x and y.
func square(periods ...float64) func(x, y float64) []float32 {
	return func(x, y float64) []float32 {
		var out []float32
		for _, p := range periods {
			for _, z := range []float64{x, y} {
				s, c := math.Sincos(2 * math.Pi * z / p)
				out = append(out, float32(c), float32(s))
			}
		}
		return out
	}
}

// wander is smooth walks in a box of 2 m.
func wander(count, steps int) [][]float32 {
	random := rand.New(rand.NewPCG(5, 6))
	out := make([][]float32, count)
	for w := range out {
		x, y, heading := 0.0, 0.0, 7*random.Float64()
		for range steps {
			heading += 0.5 * (random.Float64() - 0.5)
			vx, vy := 0.05*math.Cos(heading), 0.05*math.Sin(heading)
			if math.Abs(x+vx) > 1 || math.Abs(y+vy) > 1 {
				heading += math.Pi
				vx, vy = -vx, -vy
			}
			x, y = x+vx, y+vy
			out[w] = append(out[w], float32(vx), float32(vy))
		}
	}
	return out
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %g, want %g to within %g", what, got, want, tolerance)
	}
}

func TestAnExactIntegratorHasOneStateForEachPlace(t *testing.T) {
	m := code{exact, place}
	walks := wander(20, 300)
	for _, r := range Follow(m, walks).Revisits(0.05, 200) {
		if r.Pairs > 0 && !(r.Median < 0.05) {
			t.Errorf("lag %d: states of places less than 0.05 m apart are %g apart", r.Lag, r.Median)
		}
	}
	for _, c := range append(Loops(m, walks, 10, []int{2, 60, 400}, 1), Stationary(m, walks, 10, []int{1, 500})...) {
		near(t, "distance after a loop or without a step", c.Median, 0, 1e-5)
	}
	c := Commute(m, walks, 10, 0.15, 1)
	near(t, "two orders of two steps", c.Apart, 0, 1e-6)
	if !(c.Moved > 0.1 && c.Moved < 0.3) {
		t.Errorf("two steps of up to 0.15 m each way move the state by %g", c.Moved)
	}
}

// With a bias of b along x a state that shows the place is off by n b after n steps.
func TestABiasShowsInEveryMeasureAsLongAsItIs(t *testing.T) {
	m := code{biased, place}
	walks := wander(20, 300)
	for _, c := range append(Loops(m, walks, 10, []int{60, 400}, 1), Stationary(m, walks, 10, []int{60, 400})...) {
		near(t, "drift", c.Median, 0.001*float64(c.Steps), 1e-4)
	}
	for _, r := range Follow(m, walks).Revisits(0.02, 200)[99:] {
		if r.Pairs > 20 {
			near(t, "same place", r.Median, 0.001*float64(r.Lag), 0.021)
		}
	}
	straight := NewTemplates(code{exact, place}, 180, 0.05, 2)
	for _, e := range Follow(m, walks).Errors(straight, []int{1, 100, 300}, 1) {
		near(t, "decoded", e.Median, 0.001*float64(e.Step), 0.03)
		if !(e.Median <= e.High) || !(e.Chance > 0.5) {
			t.Errorf("step %d: 90th percentile %g, chance %g", e.Step, e.High, e.Chance)
		}
	}
}

func TestALoopOfAnyLengthEndsWhereItBegan(t *testing.T) {
	walks := wander(3, 40)
	for n := 1; n <= 60; n++ {
		steps := loop(walks[0], n)
		var x, y, longest float64
		for _, s := range steps {
			x, y = x+float64(s[0]), y+float64(s[1])
			longest = math.Max(longest, math.Hypot(float64(s[0]), float64(s[1])))
		}
		if len(steps) != n || math.Hypot(x, y) > 1e-6 || longest > 0.0501 {
			t.Errorf("%d steps of a loop of %d end %g m away, the longest is %g m", len(steps), n, math.Hypot(x, y), longest)
		}
	}
	for _, c := range Loops(code{exact, place}, walks, 5, []int{1, 2, 3, 4, 5, 60, 61}, 1) {
		near(t, "distance after a loop", c.Median, 0, 1e-5)
	}
}

func TestEveryPairOfTheSamePlaceIsFound(t *testing.T) {
	there := [][]float32{{0.1, 0, 0.1, 0, -0.1, 0, 0.1, 0, 0.04, 0}} // at 0.1, 0.2, 0.1, 0.2, 0.24
	got := Follow(code{exact, place}, there).Revisits(0.05, 4)
	for i, want := range []int{1, 2, 1, 0} {
		if got[i].Lag != i+1 || got[i].Pairs != want || (want == 0) != math.IsNaN(got[i].Median) {
			t.Errorf("lag %d: %d pairs, median %g; want %d", got[i].Lag, got[i].Pairs, got[i].Median, want)
		}
	}
	near(t, "lag 1", got[0].Median, 0.04, 1e-6)
}

// The scale grows by 1 + v_y and the place by v_x: the orders of two steps differ by a_x b_y - b_x
// a_y.
func TestStepsThatDoNotCommuteAreSeen(t *testing.T) {
	m := code{func(x, _, vx, vy float64) (float64, float64) { return x*(1+vy) + vx, 0 }, place}
	walks := wander(2000, 5)
	c := Commute(m, walks, 4, 0.1, 1)
	// The median of |ax by - bx ay| for uniform components within 1 is 0.305 (a million draws),
	// here times 0.1².
	near(t, "two orders of two steps", c.Apart, 0.00305, 0.0002)
}

func TestAMapThatStretchesIsNotIsometric(t *testing.T) {
	walks := wander(50, 200)
	for i := range walks { // half the steps are too long to count
		for s := 0; s < len(walks[i]); s += 4 {
			walks[i][s], walks[i][s+1] = 3*walks[i][s], 3*walks[i][s+1]
		}
	}
	even := Follow(code{exact, func(x, y float64) []float32 { return []float32{float32(3 * x), float32(3 * y)} }}, walks).Isometry(0.001, 0.06)
	near(t, "mean", even.Mean, 3, 1e-4)
	near(t, "relative variance", even.Relative(), 0, 1e-6)
	if even.Steps != 5000 {
		t.Errorf("%d steps counted, want the short half, 5000", even.Steps)
	}
	// Along x by 1, along y by 2: the mean square is 5/2, the mean the ellipse's circumference over
	// 2 pi, 1.5420.
	uneven := Follow(code{exact, func(x, y float64) []float32 { return []float32{float32(x), float32(2 * y)} }}, walks).Isometry(0.001, 0.06)
	near(t, "mean", uneven.Mean, 1.542, 0.03)
	near(t, "variance", uneven.Variance, 2.5-1.542*1.542, 0.02)
	if none := Follow(code{exact, place}, walks).Isometry(1, 2); !math.IsNaN(none.Variance) || none.Steps != 0 {
		t.Errorf("no step counts: %+v, want NaN", none)
	}
}

var radii = []float64{0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3}

// A code of period p tells places apart up to p/2 from the start; a second module, as in the grid
// code, raises that.
func TestADecodingRangeEndsWhereTheCodeRepeats(t *testing.T) {
	reach := func(state func(x, y float64) []float32, radii ...float64) float64 {
		m := code{exact, state}
		return DecodingRange(Reaches(m, NewTemplates(m, 120, 0.05, 3), radii, 100, 0.05, 1), 0.1)
	}
	one, two, all := reach(square(1), radii...), reach(square(1, 0.7), radii...), reach(bumps, 0.5, 3)
	if one < 0.5 || one > 1 {
		t.Errorf("period of 1 m: range %g m, want 0.5 to 1", one)
	}
	if two < 1.5 {
		t.Errorf("periods of 1 and 0.7 m: range %g m, want more than a period", two)
	}
	near(t, "place cells everywhere", all, 3, 0)
	lost := code{exact, func(x, y float64) []float32 { return []float32{1, 0} }}
	if got := DecodingRange(Reaches(lost, NewTemplates(lost, 180, 0.05, 3), radii, 300, 0.05, 1), 0.1); got != 0 {
		t.Errorf("a state that never changes: range %g m, want 0", got)
	}
}

func TestRangesEndAtTheFirstFailure(t *testing.T) {
	reaches := []Reach{{0.5, 0.02}, {1, 0.09}, {1.5, 0.2}, {2, 0.05}}
	if got := DecodingRange(reaches, 0.1); got != 1 {
		t.Errorf("range %g, want 1", got)
	}
	if got := DecodingRange([]Reach{{0.5, math.NaN()}}, 0.1); got != 0 {
		t.Errorf("an undefined error: range %g, want 0", got)
	}
}

func TestTemplatesHoldTheStatesOfStraightWays(t *testing.T) {
	l := NewTemplates(code{exact, place}, 8, 0.1, 1)
	if l.Len() != 80 {
		t.Fatalf("%d states, want 8 directions of 10 steps", l.Len())
	}
	if x, y := l.Decode([]float32{0.02, 0.72}); math.Hypot(x, y-0.7) > 1e-6 {
		t.Errorf("decoded as (%g, %g), want (0, 0.7)", x, y)
	}
	half := l.Where(func(x, y float64) bool { return math.Hypot(x, y) < 0.45 })
	if half.Len() != 32 {
		t.Errorf("%d states within 0.45 m, want 32", half.Len())
	}
	if x, _ := l.Where(func(x, y float64) bool { return false }).Decode([]float32{0, 0}); !math.IsNaN(x) {
		t.Errorf("decoded from nothing as %g, want NaN", x)
	}
}

// lattice is a module of the grid code: unit vectors, the sums of plane waves of one length at
// equal angles, each with a cosine and a sine.
func lattice(period float64, waves int) func(x, y float64) []float32 {
	return func(x, y float64) []float32 {
		var out []float32
		for k := range waves {
			sin, cos := math.Sincos(math.Pi * float64(k) / float64(waves))
			s, c := math.Sincos(2 * math.Pi / period * (cos*x + sin*y))
			out = append(out, float32(c/math.Sqrt(float64(waves))), float32(s/math.Sqrt(float64(waves))))
		}
		return out
	}
}

// The distance of places explains that of states in a linear code, less of it in a hexagonal
// lattice than there and more than in a square one, and next to nothing where states are noise;
// path integration that errs takes some away.
func TestTheDistanceOfPlacesExplainsThatOfStates(t *testing.T) {
	walks := TrainingWalks(100, 60, 0.15, 1)
	of := func(c code) float64 { return Follow(c, walks).Unexplained(1, 200000, 2) }
	linear, hexagon, square := of(code{exact, place}), of(code{exact, lattice(1, 3)}), of(code{exact, lattice(1, 2)})
	if linear > 0.001 {
		t.Errorf("a linear code: %.4f, want 0", linear)
	}
	if hexagon < 0.01 || square < 1.3*hexagon || square > 0.5 {
		t.Errorf("lattices of one period: hexagonal %.4f, square %.4f", hexagon, square)
	}
	if bent := of(code{func(x, y, vx, vy float64) (float64, float64) { return x + vx, y + vy*(1+x) }, lattice(1, 3)}); bent < 2*hexagon {
		t.Errorf("path integration that depends on the way: %.4f, exact %.4f", bent, hexagon)
	}
	random := rand.New(rand.NewPCG(1, 2))
	if noise := of(code{exact, func(_, _ float64) []float32 { return []float32{random.Float32(), random.Float32()} }}); noise < 0.95 {
		t.Errorf("noise: %.4f, want 1", noise)
	}
	if none := Follow(code{exact, place}, walks).Unexplained(1e-6, 1000, 1); !math.IsNaN(none) {
		t.Errorf("empty rings: %v, want NaN", none)
	}
}
