package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/train"
)

// budget is what the trainings of a run come to.
type budget struct {
	trainings, cached int
	core              time.Duration // of the others, on one core
}

// manyFrom is the number of trainings from which a run says beforehand what they come to.
const manyFrom = 12

// manyTrainings says whether the targets need so many networks that one wants to know first.
func (s *session) manyTrainings() bool {
	n := 0
	for _, node := range s.graph.Nodes() {
		if node.Stage == trainStage {
			n++
		}
	}
	return n >= manyFrom
}

// announceTrainings says how many trainings the targets need, how many of them are there, and about how long the others take.
func (s *session) announceTrainings(ctx context.Context, w io.Writer, b compute.Backend) error {
	nodes, err := pipeline.Status(s.graph, s.options)
	if err != nil {
		return err
	}
	plan, err := plan(ctx, nodes, b, timeSteps)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, plan.text(runtime.GOMAXPROCS(0)))
	return nil
}

func (b budget) text(cores int) string {
	todo := b.trainings - b.cached
	if todo == 0 {
		return fmt.Sprintf("%d trainings, all of them there", b.trainings)
	}
	took := b.core / time.Duration(min(cores, todo))
	return fmt.Sprintf("%d trainings: %d are there, %d to do in about %s on %d cores, by a few steps of each kind; what is done is kept if it is interrupted",
		b.trainings, b.cached, todo, roughly(took), cores)
}

// plan counts the trainings of a run and adds up how long those to do take, each kind by the steps that timed times.
func plan(ctx context.Context, nodes []pipeline.NodeStatus, b compute.Backend, timed func(compute.Backend, compute.Spec) (time.Duration, error)) (budget, error) {
	var out budget
	perStep := map[string]time.Duration{}
	for _, n := range nodes {
		p, ok := n.Node.Params.(train.Params)
		if n.Node.Stage != trainStage || !ok {
			continue
		}
		out.trainings++
		if n.Current() {
			out.cached++
			continue
		}
		kind, err := json.Marshal(p)
		if err != nil {
			return out, err
		}
		if _, known := perStep[string(kind)]; !known {
			if err := ctx.Err(); err != nil {
				return out, err
			}
			spec := compute.Spec{Network: p.Network, Batch: p.Batch, Loss: p.Loss, Optimiser: p.Optimiser, Seed: n.Node.Seed}
			if perStep[string(kind)], err = timed(b, spec); err != nil {
				return out, fmt.Errorf("%s: %w", n.Node.Name, err)
			}
		}
		out.core += perStep[string(kind)] * time.Duration(p.Optimiser.Steps)
	}
	return out, nil
}

const (
	timedFor   = 300 * time.Millisecond // of each kind of training
	timedSteps = 200                    // at most
)

// timeSteps returns the time of a step on one core, the first steps of a training. They are dearer than later ones, when fewer
// units are active.
func timeSteps(b compute.Backend, spec compute.Spec) (time.Duration, error) {
	trainer, err := b.New(spec)
	if err != nil {
		return 0, err
	}
	defer trainer.Close()
	trainer.SetThreads(1)
	if _, err := trainer.Train(1, nil); err != nil { // first touches of memory are not the step
		return 0, err
	}
	begun, steps := time.Now(), 0
	for most := min(timedSteps, spec.Optimiser.Steps-1); steps < max(most, 1) && time.Since(begun) < timedFor; steps++ {
		if _, err := trainer.Train(1, nil); err != nil {
			return 0, err
		}
	}
	return time.Since(begun) / time.Duration(steps), nil
}
