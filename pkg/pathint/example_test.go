package pathint_test

import (
	"fmt"

	"sicgrid/pkg/pathint"
)

// leaky is a model whose state is the place, of which it forgets a hundredth at every step.
type leaky struct{}

func (leaky) Run(velocity [][]float32, visit func(walk, step int, state []float32)) {
	for w, v := range velocity {
		var x, y float32
		for s := range len(v) / 2 {
			x, y = 0.99*x+v[2*s], 0.99*y+v[2*s+1]
			visit(w, s, []float32{x, y})
		}
	}
}

// How far does a model drift where its animal does not move?
func Example() {
	walks := pathint.TrainingWalks(100, 60, 0.15, 1)
	for _, d := range pathint.Stationary(leaky{}, walks, 30, []int{1, 10, 100}) {
		fmt.Printf("after %3d steps %.3f\n", d.Steps, d.Median)
	}
	// Output:
	// after   1 steps 0.005
	// after  10 steps 0.049
	// after 100 steps 0.328
}
