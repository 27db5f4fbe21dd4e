package cpu

import (
	"math"

	"sicgrid/pkg/sic"
)

// place assigns every state of the batch its place in memory. States before a
// step stand grouped by that step's velocity, the last of all trajectories behind
// them: state t of trajectory b, number b·(T+1)+t, lies at slot[b·(T+1)+t].
func (t *Trainer) place() {
	length, b := t.spec.Batch.Length, t.spec.Batch.Trajectories
	for i := range b {
		slot, taken := t.slot[i*(length+1):][:length+1], t.taken[i*(length+1):]
		for step, k := range t.draw.Order[i*length:][:length] {
			if t.spec.Batch.Permute {
				taken[step] = k
				slot[step] = k*int32(b) + int32(i)
			} else {
				taken[step] = int32(step*b + i)
				slot[step] = taken[step]
			}
			t.velocity[taken[step]] = t.draw.Velocity[k]
		}
		slot[length] = int32(length*b + i)
	}
	copy(t.told, t.net.Told(t.velocity))
	for k, v := range t.velocity {
		speed, short := t.spec.Loss.Short(v)
		if t.speed[k] = 0; short {
			t.speed[k] = speed
		}
	}
	for s, step := range t.draw.Sampled {
		t.pairs.x[s], t.pairs.y[s] = t.draw.Position[step][0], t.draw.Position[step][1]
	}
}

// after returns the number of the state after step s of the batch, b·T+t.
func (t *Trainer) after(s int) int { return s + s/t.spec.Batch.Length + 1 }

// state returns a state by its number.
func (t *Trainer) state(n int) []float32 {
	return t.states[int(t.slot[n])*t.net.stride:][:t.net.padded]
}

// hop is one step of a trajectory.
type hop struct {
	from       int32 // number of the state that it starts from
	trajectory int32
	row        int32 // of its velocity
}

// share returns the trajectories of one task of a rollout and their part of the route.
func (t *Trainer) share(task int) (first, last int, route []hop) {
	all, n, steps := t.spec.Batch.Trajectories, t.shares(), t.spec.Batch.Length
	first, last = task*all/n, (task+1)*all/n
	return first, last, t.route[first*steps : last*steps]
}

// shares is the number of tasks of a rollout. Trajectories do not meet, so that results are bitwise
// the same for every number.
func (t *Trainer) shares() int { return min(t.pool.threads, t.spec.Batch.Trajectories) }

// plan orders the steps of some trajectories so that steps which take the same velocity come
// together, and W(v) out of the second cache: it goes round and round over the velocities and lets
// every trajectory that waits for one take its step.
func (t *Trainer) plan(s *scratch, first, last int, route []hop) {
	length := int32(t.spec.Batch.Length)
	for b := int32(first); b < int32(last); b++ {
		s.wait(b, b*(length+1), t.taken)
	}
	for row, n := 0, 0; n < len(route); row++ {
		if row == len(s.head) {
			row = 0
		}
		b := s.head[row] - 1
		s.head[row] = 0
		for b >= 0 {
			from, behind := s.at[b], s.behind[b]
			route[n] = hop{from, b, int32(row)}
			n++
			if from+1 < b*(length+1)+length {
				s.wait(b, from+1, t.taken)
			}
			b = behind - 1
		}
	}
}

// wait puts a trajectory, arrived at a state, into the list of its next velocity.
func (s *scratch) wait(b, state int32, taken []int32) {
	row := taken[state]
	s.at[b], s.behind[b], s.head[row] = state, s.head[row], b+1
}

// rollOut runs a share of the trajectories forward (eq. 3).
func (t *Trainer) rollOut(worker, task int) {
	first, last, route := t.share(task)
	t.plan(t.scratch[worker], first, last, route)
	p, stride := t.net.padded, t.net.stride
	for b := first; b < last; b++ {
		copy(t.state(b*(t.spec.Batch.Length+1)), t.start)
		copy(t.index[b*(p+listRoom):], t.startIndex)
		t.active[b], t.dead[b] = t.startActive, 0
		clear(t.sum[b*stride:][:p])
	}
	for i, step := range route {
		if i+1 < len(route) { // each state lies somewhere else
			n := int(route[i+1].from)
			t.fetch(&t.state(n)[0], p)
			t.fetch(&t.state(n + 1)[0], p)
		}
		t.forward(t.scratch[worker], step)
	}
}

func (t *Trainer) forward(s *scratch, step hop) {
	p, b, n := t.net.padded, int(step.trajectory), int(step.from)
	slot := int(t.slot[n])
	g, next, index := t.states[slot*t.net.stride:][:p], t.state(n+1), t.index[b*(p+listRoom):][:p+listRoom]
	var w []float32
	if t.apart != nil {
		w = t.apart.columns(t, s, slot, index[:t.active[b]])
	} else {
		w = t.mlp.weight[int(step.row)*t.net.last().ldo:]
	}
	t.gather(s.h, w, p, index, g, t.active[b], p)
	norm, active := t.settle(&next[0], &s.h[0], &t.sum[b*t.net.stride], &index[0], p)
	t.active[b] = active
	t.inverse[n] = 1 / max(norm, sic.Tiny)
	if norm == 0 {
		t.dead[b]++
	}
	if t.speed[t.taken[n]] > 0 {
		t.distance[slot] = float32(math.Sqrt(float64(t.squaredDistance(&next[0], &g[0], p))))
	}
}

// rollBack carries the gradient of a share of the trajectories back, by the route
// that they came: it leaves dL/d(W g) of every step in delta, grouped as the states are.
func (t *Trainer) rollBack(worker, task int) {
	first, last, route := t.share(task)
	clear(t.carry[first*t.net.stride : last*t.net.stride])
	for i := len(route) - 1; i >= 0; i-- {
		if i > 0 {
			t.fetchBack(int(route[i-1].from))
		}
		t.backward(t.scratch[worker], route[i])
	}
}

// fetchBack asks for what the way back from the state after n will need.
func (t *Trainer) fetchBack(n int) {
	p := t.net.padded
	t.fetch(&t.state(n + 1)[0], p)
	t.fetch(&t.delta[int(t.slot[n])*t.net.stride], p)
	if row := t.row[n+1]; row >= 0 {
		t.fetch(&t.dPairs[int(row)*t.net.stride], p)
	}
}

func (t *Trainer) backward(s *scratch, step hop) {
	p, stride, n := t.net.padded, t.net.stride, int(step.from)
	slot, next := int(t.slot[n]), t.state(n+1)
	g, d, carry := t.states[slot*stride:][:p], t.delta[slot*stride:][:p], t.carry[int(step.trajectory)*stride:][:p]
	pairs := t.zeros
	if row := t.row[n+1]; row >= 0 {
		pairs = t.dPairs[int(row)*stride:]
	}
	var pull float32 // of eq. 7 along g_t - g_{t-1}
	if k := int(t.taken[n]); t.speed[k] > 0 {
		pull = t.isometryPull(slot, k)
		t.addDifference(&carry[0], &next[0], &g[0], pull, p)
	}
	active := t.unsettle(&d[0], &carry[0], &t.dMean[0], &pairs[0], &next[0], t.inverse[n], &s.index[0], p)
	if t.apart != nil {
		t.apart.back(t, s, carry, slot, s.index, d, active)
	} else {
		t.gather(carry, t.rows[int(step.row)*t.net.last().ldo:], p, s.index, d, active, p)
	}
	if pull != 0 {
		t.addDifference(&carry[0], &next[0], &g[0], -pull, p)
	}
}

// weightsByRows turns W(v_k) by columns into rows.
func (t *Trainer) weightsByRows(k int) {
	p, ld := t.net.padded, t.net.last().ldo
	for j := 0; j < p; j += 8 {
		t.transposeStrip(&t.rows[k*ld+j], p, &t.mlp.weight[k*ld+j*p], p, p/8)
	}
}

// outer computes dL/dW(v_k), by columns: the sum over the trajectories of the
// outer products of the state and the delta that met at v_k; and what the MLP owes to it.
func (t *Trainer) outer(worker, k int) {
	p, n, stride := t.net.padded, t.group, t.net.stride
	first, units := k*n*stride, t.scratch[worker].group
	t.byUnits(units, t.states[first:], n)
	t.product(matrix{t.gradient.dWeight[k*t.net.last().ldo:], p, 16}, units, matrix{t.delta[first:], stride, 16}, t.net.Units, p/16, false)
	if t.net.shares != nil {
		t.mlp.unmix(t.gradient, k, len(t.velocity)+k)
	}
}

// byUnits transposes n states that stand one after the other, and lists where each unit is active.
func (t *Trainer) byUnits(units listed, states []float32, n int) {
	p := t.net.padded
	t.kernels.transpose(units.at, units.row, states, t.net.stride, n, p)
	for j := 0; j < p && n%8 != 0; j++ { // what follows belongs elsewhere
		clear(units.at[j*units.row+n:][:8-n%8])
	}
	t.list(units, p, up(n, 8))
}
