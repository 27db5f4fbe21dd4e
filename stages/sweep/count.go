package sweep

import (
	"gonum.org/v1/gonum/stat/distuv"

	"sicgrid/pkg/gridcell"
	"sicgrid/stages/sweep/sweeptable"
)

// confidence of every interval.
const confidence = 0.95

// count gathers the runs of each point, variant and purpose, in the order in which they first come,
// and says which run that was.
func count(runs []sweeptable.Run) (points []sweeptable.Point, first []int) {
	type group struct {
		point            int32
		variant, purpose string
	}
	index := map[group]int{}
	members := [][]sweeptable.Run{}
	for i, r := range runs {
		g := group{r.Point, r.Variant, r.Purpose}
		at, known := index[g]
		if !known {
			at = len(points)
			index[g] = at
			points = append(points, sweeptable.Point{Point: r.Point, Name: r.Name, Variant: r.Variant, Purpose: r.Purpose, Rule: r.Rule})
			first, members = append(first, i), append(members, nil)
		}
		members[at] = append(members[at], r)
	}
	for at := range points {
		summarise(&points[at], members[at])
	}
	return points, first
}

// summarise counts the runs of a point.
func summarise(p *sweeptable.Point, runs []sweeptable.Run) {
	over := func(value func(sweeptable.Run) float64) float64 {
		values := make([]float64, len(runs))
		for i, r := range runs {
			values[i] = value(r)
		}
		return gridcell.Median(values)
	}
	p.N = int32(len(runs))
	for _, r := range runs {
		if r.Success {
			p.Successes++
		}
		if r.Several >= twoModules {
			p.Two++
		}
		if r.Stopped != "" {
			p.Stopped++
		}
	}
	p.Low, p.High = Interval(p.Successes, p.N)
	p.TwoLow, p.TwoHigh = Interval(p.Two, p.N)
	p.Modules = over(func(r sweeptable.Run) float64 { return float64(r.Modules) })
	p.Score = over(func(r sweeptable.Run) float64 { return r.Score })
	p.Explained = over(func(r sweeptable.Run) float64 { return r.Explained })
	p.Active = over(func(r sweeptable.Run) float64 { return float64(r.Active) })
}

// Interval is the 95 % interval of a rate of which k successes in n were seen: Clopper and Pearson
// (Biometrika 1934), whose bounds are quantiles of beta distributions. It never covers less than it
// says.
func Interval(k, n int32) (low, high float64) {
	high = 1
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile((1 - confidence) / 2)
	}
	if k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile((1 + confidence) / 2)
	}
	return low, high
}
