package sic_test

import (
	"fmt"

	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// A small network learns by the reference: the losses of its first optimiser step, and the total
// after a hundred.
func Example() {
	trainer := sic.NewTrainer(
		sic.Network{Units: 8, Hidden: 8, Layers: 3, Init: sic.InitIdentity, InitScale: 0.1, InitialState: sic.InitialStateLearned},
		sic.Batch{Trajectories: 8, Length: 20, VelocityMax: 0.15, Permute: true},
		sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, Reduction: loss.ReductionMean},
		sic.Optimiser{Steps: 100, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Clip: 0.1, Accumulate: 1, Schedule: sic.ScheduleConstant},
		1, // seed
	)
	terms, _ := trainer.Step()
	for _, i := range []loss.Term{loss.Separation, loss.Invariance, loss.Capacity} {
		fmt.Printf("equation %d, %s: %.2f\n", loss.Table[i].Equation, i, terms.Values[i])
	}
	fmt.Printf("equation 8: %.2f\n", terms.Total)
	for trainer.Steps < 100 {
		terms, _ = trainer.Step()
	}
	fmt.Printf("after 100 steps: %.2f\n", terms.Total)
	// Output:
	// equation 4, separation: 0.79
	// equation 5, invariance: 0.09
	// equation 6, capacity: -0.95
	// equation 8: 0.32
	// after 100 steps: 0.04
}
