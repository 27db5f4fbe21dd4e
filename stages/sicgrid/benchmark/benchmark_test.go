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

// What costs twice as much at twice the size grows with its first power.
func TestCostsGrowWithTheExponentThatIsSaid(t *testing.T) {
	for power, ms := range map[float64][]float64{0: {3, 3, 3}, 1: {1, 2, 4}, 2: {0.5, 2, 8}} {
		if got := exponent([]int{30, 60, 120}, ms); math.Abs(got-power) > 1e-12 {
			t.Errorf("%v ms at 30, 60 and 120: exponent %v, want %v", ms, got, power)
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

// Where nothing has changed nothing is hashed, which takes less time than what it is set beside.
func TestARunWithoutWorkDoesNotReadWhatItRestsOn(t *testing.T) {
	row, err := timeBytes(t.Context(), t.TempDir(), 10_000_000, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !(row.Value > 0) || !(row.Ratio < 1) || row.Unit != "s" || row.What != "run of 40 cached stages on 0.4 GB" {
		t.Errorf("row %+v", row)
	}
}
