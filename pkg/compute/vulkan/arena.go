package vulkan

import (
	"fmt"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// arena hands out pieces of the one buffer that holds everything of a run.
// Pieces are first counted, as offsets, and become addresses once the buffer is there.
type arena struct {
	size uint64
	err  error
}

// take reserves n elements of 4 bytes for what.
func (a *arena) take(what string, n int) vk.Address {
	if n >= 1<<32 && a.err == nil {
		a.err = fmt.Errorf("%s: %d elements, and shaders count with 32 bits; make the batch or the network smaller", what, n)
	}
	const line = 256
	at := a.size
	a.size += (4*uint64(n) + line - 1) / line * line
	return vk.Address(at)
}

// layer is one linear layer of the MLP.
type layer struct {
	in, out      int
	weight, bias int // offsets in the flat vectors, which are in sic's order
}

// shape is the sizes of a run and how its work is cut.
type shape struct {
	spec                     compute.Spec
	layers                   []layer
	size                     int       // of the flat vectors
	mask                     []float32 // of the wiring; nil: none
	shares                   []float32 // sic.Network.GainShares
	initial                  int       // offset of a
	n, b, t, d, m, s         int       // units, trajectories, length, distinct velocities, states, sampled states
	windows                  []window
	rows                     int // velocities of the largest window
	pairWidth, pairShares    int // columns of the Gram matrix of one share
	pairQuarters, pairBlocks int // 64 columns of dG of one workgroup; blocks of 64 rows
	inputWidth, inputShares  int // outputs of the last layer of one share of linear_input
	nearBlocks, nearShares   int
	batches                  int // micro-batches that are drawn at once
	rollSteps                int // of one dispatch along the trajectories
	squares                  int // blocks of 4096 of the gradient
	rollThreads              uint32
	steps                    int // most steps of a submission
}

// places are the addresses of everything on the device.
type places struct {
	params, first, second, gradient vk.Address
	mask, shares                    vk.Address // of the wiring and the gains, if there are any
	scalars, records                vk.Address

	velocity, order, meet, position, sampled, row vk.Address // of `batches` micro-batches

	input, dInput                        []vk.Address // of each layer but the first
	weights, transposed, share           vk.Address   // transposed holds dL/dW later
	state, inverse, sum, dead            vk.Address
	distance, speed, pull, counts, dMean vk.Address
	packed, place, partial, losses       vk.Address
	dState, delta, dStart, squares       vk.Address
}

const (
	tile            = 64      // side of the products' tiles
	maxUnits        = 1024    // what a workgroup can hold of a state
	maxLength       = 15000   // draw runs along a trajectory three times
	maxStates       = 1 << 19 // terms looks at every state twice, and at the counts of their pairs, with 256 invocations
	maxTrajectories = 1 << 15 // terms and tally add up those of 1024 units with 256 invocations
	maxRows         = 1 << 14 // of a window: linear_weight adds one bias up over all of them
	loopLimit       = 50000   // rounds of all loops of an invocation, with a margin
	swaps           = 5000    // of sample in one dispatch
	drawBytes       = 64 << 20
	mostTerms       = 8                    // of the loss, that a record has room for
	recordSize      = 4 * (mostTerms + 10) // bytes
	mostSteps       = 256
)

var _ [mostTerms - loss.NumTerms]struct{} // there is room

func ceil(a, b int) int { return (a + b - 1) / b }

func newShape(spec compute.Spec, d *Device) (*shape, error) {
	n, b := spec.Network, spec.Batch
	if err := spec.Check(); err != nil {
		return nil, err
	}
	if n.Units > maxUnits {
		return nil, fmt.Errorf("a network of %d units: the GPU core takes at most %d", n.Units, maxUnits)
	}
	if b.Length > maxLength || b.Trajectories > maxTrajectories || b.States() > maxStates {
		return nil, fmt.Errorf("batches of %d x %d steps: the GPU core takes at most %d trajectories of %d steps, %d in all",
			b.Trajectories, b.Length, maxTrajectories, maxLength, maxStates)
	}
	layout := sic.NewLayout(n)
	s := &shape{spec: spec, size: layout.Size, mask: n.Mask(), initial: layout.InitialState().Offset,
		n: n.Units, b: b.Trajectories, t: b.Length, d: b.Distinct(), m: b.States(), s: b.Sampled()}
	for l := range n.Layers {
		w := layout.Weight(l)
		s.layers = append(s.layers, layer{in: w.Shape[1], out: w.Shape[0], weight: w.Offset, bias: layout.Bias(l).Offset})
	}
	for _, share := range n.GainShares() {
		s.shares = append(s.shares, float32(share))
	}
	s.cutWindows(d)
	s.cutPairs()
	s.cutProducts()
	s.cutTime(d)
	return s, nil
}

// cutPairs shares the columns of the Gram matrix out so that even few states make
// many workgroups, whose results are then added up.
func (s *shape) cutPairs() {
	s.pairBlocks = ceil(s.s, tile)
	s.pairQuarters = min(ceil(s.n, tile), 2)
	chunks := ceil(s.n, tile*s.pairQuarters)
	shares := min(max(512/(s.pairBlocks*chunks), 1), 16)
	rounds := s.n/16 + 300 // of one tile
	s.pairWidth = min(ceil(ceil(s.s, shares), tile), loopLimit/rounds) * tile
	s.pairShares = ceil(s.s, s.pairWidth)
	s.nearBlocks, s.nearShares = ceil(s.s, 256), ceil(s.s, 1024)
}

// cutProducts does the same for the product that is long and narrow: the
// gradient of the last layer's input.
func (s *shape) cutProducts() {
	last := s.layers[len(s.layers)-1]
	shares := min(max(512/(ceil(s.rows, tile)*ceil(last.in, tile)), 1), 128)
	s.inputWidth = max(ceil(ceil(last.out, shares), tile)*tile, tile)
	s.inputShares = ceil(last.out, s.inputWidth)
	s.squares = ceil(s.size, 4096)
}

// cutTime decides how many steps of a trajectory and how many micro-batches go at once.
func (s *shape) cutTime(d *Device) {
	most := min(int(d.MaxThreads), maxUnits)
	s.rollThreads = 64
	spread := 8 // invocations that share the sum of one unit
	if d.Kind == vk.Processor {
		spread = 1
	}
	for int(s.rollThreads) < min(most, spread*s.n) && 2*int(s.rollThreads) <= most {
		s.rollThreads *= 2
	}
	width := int(s.rollThreads)
	depth := ceil(s.n, max(width/s.n, 1)) * ceil(s.n, width)
	s.rollSteps = max(loopLimit/(depth+s.n/16+8*ceil(s.n, width)+width/s.n+16), 1)

	drawn := 4 * (2*s.d + 6*s.m)
	accumulate := s.spec.Optimiser.Accumulate
	s.steps = min(max(drawBytes/drawn/accumulate, 1), mostSteps)
	s.batches = s.steps * accumulate
}

// lay reserves the arena.
func (s *shape) lay(a *arena) places {
	var p places
	p.params, p.first, p.second = a.take("parameters", s.size), a.take("first moments", s.size), a.take("second moments", s.size)
	p.gradient, p.mask, p.shares = a.take("gradient", s.size), a.take("mask", len(s.mask)), a.take("gains", len(s.shares))
	p.scalars, p.records = a.take("scalars", 64), a.take("records", s.steps*recordSize/4)
	p.velocity = a.take("velocities", s.batches*s.d*2)
	p.order, p.meet = a.take("orders", s.batches*s.m), a.take("meetings", s.batches*s.m)
	p.position = a.take("positions", s.batches*s.m*2)
	p.sampled, p.row = a.take("samples", s.batches*s.m), a.take("rows of samples", s.batches*s.m)
	for l := range s.layers {
		p.input, p.dInput = append(p.input, 0), append(p.dInput, 0)
		if l > 0 {
			p.input[l] = a.take("hidden layers", s.rows*s.layers[l].in)
			p.dInput[l] = a.take("hidden layers", s.rows*s.layers[l].in)
		}
	}
	p.weights = a.take("W(v)", s.rows*s.n*s.n)
	p.transposed = a.take("W(v)", s.rows*s.n*s.n)
	p.share = a.take("shares of the hidden gradient", s.inputShares*s.rows*s.spec.Network.Hidden)
	p.state = a.take("states", s.b*(s.t+1)*s.n)
	p.inverse, p.sum, p.dead = a.take("norms", s.m), a.take("sums", s.b*s.n), a.take("counts", s.b)
	p.distance, p.speed, p.pull = a.take("distances", s.m), a.take("speeds", s.m), a.take("pulls", s.m)
	p.counts, p.dMean = a.take("counts", s.nearBlocks*s.nearShares), a.take("means", s.n)
	p.packed, p.place = a.take("sampled states", s.s*s.n), a.take("places", s.s*3)
	p.partial = a.take("gradient of the pairs", s.pairShares*s.s*s.n)
	p.losses = a.take("losses", s.pairShares*s.pairBlocks*2)
	p.dState, p.delta = a.take("gradient of the states", s.m*s.n), a.take("gradient of the states", s.m*s.n)
	p.dStart, p.squares = a.take("gradient of the start", s.b*s.n), a.take("squares", s.squares)
	return p
}

// shift turns offsets into addresses.
func (p *places) shift(base vk.Address) {
	for _, a := range []*vk.Address{
		&p.params, &p.first, &p.second, &p.gradient, &p.mask, &p.shares, &p.scalars, &p.records,
		&p.velocity, &p.order, &p.meet, &p.position, &p.sampled, &p.row,
		&p.weights, &p.transposed, &p.share, &p.state, &p.inverse, &p.sum, &p.dead,
		&p.distance, &p.speed, &p.pull, &p.counts, &p.dMean, &p.packed, &p.place, &p.partial, &p.losses,
		&p.dState, &p.delta, &p.dStart, &p.squares,
	} {
		*a += base
	}
	for l := range p.input {
		p.input[l] += base
		p.dInput[l] += base
	}
}
