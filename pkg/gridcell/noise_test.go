package gridcell

import (
	"fmt"
	"math"
	"testing"
)

// Noise of a tenth of the peak moves periods of nearly the box by 2 % at most, and hides few.
func TestLargePeriodsAreMeasuredUnderNoise(t *testing.T) {
	const bins, boxM = 48, 1.5
	for _, c := range []struct {
		fields, share, wantRMS float64 // fields: standard deviation in periods, 0 for cosines
	}{{0, 0.8, 0.01}, {0, 0.9, 0.015}, {0.16, 0.8, 0.015}, {0.12, 0.8, 0.02}, {0, 0.65, 0.01}} {
		rng, period := source(51), c.share*boxM
		var sum float64
		missing := 0
		const n = 16
		for range n {
			l := IdealHexagonal(period, 60*rng.Float64())
			x, y := rng.Float64(), rng.Float64()
			m := IdealGrid(l.WaveVectors(), x, y, bins, boxM)
			if c.fields > 0 {
				m = sharp(l, x, y, c.fields*period, bins, boxM)
			}
			u := analyze(t, []Map{noisy(m, 0.1, rng)}).Units[0]
			if u.Missing != "" {
				missing++
				continue
			}
			sum += (u.PeriodM/period - 1) * (u.PeriodM/period - 1)
		}
		name := fmt.Sprintf("fields of %g, period of %g of the box", c.fields, c.share)
		if rms := math.Sqrt(sum / float64(n-missing)); missing > 1 || !(rms <= c.wantRMS) {
			t.Errorf("%s: off by %.2f %% (rms), %d of %d without a period; want at most %g %% and 1", name, 100*rms, missing, n, 100*c.wantRMS)
		}
	}
}

// Smoothing takes noise away and leaves a slope, the walls' bins and holes as they are.
func TestSmoothingByOneBin(t *testing.T) {
	rng := source(52)
	slope := ideal(24, 2, func(x, y float64) float64 { return 3*x - y })
	s, share := smoothedByOneBin(holed(slope, 0.1, rng))
	for i, v := range s.Values {
		if !math.IsNaN(v) && math.Abs(v-slope.Values[i]+mean(s, slope)) > 1e-9 {
			t.Fatalf("bin %d of a slope: %g, want %g", i, v, slope.Values[i])
		}
	}
	near(t, "share of a slope's variance", share, 0, 1e-12)
	grid := IdealGrid(IdealHexagonal(1.2, 10).WaveVectors(), 0, 0, 48, 1.5)
	if _, share := smoothedByOneBin(grid); share > noisyShare/5 {
		t.Errorf("a clean lattice loses %.4f of its variance", share)
	}
	if _, share := smoothedByOneBin(noisy(grid, 0.05, rng)); share < noisyShare {
		t.Errorf("with noise of 5 %% of its peak it loses %.4f of its variance, want %g at least", share, noisyShare)
	}
}

// mean is the mean of what differs, by which smoothed maps are centred.
func mean(s, m Map) float64 {
	var sum, n float64
	for i, v := range s.Values {
		if !math.IsNaN(v) {
			sum, n = sum+m.Values[i]-v, n+1
		}
	}
	return sum / n
}
