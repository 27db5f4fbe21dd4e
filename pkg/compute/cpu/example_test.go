package cpu_test

import (
	"fmt"
	"log"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// A network is trained on two threads, and its state taken out on the way: a run restored from it
// continues bitwise as the one that was not interrupted.
func Example() {
	spec := compute.Spec{
		Network:   sic.Network{Units: 16, Hidden: 16, Layers: 3, Init: sic.InitIdentity, InitScale: 0.1, InitialState: sic.InitialStateLearned},
		Batch:     sic.Batch{Trajectories: 8, Length: 30, VelocityMax: 0.15, Permute: true},
		Loss:      sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, Reduction: loss.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 200, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Clip: 0.1, Accumulate: 1, Schedule: sic.ScheduleConstant},
		Seed:      1,
	}
	trainer, err := cpu.New(spec)
	if err != nil {
		log.Fatal(err)
	}
	defer trainer.Close()
	trainer.SetThreads(2)
	records, err := trainer.Train(100, nil)
	if err != nil {
		log.Fatal(err)
	}
	halfway := trainer.State()
	if records, err = trainer.Train(100, records); err != nil {
		log.Fatal(err)
	}
	for _, r := range []compute.Record{records[0], records[199]} {
		fmt.Printf("step %d: loss %.1f, of which separation %.1f\n", r.Step, r.Terms.Total, r.Terms.Values[loss.Separation])
	}

	again, err := cpu.New(spec)
	if err != nil {
		log.Fatal(err)
	}
	defer again.Close()
	if err := again.Restore(halfway); err != nil {
		log.Fatal(err)
	}
	repeated, err := again.Train(100, nil)
	fmt.Println(repeated[99] == records[199], err)
	// Output:
	// step 1: loss 0.3, of which separation 0.7
	// step 200: loss -0.1, of which separation 0.2
	// true <nil>
}
