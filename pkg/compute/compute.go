// Package compute defines what a backend of the training step offers. Backends
// live in the packages below it and are tested against package sic.
package compute

import (
	"fmt"

	"sicgrid/pkg/sic"
)

// Spec is everything that a training run is a function of, backend apart.
type Spec struct {
	Network   sic.Network
	Batch     sic.Batch
	Loss      sic.Loss
	Optimiser sic.Optimiser
	Seed      uint64
}

// Check returns an error that names the first size with which there is no training.
func (s Spec) Check() error {
	for _, size := range []struct {
		name  string
		value int
		least int
	}{
		{"units", s.Network.Units, 1}, {"hidden", s.Network.Hidden, 1}, {"layers", s.Network.Layers, 2},
		{"trajectories", s.Batch.Trajectories, 1}, {"length", s.Batch.Length, 1}, {"pairs", s.Batch.Pairs, 0},
		{"accumulate", s.Optimiser.Accumulate, 1},
	} {
		if size.value < size.least {
			return fmt.Errorf("%s: found %d, must be at least %d", size.name, size.value, size.least)
		}
	}
	if s.Network.HasGains() && !s.Batch.Permute {
		return fmt.Errorf("gain_max: found %v for trajectories without a velocity in common, must be 1: no core forms their W(v)", s.Network.GainMax)
	}
	return nil
}

// State is a run between two optimiser steps: a run that is restored from it continues bitwise as
// the one that was not interrupted, under the same numerics. The vectors are in the order of
// sic.NewLayout.
type State struct {
	Step    int // optimiser steps done
	Params  []float32
	Moments sic.Moments[float32]
	Plateau sic.Plateau
}

// Check returns an error unless the state is one of a network of so many parameters.
func (s State) Check(size int) error {
	if len(s.Params) != size || len(s.Moments.First) != size || len(s.Moments.Second) != size {
		return fmt.Errorf("a state of %d parameters for a network of %d", len(s.Params), size)
	}
	return nil
}

// Record is what one optimiser step reports.
type Record struct {
	Step         int       // from 1
	Rate         float64   // learning rate
	Terms        sic.Terms // means over the step's micro-batches
	GradientNorm float64   // before clipping
}

// Trainer runs optimiser steps. It is not safe for concurrent use.
type Trainer interface {
	// Train does up to n optimiser steps, appends a record of each to records and returns them. It
	// stops before the step whose loss or gradient is not finite, leaves the state as it was before
	// that step, and returns a *NotFinite.
	Train(n int, records []Record) ([]Record, error)
	// State returns a copy of the present state.
	State() State
	// Restore puts the run into a state that State returned.
	Restore(State) error
	// SetThreads bounds the threads used from the next step on. Results are bitwise the same for
	// every number of them.
	SetThreads(n int)
	// Close frees what the trainer holds.
	Close()
}
