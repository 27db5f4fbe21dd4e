package sic

import (
	"fmt"
	"math"
)

// Tensor is one named block of the flat parameter vector.
type Tensor struct {
	Name   string
	Shape  []int
	Offset int
	Size   int
}

// Layout is the order of all tensors in the flat parameter vector, row-major: for each linear layer
// l of the MLP "mlp.<l>.weight" [out, in] and "mlp.<l>.bias" [out], where the last layer's output
// i*N+j is W_ij; then "initial_state" [N], the a of g_0 = σ(a).
type Layout struct {
	Tensors []Tensor
	Size    int
}

// NewLayout returns the layout of the network's parameters.
func NewLayout(n Network) Layout {
	var l Layout
	add := func(name string, shape ...int) {
		size := 1
		for _, s := range shape {
			size *= s
		}
		l.Tensors = append(l.Tensors, Tensor{name, shape, l.Size, size})
		l.Size += size
	}
	for layer := range n.Layers {
		in, out := n.Hidden, n.Hidden
		if layer == 0 {
			in = 2
		}
		if layer == n.Layers-1 {
			out = n.Units * n.Units
		}
		add(fmt.Sprintf("mlp.%d.weight", layer), out, in)
		add(fmt.Sprintf("mlp.%d.bias", layer), out)
	}
	add("initial_state", n.Units)
	return l
}

// Weight and Bias return the tensors of linear layer i; InitialState that of a.
func (l Layout) Weight(i int) Tensor  { return l.Tensors[2*i] }
func (l Layout) Bias(i int) Tensor    { return l.Tensors[2*i+1] }
func (l Layout) InitialState() Tensor { return l.Tensors[len(l.Tensors)-1] }

// Of returns the part of a flat vector that this tensor is.
func Of[F float32 | float64](flat []F, t Tensor) []F { return flat[t.Offset : t.Offset+t.Size] }

// InitialParameters draws the parameters of a fresh network: U(±1/√fan_in) for
// every weight and bias, the first layer's weights divided by InitSpeed where it is
// not 0, the last layer multiplied by InitScale and, for InitIdentity, the identity
// added to W's bias; a = |N(0,1)|.
func InitialParameters(n Network, seed uint64) []float32 {
	l := NewLayout(n)
	p := make([]float32, l.Size)
	weights := newSource(seed, streamWeights, 0)
	for layer := range n.Layers {
		bound := 1 / math.Sqrt(float64(l.Weight(layer).Shape[1]))
		if layer == n.Layers-1 {
			bound *= n.InitScale
		}
		perSpeed := 1.0
		if layer == 0 && n.InitSpeed > 0 {
			perSpeed = 1 / n.InitSpeed
		}
		for i := range Of(p, l.Weight(layer)) {
			p[l.Weight(layer).Offset+i] = weights.symmetric(bound * perSpeed)
		}
		for i := range Of(p, l.Bias(layer)) {
			p[l.Bias(layer).Offset+i] = weights.symmetric(bound)
		}
	}
	if n.Init == InitIdentity {
		bias := Of(p, l.Bias(n.Layers-1))
		for i := range n.Units {
			bias[i*n.Units+i]++
		}
	}
	initial := newSource(seed, streamInitialState, 0)
	for i := range Of(p, l.InitialState()) {
		p[l.InitialState().Offset+i] = float32(math.Abs(initial.normal()))
	}
	Apply(n.Mask(), p)
	return p
}
