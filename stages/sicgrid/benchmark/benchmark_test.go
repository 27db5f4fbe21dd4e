package benchmark

import (
	"io"
	"math"
	"testing"

	"sicgrid/pkg/gridcell"
)

func TestTheAnalysisBenchMeasuresWhatItNames(t *testing.T) {
	rows, err := Analysis(t.Context(), AnalysisSize{6, 24, 30, 200}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 {
		t.Fatalf("%d rows, want units, cohomology and embedding", len(rows))
	}
	for _, r := range rows {
		if !(r.Value > 0) || !(r.ReferenceValue > 0) || !(r.Ratio > 0) || r.What == "" || r.Reference == "" || r.Unit != "s" {
			t.Errorf("row %+v", r)
		}
	}
}

// What the bench sets the analysis beside is the same autocorrelogram.
func TestThePlainAutocorrelogramIsTheAnalysis(t *testing.T) {
	m := noisyGrids(1, 16)[0]
	a, err := gridcell.NewAutocorrelogram(m)
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for dy := range m.NY {
		for dx := 1 - m.NX; dx < m.NX; dx++ {
			if v := a.At(dx, dy); !math.IsNaN(v) {
				want += v
			}
		}
	}
	if got := plainAutocorrelogram(m); math.Abs(got-want) > 1e-6 {
		t.Errorf("correlations add up to %g, those of the analysis to %g", got, want)
	}
}

func TestTheSchedulingBenchMakesEveryStageAnew(t *testing.T) {
	row, err := timeScheduling(t.Context(), t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if !(row.Value > 0) || !(row.ReferenceValue > 0) || row.Unit != "ms" || row.What != "making a stage, of 40 that are trivial" {
		t.Errorf("row %+v", row)
	}
}
