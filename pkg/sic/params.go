package sic

import "sicgrid/pkg/sic/loss"

// Initialisations of the network's last layer.
const (
	// InitIdentity is W(v) = I + ε·default(v): with it path integration forms in minutes.
	InitIdentity = "identity"
	// InitPyTorch is the default of torch.nn.Linear, U(±1/√fan_in) for weights
	// and biases, taken to be the paper's.
	InitPyTorch = "pytorch"
)

// What the initial state g_0 is.
const (
	InitialStateLearned = "learned" // g_0 = σ(a), a trained
	InitialStateFixed   = "fixed"   // g_0 = σ(a), a as drawn
)

// Learning-rate schedules.
const (
	ScheduleConstant = "constant"
	ScheduleCosine   = "cosine"  // linear warm-up, then half a cosine to FinalRate
	SchedulePlateau  = "plateau" // reduced when the mean loss of a window stops falling
)

// Network is the architecture of section 5.2 and its initialisation.
type Network struct {
	Units        int     `json:"units"`         // N, recurrent units
	Hidden       int     `json:"hidden"`        // H, width of the MLP's hidden layers
	Layers       int     `json:"layers"`        // linear layers of the MLP, at least 2
	Init         string  `json:"init"`          // InitIdentity or InitPyTorch
	InitScale    float64 `json:"init_scale"`    // ε: the last layer's default draw is multiplied by it
	InitialState string  `json:"initial_state"` // InitialStateLearned or InitialStateFixed
}

// Batch is the data of one micro-batch (section 5.1).
type Batch struct {
	Trajectories int     `json:"trajectories"` // B
	Length       int     `json:"length"`       // T, steps a trajectory
	VelocityMax  float64 `json:"velocity_max"` // m: each component uniform in ±VelocityMax
	Pairs        int     `json:"pairs"`        // S, states in the pair losses, redrawn every time; 0 = all B·T
	Permute      bool    `json:"permute"`      // true: T velocities, permuted B times (the paper); false: B·T independent ones
}

// Loss is the length scales and weights of equations 4 to 8.
type Loss = loss.Params

// Optimiser is AdamW with clipping by global norm, and its schedule.
type Optimiser struct {
	Steps        int     `json:"steps"` // optimiser steps
	LearningRate float64 `json:"learning_rate"`
	Beta1        float64 `json:"beta1"`
	Beta2        float64 `json:"beta2"`
	Epsilon      float64 `json:"epsilon"`
	WeightDecay  float64 `json:"weight_decay"` // decoupled
	Clip         float64 `json:"clip"`         // global norm; 0 = none
	Accumulate   int     `json:"accumulate"`   // micro-batches averaged in one step
	Schedule     string  `json:"schedule"`
	WarmupSteps  int     `json:"warmup_steps"` // cosine: steps of linear warm-up
	FinalRate    float64 `json:"final_rate"`   // cosine: rate at the last step
	Window       int     `json:"window"`       // plateau: steps whose mean loss is one observation
	Patience     int     `json:"patience"`     // plateau: windows without improvement that are forgiven
	Factor       float64 `json:"factor"`       // plateau: the rate is multiplied by it
	MinRate      float64 `json:"min_rate"`     // plateau: never below
	Threshold    float64 `json:"threshold"`    // plateau: relative improvement that counts
}

// Distinct returns D, the number of different velocities in a micro-batch.
func (b Batch) Distinct() int {
	if b.Permute {
		return b.Length
	}
	return b.Trajectories * b.Length
}

// States returns M = B·T, the number of states that the losses look at.
func (b Batch) States() int { return b.Trajectories * b.Length }

// Sampled returns how many states take part in the pair losses.
func (b Batch) Sampled() int {
	if b.Pairs <= 0 || b.Pairs > b.States() {
		return b.States()
	}
	return b.Pairs
}
