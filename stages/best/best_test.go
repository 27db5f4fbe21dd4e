package best

import (
	"math"
	"testing"

	"sicgrid/stages/train"
)

func TestTheAttemptOfLowestLossIsKept(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		attempts []Attempt
		want     int
	}{
		"the lowest":                     {[]Attempt{{Loss: 0.3}, {Loss: 0.1}, {Loss: 0.2}}, 1},
		"the first of equals":            {[]Attempt{{Loss: 0.3}, {Loss: 0.2}, {Loss: 0.2}}, 1},
		"negative, with capacity":        {[]Attempt{{Loss: -0.1}, {Loss: -0.3}, {Loss: 0.2}}, 1},
		"none that was stopped early":    {[]Attempt{{Loss: 0.1, Stopped: "diverged"}, {Loss: 0.3}, {Loss: 0.2, Stopped: "died"}}, 1},
		"the lowest, if all were":        {[]Attempt{{Loss: 0.4, Stopped: "died"}, {Loss: 0.3, Stopped: "died"}}, 1},
		"a loss rather than none at all": {[]Attempt{{Loss: nan}, {Loss: 5}, {Loss: nan}}, 1},
	} {
		if got := choose(c.attempts); got != c.want {
			t.Errorf("%s: kept attempt %d, want %d", name, got+1, c.want+1)
		}
	}
}

func TestLossesAreComparedOverTheLastTenth(t *testing.T) {
	history := []train.Losses{{Step: 100, Total: 9}, {Step: 900, Total: 5}, {Step: 950, Total: 1}, {Step: 1000, Total: 2}}
	got, err := atEnd(history, map[string]string{"step": "1000"})
	if err != nil || got != 1.5 {
		t.Errorf("got %v, %v; want 1.5", got, err)
	}
	if got, err := atEnd(nil, map[string]string{"step": "0"}); err != nil || !math.IsNaN(got) {
		t.Errorf("of no step got %v, %v; want NaN", got, err)
	}
	if _, err := atEnd(history, nil); err == nil {
		t.Error("a history without its step count was read")
	}
}
