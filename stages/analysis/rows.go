package analysis

import (
	"math"
	"slices"
	"strings"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/recording"
	"sicgrid/stages/spectra/spectratable"
)

// Unit is a row of the table of units: what the spectra stage measures of a map, and what only a
// recording has.
type Unit struct {
	spectratable.Unit
	Lattices    string  `col:"lattices" doc:"the two lattices that the map is the sum of, the stronger first; empty for one or none. There is a period only where it is that of one clearly stronger than the other"`
	Name        string  `col:"name" doc:"name of the unit: its column's, or its number in the spikes"`
	Spikes      float64 `col:"spikes" doc:"number of its spikes that count; NaN for activity that is no count"`
	Seconds     float64 `col:"seconds" unit:"s" doc:"time in which it was recorded; samples where the recording has no times"`
	Rate        float64 `col:"mean_rate" doc:"spikes a second, or the mean activity; a sample where the recording has no times"`
	SmoothM     float64 `col:"smooth_m" unit:"m" doc:"standard deviation of the kernel that its map is smoothed by; period, orientation and ellipse are without what that moves the peaks by"`
	Information float64 `col:"information" doc:"spatial information in bits a spike, sum p r/R log2(r/R) over bins of share p of the time and rate r, R the mean (Skaggs et al. 1993); biased upwards where spikes are few"`
	Coherence   float64 `col:"coherence" doc:"correlation of each bin of the map without smoothing with the mean of its up to 8 neighbours (Muller and Kubie 1989)"`
	Stability   float64 `col:"stability" doc:"correlation of the maps of the first and the second half of the time over bins visited in both"`
	GridP       float64 `col:"grid_p" doc:"p that it is a grid cell by chance: the larger of score_p and information_p, since both have to be rare, a lattice and a bond with places (an intersection-union test, Berger 1982)"`
	Grid95      float64 `col:"grid_95" doc:"95th percentile of grid_expanding of its shuffles; a shuffle rolls its spikes in time against the track"`
	ScoreP      float64 `col:"score_p" doc:"share of shuffles, itself among them, with grid_expanding of at least its own (Phipson and Smyth 2010)"`
	InfoP       float64 `col:"information_p" doc:"likewise with information of at least its own; of activity that falls below 0, which has none, with the variance of its map"`
	Info95      float64 `col:"information_95" doc:"95th percentile of information of its shuffles"`
}

// The columns of a table of units, in order: of all, of recordings, of those with shuffles.
var (
	mapColumns = []string{"unit", "active", "grid_expanding", "grid_ring", "grid_banino60", "grid_banino90", "grid_corrected",
		"period_m", "orientation_deg", "ellipse_ratio", "module", "phi1", "phi2", "phi3",
		"modulation", "superlattice", "superlattice_strength", "no_period", "lattices"}
	recordingColumns = []string{"spikes", "seconds", "mean_rate", "smooth_m", "information", "coherence", "stability", "fields", "field_area"}
	shuffleColumns   = []string{"grid_p", "grid_95", "score_p", "information_p", "information_95"}
)

// Headers are what the first line of a table of units begins with: units have names or not.
func Headers() []string {
	columns := strings.Join(mapColumns[1:], ",")
	return []string{mapColumns[0] + "," + columns, mapColumns[0] + ",name," + columns}
}

// AllColumns are those that a table of units may have.
func AllColumns() []string {
	return slices.Concat(mapColumns[:1], []string{"name"}, mapColumns[1:], recordingColumns, shuffleColumns)
}

// Field is a row of the table of firing fields.
type Field struct {
	Unit  int32   `col:"unit" doc:"number of the unit, from 0"`
	Name  string  `col:"name" doc:"its name"`
	Field int32   `col:"field" doc:"number of the field, from 0, by descending peak: visited bins that touch along a side, above a fifth of the way from the map's lowest to its highest rate, at least 9 of them and at most half the visited ones"`
	X     float64 `col:"x_m" unit:"m" doc:"place of its highest bin, from the centre of the box"`
	Y     float64 `col:"y_m" unit:"m" doc:"likewise along y, upwards"`
	Peak  float64 `col:"peak" doc:"rate there"`
	Area  float64 `col:"area_m2" unit:"m2" doc:"its area"`
	Bins  int32   `col:"bins" doc:"its bins"`
}

// Ratemap is a row of the table of ratemaps.
type Ratemap struct {
	Unit int32     `col:"unit" doc:"number of the unit, from 0"`
	Name string    `col:"name" doc:"its name"`
	Mean []float32 `col:"mean" shape:"ny,nx" doc:"its rate in each bin, row 0 lowest y; NaN where not visited"`
}

// measure fills in what only a recording has.
func (u *Unit) measure(t *recording.Train) {
	raw := t.Raw()
	u.Spikes, u.Seconds, u.Rate, u.SmoothM = t.Spikes, t.Seconds(), t.Rate(), t.SmoothM
	u.Information = gridcell.SpatialInformation(t.Map(), t.Occupancy())
	u.Coherence = gridcell.Coherence(raw)
	u.Stability = gridcell.Correlation(t.Halves())
}

// test compares a unit, whose score is known, with its shuffles.
func (u *Unit) test(t *recording.Train, m gridcell.Map, s recording.Shuffled) {
	u.ScoreP, u.Grid95 = against(u.Score, s.Score)
	u.InfoP, u.Info95 = against(t.Tuning(m), s.Tuning)
	if t.Signed() {
		u.Info95 = math.NaN()
	}
	u.GridP = math.Max(u.ScoreP, u.InfoP) // NaN if one is
}

// level is that of the test for grid cells.
const level = 0.05

// against returns p, the share of the shuffles and the value itself that are at least the value
// (Phipson and Smyth 2010), and the shuffles' 95th percentile. A shuffle whose measure is undefined
// is below all.
func against(value float64, shuffled []float64) (p, percentile float64) {
	if math.IsNaN(value) || len(shuffled) == 0 {
		return math.NaN(), math.NaN()
	}
	above := 1
	for _, v := range shuffled {
		if v >= value {
			above++
		}
	}
	sorted := slices.Clone(shuffled)
	slices.Sort(sorted) // NaN first
	return float64(above) / float64(len(shuffled)+1), gridcell.Quantile(sorted, 0.95)
}
