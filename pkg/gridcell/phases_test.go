package gridcell

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func phaseOff(got, want float64) float64 { return math.Abs(math.Remainder(got-want, 2*math.Pi)) }

// The waves of one cell leak into each other where the box does not hold a whole number of them, so
// phases get better with the number of periods in the box: the tolerances are those of the worst
// unit.
func TestPhasesAreRecovered(t *testing.T) {
	for _, c := range []struct{ periodM, boxM, noise, tol float64 }{
		{0.5, 4, 0, 0.02},
		{0.7, 4, 0, 0.02},
		{0.5, 4, 0.1, 0.05},
		{0.5, 2, 0, 0.06},
	} {
		maps, centres := population(24, IdealHexagonal(c.periodM, 38), 64, c.boxM, c.noise, source(10))
		a := analyze(t, maps)
		if len(a.Modules) != 1 {
			t.Fatalf("period %g m: %d modules, want one", c.periodM, len(a.Modules))
		}
		for _, u := range a.Modules[0].Units {
			var sum float64
			for i, k := range a.Modules[0].Waves {
				phi := a.Units[u].Phases[i]
				sum += phi
				if off := phaseOff(phi, k[0]*centres[u][0]+k[1]*centres[u][1]); off > c.tol {
					t.Errorf("period %g m in %g m, noise %g: unit %d: phase %d off by %.3f rad", c.periodM, c.boxM, c.noise, u, i+1, off)
				}
			}
			if off := phaseOff(sum, 0); off > 2*c.tol {
				t.Errorf("period %g m in %g m: unit %d: phases add up to %.3f rad, want 0 modulo 2 pi", c.periodM, c.boxM, u, off)
			}
		}
	}
}

func TestPhasesFollowTheirDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := source(rapid.Uint64().Draw(t, "seed"))
		m := Map{Values: make([]float64, 9*7), NX: 9, NY: 7, BoxM: 1.8}
		m = holed(noisy(m, 1, rng), 0.2, rng)
		k := IdealHexagonal(rapid.Float64Range(0.4, 1).Draw(t, "period"), rapid.Float64Range(0, 60).Draw(t, "orientation")).WaveVectors()
		got := Phases(m, k)
		var mean, n float64
		for _, v := range m.Values {
			if !math.IsNaN(v) {
				mean, n = mean+v, n+1
			}
		}
		mean /= n
		for a := range k {
			var re, im float64
			for i, v := range m.Values {
				if math.IsNaN(v) {
					continue
				}
				x, y := (float64(i%9)-4)*0.2, (float64(i/9)-3)*0.2 // bin centres from the centre of the box
				sin, cos := math.Sincos(k[a][0]*x + k[a][1]*y)
				re, im = re+(v-mean)*cos, im+(v-mean)*sin
			}
			if off := phaseOff(got[a], math.Atan2(im, re)); off > 1e-9 {
				t.Fatalf("phase %d off by %g", a+1, off)
			}
		}
	})
}

// Moving a cell by a lattice vector changes no phase; moving it by d adds k.d, but for the leakage
// between the waves before and after, at worst where they run along a wall.
func TestPhasesMoveWithTheCell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := IdealHexagonal(0.4, rapid.Float64Range(0, 60).Draw(t, "orientation"))
		k := l.WaveVectors()
		x, y := rapid.Float64Range(-1, 1).Draw(t, "x"), rapid.Float64Range(-1, 1).Draw(t, "y")
		dx, dy := rapid.Float64Range(-1, 1).Draw(t, "dx"), rapid.Float64Range(-1, 1).Draw(t, "dy")
		p, q := Phases(IdealGrid(k, x, y, 48, 4), k), Phases(IdealGrid(k, x+dx, y+dy, 48, 4), k)
		r := Phases(IdealGrid(k, x+l.A[0], y+l.A[1], 48, 4), k)
		for a := range k {
			if off := phaseOff(q[a]-p[a], k[a][0]*dx+k[a][1]*dy); off > 0.1 {
				t.Fatalf("phase %d moved by %.3f rad too much", a+1, off)
			}
			if off := phaseOff(r[a], p[a]); off > 1e-6 {
				t.Fatalf("phase %d changed by %g over a lattice vector", a+1, off)
			}
		}
	})
}

func TestUniformityTestsTellUniformFromClustered(t *testing.T) {
	rng := source(11)
	uniform := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = 2 * math.Pi * rng.Float64()
		}
		return v
	}
	// Under uniformity p is itself uniform: about a tenth of 400 draws below 0.1.
	var rayleigh, cell int
	for range 400 {
		u, v := uniform(40), uniform(40)
		if _, p := Rayleigh(u); p < 0.1 {
			rayleigh++
		}
		if _, p := UniformOnCell(u, v); p < 0.1 {
			cell++
		}
	}
	for name, n := range map[string]int{"Rayleigh": rayleigh, "cell": cell} {
		if n < 20 || n > 65 {
			t.Errorf("%s: p < 0.1 in %d of 400 uniform draws, want about 40", name, n)
		}
	}
	around := func(n int, spread float64, centres ...float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = centres[i%len(centres)] + spread*rng.NormFloat64()
		}
		return v
	}
	one, other := around(40, 0.8, 1), around(40, 0.8, 2)
	if _, p := Rayleigh(one); p > 0.001 {
		t.Errorf("one cluster: Rayleigh p = %g", p)
	}
	if _, p := UniformOnCell(one, other); p > 0.001 {
		t.Errorf("one cluster: p = %g on the cell", p)
	}
	// Two opposite clusters have no mean direction; only the test on the cell sees them.
	two, opposite := around(40, 0.5, 0, math.Pi), around(40, 0.5, 0, math.Pi)
	if _, p := UniformOnCell(two, opposite); p > 0.001 {
		t.Errorf("two opposite clusters: p = %g on the cell", p)
	}
	// Uniform in each phase, but all on one line of the cell.
	line := uniform(60)
	back := make([]float64, len(line))
	for i := range line {
		back[i] = -line[i]
	}
	if _, p := UniformOnCell(line, back); p > 0.001 {
		t.Errorf("phases on a line: p = %g on the cell", p)
	}
}

func TestUniformityOfNothingIsUndefined(t *testing.T) {
	nan := math.NaN()
	for _, v := range [][]float64{nil, {nan, nan}} {
		if _, p := Rayleigh(v); !math.IsNaN(p) {
			t.Errorf("Rayleigh p of %v is %g", v, p)
		}
		if _, p := UniformOnCell(v, v); !math.IsNaN(p) {
			t.Errorf("p on the cell of %v is %g", v, p)
		}
	}
}

func BenchmarkPhases(b *testing.B) {
	m := noisy(constant(0, 64, 2), 1, rand.New(rand.NewPCG(1, 1)))
	k := IdealHexagonal(0.5, 10).WaveVectors()
	for b.Loop() {
		Phases(m, k)
	}
}
