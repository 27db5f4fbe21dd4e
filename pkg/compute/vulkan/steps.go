package vulkan

import (
	"math"
	"slices"

	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// recorder writes the dispatches of optimiser steps into a submission.
type recorder struct {
	*vk.Recorder
	device *Device
	err    error // the first pipeline that could not be made
	timed  bool
	names  []string           // of the shaders between the timestamps
	pieces bool               // a step is too long for one submission, and is cut where pause stands
	parts  map[string]float64 // seconds by shader, if they are wanted
}

const (
	maxStamps  = 4096
	timedSteps = 16 // of a submission with timestamps, which hold that many
)

func newRecorder(t *Trainer) (*recorder, error) {
	r, err := t.device.NewRecorder(maxStamps)
	if err != nil {
		return nil, err
	}
	return &recorder{Recorder: r, device: t.device}, nil
}

// start begins a submission. If parts is not nil, finish adds the seconds that
// each shader took to it.
func (r *recorder) start(parts map[string]float64) error {
	r.err, r.parts, r.timed, r.names = nil, parts, parts != nil, r.names[:0]
	if err := r.Begin(); err != nil {
		return err
	}
	if r.timed {
		r.Stamp()
	}
	return nil
}

// finish submits what was recorded and waits for it.
func (r *recorder) finish() error {
	if r.err != nil {
		return r.err
	}
	if err := r.Submit(); err != nil {
		return err
	}
	if !r.timed {
		return nil
	}
	times, err := r.Times()
	for i, x := range times {
		r.parts[r.names[i]] += x
	}
	return err
}

// pause ends a submission in the middle of a step, if one takes too long on this device, and begins
// another. The order of the work stays, and results are bitwise the same.
func (r *recorder) pause() {
	if !r.pieces || r.err != nil {
		return
	}
	err := r.finish()
	if err == nil {
		err = r.start(r.parts)
	}
	r.err = err
}

// run dispatches a shader that has no specialization constant.
func (r *recorder) run(shader string, x, y, z int, addresses []vk.Address, values ...any) {
	r.runWith(shader, 0, x, y, z, addresses, values...)
}

func (r *recorder) runWith(shader string, constant uint32, x, y, z int, addresses []vk.Address, values ...any) {
	p, err := r.device.pipeline(shader, constant)
	if err != nil {
		if r.err == nil {
			r.err = err
		}
		return
	}
	r.Dispatch(p, x, y, z, addresses, values...)
	if r.timed && len(r.names) < maxStamps-1 {
		r.Stamp()
		r.names = append(r.names, shader)
	}
}

// each dispatches a shader with one invocation an element, the grid folded so
// that no side is too long.
func (r *recorder) each(shader string, elements int, addresses []vk.Address, values ...any) {
	groups := ceil(elements, 256)
	wide := min(groups, 1<<15)
	r.run(shader, wide, ceil(groups, wide), 1, addresses, values...)
}

// words are the halves of 64 bits, low first.
func words(x uint64) (low, high uint32) { return uint32(x), uint32(x >> 32) }

// draw draws all micro-batches of the k steps to come.
func (r *recorder) draw(t *Trainer, k int) {
	s, at := t.shape, &t.at
	batches := k * s.spec.Optimiser.Accumulate
	seedLow, seedHigh := words(s.spec.Seed)
	momentLow, momentHigh := words(uint64(t.step * s.spec.Optimiser.Accumulate))
	fraction, exponent := math.Frexp(s.spec.Batch.VelocityMax)
	boundLow, boundHigh := words(uint64(fraction * (1 << 53)))
	r.run("draw", ceil(s.b, 64), batches, 1, []vk.Address{at.velocity, at.order, at.meet, at.position},
		seedLow, seedHigh, momentLow, momentHigh, s.b, s.t, s.spec.Batch.Permute, boundLow, boundHigh, exponent-53)
	last := s.s
	if s.s == s.m {
		last = 0
	}
	for first := 0; first == 0 || first < last; first += swaps {
		end := min(first+swaps, last)
		if end == last {
			end = s.s
		}
		r.run("sample", batches, 1, 1, []vk.Address{at.sampled, at.row}, seedLow, seedHigh, momentLow, momentHigh, s.m, s.s, first, end)
		r.Barrier()
	}
}

// optimiserStep records step i of the submission.
func (r *recorder) optimiserStep(t *Trainer, i int) {
	s, at, o := t.shape, &t.at, t.spec.Optimiser
	step := t.step + i + 1
	record := at.records + vk.Address(i*recordSize)
	weights := s.spec.Loss.Weights(step)
	for a := range o.Accumulate {
		r.microBatch(t, weights, i*o.Accumulate+a, a == 0, record)
	}
	r.run("squares", s.squares, 1, 1, []vk.Address{at.gradient, at.squares, at.mask}, s.size, s.mask != nil)
	r.Barrier()
	share := float32(1 / float64(o.Accumulate))
	r.run("finish", 1, 1, 1, []vk.Address{at.squares, at.scalars, record}, s.squares, share, float32(o.Clip))
	r.Barrier()
	rate := o.Rate(step, t.plateau)
	r.each("adamw", s.size, []vk.Address{at.params, at.first, at.second, at.gradient, at.scalars}, s.size,
		float32(o.Beta1), float32(1-o.Beta1), float32(o.Beta2), float32(1-o.Beta2),
		float32(rate/(1-math.Pow(o.Beta1, float64(step)))), float32(1/math.Sqrt(1-math.Pow(o.Beta2, float64(step)))),
		float32(o.Epsilon), float32(1-rate*o.WeightDecay))
	r.Barrier()
}

// batch is the draw of one micro-batch.
type batch struct{ velocity, order, meet, position, sampled, row vk.Address }

func (t *Trainer) batch(i int) batch {
	at, states, distinct := &t.at, vk.Address(4*i*t.m), vk.Address(4*i*t.d)
	return batch{at.velocity + 2*distinct, at.order + states, at.meet + states, at.position + 2*states, at.sampled + states, at.row + states}
}

// microBatch records drawn micro-batch i, forward and backward.
func (r *recorder) microBatch(t *Trainer, weights loss.Values, i int, fresh bool, record vk.Address) {
	b := t.batch(i)
	for _, w := range t.windows {
		r.formWeights(t, b, w)
		r.transpose(t, w)
		r.forward(t, b, w)
		r.pause()
	}
	r.losses(t, b, weights)
	r.pause()
	last := len(t.windows) - 1
	for i, w := range slices.Backward(t.windows) {
		if i < last {
			r.formWeights(t, b, w)
		}
		r.backward(t, b, w)
		r.weightsBackward(t, b, w, fresh && i == last)
		r.pause()
	}
	r.tally(t, fresh, record)
}

// parameter is the address of an element of a flat vector.
func parameter(vector vk.Address, offset int) vk.Address { return vector + vk.Address(4*offset) }

// formWeights makes W(v) of every velocity of a window, by rows. Where units have gains, its rows
// are means of what the MLP says at v and at the greatest gain times v.
func (r *recorder) formWeights(t *Trainer, b batch, w window) {
	s, at := t.shape, &t.at
	if s.shares != nil {
		r.mlp(t, b, w, s.layers, s.spec.Network.GainMax, at.transposed)
	}
	r.mlp(t, b, w, s.layers, 1, at.weights) // last, for the way back finds its hidden layers
	r.mix(t, w, at.weights, at.transposed, false)
}

// weightsBackward carries the gradient of the W(v) of a window, which outer has put into
// transposed, through the MLP.
func (r *recorder) weightsBackward(t *Trainer, b batch, w window, fresh bool) {
	s, at := t.shape, &t.at
	r.mix(t, w, at.transposed, at.weights, true)
	r.mlpBackward(t, b, w, 1, at.transposed, fresh)
	if s.shares != nil {
		r.mlp(t, b, w, s.layers[:len(s.layers)-1], s.spec.Network.GainMax, 0)
		r.mlpBackward(t, b, w, s.spec.Network.GainMax, at.weights, false)
	}
}

// mix makes W(v) of two matrices a velocity, in the first, or of their gradient those of the two.
func (r *recorder) mix(t *Trainer, w window, slow, fast vk.Address, back bool) {
	if t.shares == nil {
		return
	}
	size := w.rows * t.n * t.n
	r.each("mix", size, []vk.Address{slow, fast, t.at.shares}, size, t.n, back)
	r.Barrier()
}

// mlp evaluates the first layers of the MLP for every velocity of a window, told times a gain, and
// the last layer into output.
func (r *recorder) mlp(t *Trainer, b batch, w window, layers []layer, gain float64, output vk.Address) {
	s, at := t.shape, &t.at
	for l, y := range layers {
		input, output, scale := at.input[l], output, 1.0
		if l == 0 {
			input, scale = parameter(b.velocity, 2*w.velocity), gain
		}
		hidden := l < len(s.layers)-1
		if hidden {
			output = at.input[l+1]
		}
		r.run("linear", ceil(y.out, tile), ceil(w.rows, tile), 1, []vk.Address{input, parameter(at.params, y.weight), parameter(at.params, y.bias), output},
			w.rows, y.in, y.out, hidden, float32(scale))
		r.Barrier()
	}
}

// transpose makes the columns of W(v) of its rows.
func (r *recorder) transpose(t *Trainer, w window) {
	side := ceil(t.n, 32)
	r.run("transpose", side, side, w.rows, []vk.Address{t.at.weights, t.at.transposed}, t.n)
	r.Barrier()
}

// forward runs the trajectories through a window.
func (r *recorder) forward(t *Trainer, b batch, w window) {
	s, at := t.shape, &t.at
	for first := w.from; first < w.to; first += s.rollSteps {
		r.runWith("rollout", s.rollThreads, w.trajectories, 1, 1,
			[]vk.Address{at.transposed, parameter(b.order, w.first*s.t), parameter(at.params, s.initial), parameter(at.state, w.first*(s.t+1)*s.n),
				parameter(at.inverse, w.first*s.t), parameter(at.sum, w.first*s.n), parameter(at.dead, w.first), at.scalars},
			s.n, s.t, first, min(first+s.rollSteps, w.to), w.velocity)
		r.Barrier()
	}
}

// losses computes every term and its gradient with respect to the states.
func (r *recorder) losses(t *Trainer, b batch, weights loss.Values) {
	s, at, l := t.shape, &t.at, &t.spec.Loss
	limit := float32(l.SigmaX * l.SigmaX)
	r.each("distance", 32*s.m, []vk.Address{b.velocity, at.state, b.order, at.distance, at.speed}, s.m, s.n, s.t, float32(l.ShortSpeed()), float32(loss.Shortest))
	pack, pairs, packed := "pack", "pairs", []vk.Address{b.sampled, at.state, at.inverse, b.position, at.packed, at.place}
	if r.mixed() {
		pack, pairs, packed = pack+mixedSuffix, pairs+mixedSuffix, append(packed, at.scalars)
	}
	r.each(pack, s.s*s.n, packed, s.s, s.n, s.t)
	r.Barrier()
	r.run("near", s.nearBlocks, s.nearShares, 1, []vk.Address{at.place, at.counts}, s.s, limit)
	r.Barrier()
	r.run("terms", 1, 1, 1, []vk.Address{at.sum, at.dead, at.distance, at.speed, at.counts, at.dMean, at.scalars},
		s.n, s.b, s.m, s.nearBlocks*s.nearShares, s.s, l.Reduction == loss.ReductionSum, float32(weights[loss.Capacity]), float32(weights[loss.Homeostasis]), float32(l.IsometrySpeedBin))
	r.Barrier()
	square := l.SigmaG * l.SigmaG
	r.runWith(pairs, uint32(s.pairQuarters), s.pairBlocks, s.pairShares, ceil(s.n, tile*s.pairQuarters),
		[]vk.Address{at.packed, at.place, at.partial, at.losses, at.scalars},
		s.s, s.n, s.pairWidth, limit, float32(-1/square), float32(2*weights[loss.Separation]/square), float32(-4*weights[loss.Invariance]))
	r.each("pull", s.m, []vk.Address{at.distance, at.speed, at.pull, at.scalars}, s.m, float32(weights[loss.ConformalIsometry]), float32(l.IsometrySpeedBin))
	r.Barrier()
	r.each("spread", s.m*s.n, []vk.Address{at.partial, at.dMean, b.row, at.dState}, s.m, s.n, s.s, s.pairShares)
	r.Barrier()
}

// backward carries the gradient back through the time of a window and into its W(v).
func (r *recorder) backward(t *Trainer, b batch, w window) {
	s, at := t.shape, &t.at
	steps := w.first * s.t
	for last := w.to; last > w.from; last -= s.rollSteps {
		r.runWith("rollback", s.rollThreads, w.trajectories, 1, 1,
			[]vk.Address{at.weights, parameter(b.order, steps), parameter(at.state, w.first*(s.t+1)*s.n), parameter(at.inverse, steps),
				parameter(at.dState, steps*s.n), parameter(at.pull, steps), parameter(at.delta, steps*s.n), parameter(at.dStart, w.first*s.n)},
			s.n, s.t, max(last-s.rollSteps, w.from), last, w.velocity)
		r.Barrier()
	}
	side, group := ceil(s.n, tile), s.m/s.d
	r.greatest(parameter(at.delta, (steps+w.from)*s.n), w.trajectories*(w.to-w.from)*s.n, t.largestDelta())
	r.product("outer", true, side, side, w.rows, []vk.Address{at.delta, at.state, parameter(b.meet, w.velocity*group), at.transposed}, t.largestDelta(), s.n, group, s.t)
	r.Barrier()
	r.greatest(at.transposed, w.rows*s.n*s.n, t.largestSlope())
}

// Where Scalars keeps the greatest elements that products in 16 bits are scaled by.
func (t *Trainer) largestDelta() vk.Address { return parameter(t.at.scalars, 12) }
func (t *Trainer) largestSlope() vk.Address { return parameter(t.at.scalars, 13) }

// greatest raises the word at `into` to the bits of the vector's greatest element,
// where products are in 16 bits.
func (r *recorder) greatest(vector vk.Address, n int, into vk.Address) {
	if r.mixed() {
		r.run("largest", ceil(n, 4096), 1, 1, []vk.Address{vector, into}, n)
		r.Barrier()
	}
}

func (r *recorder) mixed() bool { return r.device.Precision == Mixed }

// product dispatches a matrix product; a large one in the device's precision, for
// which largest is where the greatest element of its left operand stands.
func (r *recorder) product(shader string, large bool, x, y, z int, addresses []vk.Address, largest vk.Address, values ...any) {
	if large && r.mixed() {
		shader, addresses = shader+mixedSuffix, append(addresses, largest)
	}
	r.run(shader, x, y, z, addresses, values...)
}

// tally ends a micro-batch: the gradient of a, and the step's record.
func (r *recorder) tally(t *Trainer, fresh bool, record vk.Address) {
	s, at := t.shape, &t.at
	r.run("tally", 1, 1, 1, []vk.Address{at.dStart, at.state, parameter(at.gradient, s.initial), at.losses, at.scalars, record},
		s.n, s.b, s.pairShares*s.pairBlocks, s.spec.Network.InitialState == sic.InitialStateLearned, fresh, float32(1/float64(s.spec.Optimiser.Accumulate)))
	r.Barrier()
}

// mlpBackward adds the gradients of the MLP's layers from a window, whose velocities it was told
// times a gain, given that of its output.
func (r *recorder) mlpBackward(t *Trainer, b batch, w window, gain float64, dOutput vk.Address, fresh bool) {
	s, at := t.shape, &t.at
	width, shares := s.inputWidth, s.inputShares
	for l := len(s.layers) - 1; l >= 0; l-- {
		y, input, scale, last := s.layers[l], at.input[l], 1.0, l == len(s.layers)-1
		if l == 0 {
			input, scale = parameter(b.velocity, 2*w.velocity), gain
		}
		r.product("linear_weight", last, ceil(y.in, tile), ceil(y.out, tile), 1,
			[]vk.Address{dOutput, input, parameter(at.gradient, y.weight), parameter(at.gradient, y.bias)}, t.largestSlope(), w.rows, y.in, y.out, !fresh, float32(scale))
		if l > 0 {
			r.product("linear_input", last, ceil(y.in, tile), ceil(w.rows, tile), shares,
				[]vk.Address{dOutput, parameter(at.params, y.weight), at.share}, t.largestSlope(), w.rows, y.in, y.out, width)
			r.Barrier()
			r.each("input_sum", w.rows*y.in, []vk.Address{at.share, input, at.dInput[l]}, w.rows*y.in, shares)
			dOutput, width, shares = at.dInput[l], ceil(s.spec.Network.Hidden, 16)*16, 1
		}
		r.Barrier()
	}
}
