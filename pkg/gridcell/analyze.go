package gridcell

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
)

// Unit holds the measures of one unit. NaN where undefined.
type Unit struct {
	Active bool
	Peak   float64 // largest value over visited bins
	// Modulation is the depth of modulation, (highest - lowest) / highest value over visited bins,
	// the larger absolute value below: 0 for a constant unit, 1 for one that is silent somewhere.
	Modulation float64
	Scores
	EllipseRatio, PeriodM, OrientationDeg float64
	Missing                               Missing // why these three are NaN, empty where they are not
	Superlattice                          Superlattice
	Superposed                            *Superposed // nil for one lattice or none
	Module                                int         // index into Analysis.Modules, -1 for none
	Phases                                [3]float64  // at the module's wave vectors
	Fields                                []Field
	PlaceLike                             bool
}

// Module holds the measures of one module.
type Module struct {
	Cluster
	Waves              WaveVectors // NaN where the spectrum has no such peaks
	WavePower          [3]float64  // of the mean power spectrum at the three
	ExpandingMedian    float64
	CorrectedMedian    float64
	EllipseRatioMedian float64
	PeriodsInBox       float64 // shorter side of the box over the period
	// Hexagonal: the units' raw scores and the shape of the lattice agree that it is one. The
	// median raw expanding-ring score is at least the rule's, the median ellipse ratio under
	// MaxEllipseRatio, and the spectrum has all three waves, the weakest with at least a tenth of
	// the power of the strongest. The corrected score has no say.
	Hexagonal bool
	RayleighP [3]float64 // of each phase over the units
	UniformP  float64    // of UniformOnCell
}

// Analysis holds the measures of a population.
type Analysis struct {
	Units            []Unit
	Autocorrelograms []*Autocorrelogram
	Modules          []Module
	// Spectra has the mean power spectrum of all active units first, then that of each module.
	Spectra []*Spectrum
}

// Options of Analyze.
type Options struct {
	// A unit is active if its peak is positive and its modulation at least LeastModulation. With
	// ActiveFraction above 0, the rule for the dead ReLU units of a network, its peak must be that
	// share of the population's as well: see Active. In a recording that rule lets a few loud
	// interneurons silence all others.
	LeastModulation, ActiveFraction float64

	Module   ModuleRule
	Observed func(unit int) Observe // how each map was made, nil where that moves no peaks
	Excluded []bool                 // units that belong to no module, whatever their score; nil: none
	Threads  int                    // how many goroutines; at least 1 is used
	Progress func(done, total int)  // called after each unit if not nil, from several goroutines
}

// StandardOptions returns the conventional thresholds.
func StandardOptions() Options {
	return Options{LeastModulation: 0.05, Module: StandardModuleRule(), Threads: 1}
}

// weakestWave is the least power of the weakest of a module's three waves, as a share of the
// strongest, for the module to be hexagonal.
const weakestWave = 0.1

// Analyze measures a population of units, given one map each, all of one shape and box. Units
// without structure (dead, constant, never visited) and populations without modules are legal:
// their measures are NaN, the module list empty. The error says which map has a wrong shape, or
// that the context is done.
func Analyze(ctx context.Context, maps []Map, o Options) (*Analysis, error) {
	if len(maps) == 0 {
		return nil, errors.New("analyze: no ratemaps")
	}
	for i, m := range maps {
		if err := sameShape(maps[0], m); err != nil {
			return nil, fmt.Errorf("ratemap %d: %w", i, err)
		}
	}
	n := len(maps)
	a := &Analysis{Units: make([]Unit, n), Autocorrelograms: make([]*Autocorrelogram, n)}
	peaks := make([]*Peaks, n)
	powers := make([][]float64, n)
	rotor := newRotor(2*maps[0].NX-1, 2*maps[0].NY-1, newMetric(maps[0].BinX(), maps[0].BinY()))

	var next, done atomic.Int64
	var group sync.WaitGroup
	for range min(max(1, o.Threads), n) {
		group.Go(func() {
			c := newCorrelator(maps[0].NX, maps[0].NY)
			p := newPeriodogram(maps[0].NX, maps[0].NY)
			sums := rotor.sheets()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				sac := c.autocorrelogram(maps[i])
				powers[i] = p.of(maps[i])
				var without Missing
				peaks[i], without = peaksOf(maps[i], sac, powers[i])
				var two *Superposed
				peaks[i], without, two = told(maps[i], powers[i], p, peaks[i], without)
				a.Autocorrelograms[i] = sac
				score := rotor.score(sac, peaks[i], sums)
				super := superlatticeOf(sac, peaks[i], o.Module.MaxMisfit)
				peaks[i] = o.undone(i, maps[i], peaks[i], c, p)
				a.Units[i] = unit(maps[i], peaks[i], score, o.Module.MaxMisfit)
				a.Units[i].Missing, a.Units[i].Superposed, a.Units[i].Superlattice = without, two, super
				if d := int(done.Add(1)); o.Progress != nil {
					o.Progress(d, n)
				}
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}

	heights := make([]float64, n)
	for i := range a.Units {
		heights[i] = a.Units[i].Peak
	}
	var active [][]float64
	for i, on := range Active(heights, o.ActiveFraction) {
		a.Units[i].Active = on && a.Units[i].Modulation >= o.LeastModulation
		if a.Units[i].Active {
			active = append(active, powers[i])
		}
	}
	a.Spectra = []*Spectrum{meanSpectrum(maps[0], active)}
	for i, c := range a.clusters(peaks, o) {
		var own [][]float64
		for _, u := range c.Units {
			a.Units[u].Module = i
			own = append(own, powers[u])
		}
		s := meanSpectrum(maps[0], own)
		a.Spectra = append(a.Spectra, s)
		a.Modules = append(a.Modules, a.module(maps, c, s, o.Module))
	}
	return a, nil
}

// undone returns the peaks of unit i without what the making of its map has moved them by.
func (o Options) undone(i int, m Map, peaks *Peaks, c *correlator, p *periodogram) *Peaks {
	if o.Observed == nil {
		return peaks
	}
	return asObserved{c, p}.undone(m, peaks, o.Observed(i))
}

// AnalysisMemory is about how many bytes Analyze takes for this many maps of nx, ny bins, the maps
// themselves left out.
func AnalysisMemory(nx, ny, units, threads int) int64 {
	bins, lags := int64(nx)*int64(ny), int64(2*nx-1)*int64(2*ny-1)
	within := bins * 8 / 5 // lags of half a disc that touches the sides, at most
	padded := int64(fastLength(2*nx-1)) * int64(fastLength(2*ny-1))
	power := int64(spectrumSize(nx, ny)) * int64(spectrumSize(nx, ny))
	const turn, sums = int64(len(rotations)) * 48, int64(len(rotations)) * 48 // a sample; moments
	rotor := within * (turn + 12)
	each := within*sums*3/2 + 64*padded + 44*power + 8*lags + 48*bins
	kept := 12*lags + 4*power
	return rotor + int64(max(1, min(threads, units)))*each + int64(units)*kept + 20*power
}

// sameShape returns an error if b is no valid map or differs from a in shape or box.
func sameShape(a, b Map) error {
	if err := b.Check(); err != nil {
		return err
	}
	if a.NX != b.NX || a.NY != b.NY || a.BoxM != b.BoxM || a.BoxYM != b.BoxYM {
		return fmt.Errorf("%d x %d bins in %s: the first one has %d x %d in %s", b.NX, b.NY, b.boxText(), a.NX, a.NY, a.boxText())
	}
	return nil
}

func unit(m Map, p *Peaks, s Scores, maxMisfit float64) Unit {
	nan := math.NaN()
	u := Unit{
		Peak: m.Peak(), Modulation: m.Modulation(), Scores: s, Module: -1,
		EllipseRatio: nan, PeriodM: nan, OrientationDeg: nan,
		Phases: [3]float64{nan, nan, nan}, Fields: Fields(m),
	}
	u.PlaceLike = PlaceLike(u.Fields, p, maxMisfit)
	if p != nil {
		u.EllipseRatio, u.PeriodM, u.OrientationDeg = p.EllipseRatio, p.PeriodM, p.OrientationDeg
	}
	return u
}

// clusters groups the active units that score enough and whose peaks lie on a lattice.
func (a *Analysis) clusters(peaks []*Peaks, o Options) []Cluster {
	rule := o.Module
	candidates := make([]*Peaks, len(peaks))
	for i, p := range peaks {
		if o.Excluded != nil && o.Excluded[i] {
			continue
		}
		if u := a.Units[i]; u.Active && p != nil && u.Expanding >= rule.MinScore && p.Misfit <= rule.MaxMisfit {
			candidates[i] = p
		}
	}
	return FindClusters(candidates, rule)
}

// module measures a cluster and sets its units' phases.
func (a *Analysis) module(maps []Map, c Cluster, s *Spectrum, rule ModuleRule) Module {
	nan := math.NaN()
	m := Module{Cluster: c, PeriodsInBox: maps[0].shortSide() / c.PeriodM}
	var expanding, corrected, ellipse []float64
	for _, u := range c.Units {
		expanding = append(expanding, a.Units[u].Expanding)
		corrected = append(corrected, a.Units[u].Corrected)
		ellipse = append(ellipse, a.Units[u].EllipseRatio)
	}
	m.ExpandingMedian, m.CorrectedMedian, m.EllipseRatioMedian = Median(expanding), Median(corrected), Median(ellipse)

	k, power, ok := s.WaveVectors(c.Lags)
	if !ok {
		m.Waves = WaveVectors{{nan, nan}, {nan, nan}, {nan, nan}}
		m.WavePower, m.RayleighP, m.UniformP = [3]float64{nan, nan, nan}, [3]float64{nan, nan, nan}, nan
		return m
	}
	m.Waves, m.WavePower = k, power
	var phases [3][]float64
	for _, u := range c.Units {
		a.Units[u].Phases = Phases(maps[u], k)
		for i, p := range a.Units[u].Phases {
			phases[i] = append(phases[i], p)
		}
	}
	for i := range phases {
		_, m.RayleighP[i] = Rayleigh(phases[i])
	}
	_, m.UniformP = UniformOnCell(phases[0], phases[1])
	weakest, strongest := min(power[0], power[1], power[2]), max(power[0], power[1], power[2])
	m.Hexagonal = m.ExpandingMedian >= rule.MinScore && m.EllipseRatioMedian < MaxEllipseRatio &&
		weakest >= weakestWave*strongest
	return m
}
