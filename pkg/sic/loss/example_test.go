package loss_test

import (
	"fmt"

	"sicgrid/pkg/sic/loss"
)

// The capacity term rises from step 100 on over 200 steps.
func Example() {
	p := loss.Params{Separation: 1, Invariance: 0.1, Capacity: 0.5, CapacityStart: 100, CapacityWarmup: 200}
	for _, step := range []int{100, 200, 300} {
		weights := p.Weights(step)
		fmt.Printf("step %d:", step)
		for term, row := range loss.Table {
			fmt.Printf(" %s %.2f", row.Short, weights[term])
		}
		fmt.Println()
	}
	// Output:
	// step 100: separation 1.00 invariance 0.10 capacity 0.00 isometry 0.00 homeostasis 0.00
	// step 200: separation 1.00 invariance 0.10 capacity 0.25 isometry 0.00 homeostasis 0.00
	// step 300: separation 1.00 invariance 0.10 capacity 0.50 isometry 0.00 homeostasis 0.00
}
