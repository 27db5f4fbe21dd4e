package cpu

import (
	"fmt"
	"math"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/sic"
)

// Trainer is the training step on a processor. It implements compute.Trainer.
type Trainer struct {
	*kernels
	spec compute.Spec
	loss sic.Loss // as it stands at the present step
	net  network
	pool *pool

	params, first, second, grad []float32 // the flat vectors, in our order
	step                        int
	plateau                     sic.Plateau

	draw     *sic.Draw
	mlp      *mlp
	gradient *mlpGradient
	rows     []float32 // [D][ldo]: W by rows
	group    int       // steps of a batch that share a velocity

	start    []float32 // g_0 [padded]
	norm0    float32   // ‖ReLU(a)‖
	before   []float32 // [B·T][padded]: g_{t-1} by slot
	final    []float32 // [B][padded]: g_T
	delta    []float32 // [B·T][padded]: dL/dh_t by slot
	inverse  []float32 // [B·T]: 1/‖ReLU(h_t)‖ by slot
	distance []float32 // [B·T]: ‖g_t-g_{t-1}‖ by slot, for the short velocities
	sum      []float32 // [B][padded]: Σ_t g_t
	dStart   []float32 // [B][padded]: dL/dg_0
	dMean    []float32 // [padded]: gradient of the capacity term
	dPairs   []float32 // [S][padded]: gradient of the pair terms
	row      []int32   // [B·T]: which row of dPairs a state has, or -1
	dead     []int32   // [B]
	speed    []float64 // [D]: ‖v‖ of the short velocities, m; 0 for others

	pairs        *pairs
	short        int
	isometryMean float64

	scratch []*scratch
	squares []float64
	adam    adamConstants
	phases  phases
	fresh   bool    // the gradient holds nothing of this step yet
	Parts   Seconds // time by part, since the trainer was made
}

// scratch is one worker's own memory.
type scratch struct {
	index []int32
	h, d  []float32
	tile  []float32
}

// phases are the tasks of the step as values, made once: making one allocates.
type phases struct {
	columns, transpose, rollOut, transposePairs, countTile, runTile, rollBack, outer, columnsBackward, segmentBackward, squares, update func(worker, task int)
}

// block is the number of parameters of one task of the optimiser.
const block = 4096

// New returns a fresh run on this machine's best kernels.
func New(spec compute.Spec) (*Trainer, error) { return newTrainer(spec, best()) }

func newTrainer(spec compute.Spec, k *kernels) (*Trainer, error) {
	if spec.Network.Units < 1 || spec.Network.Hidden < 1 || spec.Network.Layers < 2 || spec.Batch.Trajectories < 1 || spec.Batch.Length < 1 {
		return nil, fmt.Errorf("a network of %d units and %d hidden, batch %d x %d: every size must be at least 1, and layers at least 2",
			spec.Network.Units, spec.Network.Hidden, spec.Batch.Trajectories, spec.Batch.Length)
	}
	t := &Trainer{kernels: k, spec: spec, loss: spec.Loss, net: newNetwork(spec.Network), pool: newPool(), plateau: sic.NewPlateau(), draw: sic.NewDraw(spec.Batch)}
	p, states, b := t.net.padded, spec.Batch.States(), spec.Batch.Trajectories
	t.params, t.first, t.second, t.grad = floats(t.net.size), floats(t.net.size), floats(t.net.size), floats(t.net.size)
	t.net.pack(t.params, sic.InitialParameters(spec.Network, spec.Seed))
	d := spec.Batch.Distinct()
	t.group = states / d
	t.mlp = newMLP(&t.net, k, d)
	t.gradient = newMLPGradient(t.mlp)
	t.rows = floats(len(t.mlp.weight))
	t.start, t.dMean = floats(p), floats(p)
	t.before, t.delta = floats(states*p), floats(states*p)
	t.final, t.sum, t.dStart = floats(b*p), floats(b*p), floats(b*p)
	t.inverse, t.distance = floats(states), floats(states)
	t.row, t.dead, t.speed = make([]int32, states), make([]int32, b), make([]float64, d)
	t.pairs = newPairs(spec.Batch.Sampled(), p)
	t.dPairs = floats(up(t.pairs.count, tileSide) * p)
	t.squares = make([]float64, (t.net.size+block-1)/block)
	t.phases = phases{
		columns:        func(_, task int) { t.mlp.columns(t.params, d, task) },
		transpose:      t.transpose,
		rollOut:        t.rollOut,
		transposePairs: t.transposePairs,
		countTile:      t.countTile,
		runTile:        t.runTile,
		rollBack:       t.rollBack,
		outer:          t.outer,
		columnsBackward: func(_, task int) {
			t.mlp.columnsBackward(t.gradient, t.grad, task, !t.fresh)
		},
		segmentBackward: func(_, task int) { t.mlp.segmentBackward(t.gradient, t.params, task) },
		squares:         t.squareBlock,
		update:          t.updateBlock,
	}
	t.SetThreads(1)
	return t, nil
}

// SetThreads implements compute.Trainer.
func (t *Trainer) SetThreads(n int) {
	t.pool.resize(n)
	for len(t.scratch) < t.pool.threads {
		p := t.net.padded
		t.scratch = append(t.scratch, &scratch{make([]int32, p+8), floats(p), floats(p), floats(tileSide * tileSide)})
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
		t.loss = t.spec.Loss.At(record.Step)
		t.fresh = true
		for a := range o.Accumulate {
			t.draw.Fill(t.spec.Batch, t.spec.Seed, uint64(t.step*o.Accumulate+a))
			record.Terms.Add(t.microBatch(), 1/float64(o.Accumulate))
			t.fresh = false
		}
		record.Terms.Weigh(t.loss)
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
	for k, v := range t.draw.Velocity {
		t.speed[k] = 0
		if t.loss.Short(v) {
			t.speed[k] = math.Hypot(float64(v[0]), float64(v[1]))
		}
	}
	t.mlp.hidden(t.params, t.draw.Velocity)
	t.pool.run(t.net.chunks(), t.phases.columns)
	t.pool.run(len(t.draw.Velocity), t.phases.transpose)
	clock.lap(&t.Parts.MLP)

	var terms sic.Terms
	t.norm0 = t.normReLU(&t.start[0], &t.params[t.net.initial], t.net.padded)
	t.pool.run(t.spec.Batch.Trajectories, t.phases.rollOut)
	for _, n := range t.dead {
		terms.Dead += int(n)
	}
	clock.lap(&t.Parts.Forward)

	t.pairLosses(&terms)
	terms.Capacity = t.capacity()
	terms.ConformalIsometry = t.isometry()
	terms.Short = t.short
	clock.lap(&t.Parts.Pairs)

	t.pool.run(t.spec.Batch.Trajectories, t.phases.rollBack)
	t.pool.run(len(t.draw.Velocity), t.phases.outer)
	clock.lap(&t.Parts.Backward)

	t.startBackward()
	t.pool.run(t.net.chunks(), t.phases.columnsBackward)
	t.pool.run(t.net.segments(), t.phases.segmentBackward)
	t.mlp.hiddenBackward(t.gradient, t.params, t.grad, !t.fresh)
	clock.lap(&t.Parts.MLPBackward)
	return terms
}

// startBackward adds the gradient of a, all trajectories sharing g_0.
func (t *Trainer) startBackward() {
	p := t.net.padded
	grad := t.grad[t.net.initial:][:p]
	if t.fresh {
		clear(grad)
	}
	if t.spec.Network.InitialState != sic.InitialStateLearned {
		return
	}
	d := t.scratch[0].d
	clear(d)
	for b := range t.spec.Batch.Trajectories {
		t.add(&d[0], &t.dStart[b*p], p)
	}
	t.normReLUBackward(&d[0], &t.start[0], 1/max(t.norm0, 1e-8), p)
	t.add(&grad[0], &d[0], p)
}

func (t *Trainer) squareBlock(_, task int) {
	first := task * block
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

func (t *Trainer) updateBlock(_, task int) {
	first := task * block
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
	t.pool.run(len(t.squares), t.phases.update)
}

// State implements compute.Trainer.
func (t *Trainer) State() compute.State {
	size := sic.NewLayout(t.spec.Network).Size
	s := compute.State{Step: t.step, Params: make([]float32, size), Plateau: t.plateau}
	s.Moments = sic.Moments[float32]{First: make([]float32, size), Second: make([]float32, size)}
	t.net.unpack(s.Params, t.params)
	t.net.unpack(s.Moments.First, t.first)
	t.net.unpack(s.Moments.Second, t.second)
	return s
}

// Restore implements compute.Trainer.
func (t *Trainer) Restore(s compute.State) error {
	size := sic.NewLayout(t.spec.Network).Size
	if len(s.Params) != size || len(s.Moments.First) != size || len(s.Moments.Second) != size {
		return fmt.Errorf("a state of %d parameters for a network of %d", len(s.Params), size)
	}
	t.net.pack(t.params, s.Params)
	t.net.pack(t.first, s.Moments.First)
	t.net.pack(t.second, s.Moments.Second)
	t.step, t.plateau = s.Step, s.Plateau
	return nil
}
