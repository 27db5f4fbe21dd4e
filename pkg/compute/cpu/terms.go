package cpu

import (
	"math"

	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// stateTerms are the terms that are no sum over pairs.
func (t *Trainer) stateTerms() {
	t.terms.Values[loss.Capacity], t.terms.Values[loss.Homeostasis] = t.meanTerms()
	t.terms.Values[loss.ConformalIsometry] = t.isometry()
}

// meanTerms returns the terms of the units' mean activity, eq. 6 and homeostasis, and leaves their
// weighted gradient, the same for every state, in dMean.
func (t *Trainer) meanTerms() (capacity, homeostasis float64) {
	states, units := float64(t.spec.Batch.States()), t.spec.Network.Units
	all := 0.0
	for n := range units {
		mean := 0.0
		for b := range t.spec.Batch.Trajectories {
			mean += float64(t.sum[b*t.net.stride+n])
		}
		t.mean[n] = mean / states
		capacity -= t.mean[n] * t.mean[n]
		all += t.mean[n]
	}
	all /= float64(units)
	for n, mean := range t.mean {
		homeostasis += (mean - all) * (mean - all)
		t.dMean[n] = float32((-2*t.weights[loss.Capacity]*mean + 2*t.weights[loss.Homeostasis]*(mean-all)) / states)
	}
	return capacity, homeostasis
}

// isometry returns eq. 7, and leaves the mean ratio of each bin of speeds and the number of steps.
func (t *Trainer) isometry() float64 {
	var sum, count [loss.SpeedBins]float64
	each := func(visit func(ratio float64, bin int)) {
		for k, speed := range t.speed {
			if speed == 0 {
				continue
			}
			bin := t.spec.Loss.SpeedBin(speed)
			for i := range t.group {
				visit(float64(t.distance[k*t.group+i])/speed, bin)
			}
		}
	}
	t.terms.Short = 0
	each(func(ratio float64, bin int) { sum[bin] += ratio; count[bin]++; t.terms.Short++ })
	if t.terms.Short == 0 {
		return 0
	}
	for bin, n := range count {
		t.isometryMean[bin] = sum[bin] / max(n, 1)
	}
	variance := 0.0
	each(func(ratio float64, bin int) {
		variance += (ratio - t.isometryMean[bin]) * (ratio - t.isometryMean[bin])
	})
	return variance / float64(t.terms.Short)
}

// isometryPull is the derivative of the weighted eq. 7 with respect to the distance ‖g_t-g_{t-1}‖
// of a step, divided by that distance.
func (t *Trainer) isometryPull(slot, k int) float32 {
	d, speed := float64(t.distance[slot]), t.speed[k]
	slope := 2 * (d/speed - t.isometryMean[t.spec.Loss.SpeedBin(speed)]) / float64(t.terms.Short) / speed
	return float32(t.weights[loss.ConformalIsometry] * slope / math.Max(d, sic.Tiny))
}
