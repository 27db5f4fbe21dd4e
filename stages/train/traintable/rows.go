// Package traintable has the rows of what the train stage writes, and the stage select after it.
package traintable

import "sicgrid/pkg/sic/loss"

// Tensor is a row of "weights".
type Tensor struct {
	Name   string    `col:"name" doc:"name of the tensor in the network"`
	Shape  []int64   `col:"shape" range:">= 1" doc:"sizes of its axes, slowest first"`
	Values []float32 `col:"values" doc:"its values, the last axis fastest"`
}

// Losses is a row of "history": means over the steps since the row before.
type Losses struct {
	Step         int64   `col:"step" range:">= 0" doc:"last step of those that the row averages"`
	LearningRate float64 `col:"learning_rate" range:">= 0" doc:"learning rate of that step"`
	loss.Values  `col:"*" doc:"* loss, not weighted (eqs. 4 to 7)"`
	Total        float64 `col:"total" doc:"weighted sum of the losses (eq. 8)"`
	GradientNorm float64 `col:"gradient_norm" range:">= 0" doc:"norm of the gradient before it is clipped"`
	Dead         float64 `col:"dead" range:"[0, 1.001]" doc:"share of the states whose every unit is silent"`
}
