package snapshots

import (
	"slices"
	"testing"
)

func TestSnapshotsBeginWithTheStartAndEndWithTheTraining(t *testing.T) {
	if got, want := Steps(40000), []int{0, 40, 126, 400, 1265, 4000, 12649, 40000}; !slices.Equal(got, want) {
		t.Errorf("steps %v, want %v", got, want)
	}
	for _, of := range []int{1, 3, 7, 300, 2000000} {
		steps := Steps(of)
		if steps[0] != 0 || steps[Count-1] != of && of >= Count-1 || !slices.IsSorted(steps) || slices.Max(steps) > of {
			t.Errorf("of %d steps: %v", of, steps)
		}
	}
}
