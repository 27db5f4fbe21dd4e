package compute_test

import (
	"fmt"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// A backend is chosen, and a training whose learning rate is far too high ends with an error that
// says what broke; the state is that of the step before.
func Example() {
	backend := compute.Backend{Device: "cpu", Numerics: cpu.Numerics(), New: func(s compute.Spec) (compute.Trainer, error) { return cpu.New(s) }}
	trainer, err := backend.New(compute.Spec{
		Network:   sic.Network{Units: 8, Hidden: 8, Layers: 3, Init: sic.InitIdentity, InitScale: 0.1, InitialState: sic.InitialStateLearned},
		Batch:     sic.Batch{Trajectories: 4, Length: 20, VelocityMax: 0.15, Permute: true},
		Loss:      sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, Reduction: loss.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 100, LearningRate: 1e30, Accumulate: 1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Schedule: sic.ScheduleConstant},
		Seed:      1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer trainer.Close()
	records, err := trainer.Train(100, nil)
	fmt.Println(len(records), err)
	fmt.Println(trainer.State().Step)
	// Output:
	// 1 step 2: the gradient is not finite; lower optimiser.learning_rate or check the loss coefficients
	// 1
}
