// Package train is the stage that trains a network on velocities alone
// (equations 1 to 8).
package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
	"sicgrid/stages/train/traintable"
	"sicgrid/stages/weights"
)

// Recipe is how a network is trained.
type Recipe struct {
	Network      sic.Network   `json:"network"`
	Batch        sic.Batch     `json:"batch"`
	Loss         sic.Loss      `json:"loss"`
	Optimiser    sic.Optimiser `json:"optimiser"`
	HistoryEvery int           `json:"history_every"` // steps whose mean is one row of the history
	Stop         Stop          `json:"stop"`
}

// Params are the parameters of one training.
type Params struct {
	Recipe
	RotationsDeg []float64 `json:"rotations_deg,omitempty"` // degrees by which each part is rotated; none: not at all
}

// PartRole is what the weights of part i = 0, 1, ... are called among the inputs. A training with
// such inputs starts from these networks, joined, and one without from random initialisation.
func PartRole(i int) string { return fmt.Sprintf("part-%d/weights", i+1) }

// Outputs of the stage: the trained parameters, one row a tensor, and the losses
// over the steps.
var Outputs = []string{"weights", "history"}

// CheckpointEvery is about the most training that a kill can cost, unless another time is asked
// for.
const CheckpointEvery = 15 * time.Second

// burst is how long the trainer runs between two looks at the clock.
const burst = 100 * time.Millisecond

// On returns the stage as it runs on a device. It goes on from a checkpoint of
// the same run if there is one.
func On(b compute.Backend, checkpointEvery time.Duration) func(context.Context, Params, *pipeline.Task) error {
	return func(ctx context.Context, p Params, t *pipeline.Task) error {
		return runOn(ctx, b, checkpointEvery, p, t)
	}
}

func runOn(ctx context.Context, b compute.Backend, checkpointEvery time.Duration, p Params, t *pipeline.Task) error {
	trainer, err := b.New(compute.Spec{Network: p.Network, Batch: p.Batch, Loss: p.Loss, Optimiser: p.Optimiser, Seed: t.Seed()})
	if err != nil {
		return err
	}
	defer trainer.Close()
	t.Note("device", b.Device)
	if err := startFromParts(trainer, p, t); err != nil {
		return err
	}
	r := run{Params: p, trainer: trainer, legs: []leg{{b.Numerics, 0}}, checkpointEvery: checkpointEvery}
	if r.dir, err = t.Scratch(); err != nil {
		return err
	}
	elsewhere, err := t.Elsewhere()
	if err != nil {
		return err
	}
	if err := r.resume(elsewhere...); err != nil {
		return err
	}
	if r.step > 0 {
		t.Note("resumed_from_step", r.step)
	}
	if len(r.legs) > 1 {
		t.Note("trained_on", r.legs)
	}
	if err := r.train(ctx, t); err != nil {
		return err
	}
	state := trainer.State()
	if state.Step != r.step {
		return fmt.Errorf("the state of step %d could not be read from %s; %s", r.step, b.Device, r.advice())
	}
	meta := weights.Metadata(p.Network, state.Step)
	if r.stopped != "" {
		meta["stopped"] = r.stopped
		t.Note("stopped", r.stopped)
	}
	if err := weights.Emit(t, "weights", p.Network, state.Params, meta); err != nil {
		return err
	}
	return pipeline.Emit(t, "history", r.history, meta)
}

// startFromParts puts the trainer where the joined parts are, if there are any, the optimiser
// fresh.
func startFromParts(trainer compute.Trainer, p Params, t *pipeline.Task) error {
	var parts []sic.Part
	for t.Record(PartRole(len(parts))) != nil {
		network, params, err := weights.From(t, PartRole(len(parts)))
		if err != nil {
			return err
		}
		part := sic.Part{Network: network, Params: params}
		if p.RotationsDeg != nil {
			part.Rotation = p.RotationsDeg[len(parts)] * math.Pi / 180
		}
		parts = append(parts, part)
	}
	if parts == nil {
		return nil
	}
	joined, err := sic.Join(p.Network, parts, p.Batch, t.Seed())
	if err != nil {
		return err
	}
	return trainer.Restore(compute.State{Params: joined, Moments: sic.NewMoments[float32](len(joined)), Plateau: sic.NewPlateau()})
}

// run is a training under way.
type run struct {
	Params
	trainer compute.Trainer
	dir     string
	step    int
	saved   int   // the step of the last checkpoint
	legs    []leg // the devices that trained, in order
	history []traintable.Losses
	sum     traintable.Losses // of the steps since the last row; its learning rate is the last step's
	stopped string            // why the training ended before its last step

	checkpointEvery time.Duration
}

// leg is a stretch of a training on one device.
type leg struct {
	Numerics string `json:"numerics"`
	FromStep int    `json:"from_step"`
}

// advice says how to take up a training whose device has failed it.
func (r *run) advice() string {
	if r.saved == 0 {
		return "there is no checkpoint yet: run it again to start over, or with --device cpu to do so on the CPU"
	}
	return fmt.Sprintf("the checkpoint of step %d stands: run it again to go on from there, or with --device cpu --adopt to do so on the CPU", r.saved)
}

func (r *run) train(ctx context.Context, t *pipeline.Task) error {
	saved := time.Now()
	steps, records := 1, []compute.Record(nil)
	tempo := pace{bursts: -1} // the first burst is one step, too few to be timed
	for r.step < r.Optimiser.Steps {
		if r.stopped = r.verdict(); r.stopped != "" {
			return nil
		}
		if r.Stop.on() {
			steps = min(steps, r.HistoryEvery-r.step%r.HistoryEvery) // no step beyond a row before it is judged
		}
		begun := time.Now()
		r.trainer.SetThreads(tempo.threads(t.Threads()))
		var err error
		records, err = r.trainer.Train(steps, records[:0])
		for _, record := range records {
			r.note(record)
		}
		var lost *compute.DeviceLost
		if errors.As(err, &lost) {
			return fmt.Errorf("%w; %s", err, r.advice())
		}
		if r.ends(err) {
			return nil
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
		tempo.note(perStep)
		steps = min(max(int(min(burst, r.checkpointEvery)/max(perStep, time.Microsecond)), 1), 1000)
		if time.Since(saved) > r.checkpointEvery {
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
	s.LearningRate = record.Rate
	for i, x := range record.Terms.Values {
		s.Values[i] += x
	}
	s.Total += record.Terms.Total
	s.GradientNorm += record.GradientNorm
	s.Dead += float64(record.Terms.Dead) / float64(r.Batch.States()*r.Optimiser.Accumulate)
	if record.Step%r.HistoryEvery != 0 && record.Step != r.Optimiser.Steps {
		return
	}
	r.addRow()
}

// addRow makes a row of the steps since the last one.
func (r *run) addRow() {
	row, n := r.sum, float64(r.sum.Step)
	for i := range row.Values {
		row.Values[i] /= n
	}
	row.Step, row.Total, row.GradientNorm, row.Dead = int64(r.step), row.Total/n, row.GradientNorm/n, row.Dead/n
	r.history, r.sum = append(r.history, row), traintable.Losses{}
}
