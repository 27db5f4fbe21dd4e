// Package compute defines what a backend of the training step offers. Backends
// live in the packages below it and are tested against package sic.
package compute

import "sicgrid/pkg/sic"

// Spec is everything that a training run is a function of, backend apart.
type Spec struct {
	Network   sic.Network
	Batch     sic.Batch
	Loss      sic.Loss
	Optimiser sic.Optimiser
	Seed      uint64
}

// State is a run between two optimiser steps: enough to go on from, to the bit,
// under the same numerics. The vectors are in the order of sic.NewLayout.
type State struct {
	Step    int // optimiser steps done
	Params  []float32
	Moments sic.Moments[float32]
	Plateau sic.Plateau
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
	// Train does up to n optimiser steps, appends a record of each to records
	// and returns them. It stops before the step whose loss or gradient is not
	// finite, leaves the state as it was before that step, and returns a
	// *NotFinite.
	Train(n int, records []Record) ([]Record, error)
	// State returns a copy of the present state.
	State() State
	// Restore puts the run into a state that State returned.
	Restore(State) error
	// SetThreads bounds the threads used from the next step on. It changes no bit.
	SetThreads(n int)
	// Close frees what the trainer holds.
	Close()
}
