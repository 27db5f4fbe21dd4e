package gridcell

import (
	"fmt"
	"math"
	"slices"
)

// Recording is the activity of a population at moments of a walk. Samples with a value that is not
// finite are left out.
type Recording struct {
	Position []float64 // [samples, 2] m from the centre of the box, y up
	Activity []float64 // [samples, units] rate, or spikes in the sample
	Units    int
}

// Rates returns the ratemap of every unit in a square box: the mean activity over the samples in
// each of bins x bins bins, NaN where there are none. With smoothM > 0 both the sums of activity
// and the numbers of samples are first smoothed by a normal kernel of that standard deviation (m),
// over visited and unvisited bins alike, and only visited bins are kept. used counts the samples
// that entered. A position beyond the walls by more than a thousandth of the box is an error that
// names it, as is a recording whose lengths do not fit together.
func Rates(r Recording, bins int, boxM, smoothM float64) (maps []Map, used int, err error) {
	n, err := r.check(bins, boxM, smoothM)
	if err != nil {
		return nil, 0, fmt.Errorf("ratemaps: %w", err)
	}
	time := make([]float64, bins*bins)
	sums := make([][]float64, r.Units)
	for u := range sums {
		sums[u] = make([]float64, bins*bins)
	}
	index := func(c float64) int { return min(max(int((c/boxM+0.5)*float64(bins)), 0), bins-1) }
	for i := range n {
		x, y, activity := r.Position[2*i], r.Position[2*i+1], r.Activity[i*r.Units:(i+1)*r.Units]
		if !finite(x) || !finite(y) || slices.ContainsFunc(activity, func(a float64) bool { return !finite(a) }) {
			continue
		}
		if most := boxM / 2 * (1 + 2e-3); math.Abs(x) > most || math.Abs(y) > most {
			return nil, 0, fmt.Errorf("ratemaps: sample %d at (%.3g, %.3g) m lies outside the box of %g m: positions are metres from its centre", i, x, y, boxM)
		}
		bin := index(y)*bins + index(x)
		time[bin]++
		used++
		for u, a := range activity {
			sums[u][bin] += a
		}
	}
	visited := make([]bool, len(time))
	for b, t := range time {
		visited[b] = t > 0
	}
	blur := newBlur(smoothM/(boxM/float64(bins)), bins)
	time = blur.of(time)
	for _, sum := range sums {
		sum = blur.of(sum)
		for b := range sum {
			if sum[b] /= time[b]; !visited[b] {
				sum[b] = math.NaN()
			}
		}
		maps = append(maps, Map{Values: sum, NX: bins, NY: bins, BoxM: boxM})
	}
	return maps, used, nil
}

func (r Recording) check(bins int, boxM, smoothM float64) (samples int, err error) {
	samples = len(r.Position) / 2
	switch {
	case r.Units < 1:
		return 0, fmt.Errorf("%d units, must be at least 1", r.Units)
	case samples < 1 || len(r.Position) != 2*samples || len(r.Activity) != samples*r.Units:
		return 0, fmt.Errorf("%d coordinates and %d activities of %d units: must be two and one for each unit of every sample", len(r.Position), len(r.Activity), r.Units)
	case bins < 1 || bins > maxBins:
		return 0, fmt.Errorf("%d x %d bins: must be 1 to %d each way", bins, bins, maxBins)
	case !(boxM > 0) || math.IsInf(boxM, 0):
		return 0, fmt.Errorf("box side %g m: need a positive length", boxM)
	case !(smoothM >= 0 && smoothM < boxM):
		return 0, fmt.Errorf("smoothing by %g m: must be at least 0 and less than the box of %g m", smoothM, boxM)
	}
	return samples, nil
}

// blur convolves square maps with a normal kernel, axis by axis; nothing lies beyond the walls.
type blur struct {
	kernel []float64 // from its middle outwards; empty: none
	bins   int
}

func newBlur(sd float64, bins int) blur {
	b := blur{bins: bins}
	if sd > 0 {
		for d := 0; d <= int(math.Ceil(4*sd)); d++ {
			b.kernel = append(b.kernel, math.Exp(-float64(d*d)/(2*sd*sd)))
		}
	}
	return b
}

func (b blur) of(values []float64) []float64 {
	if len(b.kernel) == 0 {
		return values
	}
	for _, step := range []struct{ along, across int }{{1, b.bins}, {b.bins, 1}} {
		out := make([]float64, len(values))
		for line := range b.bins {
			for i := range b.bins {
				sum := 0.0
				for j := max(0, i-len(b.kernel)+1); j < min(b.bins, i+len(b.kernel)); j++ {
					d := i - j
					if d < 0 {
						d = -d
					}
					sum += b.kernel[d] * values[line*step.across+j*step.along]
				}
				out[line*step.across+i*step.along] = sum
			}
		}
		values = out
	}
	return values
}
