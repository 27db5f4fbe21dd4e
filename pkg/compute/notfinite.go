package compute

import (
	"fmt"
	"math"

	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
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
	bad := func(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }
	for i, x := range t.Values {
		if bad(x) {
			return &NotFinite{step, loss.Term(i).String() + " loss"}
		}
	}
	switch {
	case bad(t.Total):
		return &NotFinite{step, "total loss"}
	case bad(gradientNorm):
		return &NotFinite{step, "gradient"}
	}
	return nil
}
