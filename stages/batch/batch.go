// Package batch is the stage that looks at the training batches themselves: which pairs of states
// the losses push and pull, and how far apart the states are (figures 3 and 5). It draws the very
// batches that a training of the same seed sees.
package batch

import (
	"context"
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
	"sicgrid/stages/batch/batchtable"
)

// Params are the parameters of the look.
type Params struct {
	Batch   sic.Batch `json:"batch"`
	SigmaX  float64   `json:"sigma_x"` // m, between near and far
	Batches int       `json:"batches"` // over which distances are counted
}

// Outputs of the stage.
var Outputs = []string{"states", "distances", "summary"}

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
	var pairs, start, steps []float64
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
		for _, v := range draw.Velocity {
			steps = append(steps, distance(v, [2]float32{}))
		}
		t.Progress(int64(b+1), int64(p.Batches), "batches")
	}
	slices.Sort(pairs)
	slices.Sort(start)
	slices.Sort(steps)
	rows := make([]batchtable.Quantile, shares+1)
	for i := range rows {
		share := float64(i) / shares
		at := func(v []float64) float64 { return v[int(math.Round(share*float64(len(v)-1)))] }
		rows[i] = batchtable.Quantile{Share: share, Pairs: at(pairs), FromStart: at(start), Step: at(steps)}
	}
	return pipeline.Emit(t, "distances", rows, map[string]string{"sigma_x": fmt.Sprint(p.SigmaX), "batches": fmt.Sprint(p.Batches)})
}

// stride keeps the pairs of all batches together to a few million, and takes every step of a walk
// as often as every other.
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
	states := make([]batchtable.State, len(d.Position))
	for i, x := range d.Position {
		v := d.Velocity[d.Order[i]]
		states[i] = batchtable.State{Trajectory: int32(i / p.Batch.Length), Step: int32(i % p.Batch.Length), Velocity: d.Order[i], VX: v[0], VY: v[1], X: x[0], Y: x[1]}
	}
	s := batchtable.Summary{Trajectories: int32(p.Batch.Trajectories), Length: int32(p.Batch.Length)}
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
	return pipeline.Emit(t, "summary", []batchtable.Summary{s}, meta)
}

// collect appends the distances of the pairs of every stride-th state, and those of all states from
// the start.
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
