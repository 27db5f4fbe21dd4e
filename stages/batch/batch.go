// Package batch is the stage that looks at the training batches themselves: which pairs of states the losses push and
// pull, and how far apart the states are (figures 3 and 5). It draws the very batches that a training of the same seed sees.
package batch

import (
	"context"
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
)

// Params are the parameters of the look.
type Params struct {
	Batch   sic.Batch `json:"batch"`
	SigmaX  float64   `json:"sigma_x"` // m, between near and far
	Batches int       `json:"batches"` // over which distances are counted
}

// Outputs of the stage.
var Outputs = []string{"states", "distances", "summary"}

// State is a row of "states", of the first batch of a training: where a trajectory is after a step, and which velocity it took.
type State struct {
	Trajectory int32   `col:"trajectory"`
	Step       int32   `col:"step"` // from 0
	Velocity   int32   `col:"velocity"`
	VX         float32 `col:"vx" unit:"m"`
	VY         float32 `col:"vy" unit:"m"`
	X          float32 `col:"x" unit:"m"`
	Y          float32 `col:"y" unit:"m"`
}

// Quantile is a row of "distances": the share of distances up to this, of pairs of states in a batch, and of states from the
// start of their walk.
type Quantile struct {
	Share     float64 `col:"share"`
	Pairs     float64 `col:"pairs" unit:"m"`
	FromStart float64 `col:"from_start" unit:"m"`
}

// Summary is the one row of "summary": ordered pairs of states in the first batch, self pairs left out.
type Summary struct {
	Near         int64 `col:"near"` // nearer than sigma_x: pulled together by the invariance loss
	Far          int64 `col:"far"`  // farther: pushed apart by the separation loss
	Trajectories int32 `col:"trajectories"`
	Length       int32 `col:"length"`
}

// shares are the quantiles that are kept: fine enough for a smooth curve.
const shares = 200

// Run draws the batches from the node's seed.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	if p.Batches < 1 || !(p.SigmaX > 0) || p.Batch.States() < 2 {
		return fmt.Errorf("%d batches of %d states, sigma_x %g m: there must be at least one batch, two states and a length", p.Batches, p.Batch.States(), p.SigmaX)
	}
	all := p.Batch
	all.Pairs = 0
	draw := sic.NewDraw(all)
	var pairs, start []float64
	for b := range p.Batches {
		if err := ctx.Err(); err != nil {
			return err
		}
		draw.Fill(all, t.Seed(), uint64(b))
		if b == 0 {
			if err := emitFirst(p, t, draw); err != nil {
				return err
			}
		}
		pairs, start = collect(draw, pairs, start, p.stride())
		t.Progress(int64(b+1), int64(p.Batches), "batches")
	}
	slices.Sort(pairs)
	slices.Sort(start)
	rows := make([]Quantile, shares+1)
	for i := range rows {
		share := float64(i) / shares
		at := func(v []float64) float64 { return v[int(math.Round(share*float64(len(v)-1)))] }
		rows[i] = Quantile{share, at(pairs), at(start)}
	}
	return pipeline.Emit(t, "distances", rows, map[string]string{"sigma_x": fmt.Sprint(p.SigmaX), "batches": fmt.Sprint(p.Batches)})
}

// stride keeps the pairs of all batches together to a few million, and takes every step of a walk as often as every other.
func (p Params) stride() int {
	stride := 1 + p.Batch.States()/4000 + p.Batch.States()*p.Batches/20000
	for common(stride, p.Batch.Length) > 1 {
		stride++
	}
	return stride
}

// common is the greatest common divisor.
func common(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// emitFirst emits the states of a batch and its pairs, counted.
func emitFirst(p Params, t *pipeline.Task, d *sic.Draw) error {
	states := make([]State, len(d.Position))
	for i, x := range d.Position {
		v := d.Velocity[d.Order[i]]
		states[i] = State{int32(i / p.Batch.Length), int32(i % p.Batch.Length), d.Order[i], v[0], v[1], x[0], x[1]}
	}
	s := Summary{Trajectories: int32(p.Batch.Trajectories), Length: int32(p.Batch.Length)}
	for i, a := range d.Position {
		for _, b := range d.Position[:i] {
			if distance(a, b) < p.SigmaX {
				s.Near += 2
			} else {
				s.Far += 2
			}
		}
	}
	meta := map[string]string{"sigma_x": fmt.Sprint(p.SigmaX), "permute": fmt.Sprint(p.Batch.Permute), "velocity_max": fmt.Sprint(p.Batch.VelocityMax)}
	if err := pipeline.Emit(t, "states", states, meta); err != nil {
		return err
	}
	return pipeline.Emit(t, "summary", []Summary{s}, meta)
}

// collect appends the distances of the pairs of every stride-th state, and those of all states from the start.
func collect(d *sic.Draw, pairs, start []float64, stride int) ([]float64, []float64) {
	for i, a := range d.Position {
		start = append(start, distance(a, [2]float32{}))
		if i%stride != 0 {
			continue
		}
		for j := 0; j < i; j += stride {
			pairs = append(pairs, distance(a, d.Position[j]))
		}
	}
	return pairs, start
}

func distance(a, b [2]float32) float64 {
	return math.Hypot(float64(a[0]-b[0]), float64(a[1]-b[1]))
}
