// Package gonum is the training step as one would write it with gonum's BLAS and
// no further thought: dense products, the whole Gram matrix, one matrix-vector
// product a step. It is what package cpu is timed beside, and nothing trains on it.
package gonum

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// Step holds a run and the arrays of one step. Vectors are in the order of sic.NewLayout.
type Step struct {
	spec    compute.Spec
	layout  sic.Layout
	mask    []float32 // of the wiring; nil: none
	shares  []float64 // sic.Network.GainShares
	draw    *sic.Draw
	done    int
	weights loss.Values // of the present step

	params, grad []float32
	moments      sic.Moments[float32]

	hidden         []blas32.General // outputs of the hidden layers [D x H]
	dHidden        []blas32.General
	weight         blas32.General // W(v) [D x N·N]
	dWeight        blas32.General
	start          []float32
	norm0          float32
	state, dState  blas32.General // [B·T x N]
	dStart         []float32
	norm           []float32
	chosen, dPairs blas32.General // the sampled states [S x N]
	gram           blas32.General // [S x S]
}

func matrix(rows, columns int) blas32.General {
	return blas32.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float32, rows*columns)}
}

func row(m blas32.General, i int) []float32 { return m.Data[i*m.Stride:][:m.Cols] }

func vector(x []float32) blas32.Vector { return blas32.Vector{N: len(x), Inc: 1, Data: x} }

func view(flat []float32, t sic.Tensor) blas32.General {
	return blas32.General{Rows: t.Shape[0], Cols: t.Shape[1], Stride: t.Shape[1], Data: sic.Of(flat, t)}
}

// New returns a fresh run.
func New(spec compute.Spec) *Step {
	n, b := spec.Network, spec.Batch
	s := &Step{spec: spec, weights: spec.Loss.Weights(1), layout: sic.NewLayout(n), mask: n.Mask(), shares: n.GainShares(), draw: sic.NewDraw(b), params: sic.InitialParameters(n, spec.Seed)}
	s.grad = make([]float32, s.layout.Size)
	s.moments = sic.NewMoments[float32](s.layout.Size)
	states, sampled := b.States(), b.Sampled()
	told := len(n.Told(s.draw.Velocity))
	for range n.Layers - 1 {
		s.hidden, s.dHidden = append(s.hidden, matrix(told, n.Hidden)), append(s.dHidden, matrix(told, n.Hidden))
	}
	s.weight, s.dWeight = matrix(told, n.Units*n.Units), matrix(told, n.Units*n.Units)
	s.start, s.dStart = make([]float32, n.Units), make([]float32, n.Units)
	s.state, s.dState, s.norm = matrix(states, n.Units), matrix(states, n.Units), make([]float32, states)
	s.chosen, s.dPairs, s.gram = matrix(sampled, n.Units), matrix(sampled, n.Units), matrix(sampled, sampled)
	return s
}

// Restore puts the run into a state of package compute.
func (s *Step) Restore(state compute.State) {
	s.done = state.Step
	copy(s.params, state.Params)
	copy(s.moments.First, state.Moments.First)
	copy(s.moments.Second, state.Moments.Second)
}

// Train does n optimiser steps of one micro-batch each.
func (s *Step) Train(n int) {
	o := s.spec.Optimiser
	for range n {
		s.draw.Fill(s.spec.Batch, s.spec.Seed, uint64(s.done))
		s.done++
		s.weights = s.spec.Loss.Weights(s.done)
		s.gradient()
		norm := float64(blas32.Nrm2(vector(s.grad)))
		scale := float32(o.ClipScale(norm))
		b1, b2, e := float32(o.Beta1), float32(o.Beta2), float32(o.Epsilon)
		rate := float32(o.Rate(s.done, sic.NewPlateau()))
		step, root := rate/(1-float32(math.Pow(o.Beta1, float64(s.done)))), float32(math.Sqrt(1-math.Pow(o.Beta2, float64(s.done))))
		first, second := s.moments.First, s.moments.Second
		for i, g := range s.grad {
			g *= scale
			first[i] = b1*first[i] + (1-b1)*g
			second[i] = b2*second[i] + (1-b2)*g*g
			s.params[i] -= rate*float32(o.WeightDecay)*s.params[i] + step*first[i]/(float32(math.Sqrt(float64(second[i])))/root+e)
		}
	}
}

// gradient runs the drawn batch forward and backward.
func (s *Step) gradient() sic.Terms {
	clear(s.grad)
	clear(s.dState.Data)
	clear(s.dStart)
	s.mlp()
	s.rollOut()
	terms := s.losses()
	s.rollBack()
	s.mlpBackward()
	sic.Apply(s.mask, s.grad)
	return terms
}

func (s *Step) velocities() blas32.General {
	told := s.spec.Network.Told(s.draw.Velocity)
	v := matrix(len(told), 2)
	for k, x := range told {
		copy(row(v, k), x[:])
	}
	return v
}

// eachGain calls visit with the share of unit i's gain, and with its row of two matrices of
// one velocity, told as it is and at the greatest gain, for all units and velocities.
func (s *Step) eachGain(of blas32.General, visit func(share float32, slow, fast []float32)) {
	n, distinct := s.spec.Network.Units, len(s.draw.Velocity)
	for k := range distinct {
		for i, share := range s.shares {
			visit(float32(share), row(of, k)[i*n:][:n], row(of, distinct+k)[i*n:][:n])
		}
	}
}

func (s *Step) mlp() {
	input := s.velocities()
	for l := range s.spec.Network.Layers {
		output := s.weight
		if l < len(s.hidden) {
			output = s.hidden[l]
		}
		for k := range output.Rows {
			copy(row(output, k), sic.Of(s.params, s.layout.Bias(l)))
		}
		blas32.Gemm(blas.NoTrans, blas.Trans, 1, input, view(s.params, s.layout.Weight(l)), 1, output)
		if l < len(s.hidden) {
			for i, x := range output.Data {
				output.Data[i] = max(x, 0)
			}
		}
		input = output
	}
	s.eachGain(s.weight, func(share float32, slow, fast []float32) {
		blas32.Scal(1-share, vector(slow))
		blas32.Axpy(share, vector(fast), vector(slow))
	})
}

// settle writes σ(h) over h and returns ‖ReLU(h)‖.
func settle(h []float32) float32 {
	for i, x := range h {
		h[i] = max(x, 0)
	}
	norm := blas32.Nrm2(vector(h))
	blas32.Scal(1/max(norm, sic.Tiny), vector(h))
	return norm
}

// unsettle turns dL/dg into dL/dh.
func unsettle(d, g []float32, norm float32) {
	blas32.Axpy(-blas32.Dot(vector(d), vector(g)), vector(g), vector(d))
	for i, x := range g {
		if x > 0 {
			d[i] /= max(norm, sic.Tiny)
		} else {
			d[i] = 0
		}
	}
}

// w returns W(v) of step i, or its gradient.
func (s *Step) w(of blas32.General, i int) blas32.General {
	n := s.spec.Network.Units
	return blas32.General{Rows: n, Cols: n, Stride: n, Data: row(of, int(s.draw.Order[i]))}
}

// before returns the state that step i starts from, and its gradient.
func (s *Step) before(i int) (g, d []float32) {
	if i%s.spec.Batch.Length == 0 {
		return s.start, s.dStart
	}
	return row(s.state, i-1), row(s.dState, i-1)
}

func (s *Step) rollOut() {
	copy(s.start, sic.Of(s.params, s.layout.InitialState()))
	s.norm0 = settle(s.start)
	for i := range s.draw.Order {
		g, _ := s.before(i)
		next := row(s.state, i)
		blas32.Gemv(blas.NoTrans, 1, s.w(s.weight, i), vector(g), 0, vector(next))
		s.norm[i] = settle(next)
	}
}

func (s *Step) rollBack() {
	clear(s.dWeight.Data)
	for i := len(s.draw.Order) - 1; i >= 0; i-- {
		g, dBefore := s.before(i)
		d := row(s.dState, i)
		unsettle(d, row(s.state, i), s.norm[i])
		blas32.Gemv(blas.Trans, 1, s.w(s.weight, i), vector(d), 1, vector(dBefore))
		blas32.Ger(1, vector(d), vector(g), s.w(s.dWeight, i))
	}
	if s.spec.Network.InitialState == sic.InitialStateLearned {
		unsettle(s.dStart, s.start, s.norm0)
		copy(sic.Of(s.grad, s.layout.InitialState()), s.dStart)
	}
}

func (s *Step) mlpBackward() {
	dOutput := s.dWeight
	s.eachGain(dOutput, func(share float32, slow, fast []float32) {
		blas32.Axpy(share, vector(slow), vector(fast)) // of zeros
		blas32.Scal(1-share, vector(slow))
	})
	for l := s.spec.Network.Layers - 1; l >= 0; l-- {
		input := s.velocities()
		if l > 0 {
			input = s.hidden[l-1]
		}
		blas32.Gemm(blas.Trans, blas.NoTrans, 1, dOutput, input, 0, view(s.grad, s.layout.Weight(l)))
		for k := range dOutput.Rows {
			blas32.Axpy(1, vector(row(dOutput, k)), vector(sic.Of(s.grad, s.layout.Bias(l))))
		}
		if l == 0 {
			return
		}
		dInput := s.dHidden[l-1]
		blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, dOutput, view(s.params, s.layout.Weight(l)), 0, dInput)
		for i, x := range input.Data {
			if x <= 0 {
				dInput.Data[i] = 0
			}
		}
		dOutput = dInput
	}
}

func (s *Step) losses() sic.Terms {
	var t sic.Terms
	s.pairs(&t)
	states := float32(s.state.Rows)
	mean := make([]float32, s.state.Cols)
	for i := range s.state.Rows {
		blas32.Axpy(1/states, vector(row(s.state, i)), vector(mean))
	}
	t.Values[loss.Capacity] = -float64(blas32.Dot(vector(mean), vector(mean)))
	all := blas32.Asum(vector(mean)) / float32(len(mean)) // no activity is negative
	pull := make([]float32, len(mean))
	for n, m := range mean {
		t.Values[loss.Homeostasis] += float64((m - all) * (m - all))
		pull[n] = 2 * (float32(s.weights[loss.Homeostasis])*(m-all) - float32(s.weights[loss.Capacity])*m) / states
	}
	for i := range s.state.Rows {
		blas32.Axpy(1, vector(pull), vector(row(s.dState, i)))
	}
	s.isometry(&t)
	t.Weigh(s.weights)
	return t
}

// pairs are equations 4 and 5 over the sampled states.
func (s *Step) pairs(t *sic.Terms) {
	l := s.spec.Loss
	for i, state := range s.draw.Sampled {
		copy(row(s.chosen, i), row(s.state, int(state)))
	}
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, s.chosen, s.chosen, 0, s.gram)
	isNear := func(i, j int) bool {
		a, b := s.draw.Position[s.draw.Sampled[i]], s.draw.Position[s.draw.Sampled[j]]
		dx, dy := a[0]-b[0], a[1]-b[1]
		return dx*dx+dy*dy < float32(l.SigmaX*l.SigmaX)
	}
	count := len(s.draw.Sampled)
	for i := range count {
		for j := range count {
			if i != j && isNear(i, j) {
				t.Near++
			}
		}
	}
	t.Far = count*(count-1) - t.Near
	far, near := t.PairWeights(&l)
	squared := float32(1 / (l.SigmaG * l.SigmaG))
	halves := make([]float32, count) // ‖g‖²/2 of a normalised state: 1/2, or 0 for a dead one
	for i := range count {
		if slices.Max(row(s.chosen, i)) > 0 {
			halves[i] = 0.5
		}
	}
	for i := range count {
		p := row(s.gram, i)
		for j, product := range p {
			half := halves[i] + halves[j] - product
			switch {
			case i == j:
				p[j] = 0
			case isNear(i, j):
				t.Values[loss.Invariance] += near * 2 * float64(half)
				p[j] = float32(-4 * s.weights[loss.Invariance] * near)
			default:
				e := math.Exp(float64(-half * squared))
				t.Values[loss.Separation] += far * e
				p[j] = float32(2 * s.weights[loss.Separation] * far * e * float64(squared))
			}
		}
	}
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, s.gram, s.chosen, 0, s.dPairs)
	for i, state := range s.draw.Sampled {
		blas32.Axpy(1, vector(row(s.dPairs, i)), vector(row(s.dState, int(state))))
	}
}

// isometry is equation 7.
func (s *Step) isometry(t *sic.Terms) {
	var steps []int
	var speeds, ratios []float64
	var mean, count [loss.SpeedBins]float64
	for i, k := range s.draw.Order {
		if speed, short := s.spec.Loss.Short(s.draw.Velocity[k]); short {
			g, _ := s.before(i)
			ratio := distance(row(s.state, i), g) / speed
			steps, speeds, ratios = append(steps, i), append(speeds, speed), append(ratios, ratio)
			bin := s.spec.Loss.SpeedBin(speed)
			mean[bin] += ratio
			count[bin]++
		}
	}
	t.Short = len(steps)
	if t.Short == 0 {
		return
	}
	for q, i := range steps {
		bin := s.spec.Loss.SpeedBin(speeds[q])
		deviation := ratios[q] - mean[bin]/count[bin]
		t.Values[loss.ConformalIsometry] += deviation * deviation / float64(t.Short)
		g, d := s.before(i)
		next, dNext := row(s.state, i), row(s.dState, i)
		pull := float32(s.weights[loss.ConformalIsometry] * 2 * deviation / float64(t.Short) / speeds[q] / math.Max(ratios[q]*speeds[q], sic.Tiny))
		for n := range g {
			x := pull * (next[n] - g[n])
			dNext[n] += x
			d[n] -= x
		}
	}
}

func distance(a, b []float32) float64 {
	sum := float32(0)
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(float64(sum))
}
