package sic

import "slices"

// Wiring says which units read which: connected[i*N+j] where unit i reads unit j, that is where
// W_ij(v) may differ from 0; nil where every unit reads all. Units stand on a ring, i reads j where
// they are at most RingWidth/2 places apart, and of the other pairs a share of RingLong, the same
// for every seed.
func (n Network) Wiring() (connected []bool) {
	if n.RingWidth == 0 {
		return nil
	}
	connected = make([]bool, n.Units*n.Units)
	long := newSource(0, streamWiring, 0)
	for i := range n.Units {
		for j := range n.Units {
			apart := (i - j + n.Units) % n.Units
			drawn := float64(long.uint32()) < n.RingLong*(1<<32) // for every pair, so that a link does not hang on the width
			connected[i*n.Units+j] = 2*min(apart, n.Units-apart) <= n.RingWidth || drawn
		}
	}
	return connected
}

// Mask is 1 for the parameters of the layout that act and 0 for those of links that the wiring
// leaves out; nil where all act. Parameters and gradient multiplied by it are those of the masked
// W(v), which is linear in the last layer's.
func (n Network) Mask() []float32 {
	connected := n.Wiring()
	if connected == nil {
		return nil
	}
	l := NewLayout(n)
	mask := slices.Repeat([]float32{1}, l.Size)
	weight, bias := Of(mask, l.Weight(n.Layers-1)), Of(mask, l.Bias(n.Layers-1))
	for i, linked := range connected {
		if !linked {
			bias[i] = 0
			clear(weight[i*n.Hidden:][:n.Hidden])
		}
	}
	return mask
}

// Apply multiplies a vector in the layout's order by a mask; nil changes nothing.
func Apply[F float32 | float64](mask []float32, vector []F) {
	for i, m := range mask {
		vector[i] *= F(m)
	}
}
