package gridcell

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func drawLattice(t *rapid.T) Lattice {
	return IdealHexagonal(rapid.Float64Range(0.3, 1.5).Draw(t, "period"), rapid.Float64Range(0, 60).Draw(t, "orientation")).
		Stretched(rapid.Float64Range(1, 1.3).Draw(t, "ratio"), rapid.Float64Range(0, 180).Draw(t, "axis"))
}

func TestWaveVectorsCloseAndTurnLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLattice(t)
		k := l.WaveVectors()
		for d := range 2 {
			if s := k[0][d] + k[1][d] + k[2][d]; math.Abs(s) > 1e-9 {
				t.Fatalf("the three add up to %g", s)
			}
		}
		for i := range 3 {
			a, b := k[i], k[(i+1)%3]
			turn := math.Mod(math.Atan2(b[1], b[0])-math.Atan2(a[1], a[0])+4*math.Pi, 2*math.Pi) * 180 / math.Pi
			if !(turn > 90 && turn < 150) {
				t.Fatalf("from k%d to k%d it is %g degrees, want about 120", i+1, (i+1)%3+1, turn)
			}
			for _, v := range [][2]float64{l.A, l.B} { // waves have the lattice's periods
				if r := math.Remainder(dot(a, v), 2*math.Pi); math.Abs(r) > 1e-9 {
					t.Fatalf("k%d is no wave vector of the lattice: phase %g over a lattice vector", i+1, r)
				}
			}
		}
	})
}

func TestHexagonalWaveVectors(t *testing.T) {
	for _, o := range []float64{0, 10, 29.9, 30.1, 45, 59.9} {
		k := IdealHexagonal(0.8, o).WaveVectors()
		direction := math.Atan2(k[0][1], k[0][0]) * 180 / math.Pi
		if !(direction >= 0 && direction < 60) {
			t.Errorf("orientation %g: k1 points to %g degrees, want [0, 60)", o, direction)
		}
		near(t, "wavenumber", math.Hypot(k[0][0], k[0][1]), 4*math.Pi/(math.Sqrt(3)*0.8), 1e-9)
		near(t, "period", k.PeriodM(), 0.8, 1e-9)
	}
}

func TestLatticePointsCarryTheFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLattice(t)
		x0, y0 := rapid.Float64Range(-2, 2).Draw(t, "x"), rapid.Float64Range(-2, 2).Draw(t, "y")
		points := l.Points(x0, y0, 2, 0.5)
		area := math.Abs(l.A[0]*l.B[1] - l.A[1]*l.B[0])
		if n := float64(len(points)); math.Abs(n-9/area) > 4*(3/math.Sqrt(area)+2) {
			t.Fatalf("%g points within 3 x 3 m, expect about %.0f", n, 9/area)
		}
		k := l.WaveVectors()
		for _, p := range points {
			for _, v := range k {
				if r := math.Remainder(v[0]*(p[0]-x0)+v[1]*(p[1]-y0), 2*math.Pi); math.Abs(r) > 1e-8 {
					t.Fatalf("the point %v is off the crest of a wave by %g rad", p, r)
				}
			}
		}
	})
}
