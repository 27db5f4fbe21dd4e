// Package loss is the table of the loss's terms (Schaeffer, Khona et al., NeurIPS 2023, equations
// 4 to 8): their names, weights and schedules. What they compute is in package sic; code that
// stores, tabulates or draws them needs this package alone.
//
// The nouns:
//
//   - A Term is a term's index, and Table says of each what it is called and where its weight is.
//   - Values are one number for each term, in the table's order, which is that of every sum.
//   - Params are the length scales, weights and schedules that a profile sets.
package loss

import (
	"math"
	"strings"
)

// Term is the index of a term.
type Term int

// The terms, in the order in which they are added up.
const (
	Separation Term = iota
	Invariance
	Capacity
	ConformalIsometry
	Homeostasis
	NumTerms = iota
)

// Table is the table of terms.
var Table = [NumTerms]struct {
	Key      string                            // of its weight among the parameters, and of its column in tables
	Short    string                            // what figures call it
	Equation int                               // of the paper; 0: ours
	Printed  string                            // its weight as Table 1 prints it; "" where it has none
	Weight   func(*Params) *float64            // λ, where the parameters have it
	Rise     func(*Params) (start, warmup int) // nil: λ acts in full from the first step
}{
	Separation: {"separation", "separation", 4, "1.0", func(p *Params) *float64 { return &p.Separation }, nil},
	Invariance: {"invariance", "invariance", 5, "0.1", func(p *Params) *float64 { return &p.Invariance }, nil},
	Capacity: {"capacity", "capacity", 6, "0.5", func(p *Params) *float64 { return &p.Capacity },
		func(p *Params) (int, int) { return p.CapacityStart, p.CapacityWarmup }},
	ConformalIsometry: {"conformal_isometry", "isometry", 7, "", func(p *Params) *float64 { return &p.ConformalIsometry },
		func(p *Params) (int, int) { return 0, p.IsometryWarmup }},
	Homeostasis: {"homeostasis", "homeostasis", 0, "", func(p *Params) *float64 { return &p.Homeostasis }, nil},
}

// String is the term's name in a sentence: "conformal isometry".
func (t Term) String() string { return strings.ReplaceAll(Table[t].Key, "_", " ") }

// Values are one number for each term.
type Values [NumTerms]float64

// Columns are the names of the values in a table's row (see artifact.FromRows).
func (Values) Columns() []string {
	var keys []string
	for _, term := range Table {
		keys = append(keys, term.Key)
	}
	return keys
}

// Params holds the length scales and weights of equations 4 to 8.
type Params struct {
	SigmaX            float64 `json:"sigma_x" unit:"m" range:"> 0" default:"0.05" doc:"spatial length scale (Table 1)"`
	SigmaG            float64 `json:"sigma_g" range:"> 0" default:"0.4" doc:"neural length scale, no unit (Table 1)"`
	Separation        float64 `json:"separation" range:">= 0" default:"1.0" doc:"weight of the separation loss, equation 4 (Table 1)"`
	Invariance        float64 `json:"invariance" range:">= 0" default:"0.1" doc:"weight of the invariance loss, equation 5 (Table 1)"`
	Capacity          float64 `json:"capacity" range:">= 0" default:"0.5" doc:"weight of the capacity loss, equation 6 (Table 1)"`
	ConformalIsometry float64 `json:"conformal_isometry" range:">= 0" default:"0.3" doc:"weight of the conformal isometry loss, equation 7 (not in Table 1)"`
	// IsometryWarmup is the number of optimiser steps over which λ_ConIso rises linearly from 0, so
	// that path integration can form before the isometry term acts; 0, the paper's choice, applies
	// it in full from the start.
	IsometryWarmup int `json:"isometry_warmup" range:">= 0" default:"0" doc:"steps over which conformal_isometry rises from 0; 0 = in full from the start"`
	// IsometryRadius is how short a velocity must be for equation 7 to look at it, m. 0, the
	// paper's choice, is SigmaX. A square lattice is as isometric as a hexagonal one over short
	// steps, and less so over longer ones.
	IsometryRadius float64 `json:"isometry_radius" unit:"m a step" range:">= 0" default:"0" doc:"below which that loss looks at a velocity; 0 = sigma_x, as in equation 7"`
	// IsometrySpeedBin makes equation 7 compare steps of equal speed only ("if v changes direction
	// (but not magnitude)", section 5.3): its variance is that about the mean of the steps whose
	// speeds lie in the same bin of this width.
	IsometrySpeedBin float64 `json:"isometry_speed_bin" unit:"m a step" range:">= 0" default:"0" doc:"equation 7 compares steps whose speeds lie in one bin of this width; 0 = all steps, as printed"`
	// Homeostasis is the weight of Σ_n (m_n - m)², m_n the mean activity of unit n over all states
	// and m the mean of m_n: it asks units to be equally active.
	Homeostasis float64 `json:"homeostasis" range:">= 0" default:"0" doc:"weight of the variance, summed over units, of their mean activity (not in the paper)"`
	Reduction   string  `json:"reduction" range:"mean|sum" default:"mean" doc:"mean: a sum over pairs becomes a mean over the selected pairs; sum: as equations 4 and 5 are printed"`
	// CapacityStart is the optimiser step until which λ_Cap is 0, CapacityWarmup the number of
	// steps over which it then rises linearly; 0 and 0, the paper's choice, apply it in full from
	// the start. A lattice that has formed by then keeps its shape.
	CapacityStart  int `json:"capacity_start" range:">= 0" default:"0" doc:"step until which the capacity loss is off"`
	CapacityWarmup int `json:"capacity_warmup" range:">= 0" default:"0" doc:"steps over which it then rises; 0 = in full"`
}

// How a sum over selected pairs becomes a loss.
const (
	ReductionMean = "mean" // divided by the number of ordered pairs selected
	ReductionSum  = "sum"  // as equations 4 and 5 are printed
)

// Weights returns the weights as they stand at optimiser step number step (from 1): 0 until a
// term's start, then rising linearly to the whole over its warm-up.
func (p *Params) Weights(step int) Values {
	var w Values
	for i, term := range Table {
		w[i] = *term.Weight(p)
		if term.Rise == nil {
			continue
		}
		if start, warmup := term.Rise(p); step-start < warmup {
			w[i] *= max(0, float64(step-start)/float64(warmup))
		}
	}
	return w
}

// Shortest is the speed, m a step, below which equation 7 ignores a velocity: 1/‖v‖ is
// heavy-tailed.
const Shortest = 1e-3

// ShortSpeed is the speed, m a step, from which on equation 7 ignores a velocity.
func (p *Params) ShortSpeed() float64 {
	if p.IsometryRadius > 0 {
		return p.IsometryRadius
	}
	return p.SigmaX
}

// SpeedBins is how many bins of speed equation 7 may tell apart.
const SpeedBins = 16

// SpeedBin is the bin of a speed that equation 7 looks at, below SpeedBins.
func (p *Params) SpeedBin(speed float64) int {
	if p.IsometrySpeedBin <= 0 {
		return 0
	}
	return min(int(speed/p.IsometrySpeedBin), SpeedBins-1)
}

// Short returns the speed ‖v‖ of a velocity, m a step, and whether equation 7 looks at it.
func (p *Params) Short(v [2]float32) (speed float64, looks bool) {
	speed = math.Hypot(float64(v[0]), float64(v[1]))
	return speed, speed >= Shortest && speed < p.ShortSpeed()
}
