// Package train is the stage that trains a network on velocities alone
// (equations 1 to 8).
package train

import (
	"context"
	"fmt"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
)

// Params are the parameters of one training.
type Params struct {
	Network      sic.Network   `json:"network"`
	Batch        sic.Batch     `json:"batch"`
	Loss         sic.Loss      `json:"loss"`
	Optimiser    sic.Optimiser `json:"optimiser"`
	HistoryEvery int           `json:"history_every"` // steps whose mean is one row of the history
}

// Outputs of the stage: the trained parameters, one row a tensor, and the losses
// over the steps.
var Outputs = []string{"weights", "history"}

// Tensor is a row of "weights".
type Tensor struct {
	Name   string    `col:"name"`
	Shape  []int64   `col:"shape"`
	Values []float32 `col:"values"`
}

// Losses is a row of "history": means over the steps since the row before.
type Losses struct {
	Step              int64   `col:"step"`
	LearningRate      float64 `col:"learning_rate"`
	Separation        float64 `col:"separation"`
	Invariance        float64 `col:"invariance"`
	Capacity          float64 `col:"capacity"`
	ConformalIsometry float64 `col:"conformal_isometry"`
	Total             float64 `col:"total"`
	GradientNorm      float64 `col:"gradient_norm"`
}

// CheckpointEvery is about the most training that a kill can cost. Set it, if at
// all, before anything runs.
var CheckpointEvery = 15 * time.Second

// burst is how long the trainer runs between two looks at the clock.
const burst = 100 * time.Millisecond

// Run trains, going on from a checkpoint of the same run if there is one.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	trainer, err := cpu.New(compute.Spec{Network: p.Network, Batch: p.Batch, Loss: p.Loss, Optimiser: p.Optimiser, Seed: t.Seed()})
	if err != nil {
		return err
	}
	defer trainer.Close()
	t.Note("device", "cpu")
	scratch, err := t.Scratch()
	if err != nil {
		return err
	}
	r := run{Params: p, trainer: trainer, dir: scratch}
	if err := r.resume(); err != nil {
		return err
	}
	if r.step > 0 {
		t.Note("resumed_from_step", r.step)
	}
	if err := r.train(ctx, t); err != nil {
		return err
	}
	state := trainer.State()
	var tensors []Tensor
	for _, x := range sic.NewLayout(p.Network).Tensors {
		var shape []int64
		for _, s := range x.Shape {
			shape = append(shape, int64(s))
		}
		tensors = append(tensors, Tensor{x.Name, shape, sic.Of(state.Params, x)})
	}
	if err := pipeline.Emit(t, "weights", tensors, map[string]string{
		"units": fmt.Sprint(p.Network.Units), "hidden": fmt.Sprint(p.Network.Hidden), "layers": fmt.Sprint(p.Network.Layers), "step": fmt.Sprint(state.Step),
	}); err != nil {
		return err
	}
	return pipeline.Emit(t, "history", r.history, nil)
}

// run is a training under way.
type run struct {
	Params
	trainer compute.Trainer
	dir     string
	step    int
	history []Losses
	sum     Losses // of the steps since the last row
}

func (r *run) train(ctx context.Context, t *pipeline.Task) error {
	saved := time.Now()
	steps, records := 1, []compute.Record(nil)
	for r.step < r.Optimiser.Steps {
		begun := time.Now()
		r.trainer.SetThreads(t.Threads())
		var err error
		records, err = r.trainer.Train(steps, records[:0])
		for _, record := range records {
			r.note(record)
		}
		if err != nil {
			return fmt.Errorf("%w; the state before it is kept in %s", err, r.save())
		}
		if ctx.Err() != nil {
			r.save()
			return ctx.Err()
		}
		if len(records) > 0 {
			t.Progress(int64(r.step), int64(r.Optimiser.Steps), fmt.Sprintf("loss %.4f", records[len(records)-1].Terms.Total))
		}
		// How many steps a burst has changes nothing but how often we look up.
		perStep := time.Since(begun) / time.Duration(len(records)+1)
		steps = min(max(int(min(burst, CheckpointEvery)/max(perStep, time.Microsecond)), 1), 1000)
		if time.Since(saved) > CheckpointEvery {
			r.save()
			saved = time.Now()
		}
	}
	return nil
}

// note adds a step to the history.
func (r *run) note(record compute.Record) {
	r.step = record.Step
	s := &r.sum
	s.Step++
	s.Separation += record.Terms.Separation
	s.Invariance += record.Terms.Invariance
	s.Capacity += record.Terms.Capacity
	s.ConformalIsometry += record.Terms.ConformalIsometry
	s.Total += record.Terms.Total
	s.GradientNorm += record.GradientNorm
	if record.Step%r.HistoryEvery != 0 && record.Step != r.Optimiser.Steps {
		return
	}
	n := float64(s.Step)
	r.history = append(r.history, Losses{int64(record.Step), record.Rate, s.Separation / n, s.Invariance / n, s.Capacity / n, s.ConformalIsometry / n, s.Total / n, s.GradientNorm / n})
	r.sum = Losses{}
}
