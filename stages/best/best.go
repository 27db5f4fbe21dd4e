// Package best is the stage that keeps one of several trainings of a network, which differ in their seeds alone: the one whose
// loss is lowest at its end. It looks at nothing else, least of all at ratemaps.
package best

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"sicgrid/pkg/pipeline"
	"sicgrid/stages/train"
)

// Params of the stage.
type Params struct {
	Attempts int `json:"attempts"`
}

// Outputs of the stage: those of the training that is kept, and how all came out.
var Outputs = append([]string{"attempts"}, train.Outputs...)

// Role is what the outputs of attempt i = 0, 1, ... are called among the inputs, before the output's own name.
func Role(i int) string { return fmt.Sprintf("attempt-%d/", i+1) }

// endShare is the share of a training's steps, its last, over whose mean the losses of attempts are compared: batches are
// noisy, and near its end the learning rate of the cosine schedule is so low that the loss hardly falls any more.
const endShare = 0.1

// Attempt is a row of "attempts".
type Attempt struct {
	Attempt int32   `col:"attempt"` // 1, 2, ...
	Loss    float64 `col:"loss"`    // eq. 8, mean over the last tenth of the steps; NaN if none was made
	Stopped string  `col:"stopped"` // why it ended early; "" = it did not
	Kept    bool    `col:"kept"`
}

// Run reads the weights and histories of all attempts and writes those of the best: of those that were not stopped early, if there
// are any, the one of lowest loss; the first of equals.
func Run(_ context.Context, p Params, t *pipeline.Task) error {
	var rows []Attempt
	var histories [][]train.Losses
	var metas []map[string]string
	for i := range p.Attempts {
		history, meta, err := pipeline.Read[train.Losses](t, Role(i)+"history")
		if err != nil {
			return err
		}
		loss, err := atEnd(history, meta)
		if err != nil {
			return fmt.Errorf("%shistory: %w", Role(i), err)
		}
		rows = append(rows, Attempt{Attempt: int32(i + 1), Loss: loss, Stopped: meta["stopped"]})
		histories, metas = append(histories, history), append(metas, meta)
	}
	kept := choose(rows)
	rows[kept].Kept = true
	t.Note("kept_attempt", kept+1)
	weights, meta, err := pipeline.Read[train.Tensor](t, Role(kept)+"weights")
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
func atEnd(history []train.Losses, meta map[string]string) (float64, error) {
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

func choose(rows []Attempt) int {
	kept := 0
	for i, r := range rows {
		if better(r, rows[kept]) {
			kept = i
		}
	}
	return kept
}

// better says whether a is kept rather than b.
func better(a, b Attempt) bool {
	if whole := a.Stopped == ""; whole != (b.Stopped == "") {
		return whole
	}
	return a.Loss < b.Loss || math.IsNaN(b.Loss) && !math.IsNaN(a.Loss)
}
