package compute

import (
	"fmt"
	"math"

	"sicgrid/pkg/sic"
)

// NotFinite says that a step produced a loss or gradient that is NaN or infinite.
type NotFinite struct {
	Step int    // the optimiser step, from 1
	Term string // the first term that is not finite
}

func (e *NotFinite) Error() string {
	return fmt.Sprintf("step %d: the %s is not finite; lower optimiser.learning_rate or check the loss coefficients", e.Step, e.Term)
}

// CheckFinite returns a *NotFinite naming the first term that is not finite, or nil.
func CheckFinite(step int, t sic.Terms, gradientNorm float64) error {
	for _, c := range []struct {
		name  string
		value float64
	}{
		{"separation loss", t.Separation},
		{"invariance loss", t.Invariance},
		{"capacity loss", t.Capacity},
		{"conformal isometry loss", t.ConformalIsometry},
		{"total loss", t.Total},
		{"gradient", gradientNorm},
	} {
		if math.IsNaN(c.value) || math.IsInf(c.value, 0) {
			return &NotFinite{step, c.name}
		}
	}
	return nil
}
