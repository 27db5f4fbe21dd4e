package sic

import (
	"fmt"
	"math"
)

// Part is a trained network that becomes a part of a larger one.
type Part struct {
	Network
	Params []float32 // in its layout's order
	// rad, counter-clockwise: its state at a place becomes that of the place rotated about the
	// start
	Rotation float64
}

// Join returns the parameters of the network n whose units are those of the parts side by side,
// which neither add nor share anything: W(v) has the parts' own along its diagonal and 0 elsewhere,
// each from the hidden units that were its part's, so that started from one part's g_0 alone it is
// that part. It is an initialisation: training is free to change every weight.
//
// σ keeps nothing of the length of W(v) g, so that a part alone may have any: each part's W is
// divided by its Gain on the velocities of b, which the seed draws, and its g_0 has the same length
// as the others'. Units and hidden units of n must be the sums of the parts', and its layers
// theirs.
func Join(n Network, parts []Part, b Batch, seed uint64) ([]float32, error) {
	units, hidden := 0, 0
	for i, p := range parts {
		if size := NewLayout(p.Network).Size; len(p.Params) != size || p.Layers != n.Layers {
			return nil, fmt.Errorf("part %d has %d layers and %d parameters, must have %d and %d", i+1, p.Layers, len(p.Params), n.Layers, size)
		}
		units, hidden = units+p.Units, hidden+p.Hidden
	}
	if units != n.Units || hidden != n.Hidden {
		return nil, fmt.Errorf("the parts have %d units and %d hidden ones, the network %d and %d: they must be as many", units, hidden, n.Units, n.Hidden)
	}
	joined := make([]float32, NewLayout(n).Size)
	units, hidden = 0, 0
	for _, p := range parts {
		p.into(n, joined, units, hidden, Gain(p, b, seed))
		units, hidden = units+p.Units, hidden+p.Hidden
	}
	return joined, nil
}

// into copies a part into the joined network n, its units from `units` on and its hidden units from
// `hidden` on.
func (p Part) into(n Network, joined []float32, units, hidden int, gain float64) {
	whole, own := NewLayout(n), NewLayout(p.Network)
	sin, cos := math.Sincos(p.Rotation)
	for layer := range n.Layers {
		in, inWhole, from, scale := own.Weight(layer).Shape[1], whole.Weight(layer).Shape[1], hidden, 1.0
		if layer == 0 {
			from = 0 // the velocity is everybody's
		}
		if layer == n.Layers-1 {
			scale = gain
		}
		weight, bias := Of(p.Params, own.Weight(layer)), Of(p.Params, own.Bias(layer))
		for o := range bias {
			to := hidden + o
			if layer == n.Layers-1 {
				to = (units+o/p.Units)*n.Units + units + o%p.Units
			}
			Of(joined, whole.Bias(layer))[to] = float32(float64(bias[o]) / scale)
			row := float64s(weight[o*in : (o+1)*in])
			if layer == 0 { // the part is told the velocity rotated back
				row[0], row[1] = cos*row[0]-sin*row[1], sin*row[0]+cos*row[1]
			}
			for i, w := range row {
				Of(joined, whole.Weight(layer))[to*inWhole+from+i] = float32(w / scale)
			}
		}
	}
	start := float64s(Of(p.Params, own.InitialState()))
	_, norm := normReLU(start)
	for i, a := range start {
		Of(joined, whole.InitialState())[units+i] = float32(a / math.Max(norm, Tiny))
	}
}

// Gain is the geometric mean of ‖ReLU(W(v) g)‖ (eq. 3) over all steps of a micro-batch: what σ
// divides by.
func Gain(p Part, b Batch, seed uint64) float64 {
	draw := NewDraw(b)
	draw.Fill(b, seed, 0)
	sum := 0.0
	norms := forward(p.Network, b, float64s(p.Params), draw).norm
	for _, norm := range norms {
		sum += math.Log(math.Max(norm, Tiny))
	}
	return math.Exp(sum / float64(len(norms)))
}

func float64s(p []float32) []float64 {
	q := make([]float64, len(p))
	for i := range p {
		q[i] = float64(p[i])
	}
	return q
}
