package manifold_test

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"sicgrid/pkg/manifold"
)

// The states of a population with one periodic variable lie on a ring: one component, one loop, no
// void.
func Example() {
	states := mat.NewDense(200, 3, nil)
	for i := range 200 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 200)
		states.SetRow(i, []float64{cos, sin, 0.1 * sin * cos})
	}
	shape, err := manifold.Topology(context.Background(), states, manifold.StandardTopology())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("Betti numbers", shape.Verdict.Numbers)
	// Output: Betti numbers [1 1 0]
}
