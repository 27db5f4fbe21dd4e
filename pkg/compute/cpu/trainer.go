package cpu

import (
	"math"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// Trainer is the training step on a processor. It implements compute.Trainer.
type Trainer struct {
	*kernels
	spec    compute.Spec
	weights loss.Values // of the present step
	net     network
	pool    *pool

	params, first, second, grad []float32 // the flat vectors, in our order
	mask                        []float32 // of the wiring, likewise; nil: none
	step                        int
	plateau                     sic.Plateau

	draw     *sic.Draw
	drawn    uint64 // the number of the micro-batch in draw, plus 1
	mlp      *mlp
	gradient *mlpGradient
	rows     []float32 // [T][ldo]: W by rows
	group    int       // steps of a batch that share a velocity
	apart    *apart    // where trajectories share no velocity; else nil

	slot     []int32      // [B·(T+1)]: where a state is stored
	taken    []int32      // [B·(T+1)]: the velocity that is taken from a state
	route    []hop        // [B·T]: steps in the order in which they are taken
	velocity [][2]float32 // [D] m
	told     [][2]float32 // what the MLP is told: velocity, with gains the greatest times it behind, [2·D]
	speed    []float64    // [D]: ‖v‖ of the short velocities, m; 0 for others
	states   []float32    // [B·(T+1)][stride]: g by slot
	delta    []float32    // [B·T][stride]: dL/d(W g) by the slot of g
	distance []float32    // [B·T]: ‖g_t-g_{t-1}‖ by the slot of g_{t-1}, for the short velocities
	inverse  []float32    // [B·(T+1)]: 1/‖ReLU(W g)‖ by g
	row      []int32      // [B·(T+1)]: which row of dPairs a state has, or -1
	dPairs   []float32    // [S][stride]: gradient of the pair terms
	dMean    []float32    // [padded]: gradient of the terms of the mean activity
	mean     []float64    // [N]: mean activity
	zeros    []float32    // [padded]
	sum      []float32    // [B][stride]: Σ_t g_t
	carry    []float32    // [B][stride]: dL/dg on its way back; at last dL/dg_0
	dead     []int32      // [B]
	index    []int32      // [B][padded+listRoom]: the units that are active in a trajectory's present state
	active   []int        // [B]: how many

	start       []float32 // g_0 [padded]
	startIndex  []int32
	startActive int
	norm0       float32 // ‖ReLU(a)‖

	pairs        *pairs
	terms        sic.Terms               // of the micro-batch
	isometryMean [loss.SpeedBins]float64 // mean ratio in eq. 7, by the bin of the speed

	scratch []*scratch
	squares []float64
	adam    adamConstants
	phases  phases
	fresh   bool    // the gradient holds nothing of this step yet
	Parts   Seconds // time by part, since the trainer was made
}

// scratch is one worker's own memory.
type scratch struct {
	index  []int32 // [padded+listRoom]
	h      []float32
	tile   []float32
	mirror []float32 // the tile, transposed
	group  listed    // [padded][group]: the states that meet one velocity, transposed
	head   []int32   // [D]: the trajectory that waits first for a velocity, plus 1; 0 if none does
	behind []int32   // [B]: the one that waits behind another, likewise
	at     []int32   // [B]: the state that a waiting trajectory is in

	// Of a training whose trajectories share no velocity:
	weight  []float32 // [padded][padded]: W or dL/dW of a step
	turned  []float32 // [padded][odd]: columns of W transposed
	partial []float32 // [lda of the last layer]
}

// phases are the tasks of the step as values, made once: making one allocates.
type phases struct {
	hidden, columns, mix, rollOut, preparePairs, runPairs, rollBack, outer,
	columnsBackward, segmentBackward, unitBackward, rowsBackward, panelBackward, squares, update func(worker, task int)
}

// block is the number of parameters of one task of the optimiser.
const block = 4096

// New returns a fresh run on this machine's best kernels.
func New(spec compute.Spec) (*Trainer, error) { return newTrainer(spec, best()) }

func newTrainer(spec compute.Spec, k *kernels) (*Trainer, error) {
	if err := check(spec); err != nil {
		return nil, err
	}
	t := &Trainer{kernels: k, spec: spec, weights: spec.Loss.Weights(1), net: newNetwork(spec.Network), pool: newPool(), plateau: sic.NewPlateau(), draw: sic.NewDraw(spec.Batch)}
	p, stride, states, b := t.net.padded, t.net.stride, spec.Batch.States(), spec.Batch.Trajectories
	t.params, t.first, t.second, t.grad = floats(t.net.size), floats(t.net.size), floats(t.net.size), floats(t.net.size)
	t.net.pack(t.params, sic.InitialParameters(spec.Network, spec.Seed))
	if mask := spec.Network.Mask(); mask != nil {
		t.mask = floats(t.net.size)
		t.net.pack(t.mask, mask)
	}
	d := spec.Batch.Distinct()
	t.group = states / d
	t.velocity, t.speed = make([][2]float32, d), make([]float64, d)
	t.told = spec.Network.Told(t.velocity)
	t.velocity = t.told[:d] // they are told as they are, first of all
	rows := len(t.told)
	t.mlp = newMLP(&t.net, k, rows, spec.Batch.Permute)
	t.gradient = newMLPGradient(t.mlp)
	if spec.Batch.Permute {
		t.rows = floats(d * t.net.last().ldo)
	}
	nodes := states + b
	t.slot, t.taken, t.row, t.inverse = make([]int32, nodes), make([]int32, nodes), make([]int32, nodes), floats(nodes)
	t.states, t.delta, t.distance, t.route = floats((nodes+7)*stride), floats(states*stride), floats(states), make([]hop, states)
	t.sum, t.carry, t.dead = floats(b*stride), floats(b*stride), make([]int32, b)
	t.index, t.active = make([]int32, b*(p+listRoom)), make([]int, b)
	t.start, t.startIndex, t.dMean, t.zeros = floats(p), make([]int32, p+listRoom), floats(p), floats(p)
	t.mean = make([]float64, spec.Network.Units)
	if !spec.Batch.Permute {
		t.apart = t.newApart()
	}
	t.pairs = newPairs(spec.Batch.Sampled(), &t.net)
	t.dPairs = floats(up(t.pairs.count, tileSide) * stride)
	t.squares = make([]float64, (t.net.size+block-1)/block)
	t.phases = phases{
		columns:      func(_, task int) { t.mlp.columns(t.params, rows, task) },
		mix:          func(_, task int) { t.mlp.mix(task, d+task) },
		rollOut:      t.rollOut,
		preparePairs: t.preparePairs,
		runPairs:     t.runPairs,
		rollBack:     t.rollBack,
		outer:        t.outer,
		columnsBackward: func(_, task int) {
			t.mlp.columnsBackward(t.gradient, t.grad, task, !t.fresh)
		},
		segmentBackward: func(_, task int) { t.mlp.segmentBackward(t.gradient, t.params, rows, task) },
		unitBackward:    t.unitBackward,
		hidden: func(_, task int) {
			first := task * rowBlock
			t.mlp.hidden(t.params, t.told[first:min(first+rowBlock, rows)], first)
		},
		rowsBackward:  t.rowsBackward,
		panelBackward: func(_, task int) { t.mlp.panelBackward(t.gradient, t.grad, rows, task, !t.fresh) },
		squares:       t.squareBlock,
		update:        t.updateBlock,
	}
	t.SetThreads(1)
	return t, nil
}

// SetThreads implements compute.Trainer.
func (t *Trainer) SetThreads(n int) {
	t.pool.resize(n)
	for len(t.scratch) < t.pool.threads {
		p, b := t.net.padded, t.spec.Batch.Trajectories
		s := &scratch{index: make([]int32, p+listRoom), h: floats(p), tile: floats(tileSide * tileStride), mirror: floats(tileSide * tileStride),
			head: make([]int32, len(t.velocity)), behind: make([]int32, b), at: make([]int32, b)}
		if t.apart != nil {
			s.weight, s.turned, s.partial = floats(p*p), floats(p*odd(p)), floats(t.net.last().lda)
		} else {
			s.group = newListed(p, odd(t.group))
		}
		t.scratch = append(t.scratch, s)
	}
}

// Close implements compute.Trainer.
func (t *Trainer) Close() { t.pool.close() }

// Train implements compute.Trainer.
func (t *Trainer) Train(n int, records []compute.Record) ([]compute.Record, error) {
	o := t.spec.Optimiser
	for range n {
		if t.step >= o.Steps {
			break
		}
		record := compute.Record{Step: t.step + 1}
		t.weights = t.spec.Loss.Weights(record.Step)
		t.fresh = true
		clear(t.grad[t.net.initial:])
		for a := range o.Accumulate {
			t.fill(uint64(t.step*o.Accumulate + a))
			record.Terms.Add(t.microBatch(), 1/float64(o.Accumulate))
		}
		record.Terms.Weigh(t.weights)
		clock := t.Parts.start()
		record.GradientNorm = t.gradientNorm() / float64(o.Accumulate)
		if err := compute.CheckFinite(record.Step, record.Terms, record.GradientNorm); err != nil {
			return records, err
		}
		record.Rate = o.Rate(record.Step, t.plateau)
		t.update(record)
		clock.lap(&t.Parts.Optimiser)
		o.Observe(&t.plateau, record.Terms.Total)
		t.step = record.Step
		records = append(records, record)
	}
	return records, nil
}

// microBatch runs the drawn micro-batch forward and backward and adds to grad.
func (t *Trainer) microBatch() sic.Terms {
	clock := t.Parts.start()
	t.norm0, t.startActive = t.settle(&t.start[0], &t.params[t.net.initial], &t.scratch[0].h[0], &t.startIndex[0], t.net.padded)
	t.pool.run(rowBlocks(len(t.told)), t.phases.hidden)
	if t.apart == nil {
		t.pool.run(t.net.chunks(), t.phases.columns)
	}
	if t.net.shares != nil {
		t.pool.run(len(t.velocity), t.phases.mix)
	}
	clock.lap(&t.Parts.MLP)
	t.pool.run(t.shares(), t.phases.rollOut)
	clock.lap(&t.Parts.Forward)
	t.terms = sic.Terms{}
	for _, n := range t.dead {
		t.terms.Dead += int(n)
	}
	t.losses()
	clock.lap(&t.Parts.Pairs)

	t.pool.run(t.shares(), t.phases.rollBack)
	if t.apart == nil {
		t.pool.run(len(t.velocity), t.phases.outer)
	}
	clock.lap(&t.Parts.Backward)

	if t.apart == nil {
		t.pool.run(t.net.chunks(), t.phases.columnsBackward)
		t.pool.run(t.net.segments(), t.phases.segmentBackward)
	} else {
		t.byUnits(t.apart.units, t.states, len(t.velocity))
		t.pool.run(t.net.Units, t.phases.unitBackward)
	}
	t.pool.run(rowBlocks(len(t.told)), t.phases.rowsBackward)
	t.pool.run(t.net.hiddenPanels(), t.phases.panelBackward)
	clock.lap(&t.Parts.MLPBackward)
	t.fresh = false
	t.startBackward()
	return t.terms
}

// rowsBackward carries the gradient of some velocities' last hidden layer down.
func (t *Trainer) rowsBackward(worker, task int) {
	first := task * rowBlock
	n := min(rowBlock, len(t.told)-first)
	if t.apart == nil {
		t.mlp.sumSegments(t.gradient, first, n)
	} else {
		for k := range n {
			t.inputBackward(t.scratch[worker], first+k)
		}
	}
	t.mlp.rowsBackward(t.gradient, t.params, first, n)
}

// startBackward adds the gradient of a, all trajectories sharing g_0.
func (t *Trainer) startBackward() {
	p := t.net.padded
	grad := t.grad[t.net.initial:][:p]
	if t.spec.Network.InitialState != sic.InitialStateLearned {
		return
	}
	d, total := t.scratch[0].h, t.sum[:p] // which has done its duty
	clear(total)
	for b := range t.spec.Batch.Trajectories {
		t.add(&total[0], &t.carry[b*t.net.stride], p)
	}
	t.unsettle(&d[0], &total[0], &t.zeros[0], &t.zeros[0], &t.start[0], 1/max(t.norm0, sic.Tiny), &t.scratch[0].index[0], p)
	t.add(&grad[0], &d[0], p)
}

func (t *Trainer) squareBlock(_, task int) {
	first := task * block
	if t.mask != nil {
		last := min(first+block, t.net.size)
		sic.Apply(t.mask[first:last], t.grad[first:last])
	}
	t.squares[task] = float64(t.sumSquares(&t.grad[first], min(block, t.net.size-first)))
}

// gradientNorm returns the norm of the accumulated gradient.
func (t *Trainer) gradientNorm() float64 {
	t.pool.run(len(t.squares), t.phases.squares)
	sum := 0.0
	for _, s := range t.squares {
		sum += s
	}
	return math.Sqrt(sum)
}

// updateBlock updates one block of parameters, or draws the next step's micro-batch meanwhile:
// first, for it takes longer than a block.
func (t *Trainer) updateBlock(_, task int) {
	if task == 0 {
		t.fill(uint64((t.step + 1) * t.spec.Optimiser.Accumulate))
		return
	}
	first := (task - 1) * block
	t.adamw(&t.params[first], &t.first[first], &t.second[first], &t.grad[first], min(block, t.net.size-first), &t.adam.scale[0])
}

// update clips the gradient and applies AdamW in one pass.
func (t *Trainer) update(r compute.Record) {
	o := t.spec.Optimiser
	t.adam = adamConstants{
		scale:       splat(float32(o.ClipScale(r.GradientNorm) / float64(o.Accumulate))),
		beta1:       splat(float32(o.Beta1)),
		rest1:       splat(float32(1 - o.Beta1)),
		beta2:       splat(float32(o.Beta2)),
		rest2:       splat(float32(1 - o.Beta2)),
		rate:        splat(float32(r.Rate / (1 - math.Pow(o.Beta1, float64(r.Step))))),
		correction2: splat(float32(1 / math.Sqrt(1-math.Pow(o.Beta2, float64(r.Step))))),
		epsilon:     splat(float32(o.Epsilon)),
		decay:       splat(float32(1 - r.Rate*o.WeightDecay)),
	}
	t.pool.run(1+len(t.squares), t.phases.update)
}

// fill draws a micro-batch and gives its states their places, unless it is there already.
func (t *Trainer) fill(moment uint64) {
	if t.drawn != moment+1 {
		t.draw.Fill(t.spec.Batch, t.spec.Seed, moment)
		t.place()
		t.drawn = moment + 1
	}
}

// Active is the share of units that are active in a state, in the mean over the
// last micro-batch: what the products of the step have to look at.
func (t *Trainer) Active() float64 {
	active := 0
	for _, x := range t.states {
		if x > 0 {
			active++
		}
	}
	return float64(active) / float64(len(t.slot)*t.net.Units)
}

// State implements compute.Trainer.
func (t *Trainer) State() compute.State {
	size := sic.NewLayout(t.spec.Network).Size
	s := compute.State{Step: t.step, Params: make([]float32, size), Moments: sic.NewMoments[float32](size), Plateau: t.plateau}
	t.net.unpack(s.Params, t.params)
	t.net.unpack(s.Moments.First, t.first)
	t.net.unpack(s.Moments.Second, t.second)
	return s
}

// Restore implements compute.Trainer.
func (t *Trainer) Restore(s compute.State) error {
	if err := s.Check(sic.NewLayout(t.spec.Network).Size); err != nil {
		return err
	}
	t.net.pack(t.params, s.Params)
	sic.Apply(t.mask, t.params)
	t.net.pack(t.first, s.Moments.First)
	t.net.pack(t.second, s.Moments.Second)
	t.step, t.plateau = s.Step, s.Plateau
	return nil
}
