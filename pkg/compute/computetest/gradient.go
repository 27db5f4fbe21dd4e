// Package computetest holds what the tests of all backends share: a small run, and
// the comparison of a gradient with the reference's.
package computetest

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// Spec returns a small but complete run.
func Spec(units, hidden int) compute.Spec {
	return compute.Spec{
		Network: sic.Network{Units: units, Hidden: hidden, Layers: 3, Init: sic.InitIdentity, InitScale: 0.3, InitialState: sic.InitialStateLearned},
		Batch:   sic.Batch{Trajectories: 5, Length: 13, VelocityMax: 0.15, Permute: true},
		Loss:    sic.Loss{SigmaX: 0.07, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, ConformalIsometry: 0.3, Reduction: loss.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 1000, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Clip: 0.1, Accumulate: 1,
			Schedule: sic.ScheduleCosine, WarmupSteps: 20, FinalRate: 1e-5},
		Seed: 1,
	}
}

// Widen returns p in float64.
func Widen(p []float32) []float64 {
	q := make([]float64, len(p))
	for i := range p {
		q[i] = float64(p[i])
	}
	return q
}

// Step is one micro-batch's losses and gradient, by the core under test and by package sic.
type Step struct {
	Fast, Exact   sic.Terms
	FastGradient  []float32 // in the order of sic.NewLayout
	ExactGradient []float64
	Weights       loss.Values
	Network       sic.Network
}

// Tolerance is how far a core may be off.
type Tolerance struct {
	Loss     float64 // of a loss, relative
	LossUnit float64 // of a loss, absolute
	Gradient float64 // of a tensor's gradient, relative to its norm
	Floor    float64 // of a tensor's gradient, relative to Scale
}

// Float32 is the tolerance of cores that compute in float32.
var Float32 = Tolerance{Loss: 2e-5, LossUnit: 1e-6, Gradient: 1e-4, Floor: 1e-7}

// Scale is the gradient's natural size: that of its terms, which may cancel.
func (s Step) Scale() float64 {
	whole := math.Pow(2*floats.Sum(s.Weights[:]), 2)
	for _, g := range s.ExactGradient {
		whole += g * g
	}
	return math.Sqrt(whole)
}

// Check fails the test where losses, counts or the gradient of a tensor are off by
// more than they may be.
func (s Step) Check(t testing.TB, may Tolerance) {
	t.Helper()
	fast, exact := s.Fast, s.Exact
	of := append(exact.Values[:], exact.Total)
	for i, x := range append(fast.Values[:], fast.Total) {
		if !(math.Abs(x-of[i]) <= may.Loss*math.Abs(of[i])+may.LossUnit) {
			t.Errorf("losses %+v, reference %+v", fast, exact)
			break
		}
	}
	if fast.Near != exact.Near || fast.Far != exact.Far || fast.Short != exact.Short || fast.Dead != exact.Dead {
		t.Errorf("counts %+v, reference %+v", fast, exact)
	}
	scale := s.Scale()
	for _, tensor := range sic.NewLayout(s.Network).Tensors {
		if off, norm := s.Off(tensor); !(off <= may.Gradient*norm+may.Floor*scale) {
			t.Errorf("%s: off by %.3g, norm %.3g", tensor.Name, off, norm)
		}
	}
}

// Off returns the norm of a tensor's difference from the reference, and that of the reference.
func (s Step) Off(tensor sic.Tensor) (off, norm float64) {
	fast := sic.Of(s.FastGradient, tensor)
	for i, g := range sic.Of(s.ExactGradient, tensor) {
		d := float64(fast[i]) - g
		off += d * d
		norm += g * g
	}
	return math.Sqrt(off), math.Sqrt(norm)
}
