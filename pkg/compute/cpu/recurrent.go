package cpu

import "math"

// slot returns where the state that trajectory b meets its step t with is
// stored: grouped by the velocity of that step.
func (t *Trainer) slot(b, step int) int {
	k := int(t.draw.Order[b*t.spec.Batch.Length+step])
	if t.spec.Batch.Permute {
		return k*t.spec.Batch.Trajectories + b
	}
	return k
}

// after returns g_t after step `step` (from 0) of trajectory b.
func (t *Trainer) after(b, step int) []float32 {
	p := t.net.padded
	if step == t.spec.Batch.Length-1 {
		return t.final[b*p:][:p]
	}
	return t.before[t.slot(b, step+1)*p:][:p]
}

// rollOut runs trajectory b forward (eq. 3).
func (t *Trainer) rollOut(worker, b int) {
	p, scratch := t.net.padded, t.scratch[worker]
	sum := t.sum[b*p:][:p]
	clear(sum)
	copy(t.before[t.slot(b, 0)*p:][:p], t.start)
	dead := int32(0)
	for step := range t.spec.Batch.Length {
		slot := t.slot(b, step)
		k := t.draw.Order[b*t.spec.Batch.Length+step]
		g, next := t.before[slot*p:][:p], t.after(b, step)
		active := t.compress(&scratch.index[0], &g[0], p)
		t.gather(scratch.h, t.mlp.weight[int(k)*t.net.last().ldo:], p, scratch.index, g, active, p)
		norm := t.normReLU(&next[0], &scratch.h[0], p)
		t.inverse[slot] = 1 / max(norm, 1e-8)
		if norm == 0 {
			dead++
		}
		t.add(&sum[0], &next[0], p)
		if t.speed[k] > 0 {
			t.distance[slot] = float32(math.Sqrt(float64(t.squaredDistance(&next[0], &g[0], p))))
		}
	}
	t.dead[b] = dead
}

// rollBack carries the gradient of trajectory b back through time: it leaves
// dL/d(W g) of every step in delta, grouped as the states are.
func (t *Trainer) rollBack(worker, b int) {
	p, scratch := t.net.padded, t.scratch[worker]
	d, length := scratch.d, t.spec.Batch.Length
	carry := t.dStart[b*p:][:p]
	clear(carry)
	for step := length - 1; step >= 0; step-- {
		slot := t.slot(b, step)
		k := int(t.draw.Order[b*length+step])
		g, next := t.before[slot*p:][:p], t.after(b, step)
		copy(d, carry)
		t.add(&d[0], &t.dMean[0], p)
		if row := t.row[b*length+step]; row >= 0 {
			t.add(&d[0], &t.dPairs[int(row)*p], p)
		}
		var pull float32 // of eq. 7 along g_t - g_{t-1}
		if t.speed[k] > 0 {
			pull = t.isometryPull(slot, k)
			t.addDifference(&d[0], &next[0], &g[0], pull, p)
		}
		t.normReLUBackward(&d[0], &next[0], t.inverse[slot], p)
		copy(t.delta[slot*p:][:p], d)
		active := t.compress(&scratch.index[0], &d[0], p)
		t.gather(carry, t.rows[k*t.net.last().ldo:], p, scratch.index, d, active, p)
		if pull != 0 {
			t.addDifference(&carry[0], &next[0], &g[0], -pull, p)
		}
	}
}

// transpose turns W(v_k) by columns into rows.
func (t *Trainer) transpose(_, k int) {
	p, ld := t.net.padded, t.net.last().ldo
	for j := 0; j < p; j += 8 {
		t.transposeStrip(&t.rows[k*ld+j], p, &t.mlp.weight[k*ld+j*p], p, p/8)
	}
}

// outer computes dL/dW(v_k), by columns: the sum over the trajectories of the
// outer products of the state and the delta that met at v_k.
func (t *Trainer) outer(_, k int) {
	p, n := t.net.padded, t.group
	t.matmul(t.gradient.dWeight[k*t.net.last().ldo:], p, t.before[k*n*p:], 1, p, t.delta[k*n*p:], p, t.net.Units, n, p/16, false)
}

// isometryPull is the derivative of the weighted eq. 7 with respect to the
// distance ‖g_t-g_{t-1}‖ of a step, divided by that distance.
func (t *Trainer) isometryPull(slot, k int) float32 {
	d, speed := float64(t.distance[slot]), t.speed[k]
	slope := 2 * (d/speed - t.isometryMean) / float64(t.short) / speed
	return float32(t.loss.ConformalIsometry * slope / math.Max(d, 1e-8))
}

// isometry returns eq. 7, and leaves the mean ratio and the count of its steps.
func (t *Trainer) isometry() float64 {
	t.short, t.isometryMean = 0, 0
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
	each(func(ratio float64) { sum += ratio; t.short++ })
	if t.short == 0 {
		return 0
	}
	t.isometryMean = sum / float64(t.short)
	variance := 0.0
	each(func(ratio float64) { variance += (ratio - t.isometryMean) * (ratio - t.isometryMean) })
	return variance / float64(t.short)
}

// capacity returns eq. 6 and leaves its weighted gradient, the same for every
// state, in dMean.
func (t *Trainer) capacity() float64 {
	p, states := t.net.padded, float64(t.spec.Batch.States())
	loss := 0.0
	for n := range p {
		mean := 0.0
		for b := range t.spec.Batch.Trajectories {
			mean += float64(t.sum[b*p+n])
		}
		mean /= states
		loss -= mean * mean
		t.dMean[n] = float32(-2 * t.loss.Capacity * mean / states)
	}
	return loss
}
