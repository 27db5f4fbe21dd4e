package ambiguity

import (
	"testing"

	"sicgrid/stages/spectra/spectratable"
)

func TestTheCoarsestHexagonalModuleIsAskedAbout(t *testing.T) {
	modules := []spectratable.Module{{Period: 0.5, Hexagonal: true}, {Period: 0.9, Hexagonal: true}, {Period: 1.4}}
	if got := coarsest(modules); got == nil || got.Period != 0.9 {
		t.Errorf("got %+v, want that of 0.9 m", got)
	}
	if got := coarsest(modules[2:]); got != nil {
		t.Errorf("got %+v of a module that is not hexagonal", got)
	}
}
