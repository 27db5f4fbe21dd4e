// Package spectratable has the rows of what the spectra stage writes.
package spectratable

// Unit is a row of "units". Measures are NaN where undefined, phases outside modules.
type Unit struct {
	Unit         int32   `col:"unit" range:">= 0" below:"units" doc:"number of the unit, from 0"`
	Active       bool    `col:"active" doc:"whether the unit fires, its peak above 0 and its modulation at least 0.05; of a network's units, of which ReLU leaves some dead, whether the peak is at least a share, usually 5 %, of the population's 95th percentile of peaks"`
	Peak         float64 `col:"peak" doc:"highest mean activity over visited bins"`
	Score        float64 `col:"grid_expanding" range:"[-2.001, 2.001]" doc:"grid score: min(r60, r120) - max(r30, r90, r150) of the autocorrelogram, expanding ring, maximum of the running mean of 3 radii (Langston et al. 2010; Stensola et al. 2012)"`
	Ring         float64 `col:"grid_ring" range:"[-2.001, 2.001]" doc:"the same over one ring from 0.5 to 1.5 mean peak distances (Sargolini et al. 2006)"`
	Banino60     float64 `col:"grid_banino60" range:"[-2.001, 2.001]" doc:"(r60 + r120)/2 - (r30 + r90 + r150)/3, maximum over ten rings (Banino et al. 2018)"`
	Banino90     float64 `col:"grid_banino90" range:"[-2.001, 2.001]" doc:"r90 - (r45 + r135)/2, maximum over ten rings (Banino et al. 2018)"`
	Square       float64 `col:"grid_square" range:"[-2.001, 2.001]" doc:"square score: r90 - max(r45, r135) over the expanding ring of grid_expanding"`
	Corrected    float64 `col:"grid_corrected" range:"[-2.001, 2.001]" doc:"grid_expanding after the ellipse through the six peaks was made a circle; none for ratios of 1.3 or more (after Brandon et al. 2011)"`
	EllipseRatio float64 `col:"ellipse_ratio" range:">= 0" doc:"ratio of the axes of the ellipse through the six peaks"`
	Period       float64 `col:"period_m" unit:"m" range:">= 0" doc:"mean distance of the six nearest peaks of the autocorrelogram, sub-pixel, peaks under a third of the most significant one left out; under 8 bins a period of the lattice of three waves fitted to the map, none under 3"`
	Orientation  float64 `col:"orientation_deg" unit:"deg" range:"[0, 60]" doc:"direction of the peaks, modulo 60 degrees"`
	Module       int32   `col:"module" range:">= -1" doc:"module: usually at least 5 active units with grid_expanding of 0.3 or more that share period and orientation; -1: none"`
	Phi1         float64 `col:"phi1" unit:"rad" range:"[-3.1416, 3.1416]" doc:"phase arg sum (R - mean R) exp(i k1.x) at the module's wave vector k1"`
	Phi2         float64 `col:"phi2" unit:"rad" range:"[-3.1416, 3.1416]" doc:"likewise for k2"`
	Phi3         float64 `col:"phi3" unit:"rad" range:"[-3.1416, 3.1416]" doc:"likewise for k3"`
	Drift        float64 `col:"drift" range:"[-1.001, 1.001]" doc:"Pearson correlation of the early with the late map"`
	Fields       int32   `col:"fields" range:">= 0" doc:"number of firing fields"`
	FieldArea    float64 `col:"field_area" unit:"m2" range:">= 0" doc:"area of the field with the highest peak"`
	PlaceLike    bool    `col:"place_like" doc:"whether there is one field, and no six peaks"`
	Modulation   float64 `col:"modulation" doc:"depth of modulation, (highest - lowest) / highest mean activity over visited bins: 1 for a unit that is silent somewhere"`
	Superlattice int32   `col:"superlattice" range:">= 0" doc:"N: the autocorrelogram is higher at the hexagonal lattice of √N periods, N = 3, 4, 7, 9, 12 or 13, than at the period, by 0.15 or more; 1: at none; 0: not measured"`
	Alternation  float64 `col:"superlattice_strength" range:"[-2.001, 2.001]" doc:"mean correlation at the six nearest points of that lattice less that at the six nearest peaks; without one the largest such difference"`
	NoPeriod     string  `col:"no_period" doc:"why there is no period; empty where there is one"`
}

// Autocorrelogram is a row of "autocorrelograms".
type Autocorrelogram struct {
	Unit   int32     `col:"unit" range:">= 0" below:"units" doc:"number of the unit, from 0"`
	Values []float32 `col:"values" shape:"2ny-1,2nx-1" range:"[-1.001, 1.001]" doc:"correlation at each lag, zero lag in the middle; NaN where too few bins overlap"`
}

// Module is a row of "modules", by ascending period. The probabilities are those that phases are as
// uneven, if they are uniform.
type Module struct {
	Module           int32   `col:"module" range:">= -1" doc:"number of the module, from 0, by ascending period"`
	N                int32   `col:"n" range:">= 1" doc:"units of the module"`
	Period           float64 `col:"period_m" unit:"m" range:">= 0" doc:"period of its lattice"`
	Orientation      float64 `col:"orientation_deg" unit:"deg" range:"[0, 60]" doc:"orientation of its lattice, modulo 60 degrees"`
	K1X              float64 `col:"k1x" unit:"rad/m" doc:"wave vector k1 along x; k1, k2 and k3 are peaks of the mean power spectrum, refined off its grid, and add up to 0"`
	K1Y              float64 `col:"k1y" unit:"rad/m" doc:"k1 along y; it points into [0, 60) degrees"`
	K2X              float64 `col:"k2x" unit:"rad/m" doc:"k2 along x, near +120 degrees from k1"`
	K2Y              float64 `col:"k2y" unit:"rad/m" doc:"k2 along y"`
	K3X              float64 `col:"k3x" unit:"rad/m" doc:"k3 along x, near +240 degrees from k1"`
	K3Y              float64 `col:"k3y" unit:"rad/m" doc:"k3 along y"`
	Score            float64 `col:"grid_expanding_median" range:"[-2.001, 2.001]" doc:"median of grid_expanding over its units"`
	Corrected        float64 `col:"grid_corrected_median" range:"[-2.001, 2.001]" doc:"median of grid_corrected over its units"`
	EllipseRatio     float64 `col:"ellipse_ratio_median" range:">= 0" doc:"median of ellipse_ratio over its units"`
	PeriodsInBox     float64 `col:"periods_in_box" range:">= 0" doc:"side of the box in periods"`
	Hexagonal        bool    `col:"hexagonal" doc:"whether its lattice is hexagonal"`
	OrientationAlone bool    `col:"orientation_alone" doc:"whether a module with more units has the same period"`
	Rayleigh1        float64 `col:"rayleigh_p1" range:"[0, 1]" doc:"p of a Rayleigh test of the phases along k1"`
	Rayleigh2        float64 `col:"rayleigh_p2" range:"[0, 1]" doc:"likewise along k2"`
	Rayleigh3        float64 `col:"rayleigh_p3" range:"[0, 1]" doc:"likewise along k3"`
	Uniform          float64 `col:"uniform_p" range:"[0, 1]" doc:"p of a test of all phases on the unit cell"`
}

// Spectrum is a row of "spectrum".
type Spectrum struct {
	Module int32     `col:"module" range:">= -1" doc:"module whose units it averages; -1: all active units"`
	Power  []float64 `col:"power" shape:"n,n" range:">= 0" doc:"mean power spectrum of their maps, wave vector 0 at n/2 of both axes"`
	Step   float64   `col:"wavenumber_step" unit:"rad/m" range:"> 0" doc:"distance of two neighbouring wave vectors"`
}

// Summary is the one row of "summary". Shares are of the active units, NaN if there are none.
type Summary struct {
	Units       int32     `col:"units" range:">= 0" doc:"number of units"`
	Active      int32     `col:"active" range:">= 0" doc:"number of active units"`
	Inactive    int32     `col:"inactive" range:">= 0" doc:"number of units that are not active"`
	Score       float64   `col:"grid_expanding_median" range:"[-2.001, 2.001]" doc:"median of grid_expanding over active units"`
	Above       float64   `col:"above_0_3" range:"[0, 1.001]" doc:"share of active units with grid_expanding above 0.3"`
	InModules   float64   `col:"in_modules" range:"[0, 1.001]" doc:"share of active units in modules"`
	PlaceLike   float64   `col:"place_like" range:"[0, 1.001]" doc:"share of active units with one field and no six peaks"`
	FieldArea   float64   `col:"field_area_median" unit:"m2" range:">= 0" doc:"median area of the fields of place-like units"`
	Explained   float64   `col:"explained" range:"<= 1.001" doc:"variance of the states explained by position, a share"`
	Modules     int32     `col:"modules" range:">= 0" doc:"number of modules"`
	Anisotropy  float64   `col:"metric_anisotropy" range:">= 0" doc:"how far the metric tensor of the active units' maps is from a multiple of the unit matrix: 0 for a conformal code, 2 where states change along one direction only"`
	Spread      float64   `col:"metric_spread" range:">= 0" doc:"variance over places of that tensor's scale, over the squared mean: 0 for one scale everywhere"`
	Independent int32     `col:"independent" range:">= 0" doc:"hexagonal modules no two of which are at a coincidence of hexagonal lattices (1.155 at 30 degrees, 1.732 at 30, 2 at 0 and the others of up to 7 and 9 points in a common cell), to 2 % and 2 degrees"`
	Generators  int32     `col:"generators" range:">= 0" doc:"least number of phases that the wave vectors of the active units' maps are made of: 2 for one torus, 4 or 6 for independent ones; 0: not measured, for the box holds fewer than two periods of a module, or nothing is active"`
	TorusShares []float64 `col:"torus_shares" range:"[0, 1.001]" doc:"share of the power of all wave vectors on each torus, the strongest first"`
}
