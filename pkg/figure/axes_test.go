package figure

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTicksAreEvenNiceAndInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Float64Range(-1000, 1000).Draw(t, "lo")
		span := math.Pow(10, rapid.Float64Range(-3, 4).Draw(t, "log span"))
		n := rapid.IntRange(2, 8).Draw(t, "n")
		ticks := Ticks(lo, lo+span, n)
		if len(ticks) < 1 || len(ticks) > 3*n {
			t.Fatalf("%d ticks for n = %d", len(ticks), n)
		}
		for i, tick := range ticks {
			if tick.At < lo-1e-6*span || tick.At > lo+span+1e-6*span {
				t.Fatalf("tick %g outside %g..%g", tick.At, lo, lo+span)
			}
			v, err := strconv.ParseFloat(strings.Replace(tick.Label, "−", "-", 1), 64)
			if err != nil || math.Abs(v-tick.At) > 1e-6*span {
				t.Fatalf("label %q of tick %g", tick.Label, tick.At)
			}
			if i > 1 {
				if a, b := ticks[i].At-ticks[i-1].At, ticks[1].At-ticks[0].At; math.Abs(a-b) > 1e-6*span {
					t.Fatalf("steps %g and %g", a, b)
				}
			}
		}
	})
}

func TestTicksOfNoRange(t *testing.T) {
	for _, r := range [][2]float64{{1, 1}, {2, 1}, {math.NaN(), 1}, {0, math.Inf(1)}} {
		if ticks := Ticks(r[0], r[1], 5); ticks != nil {
			t.Errorf("ticks of %g..%g: %v", r[0], r[1], ticks)
		}
	}
}

func TestAScaleBarIsAtMostAThirdAndRound(t *testing.T) {
	for _, c := range []struct{ box, want float64 }{{2, 0.5}, {3, 1}, {4, 1}, {0.9, 0.2}, {15, 5}, {0, 0}, {math.NaN(), 0}} {
		if got := NiceLength(c.box); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("scale bar of a box of %g m: %g, want %g", c.box, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		l := math.Pow(10, rapid.Float64Range(-3, 3).Draw(t, "log length"))
		if bar := NiceLength(l); bar > l/3*(1+1e-6) || bar < l/3/2.5*(1-1e-6) {
			t.Fatalf("bar %g of length %g", bar, l)
		}
	})
}

func TestNumbersAreTypeset(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Number(-0.5, 2), "−0.50"},
		{Number(-0.001, 2), "0.00"},
		{Number(math.NaN(), 2), "–"},
		{Metres(0.5), "0.5 m"},
		{Metres(4), "4 m"},
		{Metres(0.25), "0.25 m"},
		{Length(0.834), "0.83 m"},
		{Length(math.NaN()), "–"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestAxesPutTheOriginBelowLeft(t *testing.T) {
	a := Axes{Box: Box{10, 20, 30, 40}, X: Axis{Min: -1, Max: 1}, Y: Axis{Min: 0, Max: 8}}
	if got := a.At(-1, 0); got != (Point{10, 60}) {
		t.Errorf("lower left corner at %v", got)
	}
	if got := a.At(1, 8); got != (Point{40, 20}) {
		t.Errorf("upper right corner at %v", got)
	}
	if a.Holds(math.NaN(), 1) || a.Holds(0, 9) || !a.Holds(0, 8) {
		t.Error("Holds")
	}
}

func TestAHistogramLosesNoValueInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Float64Range(-2, 2)).Draw(t, "values")
		bins := rapid.IntRange(1, 30).Draw(t, "bins")
		inside := 0.0
		for _, v := range values {
			if v >= -1 && v <= 1 {
				inside++
			}
		}
		edges, counts := Histogram(append(values, math.NaN()), -1, 1, bins)
		sum := 0.0
		for i, n := range counts {
			sum += n
			for _, v := range values {
				if n == 0 && v > edges[i]+1e-9 && v < edges[i+1]-1e-9 {
					t.Fatalf("%g is missing from bin %d", v, i)
				}
			}
		}
		if sum != inside || edges[0] != -1 || edges[bins] != 1 {
			t.Fatalf("%g of %g values, edges %g..%g", sum, inside, edges[0], edges[bins])
		}
	})
}
