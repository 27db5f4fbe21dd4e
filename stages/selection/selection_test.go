package selection

import (
	"math"
	"testing"

	"sicgrid/stages/selection/selectiontable"
	"sicgrid/stages/train/traintable"
)

func TestTheAttemptOfLowestLossIsKept(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		attempts []selectiontable.Attempt
		want     int
	}{
		"the lowest":                     {[]selectiontable.Attempt{{Loss: 0.3}, {Loss: 0.1}, {Loss: 0.2}}, 1},
		"the first of equals":            {[]selectiontable.Attempt{{Loss: 0.3}, {Loss: 0.2}, {Loss: 0.2}}, 1},
		"negative, with capacity":        {[]selectiontable.Attempt{{Loss: -0.1}, {Loss: -0.3}, {Loss: 0.2}}, 1},
		"none that was stopped early":    {[]selectiontable.Attempt{{Loss: 0.1, Stopped: "diverged"}, {Loss: 0.3}, {Loss: 0.2, Stopped: "died"}}, 1},
		"the lowest, if all were":        {[]selectiontable.Attempt{{Loss: 0.4, Stopped: "died"}, {Loss: 0.3, Stopped: "died"}}, 1},
		"a loss rather than none at all": {[]selectiontable.Attempt{{Loss: nan}, {Loss: 5}, {Loss: nan}}, 1},
	} {
		if got := (Keep{ReachM: 1, Within: 1}).choose(c.attempts); got != c.want {
			t.Errorf("%s: kept attempt %d, want %d", name, got+1, c.want+1)
		}
	}
}

func TestOfTheAttemptsThatAreIsotropicTheLowestLossIsKept(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		attempts []selectiontable.Attempt
		want     int
	}{
		"a lower loss does not help":      {[]selectiontable.Attempt{{Loss: 0.1, Unexplained: 0.2}, {Loss: 0.3, Unexplained: 0.1}}, 1},
		"the lowest loss among the even":  {[]selectiontable.Attempt{{Loss: 0.1, Unexplained: 0.2}, {Loss: 0.3, Unexplained: 0.1}, {Loss: 0.2, Unexplained: 0.12}}, 2},
		"one that was stopped sets none":  {[]selectiontable.Attempt{{Loss: 0.1, Unexplained: 0.01, Stopped: "died"}, {Loss: 0.3, Unexplained: 0.1}, {Loss: 0.2, Unexplained: 0.2}}, 1},
		"dead states explain nothing":     {[]selectiontable.Attempt{{Loss: 0.1, Unexplained: nan}, {Loss: 0.3, Unexplained: 0.9}}, 1},
		"the lowest loss, if none is any": {[]selectiontable.Attempt{{Loss: 0.4, Unexplained: nan}, {Loss: 0.3, Unexplained: nan}}, 1},
	} {
		if got := (Keep{ReachM: 1, Within: 1.25}).choose(c.attempts); got != c.want {
			t.Errorf("%s: kept attempt %d, want %d", name, got+1, c.want+1)
		}
	}
}

func TestLossesAreComparedOverTheLastTenth(t *testing.T) {
	history := []traintable.Losses{{Step: 100, Total: 9}, {Step: 900, Total: 5}, {Step: 950, Total: 1}, {Step: 1000, Total: 2}}
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
