package gridcell

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Periods of 3 and 4 m come together again after 12 m and not before.
func TestCodeOfWholePeriodsClosesAfterTheirCommonMultiple(t *testing.T) {
	c := Code{3, 4}
	near(t, "capacity", c.Capacity(1e-6, 100), 12, 1e-9)
	near(t, "distance at 12 m", c.Distance(12), 0, 1e-9)
	near(t, "phase of 3 m at 4 m", c.Phases(4)[0], 2*math.Pi/3, 1e-12)
	near(t, "phase of 4 m at -1 m", c.Phases(-1)[1], 1.5*math.Pi, 1e-12)
	// One module repeats after its period, whatever the thickness.
	near(t, "capacity of one module", Code{0.5}.Capacity(0.1, 100), 0.5, 1e-9)
}

// The visits miss no approach that a fine search finds.
func TestSeparationIsThatOfAFineSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Code
		smallest := math.Inf(1)
		for range rapid.IntRange(1, 4).Draw(t, "modules") {
			c = append(c, rapid.Float64Range(0.3, 1.2).Draw(t, "period"))
			smallest = math.Min(smallest, c[len(c)-1])
		}
		reach := rapid.Float64Range(1.5, 12).Draw(t, "range")
		want := c.Distance(max(reach, smallest/2)) // the search may stop short of it
		for u := smallest / 2; u <= reach; u += 1e-3 {
			want = math.Min(want, c.Distance(u))
		}
		// In steps of 1 mm no phase moves by more than 0.021 rad.
		if got := c.Separation(reach); got > want+1e-12 || got < want-0.5*0.021*math.Sqrt(float64(len(c))) {
			t.Fatalf("periods %v: least distance %g within %g m, a search finds %g", c, got, reach, want)
		}
	})
}

func TestSeparationFallsAndCapacityGrowsWithItsArguments(t *testing.T) {
	c := Code{0.4, 0.57, 0.81}
	before := math.Inf(1)
	for r := 0.5; r < 50; r *= 1.3 {
		s := c.Separation(r)
		if s > before {
			t.Fatalf("separation grows to %g at %g m", s, r)
		}
		before = s
	}
	if a, b := c.Capacity(0.8, 1e4), c.Capacity(0.4, 1e4); a > b {
		t.Errorf("a thicker line holds more: %g and %g m", a, b)
	}
	if two, three := c[:2].Capacity(0.5, 1e4), c.Capacity(0.5, 1e4); three < two {
		t.Errorf("a third module takes the range from %g to %g m", two, three)
	}
	if s := c.Separation(0.1); !math.IsInf(s, 1) {
		t.Errorf("within less than half a period the separation is %g, want none", s)
	}
}

// Equation 9 at a place is equation 10 at its phase.
func TestTuningIsARectifiedCosine(t *testing.T) {
	for _, c := range []struct{ phase, preferred, want float64 }{{0, 0, 1}, {math.Pi, 0, 0}, {math.Pi, math.Pi, 1}, {math.Pi / 3, 0, 0.5}, {math.Pi / 2, 0, 0}} {
		near(t, "rate", Tuning(c.phase, c.preferred), c.want, 1e-12)
	}
	c := Code{0.7}
	for x := -2.0; x < 2; x += 0.13 {
		near(t, "rate", Tuning(c.Phases(x)[0], 1), math.Max(0, math.Cos(2*math.Pi*x/0.7+1)), 1e-9)
	}
}
