package gridcell

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestPlaneWaveHasAQuarterOfItsSquaredAmplitude(t *testing.T) {
	const bins, box, amplitude = 32, 2.0, 0.3
	kx, ky := 3*2*math.Pi/box, -2*2*math.Pi/box // whole waves in the box: no leakage
	m := ideal(bins, box, func(x, y float64) float64 { return 5 + amplitude*math.Cos(kx*x+ky*y+1) })
	s, err := PowerSpectrum([]Map{m, m})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "step", s.Step, math.Pi/box, 1e-12) // padded to twice the box
	near(t, "power at k", s.At(6, -4), amplitude*amplitude/4, 1e-12)
	near(t, "power at -k", s.At(-6, 4), amplitude*amplitude/4, 1e-12)
	near(t, "power at 0", s.At(0, 0), 0, 1e-12)
	near(t, "power of the mirrored wave", s.At(6, 4), 0, 1e-12)
}

// The spectrum off its grid is the sum that defines it, and its derivatives are those of the sum.
func TestPowerBetweenGridPointsIsThePeriodogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := source(rapid.Uint64().Draw(t, "seed"))
		nx, ny := rapid.IntRange(3, 12).Draw(t, "nx"), rapid.IntRange(3, 12).Draw(t, "ny")
		m := holed(noisy(Map{Values: make([]float64, nx*ny), NX: nx, NY: ny, BoxM: 1.5}, 1, rng), 0.1, rng)
		s, err := PowerSpectrum([]Map{m})
		if err != nil {
			t.Fatal(err)
		}
		kx, ky := rapid.Float64Range(-3, 3).Draw(t, "kx"), rapid.Float64Range(-3, 3).Draw(t, "ky") // rad per bin
		values, _, n := m.centred()
		var re, im float64
		for i, v := range values {
			sin, cos := math.Sincos(kx*float64(i%nx) + ky*float64(i/nx))
			re, im = re+v*cos, im+v*sin
		}
		want := (re*re + im*im) / float64(n*n)
		c := s.covariance()
		got := evaluate(c, s.lags, kx, ky)
		if math.Abs(got.value-want) > 1e-10 {
			t.Fatalf("power %g, want %g", got.value, want)
		}
		const h = 1e-5
		right, left := evaluate(c, s.lags, kx+h, ky), evaluate(c, s.lags, kx-h, ky)
		up, down := evaluate(c, s.lags, kx, ky+h), evaluate(c, s.lags, kx, ky-h)
		for name, v := range map[string][2]float64{
			"d/dx": {got.gx, (right.value - left.value) / (2 * h)}, "d/dy": {got.gy, (up.value - down.value) / (2 * h)},
			"dd/dxx": {got.h[0], (right.gx - left.gx) / (2 * h)}, "dd/dxy": {got.h[1], (right.gy - left.gy) / (2 * h)},
			"dd/dyy": {got.h[2], (up.gy - down.gy) / (2 * h)},
		} {
			if math.Abs(v[0]-v[1]) > 1e-6*(1+math.Abs(v[1])) {
				t.Fatalf("%s: %g, by differences %g", name, v[0], v[1])
			}
		}
	})
}

func TestWaveVectorsAreRecoveredBetweenGridPoints(t *testing.T) {
	for _, c := range []struct {
		l     Lattice
		boxM  float64
		noise float64
		tol   float64 // of the wavenumber
	}{
		{IdealHexagonal(0.5, 38), 2, 0, 0.002},
		{IdealHexagonal(0.5, 38), 2, 0.1, 0.002},
		{IdealHexagonal(0.7, 7), 4, 0.1, 0.001},
		{IdealHexagonal(0.6, 22).Stretched(1.21, 130), 3, 0.1, 0.002},
		{IdealHexagonal(1, 12), 2, 0.1, 0.01},
	} {
		maps, _ := population(40, c.l, 48, c.boxM, c.noise, source(9))
		a := analyze(t, maps)
		if len(a.Modules) != 1 {
			t.Errorf("%d modules, want one", len(a.Modules))
			continue
		}
		k, want := a.Modules[0].Waves, c.l.WaveVectors()
		for i := range k {
			off := math.Hypot(k[i][0]-want[i][0], k[i][1]-want[i][1]) / math.Hypot(want[i][0], want[i][1])
			if !(off < c.tol) {
				t.Errorf("lattice %v in %g m: k%d is off by %.2g of its length, want %g", c.l, c.boxM, i+1, off, c.tol)
			}
		}
		for d := range 2 {
			near(t, "k1 + k2 + k3", k[0][d]+k[1][d]+k[2][d], 0, 1e-9)
		}
	}
}

func TestSpectrumOfNothing(t *testing.T) {
	if _, err := PowerSpectrum(nil); err == nil {
		t.Error("no maps: no error")
	}
	if _, err := PowerSpectrum([]Map{constant(0, 8, 1), constant(0, 9, 1)}); err == nil {
		t.Error("maps of different shapes: no error")
	}
	s, err := PowerSpectrum([]Map{constant(0, 16, 1), constant(math.NaN(), 16, 1)})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, ok := s.WaveVectors(IdealHexagonal(0.4, 0).Nearest()); ok {
		t.Error("dead maps have wave vectors")
	}
	if _, _, ok := s.WaveVectors([3][2]float64{}); ok {
		t.Error("three peaks at zero lag span a lattice")
	}
}
