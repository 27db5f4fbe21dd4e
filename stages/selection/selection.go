// Package selection is the stage select, which keeps one of several trainings of a network that
// differ in their seeds alone. It looks at how they integrate paths and at their losses, never at
// ratemaps.
package selection

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pathint"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/selection/selectiontable"
	"sicgrid/stages/train/traintable"
	"sicgrid/stages/weights"
)

// Keep says which attempt is kept: of those about as good as the best one in that the distances of
// their states follow from the distances of their places (isotropy, pathint.Unexplained), the one
// of lowest loss.
type Keep struct {
	ReachM float64 `json:"reach_m" unit:"m" range:"> 0" default:"1" doc:"distance up to which that is looked at, on walks as in training"`
	Within float64 `json:"within" range:">= 1" default:"1.25" doc:"times the least share of the distances' variance that places leave unexplained"`
}

// Params of the stage.
type Params struct {
	Attempts int `json:"attempts"`
	Keep
	Steps       int     `json:"steps"`        // of the walks, as in training
	VelocityMax float64 `json:"velocity_max"` // m, likewise
}

// Outputs of the stage: those of the training that is kept, and how all came out.
var Outputs = []string{"attempts", "weights", "history"}

// Role is what the outputs of attempt i = 0, 1, ... are called among the inputs, before the
// output's own name.
func Role(i int) string { return fmt.Sprintf("attempt-%d/", i+1) }

// endShare is the share of a training's steps, its last, over whose mean the losses of attempts are
// compared: batches are noisy, and near its end the learning rate of the cosine schedule is so low
// that the loss hardly falls any more.
const endShare = 0.1

// How many walks, as in training, and pairs of states of them isotropy is looked at on.
const (
	walks = 200
	pairs = 500000
)

// Run reads the weights and histories of all attempts and writes those of the one that is kept.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	var rows []selectiontable.Attempt
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
		if err := ctx.Err(); err != nil {
			return err
		}
		row := selectiontable.Attempt{Attempt: int32(i + 1), Loss: loss, Stopped: meta["stopped"]}
		if row.Unexplained, err = p.unexplained(t, Role(i)+"weights"); err != nil {
			return err
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

// unexplained takes a network along walks and compares how far apart its states and their places
// are.
func (p Params) unexplained(t *pipeline.Task, role string) (float64, error) {
	network, params, err := weights.From(t, role)
	if err != nil {
		return 0, err
	}
	model, err := cpu.NewRoller(network, params)
	if err != nil {
		return 0, err
	}
	track := pathint.Follow(model, pathint.TrainingWalks(walks, p.Steps, p.VelocityMax, t.Seed()))
	return track.Unexplained(p.ReachM, pairs, t.Seed()), nil
}

// choose returns the attempt that is kept, the first of equals. One that was stopped early is kept
// only if all were.
func (k Keep) choose(rows []selectiontable.Attempt) int {
	least := math.Inf(1)
	for _, r := range rows {
		if r.Stopped == "" && r.Unexplained < least {
			least = r.Unexplained
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

// better says whether a is kept rather than b, where the best attempt has this least.
func (k Keep) better(a, b selectiontable.Attempt, least float64) bool {
	for _, good := range []func(selectiontable.Attempt) bool{
		func(r selectiontable.Attempt) bool { return r.Stopped == "" },
		func(r selectiontable.Attempt) bool { return r.Unexplained <= k.Within*least },
	} {
		if good(a) != good(b) {
			return good(a)
		}
	}
	return a.Loss < b.Loss || math.IsNaN(b.Loss) && !math.IsNaN(a.Loss)
}
