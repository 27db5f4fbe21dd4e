package cpu

import (
	"fmt"

	"sicgrid/pkg/sic"
)

// Roller runs a trained network along given walks. Each goroutine needs its own.
type Roller struct {
	*kernels
	net    network
	params []float32
	mlp    *mlp
	start  []float32
	state  []float32 // [rollWidth][padded]
	h, sum []float32 // sum: which nobody reads
	index  []int32   // [rollWidth+1][padded+listRoom]: the active units of every walk's present state, and of the start
	active [rollWidth + 1]int
}

// rollWidth is how many walks go side by side: as many W(v) as the second cache holds.
const rollWidth = 32

// NewRoller returns a Roller for parameters in the order of sic.NewLayout.
func NewRoller(n sic.Network, params []float32) (*Roller, error) {
	if size := sic.NewLayout(n).Size; len(params) != size {
		return nil, fmt.Errorf("%d parameters for a network of %d", len(params), size)
	}
	r := &Roller{kernels: best(), net: newNetwork(n)}
	r.params = floats(r.net.size)
	r.net.pack(r.params, params)
	p := r.net.padded
	r.mlp = newMLP(&r.net, r.kernels, 2*rollWidth, true) // with gains a velocity takes two rows
	r.start, r.state, r.h, r.sum = floats(p), floats(rollWidth*p), floats(p), floats(p)
	r.index = make([]int32, (rollWidth+1)*(p+listRoom))
	_, r.active[rollWidth] = r.settle(&r.start[0], &r.params[r.net.initial], &r.sum[0], &r.list(rollWidth)[0], p)
	return r, nil
}

func (r *Roller) list(walk int) []int32 {
	size := r.net.padded + listRoom
	return r.index[walk*size:][:size]
}

// Run takes every walk from g_0 through its velocities and calls visit with each
// state, g_t [N], which is only valid during the call.
//
// velocity: [walks][steps][2] m, all walks equally long, flattened to [walks][2·steps].
func (r *Roller) Run(velocity [][]float32, visit func(walk, step int, state []float32)) {
	p := r.net.padded
	for first := 0; first < len(velocity); first += rollWidth {
		walks := velocity[first:min(first+rollWidth, len(velocity))]
		for w := range walks {
			copy(r.state[w*p:][:p], r.start)
			copy(r.list(w), r.list(rollWidth))
			r.active[w] = r.active[rollWidth]
		}
		v := make([][2]float32, len(walks))
		for step := range len(walks[0]) / 2 {
			for w, velocities := range walks {
				v[w] = [2]float32{velocities[2*step], velocities[2*step+1]}
			}
			told := r.net.Told(v)
			r.mlp.hidden(r.params, told, 0)
			for task := range r.net.chunks() {
				r.mlp.columns(r.params, len(told), task)
			}
			for w := range walks {
				if r.net.shares != nil {
					r.mlp.mix(w, len(v)+w)
				}
				g := r.state[w*p:][:p]
				r.gather(r.h, r.mlp.weight[w*r.net.last().ldo:], p, r.list(w), g, r.active[w], p)
				_, r.active[w] = r.settle(&g[0], &r.h[0], &r.sum[0], &r.list(w)[0], p)
				visit(first+w, step, g[:r.net.Units])
			}
		}
	}
}
