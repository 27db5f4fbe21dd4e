package gonum_test

import (
	"fmt"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/gonum"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// A step is timed, to be set beside a faster one's.
func Example() {
	step := gonum.New(compute.Spec{
		Network:   sic.Network{Units: 16, Hidden: 16, Layers: 3, Init: sic.InitIdentity, InitScale: 0.1, InitialState: sic.InitialStateLearned},
		Batch:     sic.Batch{Trajectories: 8, Length: 30, VelocityMax: 0.15, Permute: true},
		Loss:      sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, Reduction: loss.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 200, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Clip: 0.1, Accumulate: 1, Schedule: sic.ScheduleConstant},
		Seed:      1,
	})
	begun := time.Now()
	step.Train(10)
	fmt.Println(time.Since(begun) > 0)
	// Output: true
}
