// Package ratemaps is the stage that walks a trained network through a box and
// records where its units are active.
package ratemaps

import (
	"context"
	"fmt"
	"strconv"

	"golang.org/x/sync/errgroup"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/ratemaps/ratemapstable"
	"sicgrid/stages/trajectories/trajectoriestable"
	"sicgrid/stages/weights"
)

// Params are the parameters of a recording.
type Params struct {
	Bins   int `json:"bins"`   // bins along each side of the box
	States int `json:"states"` // about how many states are kept as they are
}

// Outputs of the stage.
var Outputs = []string{"maps", "occupancy", "states"}

// together is the number of walks of one task.
const together = 32

// Run walks the network and writes its ratemaps.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	network, params, err := weights.Read(t)
	if err != nil {
		return err
	}
	walks, meta, err := pipeline.Read[trajectoriestable.Walk](t, "walks")
	if err != nil {
		return err
	}
	box, err := strconv.ParseFloat(meta["box_m"], 64)
	if err != nil || len(walks) == 0 {
		return fmt.Errorf("walks: %d rows, box_m %q: no walks to follow", len(walks), meta["box_m"])
	}
	steps := len(walks[0].Velocity) / 2
	grid := grid{bins: p.Bins, box: box}
	stride := max(1, (len(walks)*steps+p.States-1)/max(p.States, 1))

	tasks := (len(walks) + together - 1) / together
	recordings := make([]*recording, tasks)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(t.Threads())
	var done progress
	for task := range tasks {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			first := task * together
			some := walks[first:min(first+together, len(walks))]
			roller, err := cpu.NewRoller(network, params)
			if err != nil {
				return err
			}
			r := newRecording(grid, network.Units, steps)
			velocity := make([][]float32, len(some))
			for i, w := range some {
				velocity[i] = w.Velocity
			}
			roller.Run(velocity, func(walk, step int, state []float32) {
				x, y := some[walk].Position[2*step], some[walk].Position[2*step+1]
				r.add(x, y, step, state)
				if ((first+walk)*steps+step)%stride == 0 {
					r.keep(first+walk, x, y, step, state)
				}
			})
			recordings[task] = r
			t.Progress(done.add(len(some)), int64(len(walks)), "walks")
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	whole := recordings[0] // the others are added in order, whoever came first
	for _, r := range recordings[1:] {
		whole.merge(r)
	}
	return emit(t, whole, map[string]string{"box_m": meta["box_m"], "bins": fmt.Sprint(p.Bins), "units": fmt.Sprint(network.Units)})
}

func emit(t *pipeline.Task, r *recording, meta map[string]string) error {
	if err := pipeline.Emit(t, "maps", r.maps(), meta); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "occupancy", []ratemapstable.Occupancy{{Samples: r.samples(), Variance: ratemapstable.Variance{Explained: r.explained()}}}, meta); err != nil {
		return err
	}
	return pipeline.Emit(t, "states", r.states(), meta)
}
