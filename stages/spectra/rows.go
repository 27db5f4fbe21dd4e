package spectra

import (
	"math"

	"sicgrid/pkg/gridcell"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Units are the rows of an analysis' units, in their order. Drift is NaN: an analysis knows no
// halves.
func Units(a *gridcell.Analysis) []spectratable.Unit {
	rows := make([]spectratable.Unit, len(a.Units))
	for i, u := range a.Units {
		rows[i] = spectratable.Unit{
			Unit: int32(i), Active: u.Active, Peak: u.Peak,
			Score: u.Expanding, Ring: u.Ring, Banino60: u.Banino60, Banino90: u.Banino90,
			Square: u.Square, Corrected: u.Corrected,
			EllipseRatio: u.EllipseRatio, Period: u.PeriodM, Orientation: u.OrientationDeg,
			Module: int32(u.Module), Phi1: u.Phases[0], Phi2: u.Phases[1], Phi3: u.Phases[2],
			Drift: math.NaN(), Fields: int32(len(u.Fields)), FieldArea: math.NaN(), PlaceLike: u.PlaceLike,
			Modulation: u.Modulation, Superlattice: int32(u.Superlattice.Index), Alternation: u.Superlattice.Strength, NoPeriod: string(u.Missing),
		}
		if len(u.Fields) > 0 {
			rows[i].FieldArea = u.Fields[0].AreaM2
		}
	}
	return rows
}

func autocorrelogramRows(maps []ratemapstable.Map, a *gridcell.Analysis) []spectratable.Autocorrelogram {
	rows := make([]spectratable.Autocorrelogram, len(maps))
	for i, s := range a.Autocorrelograms {
		values := make([]float32, len(s.Values))
		for l, v := range s.Values {
			values[l] = float32(v)
		}
		rows[i] = spectratable.Autocorrelogram{Unit: maps[i].Unit, Values: values}
	}
	return rows
}

// Modules are the rows of an analysis' modules, by ascending period.
func Modules(a *gridcell.Analysis) []spectratable.Module {
	rows := make([]spectratable.Module, len(a.Modules))
	for i, m := range a.Modules {
		k := m.Waves
		rows[i] = spectratable.Module{
			Module: int32(i), N: int32(len(m.Units)), Period: m.PeriodM, Orientation: m.OrientationDeg,
			K1X: k[0][0], K1Y: k[0][1], K2X: k[1][0], K2Y: k[1][1], K3X: k[2][0], K3Y: k[2][1],
			Score: m.ExpandingMedian, Corrected: m.CorrectedMedian, EllipseRatio: m.EllipseRatioMedian,
			PeriodsInBox: m.PeriodsInBox, Hexagonal: m.Hexagonal, OrientationAlone: m.OrientationAlone,
			Rayleigh1: m.RayleighP[0], Rayleigh2: m.RayleighP[1], Rayleigh3: m.RayleighP[2], Uniform: m.UniformP,
		}
	}
	return rows
}

func spectrumRows(a *gridcell.Analysis) []spectratable.Spectrum {
	rows := make([]spectratable.Spectrum, len(a.Spectra))
	for i, s := range a.Spectra {
		rows[i] = spectratable.Spectrum{Module: int32(i - 1), Power: s.Power, Step: s.Step}
	}
	return rows
}
