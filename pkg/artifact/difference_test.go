package artifact

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestADifferenceIsZeroExactlyWhereDigestsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := table(t, drawRows(t, 0), nil), table(t, drawRows(t, 0), nil)
		if !Compare(a, a).None() {
			t.Fatalf("a table differs from itself: %s", Compare(a, a))
		}
		if got := Compare(a, b); got.None() != (LogicalDigest(a) == LogicalDigest(b)) {
			t.Fatalf("%s, and the digests are %s and %s", got, LogicalDigest(a), LogicalDigest(b))
		}
	})
}

func TestADifferenceSaysHowMuchAndWhere(t *testing.T) {
	rows := func(change func(r []everything)) []everything {
		r := []everything{{Double: 1e6, Singles: []float32{1, 2}}, {}, {Double: 1, Singles: []float32{3, 4, 5}, Text: "a"}}
		if change != nil {
			change(r)
		}
		return r
	}
	nan := math.NaN()
	for _, c := range []struct {
		want   string
		change func(r []everything)
	}{
		{"no value differs", nil},
		{"1 of 26 values differ, most by 0.5 (singles, row 2, value 1: 4 and 3.5), relatively by 0.125 (singles, row 2, value 1: 4 and 3.5)",
			func(r []everything) { r[2].Singles[1] = 3.5 }},
		{"2 of 26 values differ, most by 10 (double, row 0: 1e+06 and 1.00001e+06), relatively by 0.5 (double, row 2: 1 and 0.5)",
			func(r []everything) { r[0].Double, r[2].Double = 1e6+10, 0.5 }},
		{"most by +Inf (double, row 1: 0 and NaN)", func(r []everything) { r[1].Double = nan }},
		{"1 of 26 values differ, 1 are no numbers (first: text, row 2)", func(r []everything) { r[2].Text = "b" }},
		{"singles, row 1: lists of 0 and 1 values", func(r []everything) { r[1].Singles = []float32{0} }},
		{"most by 0 (double, row 1: 0 and -0)", func(r []everything) { r[1].Double = math.Copysign(0, -1) }},
	} {
		got := Compare(table(t, rows(nil), nil), table(t, rows(c.change), nil)).String()
		if !strings.Contains(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if d := Compare(table(t, rows(nil), nil), table(t, rows(nil)[:2], nil)); d.Form != "3 and 2 rows" {
		t.Errorf("%+v", d)
	}
	if d := Compare(table(t, rows(nil), map[string]string{"box_m": "2"}), table(t, rows(nil), map[string]string{"box_m": "3"})); d.None() {
		t.Error("other metadata passed")
	}
}
