// Package snapshots is the stage that shows how a network came about: it repeats its training, step
// by step the same, and keeps the weights at some of the steps. It stands beside the training, so
// that a look at what happens on the way changes no network; it costs as much as one training, and
// runs on the CPU core.
package snapshots

import (
	"context"
	"fmt"
	"math"
	"slices"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
	"sicgrid/stages/selection/selectiontable"
	"sicgrid/stages/weights"
)

// Count is how many snapshots there are: the network before training, and seven more.
const Count = 8

// decades is over how many powers of ten the steps after the first are spread.
const decades = 3

// Steps are those of the snapshots of a training of so many: 0, and then seven evenly spread over
// the last three powers of ten.
func Steps(of int) []int {
	steps := make([]int, Count)
	for i := 1; i < Count; i++ {
		at := float64(of) * math.Pow(10, decades*(float64(i-1)/(Count-2)-1))
		steps[i] = min(of, max(steps[i-1]+1, int(math.Round(at))))
	}
	return steps
}

// Output is the name of the weights of snapshot i = 0, 1, ...
func Output(i int) string { return fmt.Sprintf("weights-%d", i+1) }

// Outputs of the stage: the weights at each step, rows as the training's.
var Outputs = outputs()

func outputs() (names []string) {
	for i := range Count {
		names = append(names, Output(i))
	}
	return names
}

// Params are those of the training that is repeated, as far as they decide its weights.
type Params struct {
	Network   sic.Network   `json:"network"`
	Batch     sic.Batch     `json:"batch"`
	Loss      sic.Loss      `json:"loss"`
	Optimiser sic.Optimiser `json:"optimiser"`
	SeedStep  uint64        `json:"seed_step"` // between the seeds of attempts
}

// chunk is how many steps are made between two looks at the context.
const chunk = 50

// Run repeats the training of the node's seed, of several attempts (input "attempts") the one that
// was kept, and emits its weights on the way. That it ends in the network of the input "weights" is
// noted; it does not if that was trained on another device, or ended early.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	seed := t.Seed()
	if t.Record("attempts") != nil {
		rows, _, err := pipeline.Read[selectiontable.Attempt](t, "attempts")
		if err != nil {
			return err
		}
		kept := slices.IndexFunc(rows, func(a selectiontable.Attempt) bool { return a.Kept })
		if kept < 0 {
			return fmt.Errorf("attempts: none was kept")
		}
		seed += uint64(rows[kept].Attempt-1) * p.SeedStep
	}
	_, final, err := weights.Read(t)
	if err != nil {
		return err
	}
	trainer, err := cpu.New(compute.Spec{Network: p.Network, Batch: p.Batch, Loss: p.Loss, Optimiser: p.Optimiser, Seed: seed})
	if err != nil {
		return err
	}
	defer trainer.Close()
	trainer.SetThreads(t.Threads())
	done := 0
	var records []compute.Record
	for i, step := range Steps(p.Optimiser.Steps) {
		for done < step {
			if err := ctx.Err(); err != nil {
				return err
			}
			records, err = trainer.Train(min(chunk, step-done), records[:0])
			if err != nil {
				return fmt.Errorf("after step %d: %w", done, err)
			}
			done += len(records)
			t.Progress(int64(done), int64(p.Optimiser.Steps), fmt.Sprintf("loss %.4f", records[len(records)-1].Terms.Total))
		}
		state := trainer.State()
		if i == Count-1 {
			t.Note("ends_in_the_network", slices.Equal(state.Params, final))
		}
		if err := weights.Emit(t, Output(i), p.Network, state.Params, weights.Metadata(p.Network, state.Step)); err != nil {
			return err
		}
	}
	return nil
}
