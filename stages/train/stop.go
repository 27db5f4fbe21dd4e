package train

import (
	"errors"
	"fmt"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/sic/loss"
)

// Stop says when a training that has clearly failed ends before its last step. Rows
// of the history are judged, so that neither threads nor interruptions have a say.
// A threshold of 0 is not judged; the zero value never ends anything.
type Stop struct {
	FromStep int     `json:"from_step" range:">= 0" default:"0" doc:"rows of the recorded losses that end before this step are not judged"`
	Diverged float64 `json:"diverged" range:"0 or > 1" default:"0" doc:"total loss over that of the first row; with it a loss that is not finite ends the training too"`
	Died     float64 `json:"died" range:"[0, 1)" default:"0" doc:"share of the states that are dead: every unit silent"`
	Unformed float64 `json:"unformed" range:">= 0" default:"0" doc:"invariance loss of a path integration that has not formed"`
}

func (s Stop) on() bool { return s.Diverged > 0 || s.Died > 0 || s.Unformed > 0 }

// verdict says why the training ends with the row that it has just completed; "" = it goes on.
func (r *run) verdict() string {
	rows := len(r.history)
	if rows == 0 {
		return ""
	}
	first, last := r.history[0], r.history[rows-1]
	if s := r.Stop; last.Step == int64(r.step) && r.step >= s.FromStep {
		switch {
		case s.Diverged > 0 && last.Total > s.Diverged*first.Total:
			return fmt.Sprintf("diverged: total loss %.3g, more than %g times the first row's %.3g", last.Total, s.Diverged, first.Total)
		case s.Died > 0 && last.Dead > s.Died:
			return fmt.Sprintf("died: %.3g of the states are dead, more than %g", last.Dead, s.Died)
		case s.Unformed > 0 && last.Values[loss.Invariance] > s.Unformed:
			return fmt.Sprintf("unformed: invariance loss %.3g, more than %g", last.Values[loss.Invariance], s.Unformed)
		}
	}
	return ""
}

// ends says whether the error is a divergence that the rule takes for an end of the
// training, and if so completes the history.
func (r *run) ends(err error) bool {
	var bad *compute.NotFinite
	if r.Stop.Diverged == 0 || !errors.As(err, &bad) {
		return false
	}
	if r.sum.Step > 0 {
		r.addRow()
	}
	r.stopped = fmt.Sprintf("diverged: the %s of step %d is not finite", bad.Term, bad.Step)
	return true
}
