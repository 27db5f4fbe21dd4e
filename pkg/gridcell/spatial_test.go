package gridcell

import (
	"math"
	"testing"
)

// Information of a unit that fires in a share of the places is the logarithm of one over that
// share.
func TestSpatialInformationIsBitsASpike(t *testing.T) {
	const bins = 16
	occupancy := make([]float64, bins*bins)
	m := Map{Values: make([]float64, bins*bins), NX: bins, NY: bins, BoxM: 1}
	for i := range m.Values {
		occupancy[i] = 1 + float64(i%2) // places visited twice as long weigh twice
		if i%bins < 4 {
			m.Values[i] = 7
		}
	}
	near(t, "a quarter of the places", SpatialInformation(m, occupancy), 2, 1e-12)
	m.Values[5], occupancy[9] = math.NaN(), 0
	if got := SpatialInformation(m, occupancy); math.Abs(got-2) > 0.03 {
		t.Errorf("without two of the places %g bits, want nearly 2", got)
	}
	for i := range m.Values {
		m.Values[i] = 3
	}
	near(t, "the same everywhere", SpatialInformation(m, occupancy), 0, 1e-12)
	m.Values[3] = -1
	if got := SpatialInformation(m, occupancy); !math.IsNaN(got) {
		t.Errorf("a negative rate: %g", got)
	}
	if got := SpatialInformation(Map{Values: make([]float64, 4), NX: 2, NY: 2, BoxM: 1}, make([]float64, 4)); !math.IsNaN(got) {
		t.Errorf("a silent unit: %g", got)
	}
}

// The variance is that of the rate over the time, and small modulations have bits of it over 2 ln 2 R².
func TestSpatialVarianceIsTheVarianceOverTheTime(t *testing.T) {
	occupancy := []float64{1, 3, 0, 2}
	m := Map{Values: []float64{-2, 2, 100, math.NaN()}, NX: 2, NY: 2, BoxM: 1}
	near(t, "a quarter of the time at -2, else 2", SpatialVariance(m, occupancy), 3, 1e-12)
	m.Values = []float64{10.1, 10.2, 7, 10.4}
	near(t, "bits of a small modulation", SpatialInformation(m, occupancy), SpatialVariance(m, occupancy)/(2*math.Ln2*10.25*10.25), 1e-6)
	if got := SpatialVariance(m, make([]float64, 4)); !math.IsNaN(got) {
		t.Errorf("without visited bins: %g", got)
	}
}

func TestCoherence(t *testing.T) {
	rng := source(2)
	const bins = 40
	grid := IdealGrid(IdealHexagonal(0.5, 10).WaveVectors(), 0, 0, bins, 1)
	noise := Map{Values: make([]float64, bins*bins), NX: bins, NY: bins, BoxM: 1}
	for i := range noise.Values {
		noise.Values[i] = rng.Float64()
	}
	grid.Values[77] = math.NaN()
	if c := Coherence(grid); c < 0.98 {
		t.Errorf("a smooth map has coherence %.3f, want nearly 1", c)
	}
	if c := Coherence(noise); math.Abs(c) > 0.1 {
		t.Errorf("noise has coherence %.3f, want about 0", c)
	}
}

// The scorer of shuffles gives what the analysis gives.
func TestAScorerGivesTheScoreOfTheAnalysis(t *testing.T) {
	rng := source(4)
	var maps []Map
	for u := range 4 {
		m := IdealGrid(IdealHexagonal(0.4, 10).WaveVectors(), rng.Float64(), 0, 30, 1)
		for i := range m.Values {
			m.Values[i] += float64(u) * rng.NormFloat64()
		}
		m.Values[17] = math.NaN()
		maps = append(maps, m)
	}
	a := analyze(t, maps)
	s := NewScorers(maps[0], 1)[0]
	for u, m := range maps {
		if got := s.Expanding(m); got != a.Units[u].Expanding {
			t.Errorf("unit %d: %g, the analysis has %g", u, got, a.Units[u].Expanding)
		}
	}
}
