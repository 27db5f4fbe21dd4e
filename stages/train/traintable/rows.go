// Package traintable has the rows of what the train stage writes, and the best stage after it.
package traintable

// Tensor is a row of "weights".
type Tensor struct {
	Name   string    `col:"name" doc:"name of the tensor in the network"`
	Shape  []int64   `col:"shape" doc:"sizes of its axes, slowest first"`
	Values []float32 `col:"values" doc:"its values, the last axis fastest"`
}

// Losses is a row of "history": means over the steps since the row before.
type Losses struct {
	Step              int64   `col:"step" doc:"last step of those that the row averages"`
	LearningRate      float64 `col:"learning_rate" doc:"learning rate of that step"`
	Separation        float64 `col:"separation" doc:"separation loss (eq. 4)"`
	Invariance        float64 `col:"invariance" doc:"path invariance loss (eq. 5)"`
	Capacity          float64 `col:"capacity" doc:"capacity loss (eq. 6)"`
	ConformalIsometry float64 `col:"conformal_isometry" doc:"conformal isometry loss (eq. 7)"`
	Total             float64 `col:"total" doc:"weighted sum of the losses (eq. 8)"`
	GradientNorm      float64 `col:"gradient_norm" doc:"norm of the gradient before it is clipped"`
	Dead              float64 `col:"dead" doc:"share of the states whose every unit is silent"`
}
