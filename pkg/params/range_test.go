package params

import (
	"math"
	"reflect"
	"testing"
)

func TestARangeSaysWhatItHolds(t *testing.T) {
	for _, c := range []struct {
		tag, must string
		in, out   []float64
	}{
		{">0", "greater than 0", []float64{5e-324, 1e300}, []float64{0, -1, math.NaN()}},
		{"> -1.5", "greater than -1.5", []float64{-1}, []float64{-1.5, -2}},
		{">= 0", "0 or greater", []float64{0, 2}, []float64{-1e-9}},
		{">= 2", "at least 2", []float64{2, 3}, []float64{1.999}},
		{"< 1", "less than 1", []float64{-1e300, 0.999}, []float64{1}},
		{"<= 1", "at most 1", []float64{1}, []float64{1.001}},
		{"[50, 1200]", "from 50 to 1200", []float64{50, 1200}, []float64{49, 1201}},
		{"[0,1)", "at least 0 and less than 1", []float64{0, 0.999}, []float64{-0.1, 1}},
		{"(0, 1)", "greater than 0 and less than 1", []float64{0.5}, []float64{0, 1}},
		{"(0, 1]", "greater than 0 and at most 1", []float64{1}, []float64{0, 1.1}},
		{"[0, pi/2]", "from 0 to pi/2", []float64{0, math.Pi / 2}, []float64{1.5708}},
		{"(0, pi)", "greater than 0 and less than pi", []float64{3.1415}, []float64{math.Pi}},
		{"0 or > 1", "0 or greater than 1", []float64{0, 1.1}, []float64{0.5, 1, -1}},
		{"[0, 1] or [3, 4] or 7", "from 0 to 1 or from 3 to 4 or 7", []float64{1, 3, 7}, []float64{2, 5, math.NaN()}},
	} {
		rule, err := parseRange(c.tag, reflect.Float64)
		if err != nil {
			t.Errorf("%s: %v", c.tag, err)
			continue
		}
		if rule.Must != c.must {
			t.Errorf("%s is called %q, want %q", c.tag, rule.Must, c.must)
		}
		for _, x := range c.in {
			if !rule.Number(x) {
				t.Errorf("%s does not hold %v", c.tag, x)
			}
		}
		for _, x := range c.out {
			if rule.Number(x) {
				t.Errorf("%s holds %v", c.tag, x)
			}
		}
	}
}

func TestARangeThatCannotBeReadIsAnError(t *testing.T) {
	for _, tag := range []string{"", "positive", "> ", ">> 1", "[1, 0]", "[1, 1]", "[0, 1", "0, 1]", "[0]", "> nan", "<= inf", "pix", "pi/0", "pi/", "> 0 or", "jet|grey"} {
		if rule, err := parseRange(tag, reflect.Int); err == nil {
			t.Errorf("%q is read as %q", tag, rule.Must)
		}
	}
	for _, tag := range []string{"", "> 0", "jet|", "|", "jet grey", "jet | grey"} {
		if rule, err := parseRange(tag, reflect.String); err == nil {
			t.Errorf("%q is read as %q", tag, rule.Must)
		}
	}
}
