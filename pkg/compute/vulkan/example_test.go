package vulkan_test

import (
	"fmt"
	"log"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// A network is trained on the first GPU that there is. Where there is none, Open says why.
func Example() {
	device, err := vulkan.Open("", vulkan.Float32, vk.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer device.Close()
	trainer, err := vulkan.New(compute.Spec{
		Network:   sic.Network{Units: 128, Hidden: 128, Layers: 3, Init: sic.InitIdentity, InitScale: 0.1, InitialState: sic.InitialStateLearned},
		Batch:     sic.Batch{Trajectories: 130, Length: 60, VelocityMax: 0.15, Permute: true},
		Loss:      sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, Reduction: loss.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 1000, LearningRate: 1e-4, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Clip: 0.1, Accumulate: 2, Schedule: sic.ScheduleConstant},
		Seed:      1,
	}, device)
	if err != nil {
		log.Fatal(err)
	}
	defer trainer.Close()
	records, err := trainer.Train(1000, nil)
	fmt.Println(len(records), err)
}
