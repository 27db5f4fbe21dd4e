package spectra

import (
	"math"

	"sicgrid/pkg/gridcell"
)

// mapView and occupancyView are what this stage reads.
type mapView struct {
	Unit  int32     `col:"unit"`
	Mean  []float32 `col:"mean"`
	Early []float32 `col:"early"`
	Late  []float32 `col:"late"`
}

type occupancyView struct {
	Explained float64 `col:"explained"`
}

// Unit is a row of "units". Measures are NaN where undefined, phases outside modules.
type Unit struct {
	Unit         int32   `col:"unit"`
	Active       bool    `col:"active"`
	Peak         float64 `col:"peak"`
	Expanding    float64 `col:"grid_expanding"`
	Ring         float64 `col:"grid_ring"`
	Banino60     float64 `col:"grid_banino60"`
	Banino90     float64 `col:"grid_banino90"`
	Square       float64 `col:"score90"`
	Corrected    float64 `col:"grid_corrected"`
	EllipseRatio float64 `col:"ellipse_ratio"`
	Period       float64 `col:"period_m" unit:"m"`
	Orientation  float64 `col:"orientation_deg" unit:"deg"`
	Module       int32   `col:"module"` // -1: none
	Phi1         float64 `col:"phi1" unit:"rad"`
	Phi2         float64 `col:"phi2" unit:"rad"`
	Phi3         float64 `col:"phi3" unit:"rad"`
	Drift        float64 `col:"drift"` // Pearson of the early with the late map
	Fields       int32   `col:"fields"`
	FieldArea    float64 `col:"field_area" unit:"m2"` // of the field with the highest peak
	PlaceLike    bool    `col:"place_like"`
}

// Autocorrelogram is a row of "autocorrelograms": zero lag in the middle.
type Autocorrelogram struct {
	Unit   int32     `col:"unit"`
	Values []float32 `col:"values" shape:"2ny-1,2nx-1"`
}

// Lattice is what a module is, in any table of modules.
type Lattice struct {
	Module      int32   `col:"module"`
	N           int32   `col:"n"`
	Period      float64 `col:"period_m" unit:"m"`
	Orientation float64 `col:"orientation_deg" unit:"deg"`
	K1X         float64 `col:"k1x" unit:"rad/m"`
	K1Y         float64 `col:"k1y" unit:"rad/m"`
	K2X         float64 `col:"k2x" unit:"rad/m"`
	K2Y         float64 `col:"k2y" unit:"rad/m"`
	K3X         float64 `col:"k3x" unit:"rad/m"`
	K3Y         float64 `col:"k3y" unit:"rad/m"`
}

// Lattices are those of an analysis, by ascending period.
func Lattices(a *gridcell.Analysis) []Lattice {
	rows := make([]Lattice, len(a.Modules))
	for i, m := range a.Modules {
		k := m.Waves
		rows[i] = Lattice{int32(i), int32(len(m.Units)), m.PeriodM, m.OrientationDeg, k[0][0], k[0][1], k[1][0], k[1][1], k[2][0], k[2][1]}
	}
	return rows
}

// Module is a row of "modules", by ascending period.
type Module struct {
	Lattice
	Expanding    float64 `col:"grid_expanding_median"`
	Corrected    float64 `col:"grid_corrected_median"`
	EllipseRatio float64 `col:"ellipse_ratio_median"`
	PeriodsInBox float64 `col:"periods_in_box"`
	Hexagonal    bool    `col:"hexagonal"`
	// OrientationAlone: a module with more units has the same period.
	OrientationAlone bool `col:"orientation_alone"`
	// Probabilities that phases are as uneven, if they are uniform: each phase by a
	// Rayleigh test, all by a test on the unit cell.
	Rayleigh1 float64 `col:"rayleigh_p1"`
	Rayleigh2 float64 `col:"rayleigh_p2"`
	Rayleigh3 float64 `col:"rayleigh_p3"`
	Uniform   float64 `col:"uniform_p"`
}

// Spectrum is a row of "spectrum": the mean power spectrum of a module's units, or
// (module -1) of all active units; the wave vector 0 is at n/2 of both axes.
type Spectrum struct {
	Module int32     `col:"module"`
	Power  []float64 `col:"power" shape:"n,n"`
	Step   float64   `col:"wavenumber_step" unit:"rad/m"`
}

// Summary is the one row of "summary".
type Summary struct {
	Units     int32   `col:"units"`
	Active    int32   `col:"active"`
	Dead      int32   `col:"dead"` // not active
	Score     float64 `col:"grid_expanding_median"`
	Above     float64 `col:"above_0_3"`
	InModules float64 `col:"in_modules"`
	PlaceLike float64 `col:"place_like"`
	FieldArea float64 `col:"field_area_median" unit:"m2"` // of the place-like units
	Explained float64 `col:"explained"`
	Modules   int32   `col:"modules"`
	// Of the active units' metric tensor, see gridcell.Isometry.
	Anisotropy float64 `col:"metric_anisotropy"`
	Spread     float64 `col:"metric_spread"`
}

func unitRows(maps []mapView, a *gridcell.Analysis, drift []float64) []Unit {
	rows := make([]Unit, len(maps))
	for i, u := range a.Units {
		rows[i] = Unit{
			Unit: maps[i].Unit, Active: u.Active, Peak: u.Peak,
			Expanding: u.Expanding, Ring: u.Ring, Banino60: u.Banino60, Banino90: u.Banino90,
			Square: u.Square, Corrected: u.Corrected,
			EllipseRatio: u.EllipseRatio, Period: u.PeriodM, Orientation: u.OrientationDeg,
			Module: int32(u.Module), Phi1: u.Phases[0], Phi2: u.Phases[1], Phi3: u.Phases[2],
			Drift: drift[i], Fields: int32(len(u.Fields)), FieldArea: math.NaN(), PlaceLike: u.PlaceLike,
		}
		if len(u.Fields) > 0 {
			rows[i].FieldArea = u.Fields[0].AreaM2
		}
	}
	return rows
}

func autocorrelogramRows(maps []mapView, a *gridcell.Analysis) []Autocorrelogram {
	rows := make([]Autocorrelogram, len(maps))
	for i, s := range a.Autocorrelograms {
		values := make([]float32, len(s.Values))
		for l, v := range s.Values {
			values[l] = float32(v)
		}
		rows[i] = Autocorrelogram{Unit: maps[i].Unit, Values: values}
	}
	return rows
}

func moduleRows(a *gridcell.Analysis) []Module {
	rows := make([]Module, len(a.Modules))
	for i, lattice := range Lattices(a) {
		m := a.Modules[i]
		rows[i] = Module{
			Lattice:   lattice,
			Expanding: m.ExpandingMedian, Corrected: m.CorrectedMedian, EllipseRatio: m.EllipseRatioMedian,
			PeriodsInBox: m.PeriodsInBox, Hexagonal: m.Hexagonal, OrientationAlone: m.OrientationAlone,
			Rayleigh1: m.RayleighP[0], Rayleigh2: m.RayleighP[1], Rayleigh3: m.RayleighP[2], Uniform: m.UniformP,
		}
	}
	return rows
}

func spectrumRows(a *gridcell.Analysis) []Spectrum {
	rows := make([]Spectrum, len(a.Spectra))
	for i, s := range a.Spectra {
		rows[i] = Spectrum{Module: int32(i - 1), Power: s.Power, Step: s.Step}
	}
	return rows
}
