package recording

import (
	"math"
	"math/rand/v2"
	"testing"

	"sicgrid/pkg/gridcell"
)

// smoothed is a map whose rates are known in every bin, under an uneven occupancy.
func smoothed(values []float64, bins int, sd float64, random *rand.Rand) []float64 {
	occupancy, sums, out := make([]float64, bins*bins), make([]float64, bins*bins), make([]float64, bins*bins)
	for i := range occupancy {
		occupancy[i] = 0.5 + random.ExpFloat64()
		sums[i] = values[i] * occupancy[i]
	}
	newSmoother(occupancy, bins, bins, sd, sd).rates(out, sums, make([]float64, scratchMaps*bins*bins))
	return out
}

// A weighted mean over a kernel makes periods longer by 1.3, 2.9 and 6.1 % at these three widths,
// since near the walls it sees one side only.
func TestSmoothingDoesNotLengthenPeriods(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const bins = 48
	for _, c := range []struct{ box, period float64 }{{1, 0.35}, {1, 0.5}, {1.5, 0.42}} {
		for _, sd := range []float64{0.025, 0.05, 0.075} {
			var off []float64
			for range 8 {
				m := gridcell.IdealGrid(gridcell.IdealHexagonal(c.period, 20).WaveVectors(), random.Float64(), random.Float64(), bins, c.box)
				for i := range m.Values {
					m.Values[i] += 2
				}
				m.Values = smoothed(m.Values, bins, sd/c.box*bins, random)
				a, err := gridcell.NewAutocorrelogram(m)
				if err != nil {
					t.Fatal(err)
				}
				if p := gridcell.FindPeaks(a); p != nil {
					off = append(off, p.PeriodM/c.period-1)
				}
			}
			if worst := gridcell.Median(off); len(off) < 8 || math.Abs(worst) > 0.01 {
				t.Errorf("period %g m in %g m, smoothed by %g m: off by %.2f %% (%d of 8 maps), want at most 1 %%", c.period, c.box, sd, 100*worst, len(off))
			}
		}
	}
}

// A rate that rises evenly across the box is left as it is, to the walls, however uneven the
// occupancy.
func TestSmoothingLeavesSlopesAlone(t *testing.T) {
	const bins = 20
	values := make([]float64, bins*bins)
	for i := range values {
		values[i] = 5 + float64(i%bins) + 2*float64(i/bins)
	}
	for i, v := range smoothed(values, bins, 2, rand.New(rand.NewPCG(3, 4))) {
		if math.Abs(v-values[i]) > 0.5 { // the ridge tilts the plane by 2 % at the walls
			t.Errorf("bin %d: %g, want %g", i, v, values[i])
		}
	}
}

func TestSmoothingKeepsConstantsAndUnvisitedBins(t *testing.T) {
	s := session(t, Track{X: []float64{-0.9, 0.9, 0.3, -0.3}, Y: []float64{-0.9, 0.9, 0.3, 0.9}}, Arena{Width: 2, Height: 2, NX: 10, NY: 10})
	s.AddActivity([]float64{3, 3, 3, 3}, false, 0.5)
	seen := 0
	for _, v := range s.Trains[0].Map().Values {
		if !math.IsNaN(v) {
			seen++
			if math.Abs(v-3) > 1e-9 {
				t.Errorf("rate %g, want 3", v)
			}
		}
	}
	if seen != 4 {
		t.Errorf("%d bins have a rate, want the 4 visited", seen)
	}
}

// What smoothing leaves of a lattice at the walls is known, and taken out of its peaks: periods of a
// rat's path are right to a quarter of a per cent on average, where they were 1 % too long at a kernel
// of a quarter of the period, and a disc, which cuts bins at its edge, is no exception.
func TestSmoothingIsTakenOutOfPeriods(t *testing.T) {
	const units = 8
	for _, c := range []struct {
		box, period float64
		round       bool
	}{{1, 0.3, false}, {1, 0.5, false}, {1, 0.3, true}} {
		random := rand.New(rand.NewPCG(21, 22))
		track := walk(600, c.box, random)
		if c.round {
			for i, x := range track.X {
				if math.Hypot(x, track.Y[i]) > c.box/2 {
					track.X[i] = math.NaN()
				}
			}
		}
		for _, sd := range []float64{0.03, 0.075} {
			s := session(t, track, Arena{Width: c.box, Height: c.box, NX: 48, NY: 48, Round: c.round})
			var maps []gridcell.Map
			for range units {
				k := gridcell.IdealHexagonal(c.period, 60*random.Float64()).WaveVectors()
				x0, y0 := random.Float64(), random.Float64()
				rates := make([]float64, len(track.X))
				for i, x := range track.X {
					rates[i] = 1.5
					for _, v := range k {
						rates[i] += math.Cos(v[0]*(x-x0) + v[1]*(track.Y[i]-y0))
					}
				}
				s.AddActivity(rates, false, sd)
				maps = append(maps, s.Trains[len(s.Trains)-1].Map())
			}
			off := func(o gridcell.Options) (mean, rms float64) {
				a, err := gridcell.Analyze(t.Context(), maps, o)
				if err != nil {
					t.Fatal(err)
				}
				for _, u := range a.Units {
					d := 100 * (u.PeriodM/c.period - 1)
					mean, rms = mean+d/units, rms+d*d/units
				}
				return mean, math.Sqrt(rms)
			}
			o := gridcell.StandardOptions()
			before, _ := off(o)
			o.Observed = func(u int) gridcell.Observe { return s.Trains[u].Observed }
			after, rms := off(o)
			if !(math.Abs(after) <= 0.25 && rms <= 0.6) {
				t.Errorf("period %g m in %g m, smoothed by %g m: off by %.2f %% on average (%.2f %% before), by %.2f %% root mean square, want at most 0.25 and 0.6 %%", c.period, c.box, sd, after, before, rms)
			}
		}
	}
}
