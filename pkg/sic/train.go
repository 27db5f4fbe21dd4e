package sic

import "math"

// Trainer is the reference training loop: float64, one thread, no cleverness.
type Trainer struct {
	Network   Network
	Batch     Batch
	Loss      Loss
	Optimiser Optimiser
	Seed      uint64

	Params  []float64
	Moments Moments[float64]
	Plateau Plateau
	Steps   int // optimiser steps done
}

// NewTrainer returns a fresh run.
func NewTrainer(n Network, b Batch, l Loss, o Optimiser, seed uint64) *Trainer {
	t := &Trainer{Network: n, Batch: b, Loss: l, Optimiser: o, Seed: seed, Plateau: NewPlateau()}
	for _, p := range InitialParameters(n, seed) {
		t.Params = append(t.Params, float64(p))
	}
	t.Moments = NewMoments[float64](len(t.Params))
	return t
}

// Step does one optimiser step and returns the mean of its micro-batches' losses
// and the norm of the gradient before clipping.
func (t *Trainer) Step() (Terms, float64) {
	draw, weights := NewDraw(t.Batch), t.Loss.Weights(t.Steps+1)
	var mean Terms
	gradient := make([]float64, len(t.Params))
	share := 1 / float64(t.Optimiser.Accumulate)
	for a := range t.Optimiser.Accumulate {
		draw.Fill(t.Batch, t.Seed, uint64(t.Steps*t.Optimiser.Accumulate+a))
		terms, g := Gradient(t.Network, t.Batch, t.Loss, weights, t.Params, draw)
		mean.Add(terms, share)
		for i := range g {
			gradient[i] += share * g[i]
		}
	}
	mean.Weigh(weights)
	norm := 0.0
	for _, d := range gradient {
		norm += d * d
	}
	norm = math.Sqrt(norm)
	scale := t.Optimiser.ClipScale(norm)
	for i := range gradient {
		gradient[i] *= scale
	}
	rate := t.Optimiser.Rate(t.Steps+1, t.Plateau)
	t.Optimiser.AdamW(t.Params, gradient, t.Moments, rate, t.Steps+1)
	t.Optimiser.Observe(&t.Plateau, mean.Total)
	t.Steps++
	return mean, norm
}
