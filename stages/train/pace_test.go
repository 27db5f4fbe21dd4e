package train

import (
	"testing"
	"time"
)

// A training takes all its threads where they help and one where they do not, and finds out when
// that changes.
func TestAPaceTakesTheFasterNumberOfThreads(t *testing.T) {
	var p pace
	run := func(bursts int, one, most time.Duration) (alone int) {
		for range bursts {
			switch n := p.threads(4); n {
			case 1:
				alone++
				p.note(one)
			case 4:
				p.note(most)
			default:
				t.Fatalf("%d threads of 4", n)
			}
		}
		return alone
	}
	if alone := run(4*paceEvery, 1000, 550); alone != 4 {
		t.Errorf("where four are faster, %d bursts of %d had one thread, want 4 trials", alone, 4*paceEvery)
	}
	if alone := run(4*paceEvery, 1000, 1100); alone != 4*paceEvery-4 {
		t.Errorf("where one is faster, %d bursts of %d had one thread, want all but 4 trials", alone, 4*paceEvery)
	}
	if alone := run(4*paceEvery, 1000, 550); alone != 4 {
		t.Errorf("after that, %d bursts of %d had one thread, want 4 trials", alone, 4*paceEvery)
	}
}
