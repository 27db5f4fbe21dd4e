// Package trajectories is the stage that draws the walks on which trained networks are evaluated.
package trajectories

import (
	"context"
	"fmt"
	"strconv"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/walk"
	"sicgrid/stages/trajectories/trajectoriestable"
)

// Params are the parameters of the walks in one box.
type Params struct {
	BoxM          float64     `json:"box_m"`           // side of the square box, m
	Bins          int         `json:"bins"`            // bins along each side of the maps that the walks must fill
	SamplesPerBin float64     `json:"samples_per_bin"` // mean samples a bin; decides the number of walks
	Steps         int         `json:"steps"`           // steps of each walk
	Motion        walk.Motion `json:"motion"`
}

// Outputs of the stage.
var Outputs = []string{"walks"}

// Run draws the walks from the node's seed and writes them.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	count, err := walk.Count(p.SamplesPerBin, p.Bins, p.Steps)
	if err != nil {
		return err
	}
	rows := make([]trajectoriestable.Walk, count)
	for i := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		w, err := p.Motion.Draw(t.Seed(), p.BoxM, i, p.Steps)
		if err != nil {
			return err
		}
		rows[i] = trajectoriestable.Walk{Walk: int32(i), Velocity: w.Velocity, Position: w.Position}
		t.Progress(int64(i+1), int64(count), "walks")
	}
	return pipeline.Emit(t, "walks", rows, map[string]string{
		"box_m": strconv.FormatFloat(p.BoxM, 'g', -1, 64), "steps": fmt.Sprint(p.Steps), "walks": fmt.Sprint(count),
	})
}
