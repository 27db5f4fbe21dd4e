package gridcell

import (
	"cmp"
	"math"
	"slices"
)

// ModuleRule says when units make a module.
type ModuleRule struct {
	MinUnits       int     // least number of units
	MinScore       float64 // least expanding-ring score of each unit
	PeriodRatio    float64 // two modules differ by at least this factor in period
	OrientationDeg float64 // or, at equal period, by at least this much in orientation
	MaxMisfit      float64 // largest Peaks.Misfit: the six peaks must lie on one lattice
	CoreDistance   float64 // largest distance of a core unit's peaks from the module's, in periods
}

// StandardModuleRule is 5 units with a score of 0.3 or more; modules differ by 1.2 in period, or by
// 15 degrees in orientation alone.
func StandardModuleRule() ModuleRule {
	return ModuleRule{MinUnits: 5, MinScore: 0.3, PeriodRatio: 1.2, OrientationDeg: 15, MaxMisfit: 0.2, CoreDistance: 0.1}
}

// Cluster is a set of units that share period and orientation.
type Cluster struct {
	Units          []int         // ascending
	Core           []int         // those of them whose six peaks coincide
	Lags           [3][2]float64 // mean of the core's three peaks (m), by direction as in Peaks
	PeriodM        float64       // median of the units
	OrientationDeg float64       // circular mean of the units, in [0, 60)
	// OrientationAlone: another cluster, with a larger core, has the same period (within the rule's
	// ratio) and differs in orientation only.
	OrientationAlone bool
}

// FindClusters groups units, given by their peaks (nil for one that belongs nowhere), by period and
// orientation, in the space of log period, cos 6θ and sin 6θ. The method is mean shift with a flat
// kernel: a window of a factor sqrt(PeriodRatio) up and down in period and OrientationDeg/2 to
// either side, started at every unit, is moved to the mean of the units in it until they no longer
// change. Any two units of a window thus differ by less than two clusters do.
//
// Maps with irregular fields often score above 0.3 by chance, and enough of them fall into a window
// by chance. What they do not share is the lattice itself. A window is therefore a cluster only if
// it has a core of MinUnits units, and of half its units, whose six peaks all lie within
// CoreDistance periods of the core's mean peaks. The window with the largest core (the first of
// equals) is taken first and its units taken out, until none is left; a window too near to an
// earlier cluster holds its stragglers, which belong nowhere. Clusters come back by ascending
// period.
func FindClusters(peaks []*Peaks, rule ModuleRule) []Cluster {
	least := max(1, rule.MinUnits)
	var left []int
	for i, p := range peaks {
		if p != nil && p.PeriodM > 0 && finite(p.PeriodM) && finite(p.OrientationDeg) {
			left = append(left, i)
		}
	}
	if len(left) < least {
		return nil
	}
	var clusters []Cluster
	for len(left) >= least {
		var best Cluster
		var tried [][]int
		for _, start := range left {
			window := shift(peaks, left, start, rule)
			if len(window) <= len(best.Core) || slices.ContainsFunc(tried, func(s []int) bool { return slices.Equal(s, window) }) {
				continue
			}
			tried = append(tried, window)
			core, lags := coreOf(peaks, window, rule.CoreDistance)
			if len(core) >= least && 2*len(core) >= len(window) && len(core) > len(best.Core) {
				best = Cluster{Units: window, Core: core, Lags: lags}
			}
		}
		if best.Core == nil {
			break
		}
		left = slices.DeleteFunc(left, func(i int) bool { return slices.Contains(best.Units, i) })
		periods := make([]float64, len(best.Units))
		for k, i := range best.Units {
			periods[k] = peaks[i].PeriodM
		}
		best.PeriodM, best.OrientationDeg = Median(periods), meanOrientation(peaks, best.Units)
		stragglers := false
		for _, o := range clusters {
			if math.Abs(math.Log(best.PeriodM/o.PeriodM)) >= math.Log(rule.PeriodRatio) {
				continue
			}
			if OrientationDifference(best.OrientationDeg, o.OrientationDeg) < rule.OrientationDeg {
				stragglers = true
			} else {
				best.OrientationAlone = true
			}
		}
		if !stragglers {
			clusters = append(clusters, best)
		}
	}
	slices.SortStableFunc(clusters, func(a, b Cluster) int { return cmp.Compare(a.PeriodM, b.PeriodM) })
	return clusters
}

// shift returns the units in the window that was started at one unit, after it has come to rest.
func shift(peaks []*Peaks, units []int, start int, rule ModuleRule) []int {
	centre, direction := math.Log(peaks[start].PeriodM), peaks[start].OrientationDeg
	var window []int
	for range 100 {
		var inside []int
		for _, i := range units {
			if math.Abs(math.Log(peaks[i].PeriodM)-centre) <= math.Log(rule.PeriodRatio)/2 &&
				OrientationDifference(peaks[i].OrientationDeg, direction) <= rule.OrientationDeg/2 {
				inside = append(inside, i)
			}
		}
		if len(inside) == 0 || slices.Equal(inside, window) {
			break
		}
		window = inside
		centre = 0
		for _, i := range window {
			centre += math.Log(peaks[i].PeriodM) / float64(len(window))
		}
		direction = meanOrientation(peaks, window)
	}
	return window
}

// meanOrientation returns the circular mean modulo 60 degrees.
func meanOrientation(peaks []*Peaks, units []int) float64 {
	var s, c float64
	for _, i := range units {
		si, co := math.Sincos(6 * peaks[i].OrientationDeg * math.Pi / 180)
		s, c = s+si, c+co
	}
	return modulo60(math.Atan2(s, c) / 6 * 180 / math.Pi)
}

// coreOf returns the units of a window whose peaks coincide, and their mean peaks: the unit with
// most others near it (distance, by unit, in periods) gives a first lattice, the mean over those
// near gives the lattice, and the core are the units near that.
func coreOf(peaks []*Peaks, window []int, reach float64) ([]int, [3][2]float64) {
	var near []int
	for _, i := range window {
		var n []int
		for _, j := range window {
			if lagDistance(peaks[i].Lags, peaks[j].Lags) <= reach*peaks[i].PeriodM {
				n = append(n, j)
			}
		}
		if len(n) > len(near) {
			near = n
		}
	}
	lags := meanLags(peaks, near)
	var core []int
	for _, i := range window {
		if lagDistance(peaks[i].Lags, lags) <= reach*peaks[i].PeriodM {
			core = append(core, i)
		}
	}
	if len(core) == 0 {
		return nil, lags
	}
	return core, meanLags(peaks, core)
}

// lagDistance returns the largest distance, over three peaks, from the nearest of the other six.
func lagDistance(a, b [3][2]float64) float64 {
	var worst float64
	for _, p := range a {
		q := nearestLag(p, b)
		worst = max(worst, math.Hypot(p[0]-q[0], p[1]-q[1]))
	}
	return worst
}

// nearestLag returns that one of three lags and their opposites that is nearest to p.
func nearestLag(p [2]float64, lags [3][2]float64) [2]float64 {
	best, off := [2]float64{}, math.Inf(1)
	for _, l := range lags {
		for _, s := range []float64{1, -1} {
			if d := math.Hypot(s*l[0]-p[0], s*l[1]-p[1]); d < off {
				best, off = [2]float64{s * l[0], s * l[1]}, d
			}
		}
	}
	return best
}

// OrientationDifference returns the difference of two orientations modulo 60 degrees, in [0, 30].
func OrientationDifference(a, b float64) float64 {
	d := math.Mod(math.Abs(a-b), 60)
	return min(d, 60-d)
}

// meanLags returns the mean of the three nearest peaks over units, each unit's peaks matched, up to
// sign, to those of the first.
func meanLags(peaks []*Peaks, units []int) [3][2]float64 {
	var mean [3][2]float64
	for i, f := range peaks[units[0]].Lags {
		for _, u := range units {
			l := nearestLag(f, peaks[u].Lags)
			mean[i][0] += l[0] / float64(len(units))
			mean[i][1] += l[1] / float64(len(units))
		}
	}
	return mean
}
