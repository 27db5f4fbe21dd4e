package sheet

// Unit is a row of the spectra stage's "units". Lengths in m, angles in degrees,
// phases in rad; NaN where undefined. Module is -1 outside modules.
type Unit struct {
	Unit        int32   `col:"unit"`
	Active      bool    `col:"active"`
	Peak        float64 `col:"peak"`
	Score       float64 `col:"grid_expanding"`
	Square      float64 `col:"score90"`
	Period      float64 `col:"period_m"`
	Orientation float64 `col:"orientation_deg"`
	Module      int32   `col:"module"`
	Phi1        float64 `col:"phi1"`
	Phi2        float64 `col:"phi2"`
	Phi3        float64 `col:"phi3"`
}

// Module is a row of "modules"; wave vectors in rad/m.
type Module struct {
	Module       int32   `col:"module"`
	N            int32   `col:"n"`
	Period       float64 `col:"period_m"`
	Orientation  float64 `col:"orientation_deg"`
	K1X          float64 `col:"k1x"`
	K1Y          float64 `col:"k1y"`
	K2X          float64 `col:"k2x"`
	K2Y          float64 `col:"k2y"`
	K3X          float64 `col:"k3x"`
	K3Y          float64 `col:"k3y"`
	Score        float64 `col:"grid_expanding_median"`
	Corrected    float64 `col:"grid_corrected_median"`
	EllipseRatio float64 `col:"ellipse_ratio_median"`
	PeriodsInBox float64 `col:"periods_in_box"`
	Hexagonal    bool    `col:"hexagonal"`
}

// WaveVectors returns k1, k2, k3 in rad/m.
func (m Module) WaveVectors() [3][2]float64 {
	return [3][2]float64{{m.K1X, m.K1Y}, {m.K2X, m.K2Y}, {m.K3X, m.K3Y}}
}

// Summary is the one row of "summary".
type Summary struct {
	Units     int32   `col:"units"`
	Active    int32   `col:"active"`
	Score     float64 `col:"grid_expanding_median"`
	AboveLine float64 `col:"above_0_3"`
	InModules float64 `col:"in_modules"`
	Explained float64 `col:"explained"`
	Modules   int32   `col:"modules"`
}

// RateMap is a row of the ratemaps stage's "maps": rates on a square of bins, row 0
// lowest y, NaN unvisited.
type RateMap struct {
	Unit int32     `col:"unit"`
	Mean []float32 `col:"mean"`
}

// Autocorrelogram is a row of "autocorrelograms": correlations over all lags of a
// square map, zero lag in the middle, NaN where too few bins overlap.
type Autocorrelogram struct {
	Unit   int32     `col:"unit"`
	Values []float32 `col:"values"`
}

// Silent reports whether the unit never fires.
func (u Unit) Silent() bool { return !(u.Peak > 0) }
