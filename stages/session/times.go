package session

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

// Reckoning is what is known of how long the session's stages take: of trainings by their steps.
func (s *Session) Reckoning() progress.Reckoning {
	return progress.Reckoning{
		Jobs: s.Options.Places(),
		Work: func(n *pipeline.Node) (kind string, units float64) {
			if t, ok := n.Params.(train.Params); ok && n.Stage == experiment.TrainStage {
				return estimate.Like(t, s.Device.Backend.Numerics), float64(t.Optimiser.Steps)
			}
			return n.Stage, 1
		},
		Earlier: func() func(string) float64 {
			k, err := s.Times()
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

// AnnounceTrainings says of a run of many trainings how many there are, how many of them are done,
// and how long the rest of the run takes.
func (s *Session) AnnounceTrainings(ctx context.Context, w io.Writer) error {
	if len(s.Trainings()) < manyFrom {
		return nil
	}
	plan, err := pipeline.Status(s.Graph, s.Options)
	if err != nil {
		return err
	}
	e, err := s.Estimate(ctx, plan)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, estimate.Trainings(plan, e, s.Options.Places()))
	return nil
}

// Times are those of the session's store and device.
func (s *Session) Times() (*estimate.Times, error) {
	k, err := estimate.Read(s.Options.Store, s.Device.Backend)
	if err == nil {
		k.Resumes = s.Resumes
	}
	return k, err
}

// Estimate says how long what is left of a plan takes.
func (s *Session) Estimate(ctx context.Context, plan []pipeline.NodeStatus) (estimate.Estimate, error) {
	k, err := s.Times()
	if err != nil {
		return estimate.Estimate{}, err
	}
	return k.Of(ctx, plan)
}

// Resumes is the step from which a training that would run goes on.
func (s *Session) Resumes(n pipeline.NodeStatus) int {
	if n.Current() || n.Node.Stage != experiment.TrainStage {
		return 0
	}
	if dir := s.Options.ScratchPath(n); dir != "" {
		return saved.Step(dir)
	}
	return 0
}
