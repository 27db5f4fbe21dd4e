package main

import (
	"context"
	"fmt"
	"io"

	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/progress"
	"sicgrid/stages/estimate"
	"sicgrid/stages/experiment"
	"sicgrid/stages/train"
	"sicgrid/stages/train/saved"
)

// reckoning is what is known of how long the session's stages take: of trainings by their steps.
func (s *session) reckoning() progress.Reckoning {
	return progress.Reckoning{
		Jobs: s.options.Places(),
		Work: func(n *pipeline.Node) (kind string, units float64) {
			if t, ok := n.Params.(train.Params); ok && n.Stage == experiment.TrainStage {
				return estimate.Like(t, s.device.Backend.Numerics), float64(t.Optimiser.Steps)
			}
			return n.Stage, 1
		},
		Earlier: func() func(string) float64 {
			k, err := s.times()
			return func(kind string) float64 {
				if err != nil {
					return 0
				}
				seconds, _ := k.Median(kind)
				return seconds
			}
		},
	}
}

// manyFrom is the number of trainings from which a run says beforehand what they come to.
const manyFrom = 12

// announceTrainings says of a run of many trainings how many there are, how many of them are done,
// and how long the rest of the run takes.
func (s *session) announceTrainings(ctx context.Context, w io.Writer) error {
	if len(s.trainings()) < manyFrom {
		return nil
	}
	plan, err := pipeline.Status(s.graph, s.options)
	if err != nil {
		return err
	}
	e, err := s.estimate(ctx, plan)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, estimate.Trainings(plan, e, s.options.Places()))
	return nil
}

// times are those of the session's store and device.
func (s *session) times() (*estimate.Times, error) {
	k, err := estimate.Read(s.options.Store, s.device.Backend)
	if err == nil {
		k.Resumes = s.resumes
	}
	return k, err
}

// estimate says how long what is left of a plan takes.
func (s *session) estimate(ctx context.Context, plan []pipeline.NodeStatus) (estimate.Estimate, error) {
	k, err := s.times()
	if err != nil {
		return estimate.Estimate{}, err
	}
	return k.Of(ctx, plan)
}

// resumes is the step from which a training that would run goes on.
func (s *session) resumes(n pipeline.NodeStatus) int {
	if n.Current() || n.Node.Stage != experiment.TrainStage {
		return 0
	}
	if dir := s.options.ScratchPath(n); dir != "" {
		return saved.Step(dir)
	}
	return 0
}
