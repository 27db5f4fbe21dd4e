package sic

import (
	"math"

	"sicgrid/pkg/sic/loss"
)

// pass holds everything that the forward pass of one micro-batch leaves for the backward pass.
type pass struct {
	network Network
	layout  Layout
	params  []float64
	draw    *Draw
	length  int // T

	told      [][2]float32  // [D], with gains [2*D]: the velocities that the MLP is told
	hidden    [][][]float64 // [D or 2*D][layer][H]: outputs of the MLP's hidden layers
	connected []bool        // [N*N]: where W may differ from 0; nil: everywhere
	shares    []float64     // [N] of the later half of told in the rows of W; nil: no gains
	weight    [][]float64   // [D][N*N]: W(v_k)
	start     []float64     // g_0 [N]
	norm0     float64       // ‖ReLU(a)‖
	state     [][]float64   // [B*T][N]: g_t after step t of trajectory b, at b*T+t
	norm      []float64     // [B*T]: ‖ReLU(h)‖
}

// normReLU is σ (eq. 3). It returns σ(h) and ‖ReLU(h)‖.
func normReLU(h []float64) (g []float64, norm float64) {
	g = make([]float64, len(h))
	for n, x := range h {
		g[n] = math.Max(x, 0)
		norm += g[n] * g[n]
	}
	norm = math.Sqrt(norm)
	for n := range g {
		g[n] /= math.Max(norm, Tiny)
	}
	return g, norm
}

// normReLUBackward returns dL/dh from dL/dg: 1[h>0]·(d - (d·g) g)/‖ReLU(h)‖.
func normReLUBackward(d, g []float64, norm float64) []float64 {
	radial := 0.0
	for n := range g {
		radial += d[n] * g[n]
	}
	dh := make([]float64, len(g))
	for n := range g {
		if g[n] > 0 {
			dh[n] = (d[n] - radial*g[n]) / math.Max(norm, Tiny)
		}
	}
	return dh
}

// mlp returns the outputs of every layer for one velocity: the hidden ones
// rectified, the last as it is.
func mlp(n Network, l Layout, params []float64, v [2]float32) [][]float64 {
	input := []float64{float64(v[0]), float64(v[1])}
	var outputs [][]float64
	for layer := range n.Layers {
		weight, bias := Of(params, l.Weight(layer)), Of(params, l.Bias(layer))
		output := make([]float64, len(bias))
		for o := range output {
			output[o] = bias[o]
			for i, x := range input {
				output[o] += weight[o*len(input)+i] * x
			}
			if layer < n.Layers-1 {
				output[o] = math.Max(output[o], 0)
			}
		}
		outputs = append(outputs, output)
		input = output
	}
	return outputs
}

// apply returns W g for the row-major W [N*N].
func apply(weight, g []float64) []float64 {
	n := len(g)
	h := make([]float64, n)
	for i := range h {
		for j := range g {
			h[i] += weight[i*n+j] * g[j]
		}
	}
	return h
}

func forward(n Network, b Batch, params []float64, draw *Draw) *pass {
	p := &pass{network: n, layout: NewLayout(n), params: params, draw: draw, length: b.Length, connected: n.Wiring(), told: n.Told(draw.Velocity), shares: n.GainShares()}
	for _, v := range p.told {
		outputs := mlp(n, p.layout, params, v)
		p.hidden = append(p.hidden, outputs[:n.Layers-1])
		p.mask(outputs[n.Layers-1])
		p.weight = append(p.weight, outputs[n.Layers-1])
	}
	p.weight = p.mix(p.weight)
	p.start, p.norm0 = normReLU(Of(params, p.layout.InitialState()))
	g := p.start
	for i, k := range draw.Order {
		if i%b.Length == 0 {
			g = p.start
		}
		var norm float64
		g, norm = normReLU(apply(p.weight[k], g))
		p.state = append(p.state, g)
		p.norm = append(p.norm, norm)
	}
	return p
}

// mix makes the D W(v) [N*N] of what the MLP made of the velocities that it was told: where units
// have gains, each row of two.
func (p *pass) mix(made [][]float64) [][]float64 {
	if p.shares == nil {
		return made
	}
	distinct := len(made) / 2
	for k, weight := range made[:distinct] {
		for i, fast := range made[distinct+k] {
			weight[i] += p.shares[i/p.network.Units] * (fast - weight[i])
		}
	}
	return made[:distinct]
}

// unmix makes the gradients of what mix was given of those of the D W(v) [N*N].
func (p *pass) unmix(dWeight [][]float64) [][]float64 {
	if p.shares == nil {
		return dWeight
	}
	distinct := len(dWeight)
	for _, d := range dWeight[:distinct] {
		fast := make([]float64, len(d))
		for i := range d {
			fast[i] = p.shares[i/p.network.Units] * d[i]
			d[i] -= fast[i]
		}
		dWeight = append(dWeight, fast)
	}
	return dWeight
}

// mask puts zeros where the wiring has no link into W(v) or its gradient, [N*N].
func (p *pass) mask(weight []float64) {
	for i, linked := range p.connected {
		if !linked {
			weight[i] = 0
		}
	}
}

// before returns the state that step i = b*T+t starts from, and the place of its gradient.
func (p *pass) before(i int, dState [][]float64, dStart []float64) (g, d []float64) {
	if i%p.length == 0 {
		return p.start, dStart
	}
	return p.state[i-1], dState[i-1]
}

// Gradient runs one micro-batch forward and backward, the terms weighted as they stand at its
// optimiser step (l.Weights), and returns its losses and the gradient of their weighted sum with
// respect to every parameter, in the layout's order.
func Gradient(n Network, b Batch, l Loss, weights loss.Values, params []float64, draw *Draw) (Terms, []float64) {
	p := forward(n, b, params, draw)
	dState := make([][]float64, len(p.state))
	for i := range dState {
		dState[i] = make([]float64, n.Units)
	}
	dStart := make([]float64, n.Units)

	terms := p.losses(l, weights, dState, dStart)
	gradient := make([]float64, p.layout.Size)
	p.backward(n, dState, dStart, gradient)
	return terms, gradient
}

// backward carries dL/dg_t back through time and through the MLP.
func (p *pass) backward(n Network, dState [][]float64, dStart, gradient []float64) {
	dWeight := make([][]float64, len(p.weight))
	for k := range dWeight {
		dWeight[k] = make([]float64, n.Units*n.Units)
	}
	for i := len(p.state) - 1; i >= 0; i-- {
		k := p.draw.Order[i]
		dh := normReLUBackward(dState[i], p.state[i], p.norm[i])
		g, d := p.before(i, dState, dStart)
		for row, x := range dh {
			for column := range g {
				dWeight[k][row*n.Units+column] += x * g[column]
				d[column] += x * p.weight[k][row*n.Units+column]
			}
		}
	}
	if n.InitialState == InitialStateLearned {
		copy(Of(gradient, p.layout.InitialState()), normReLUBackward(dStart, p.start, p.norm0))
	}
	for k, d := range p.unmix(dWeight) {
		p.mask(d)
		p.mlpBackward(k, d, gradient)
	}
}

// mlpBackward adds the gradient of pass k through the MLP, given that of its output [N*N].
func (p *pass) mlpBackward(k int, dOutput, gradient []float64) {
	v := p.told[k]
	for layer := p.network.Layers - 1; layer >= 0; layer-- {
		input := []float64{float64(v[0]), float64(v[1])}
		if layer > 0 {
			input = p.hidden[k][layer-1]
		}
		weight := Of(p.params, p.layout.Weight(layer))
		dWeight, dBias := Of(gradient, p.layout.Weight(layer)), Of(gradient, p.layout.Bias(layer))
		dInput := make([]float64, len(input))
		for o, d := range dOutput {
			dBias[o] += d
			for i, x := range input {
				dWeight[o*len(input)+i] += d * x
				dInput[i] += d * weight[o*len(input)+i]
			}
		}
		for i, x := range input { // through the hidden layer's ReLU
			if layer > 0 && x <= 0 {
				dInput[i] = 0
			}
		}
		dOutput = dInput
	}
}
