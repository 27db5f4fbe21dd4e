package cpu

// Where every trajectory has velocities of its own, each W(v) meets one state, and few of its
// columns do: forming it, and dL/dW, would take most of the step and more memory than the caches
// have. Neither is formed. On the way out and back a step computes the columns of the units active
// in the state that it leaves; the weights' gradient is added up from its three factors, all mostly
// zeros.
type apart struct {
	before listed // [D][stride]: the states before the steps, where they are stored
	units  listed // [padded][D]: the same transposed
}

func (t *Trainer) newApart() *apart {
	d, stride := len(t.velocity), t.net.stride
	return &apart{
		before: listed{t.states, stride, make([]int32, d*(stride+listRoom)), make([]int32, d)},
		units:  newListed(t.net.padded, odd(d)),
	}
}

// column computes the column of unit j of W(v_k).
func (t *Trainer) column(w []float32, k, j int) {
	p := t.net.padded
	t.product(matrix{w, p, 16}, t.mlp.top.from(k), t.net.last().weights(t.params, j*p/16), 1, p/16, false)
}

// columns computes W(v_k), as far as these active units ask for it.
func (a *apart) columns(t *Trainer, s *scratch, k int, active []int32) []float32 {
	for _, j := range active {
		t.column(s.weight[int(j)*t.net.padded:], k, int(j))
	}
	t.list(a.before.from(k), 1, t.net.padded)
	return s.weight
}

// back computes what of carry = W(v_k)^T d the state before the step k has a use for: the elements
// of its active units.
func (a *apart) back(t *Trainer, s *scratch, carry []float32, k int, index []int32, d []float32, active int) {
	p, before := t.net.padded, a.before.from(k)
	units := before.index[:before.count[0]]
	for q, j := range units {
		t.column(s.weight[q*p:], k, int(j))
	}
	t.kernels.transpose(s.turned, odd(p), s.weight, p, len(units), p)
	t.gather(s.h, s.turned, odd(p), index, d, active, up(len(units), 16))
	clear(carry)
	for q, j := range units {
		carry[j] = s.h[q]
	}
}

// unitBackward adds the gradient of the weights that make column j of every W(v).
func (t *Trainer) unitBackward(_, j int) {
	y, top, panels := t.net.last(), t.mlp.top, t.net.padded/16
	unit, gradient := t.apart.units.from(j), y.weights(t.grad, j*panels)
	if t.fresh {
		clear(gradient.at[:panels*y.panel])
	}
	for first := 0; first < panels; first += len(t.spread) - 1 {
		t.spread[min(panels-first, len(t.spread)-1)](&gradient.at[first*y.panel], y.panel, &unit.at[0], &unit.index[0], int(unit.count[0]),
			&t.delta[16*first], t.net.stride, &top.at[0], top.row, &top.index[0], top.row+listRoom, &top.count[0])
	}
}

// inputBackward computes the gradient of the last hidden layer for velocity k.
func (t *Trainer) inputBackward(s *scratch, k int) {
	y, p, stride, in := t.net.last(), t.net.padded, t.net.stride, t.mlp.top.from(k)
	active := int(in.count[0]) - 1 // the last is the bias
	if active == 0 {
		return
	}
	t.matmul(matrix{s.weight, p, 16}, t.states[k*stride:], 1, 1, matrix{t.delta[k*stride:], stride, 16}, t.net.Units, 1, p/16, false)
	sum := t.gradient.dInput[len(t.gradient.dInput)-1][k*y.lda:]
	for task := range t.net.segments() {
		weight, first := y.weights(t.params, task*segment), task*segment
		t.dotListed(&s.partial[0], &s.weight[16*first], &weight.at[0], weight.panel, min(segment, y.panels-first), &in.index[0], active)
		for _, h := range in.index[:active] {
			if task == 0 {
				sum[h] = 0
			}
			sum[h] += s.partial[h]
		}
	}
}
