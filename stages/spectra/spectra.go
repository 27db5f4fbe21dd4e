// Package spectra is the stage that measures ratemaps: autocorrelograms, grid scores,
// period and orientation of each unit, modules, their power spectra and phases. The
// definitions are those of package gridcell.
package spectra

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/spectra/spectratable"
)

// Params are the thresholds of the analysis.
type Params struct {
	ActiveFraction       float64 `json:"active_fraction" range:"[0, 1]" default:"0.05" doc:"least peak of an active unit, as a share of the population's 95th percentile of peaks: ReLU leaves some units dead (ours)"`
	ModuleUnits          int     `json:"module_units" range:">= 2" default:"5" doc:"least number of active units of a module (ours)"`
	ModuleScore          float64 `json:"module_score" range:"[-2, 2]" default:"0.3" doc:"least grid score (expanding ring) of a module's units (ours)"`
	ModulePeriodRatio    float64 `json:"module_period_ratio" range:"> 1" default:"1.2" doc:"least ratio of the periods of two modules (ours)"`
	ModuleOrientationDeg float64 `json:"module_orientation_deg" unit:"degrees" range:"(0, 30]" default:"15" doc:"least difference in orientation of two modules of one period (ours)"`
	ModuleMisfit         float64 `json:"module_misfit" unit:"periods" range:"> 0" default:"0.2" doc:"largest distance of a unit's six peaks from one lattice (ours)"`
	ModuleCoreDistance   float64 `json:"module_core_distance" unit:"periods" range:"> 0" default:"0.1" doc:"largest distance of the peaks of a module's core units from their mean (ours)"`
}

// Outputs of the stage.
var Outputs = []string{"units", "autocorrelograms", "modules", "spectrum", "summary"}

// scoreLine is the expanding-ring score of the column above_0_3.
const scoreLine = 0.3

// Run measures the maps of one network in one box.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
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
	options := p.Options()
	options.Threads, options.Progress = t.Threads(), func(done, total int) { t.Progress(int64(done), int64(total), "units") }
	a, err := gridcell.Analyze(ctx, mean, options)
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

// Options are those of the analysis that the parameters ask for. Whether a unit is active is the
// rule for dead ReLU units, whatever its modulation.
func (p Params) Options() gridcell.Options {
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

// leastPeriods of the coarsest module in the box are what its waves can be told from others' by.
const leastPeriods = 2

// summarise counts. Shares are of the active units, NaN if there are none; explained
// is the variance of the states explained by position, a share.
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
	tooLarge := func(m gridcell.Module) bool { return m.PeriodsInBox < leastPeriods }
	if !slices.ContainsFunc(a.Modules, tooLarge) {
		if tori, err := gridcell.Tori(active); err == nil { // there is an active unit
			s.Generators = int32(gridcell.Generators(tori))
			for _, torus := range tori {
				s.TorusShares = append(s.TorusShares, torus.Share)
			}
		}
	}
	var lattices [][2]float64
	for _, m := range a.Modules {
		if m.Hexagonal {
			lattices = append(lattices, [2]float64{m.PeriodM, m.OrientationDeg})
		}
	}
	s.Independent = int32(gridcell.Independent(lattices))
	s.Active = int32(len(scores))
	s.Inactive = s.Units - s.Active
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
