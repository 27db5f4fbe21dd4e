// Package best is the stage that keeps one of several trainings of a network, which differ in their seeds alone. It looks at how
// they integrate paths and at their losses, never at ratemaps.
package best

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pathint"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/best/besttable"
	"sicgrid/stages/train/traintable"
	"sicgrid/stages/weights"
)

// What attempts are compared by.
const (
	ByLoss       = "loss"
	ByIsotropy   = "isotropy"
	BySeparation = "separation"
)

// Keep says which attempt is kept: the one of lowest loss, of all or of those that are about as good as the best one in that the
// distances of their states follow from the distances of their places (by isotropy, pathint.Unexplained), or in that their states are
// apart where places are far apart (by separation, pathint.Collisions).
type Keep struct {
	By     string  `json:"by"`
	ReachM float64 `json:"reach_m"` // m: isotropy is looked at up to this distance, separation from it on
	Within float64 `json:"within"`  // times the least of what the attempts are compared by
}

// Params of the stage.
type Params struct {
	Attempts int `json:"attempts"`
	Keep
	Steps       int     `json:"steps"`        // of the walks, as in training
	VelocityMax float64 `json:"velocity_max"` // m, likewise
	SigmaG      float64 `json:"sigma_g"`      // likewise
}

// Outputs of the stage: those of the training that is kept, and how all came out.
var Outputs = []string{"attempts", "weights", "history"}

// Role is what the outputs of attempt i = 0, 1, ... are called among the inputs, before the output's own name.
func Role(i int) string { return fmt.Sprintf("attempt-%d/", i+1) }

// endShare is the share of a training's steps, its last, over whose mean the losses of attempts are compared: batches are
// noisy, and near its end the learning rate of the cosine schedule is so low that the loss hardly falls any more.
const endShare = 0.1

// The walks on which states are compared: as in training, but longer for separation, since in training few places are far apart.
const (
	walks     = 200
	longWalks = 100
	longer    = 4
	pairs     = 500000
)

// Run reads the weights and histories of all attempts and writes those of the one that is kept.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	var rows []besttable.Attempt
	var histories [][]traintable.Losses
	var metas []map[string]string
	for i := range p.Attempts {
		history, meta, err := pipeline.Read[traintable.Losses](t, Role(i)+"history")
		if err != nil {
			return err
		}
		loss, err := atEnd(history, meta)
		if err != nil {
			return fmt.Errorf("%shistory: %w", Role(i), err)
		}
		row := besttable.Attempt{Attempt: int32(i + 1), Loss: loss, Unexplained: math.NaN(), Collisions: math.NaN(), Stopped: meta["stopped"]}
		if p.By != ByLoss {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := p.look(&row, t, Role(i)+"weights"); err != nil {
				return err
			}
		}
		rows = append(rows, row)
		t.Progress(int64(i+1), int64(p.Attempts), "attempts")
		histories, metas = append(histories, history), append(metas, meta)
	}
	kept := p.choose(rows)
	rows[kept].Kept = true
	t.Note("kept_attempt", kept+1)
	weights, meta, err := pipeline.Read[traintable.Tensor](t, Role(kept)+"weights")
	if err != nil {
		return err
	}
	if err := pipeline.Emit(t, "attempts", rows, nil); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "weights", weights, meta); err != nil {
		return err
	}
	return pipeline.Emit(t, "history", histories[kept], metas[kept])
}

// atEnd is the mean loss over the rows that end in the last tenth of the steps.
func atEnd(history []traintable.Losses, meta map[string]string) (float64, error) {
	steps, err := strconv.ParseInt(meta["step"], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("metadata step %q is not a number of steps", meta["step"])
	}
	sum, n := 0.0, 0
	for _, row := range history {
		if float64(row.Step) > (1-endShare)*float64(steps) {
			sum += row.Total
			n++
		}
	}
	return sum / float64(n), nil // no rows: 0/0
}

// look takes a network along walks and sees how far apart its states are.
func (p Params) look(row *besttable.Attempt, t *pipeline.Task, role string) error {
	network, params, err := weights.From(t, role)
	if err != nil {
		return err
	}
	model, err := cpu.NewRoller(network, params)
	if err != nil {
		return err
	}
	follow := func(walks, steps int) *pathint.Track {
		return pathint.Follow(model, pathint.TrainingWalks(walks, steps, p.VelocityMax, t.Seed()))
	}
	if p.By == ByIsotropy {
		row.Unexplained = follow(walks, p.Steps).Unexplained(p.ReachM, pairs, t.Seed())
	} else {
		row.Collisions = follow(longWalks, longer*p.Steps).Collisions(p.ReachM, p.SigmaG, pairs, t.Seed())
	}
	return nil
}

// choose returns the attempt that is kept, the first of equals. One that was stopped early is kept only if all were.
func (k Keep) choose(rows []besttable.Attempt) int {
	least := math.Inf(1)
	for _, r := range rows {
		if r.Stopped == "" && k.compared(r) < least {
			least = k.compared(r)
		}
	}
	kept := 0
	for i, r := range rows {
		if k.better(r, rows[kept], least) {
			kept = i
		}
	}
	return kept
}

// compared is what an attempt is compared by before its loss, the less the better; by loss alone nothing is.
func (k Keep) compared(r besttable.Attempt) float64 {
	switch k.By {
	case ByIsotropy:
		return r.Unexplained
	case BySeparation:
		return r.Collisions
	}
	return 0
}

// better says whether a is kept rather than b, where the best attempt has this least.
func (k Keep) better(a, b besttable.Attempt, least float64) bool {
	for _, good := range []func(besttable.Attempt) bool{
		func(r besttable.Attempt) bool { return r.Stopped == "" },
		func(r besttable.Attempt) bool { return k.compared(r) <= k.Within*least },
	} {
		if good(a) != good(b) {
			return good(a)
		}
	}
	return a.Loss < b.Loss || math.IsNaN(b.Loss) && !math.IsNaN(a.Loss)
}
