// Package spectra is the stage that measures ratemaps: autocorrelograms, grid scores,
// period and orientation of each unit, modules, their power spectra and phases. The
// definitions are those of package gridcell.
package spectra

import (
	"context"
	"fmt"
	"maps"
	"math"
	"strconv"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Params are the thresholds of the analysis.
type Params struct {
	ActiveFraction       float64 `json:"active_fraction"`        // of the 95th percentile of the units' peaks: least peak of an active unit
	ModuleUnits          int     `json:"module_units"`           // least number of units in a module
	ModuleScore          float64 `json:"module_score"`           // least expanding-ring score of a module's units
	ModulePeriodRatio    float64 `json:"module_period_ratio"`    // least ratio of the periods of two modules
	ModuleOrientationDeg float64 `json:"module_orientation_deg"` // degrees; modules of one period differ at least by this
	ModuleMisfit         float64 `json:"module_misfit"`          // periods; largest deviation of a unit's six peaks from a lattice
	ModuleCoreDistance   float64 `json:"module_core_distance"`   // periods; largest distance of a core unit's peaks from the module's
}

// Check returns an error if a threshold is impossible.
func (p Params) Check() error {
	for _, v := range []struct {
		name  string
		value float64
		must  string
		holds bool
	}{
		{"active_fraction", p.ActiveFraction, "from 0 to 1", p.ActiveFraction >= 0 && p.ActiveFraction <= 1},
		{"module_units", float64(p.ModuleUnits), "at least 2", p.ModuleUnits >= 2},
		{"module_score", p.ModuleScore, "from -2 to 2", p.ModuleScore >= -2 && p.ModuleScore <= 2},
		{"module_period_ratio", p.ModulePeriodRatio, "greater than 1", p.ModulePeriodRatio > 1 && !math.IsInf(p.ModulePeriodRatio, 0)},
		{"module_orientation_deg", p.ModuleOrientationDeg, "greater than 0 and at most 30", p.ModuleOrientationDeg > 0 && p.ModuleOrientationDeg <= 30},
		{"module_misfit", p.ModuleMisfit, "at least 0", p.ModuleMisfit >= 0},
		{"module_core_distance", p.ModuleCoreDistance, "greater than 0", p.ModuleCoreDistance > 0},
	} {
		if !v.holds {
			return fmt.Errorf("%s is %g, must be %s", v.name, v.value, v.must)
		}
	}
	return nil
}

// Outputs of the stage.
var Outputs = []string{"units", "autocorrelograms", "modules", "spectrum", "summary"}

// scoreLine is the expanding-ring score of the column above_0_3.
const scoreLine = 0.3

// Run measures the maps of one network in one box.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	if err := p.Check(); err != nil {
		return err
	}
	r := &pipeline.Reader{Task: t}
	rows := pipeline.Rows[ratemapstable.Map](r, "maps")
	occupancy := pipeline.One[ratemapstable.Variance](r, "occupancy")
	if r.Err != nil {
		return r.Err
	}
	meta := r.Meta("maps")
	mean, drift, err := readMaps(rows, meta)
	if err != nil {
		return err
	}
	a, err := gridcell.Analyze(ctx, mean, p.options(t))
	if err != nil {
		return err
	}
	kept := map[string]string{"box_m": meta["box_m"], "bins": meta["bins"], "units": strconv.Itoa(len(rows))}
	units := Units(a)
	for i, r := range rows {
		units[i].Unit, units[i].Drift = r.Unit, drift[i]
	}
	if err := pipeline.Emit(t, "units", units, kept); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "autocorrelograms", autocorrelogramRows(rows, a), kept); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "modules", Modules(a), kept); err != nil {
		return err
	}
	spectrum := maps.Clone(kept)
	spectrum["n"] = strconv.Itoa(a.Spectra[0].N)
	if err := pipeline.Emit(t, "spectrum", spectrumRows(a), spectrum); err != nil {
		return err
	}
	return pipeline.Emit(t, "summary", []spectratable.Summary{summarise(a, mean, occupancy.Explained)}, kept)
}

func (p Params) options(t *pipeline.Task) gridcell.Options {
	return gridcell.Options{
		ActiveFraction: p.ActiveFraction,
		Module: gridcell.ModuleRule{
			MinUnits:       p.ModuleUnits,
			MinScore:       p.ModuleScore,
			PeriodRatio:    p.ModulePeriodRatio,
			OrientationDeg: p.ModuleOrientationDeg,
			MaxMisfit:      p.ModuleMisfit,
			CoreDistance:   p.ModuleCoreDistance,
		},
		Threads:  t.Threads(),
		Progress: func(done, total int) { t.Progress(int64(done), int64(total), "units") },
	}
}

// readMaps returns the mean map of each unit, and its drift: the correlation of the
// early with the late map.
func readMaps(rows []ratemapstable.Map, meta map[string]string) (mean []gridcell.Map, drift []float64, err error) {
	box, err := strconv.ParseFloat(meta["box_m"], 64)
	if err != nil {
		return nil, nil, fmt.Errorf("maps: box_m %q is not a length in metres", meta["box_m"])
	}
	bins, err := strconv.Atoi(meta["bins"])
	if err != nil {
		return nil, nil, fmt.Errorf("maps: bins %q is not a number of bins", meta["bins"])
	}
	for _, r := range rows {
		var m [3]gridcell.Map
		for i, values := range [][]float32{r.Mean, r.Early, r.Late} {
			m[i] = gridcell.FromFloat32(values, bins, bins, box)
			if err := m[i].Check(); err != nil {
				return nil, nil, fmt.Errorf("maps: unit %d: %w", r.Unit, err)
			}
		}
		mean, drift = append(mean, m[0]), append(drift, gridcell.Correlation(m[1], m[2]))
	}
	return mean, drift, nil
}

// summarise counts. Shares are of the active units, NaN if there are none; explained
// is the share of the state variance that position explains.
func summarise(a *gridcell.Analysis, maps []gridcell.Map, explained float64) spectratable.Summary {
	s := spectratable.Summary{Units: int32(len(a.Units)), Modules: int32(len(a.Modules)), Explained: explained}
	var scores, areas []float64
	var above, inside, place float64
	var active []gridcell.Map
	for i, u := range a.Units {
		if !u.Active {
			continue
		}
		active = append(active, maps[i])
		scores = append(scores, u.Expanding)
		if u.Expanding > scoreLine {
			above++
		}
		if u.Module >= 0 {
			inside++
		}
		if u.PlaceLike {
			place++
			areas = append(areas, u.Fields[0].AreaM2)
		}
	}
	s.Active = int32(len(scores))
	s.Dead = s.Units - s.Active
	s.Score = gridcell.Median(scores)
	s.FieldArea = gridcell.Median(areas)
	s.Above, s.InModules, s.PlaceLike, s.Anisotropy, s.Spread = math.NaN(), math.NaN(), math.NaN(), math.NaN(), math.NaN()
	if metric, err := gridcell.MetricIsometry(active); err == nil { // there is an active unit; all maps have one shape
		s.Anisotropy, s.Spread = metric.Anisotropy, metric.Spread
	}
	if n := float64(len(scores)); n > 0 {
		s.Above, s.InModules, s.PlaceLike = above/n, inside/n, place/n
	}
	return s
}
