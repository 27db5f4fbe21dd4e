package gonum

import (
	"math"
	"testing"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// It is the same step: losses and gradient are the reference's.
func TestGradientAgreesWithReference(t *testing.T) {
	for _, c := range []struct {
		permute bool
		gain    float64
	}{{true, 1}, {false, 1}, {true, 2.2}} {
		spec := compute.Spec{
			Network: sic.Network{Units: 12, Hidden: 7, Layers: 3, Init: sic.InitIdentity, InitScale: 0.3, InitialState: sic.InitialStateLearned, GainMax: c.gain},
			Batch:   sic.Batch{Trajectories: 4, Length: 11, VelocityMax: 0.15, Pairs: 30, Permute: c.permute},
			Loss:    sic.Loss{SigmaX: 0.07, SigmaG: 0.4, Reduction: loss.ReductionMean},
			Seed:    1,
		}
		for _, term := range loss.Table {
			*term.Weight(&spec.Loss) = 0.3
		}
		s := New(spec)
		s.draw.Fill(spec.Batch, spec.Seed, 2)
		got := s.gradient()
		params := make([]float64, len(s.params))
		for i, p := range s.params {
			params[i] = float64(p)
		}
		want, gradient := sic.Gradient(spec.Network, spec.Batch, spec.Loss, s.weights, params, s.draw)
		if math.Abs(got.Total-want.Total) > 1e-5*math.Abs(want.Total) || got.Near != want.Near || got.Short != want.Short {
			t.Errorf("losses %+v, reference %+v", got, want)
		}
		difference, norm := 0.0, 0.0
		for i, g := range gradient {
			difference += (float64(s.grad[i]) - g) * (float64(s.grad[i]) - g)
			norm += g * g
		}
		if math.Sqrt(difference) > 1e-4*math.Sqrt(norm) {
			t.Errorf("gradient off by %g, norm %g", math.Sqrt(difference), math.Sqrt(norm))
		}
	}
}

// A step of training is that of the reference.
func TestTrainingFollowsReference(t *testing.T) {
	spec := compute.Spec{
		Network: sic.Network{Units: 8, Hidden: 6, Layers: 3, Init: sic.InitIdentity, InitScale: 0.3, InitialState: sic.InitialStateLearned},
		Batch:   sic.Batch{Trajectories: 4, Length: 9, VelocityMax: 0.15, Permute: true},
		Loss:    sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, ConformalIsometry: 0.3, Reduction: loss.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 100, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: 0.01, Clip: 0.1, Accumulate: 1,
			Schedule: sic.ScheduleConstant},
		Seed: 1,
	}
	s, reference := New(spec), sic.NewTrainer(spec.Network, spec.Batch, spec.Loss, spec.Optimiser, spec.Seed)
	s.Train(20)
	for range 20 {
		reference.Step()
	}
	for i, p := range s.params {
		if math.Abs(float64(p)-reference.Params[i]) > 1e-4 {
			t.Fatalf("parameter %d is %v, reference %v", i, p, reference.Params[i])
		}
	}
}
