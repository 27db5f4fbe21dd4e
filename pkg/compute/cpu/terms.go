package cpu

import (
	"math"

	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// stateTerms are the terms that are no sum over pairs.
func (t *Trainer) stateTerms() {
	t.terms.Values[loss.Capacity] = t.capacity()
	t.terms.Values[loss.ConformalIsometry] = t.isometry()
}

// capacity returns eq. 6 and leaves its weighted gradient, the same for every state, in dMean.
func (t *Trainer) capacity() float64 {
	states := float64(t.spec.Batch.States())
	sum := 0.0
	for n := range t.net.padded {
		mean := 0.0
		for b := range t.spec.Batch.Trajectories {
			mean += float64(t.sum[b*t.net.stride+n])
		}
		mean /= states
		sum -= mean * mean
		t.dMean[n] = float32(-2 * t.weights[loss.Capacity] * mean / states)
	}
	return sum
}

// isometry returns eq. 7, and leaves its mean ratio and the number of its steps.
func (t *Trainer) isometry() float64 {
	t.terms.Short, t.isometryMean = 0, 0
	sum := 0.0
	each := func(visit func(ratio float64)) {
		for k, speed := range t.speed {
			if speed == 0 {
				continue
			}
			for i := range t.group {
				visit(float64(t.distance[k*t.group+i]) / speed)
			}
		}
	}
	each(func(ratio float64) { sum += ratio; t.terms.Short++ })
	if t.terms.Short == 0 {
		return 0
	}
	t.isometryMean = sum / float64(t.terms.Short)
	variance := 0.0
	each(func(ratio float64) { variance += (ratio - t.isometryMean) * (ratio - t.isometryMean) })
	return variance / float64(t.terms.Short)
}

// isometryPull is the derivative of the weighted eq. 7 with respect to the distance ‖g_t-g_{t-1}‖
// of a step, divided by that distance.
func (t *Trainer) isometryPull(slot, k int) float32 {
	d, speed := float64(t.distance[slot]), t.speed[k]
	slope := 2 * (d/speed - t.isometryMean) / float64(t.terms.Short) / speed
	return float32(t.weights[loss.ConformalIsometry] * slope / math.Max(d, sic.Tiny))
}
