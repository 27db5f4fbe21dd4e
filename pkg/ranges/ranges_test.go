package ranges

import (
	"fmt"
	"math"
	"testing"
)

func TestRangesHoldWhatTheySay(t *testing.T) {
	for text, c := range map[string]struct {
		must    string
		in, out []float64
	}{
		"[0, 1]":        {"from 0 to 1", []float64{0, 0.5, 1}, []float64{-1e-9, 1.1, math.NaN(), math.Inf(1)}},
		"(0, pi/3)":     {"greater than 0 and less than pi/3", []float64{1}, []float64{0, math.Pi / 3}},
		">= 0":          {"0 or greater", []float64{0, math.Inf(1)}, []float64{-1, math.NaN()}},
		"0 or [50, 60]": {"0 or from 50 to 60", []float64{0, 55}, []float64{1, 61}},
	} {
		r, err := Parse(text)
		if err != nil || r.Must != c.must {
			t.Errorf("%s: %q, %v; want %q", text, r.Must, err, c.must)
		}
		for _, x := range c.in {
			if !r.Has(x) {
				t.Errorf("%s has not %v", text, x)
			}
		}
		for _, x := range c.out {
			if r.Has(x) {
				t.Errorf("%s has %v", text, x)
			}
		}
	}
	for _, text := range []string{"", "[1, 0]", "[0, inf]", "> x", "[0 1]"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q is a range", text)
		}
	}
}

func Example() {
	r, _ := Parse("0 or [50, 1200]")
	fmt.Println(r.Must, r.Has(200), r.Has(20))
	// Output: 0 or from 50 to 1200 true false
}
