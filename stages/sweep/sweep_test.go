package sweep

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"sicgrid/stages/outcome/outcometable"
	"sicgrid/stages/sweep/sweeptable"
)

// Values as other programs give them: R's binom.test and tables of the binomial.
func TestIntervalsAreThoseOfClopperAndPearson(t *testing.T) {
	for _, c := range []struct {
		k, n      int32
		low, high float64
	}{{8, 10, 0.4439, 0.9748}, {0, 10, 0, 0.3085}, {10, 10, 0.6915, 1}, {1, 3, 0.0084, 0.9057}, {5, 10, 0.1871, 0.8129}} {
		low, high := Interval(c.k, c.n)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

// By the rule of several a run has two modules or more that are independent by every measure.
func TestSeveralModulesHaveToBeIndependent(t *testing.T) {
	independent := outcometable.Row{Several: 2, Independent: 2, Generators: 4}
	harmonics, oneTorus, sameCell := independent, independent, independent
	harmonics.Independent, oneTorus.Generators, sameCell.P = 1, 2, 0.5
	for name, c := range map[string]struct {
		row  outcometable.Row
		want bool
	}{"independent": {independent, true}, "at a coincidence": {harmonics, false}, "on one torus": {oneTorus, false}, "places beyond the cell not told": {sameCell, false}} {
		if got := succeeds(sweeptable.Several, c.row); got != c.want {
			t.Errorf("%s: succeeds %v, want %v", name, got, c.want)
		}
	}
}

// At its lower bound a rate gives so many successes or more with a chance of one in forty, at the
// upper so many or fewer.
func TestIntervalsCoverTheRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int32Range(1, 60).Draw(t, "n")
		k := rapid.Int32Range(0, n).Draw(t, "k")
		low, high := Interval(k, n)
		if k > 0 {
			if tail := 1 - (distuv.Binomial{N: float64(n), P: low}).CDF(float64(k-1)); math.Abs(tail-0.025) > 1e-6 {
				t.Errorf("%d of %d: at %g the chance of as many is %g", k, n, low, tail)
			}
		}
		if k < n {
			if tail := (distuv.Binomial{N: float64(n), P: high}).CDF(float64(k)); math.Abs(tail-0.025) > 1e-6 {
				t.Errorf("%d of %d: at %g the chance of as few is %g", k, n, high, tail)
			}
		}
	})
}

// Runs for finding and for reporting are never counted together, nor are variants.
func TestRunsAreCountedByPointVariantAndPurpose(t *testing.T) {
	run := func(point int32, variant, purpose, rule string, several int32, one bool, stopped string) sweeptable.Run {
		r := sweeptable.Run{Place: sweeptable.Place{Point: point, Variant: variant, Purpose: purpose},
			Row: outcometable.Row{Several: several, One: one, Stopped: stopped, Modules: several, Independent: several - 1, Generators: 4}}
		r.Rule, r.Success = rule, succeeds(rule, r.Row)
		return r
	}
	runs := []sweeptable.Run{
		run(0, "full", sweeptable.Finding, sweeptable.Several, 3, false, ""),
		run(0, "full", sweeptable.Finding, sweeptable.Several, 2, false, ""),
		run(0, "full", sweeptable.Reporting, sweeptable.Several, 4, false, ""),
		run(0, "no-capacity", sweeptable.Finding, sweeptable.One, 0, true, ""),
		run(1, "full", sweeptable.Finding, sweeptable.Several, 0, false, "died: ..."),
		run(0, "full", sweeptable.Finding, sweeptable.Several, 0, true, ""),
	}
	points, first := count(runs)
	want := []struct{ n, successes, two, stopped int32 }{{3, 1, 2, 0}, {1, 1, 1, 0}, {1, 1, 0, 0}, {1, 0, 0, 1}}
	if len(points) != len(want) {
		t.Fatalf("%d points, want %d", len(points), len(want))
	}
	for i, w := range want {
		if p := points[i]; p.N != w.n || p.Successes != w.successes || p.Two != w.two || p.Stopped != w.stopped {
			t.Errorf("point %d: %+v, want %+v", i, p, w)
		}
	}
	if first[3] != 4 || points[0].Modules != 2 {
		t.Errorf("first runs %v, median of modules %v", first, points[0].Modules)
	}
}
