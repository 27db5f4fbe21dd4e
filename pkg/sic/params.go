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
	Units        int     `json:"units" range:">= 2" default:"128" doc:"N, recurrent units (Table 1)"`
	Hidden       int     `json:"hidden" range:">= 1" default:"128" doc:"units in each hidden layer of the MLP (not in the paper)"`
	Layers       int     `json:"layers" range:">= 2" default:"3" doc:"linear layers of the MLP (Table 1)"`
	Init         string  `json:"init" range:"identity|pytorch" default:"pytorch" doc:"identity: W(v) = I + init_scale x PyTorch's default draw; pytorch: that draw alone (the paper names none)"`
	InitScale    float64 `json:"init_scale" range:"> 0" default:"1" doc:"factor on the last layer's default draw, no unit (1: PyTorch's own)"`
	InitSpeed    float64 `json:"init_speed,omitzero" unit:"m a step" range:">= 0" default:"0" doc:"speed that the first layer's draw takes for 1: PyTorch's default weights are divided by it; 0 = 1 m, PyTorch's own"`
	InitialState string  `json:"initial_state" range:"learned|fixed" default:"learned" doc:"learned: g_0 = norm(relu(a)) with a learned; fixed: a as drawn (not in the paper)"`
	RingWidth    int     `json:"ring_width" range:">= 0" default:"0" doc:"units stand on a ring and read those at most half of this many places away; 0 = all read all, as in the paper"`
	RingLong     float64 `json:"ring_long" range:"[0, 1]" default:"0" doc:"share of the other pairs that are linked all the same, where units stand on a ring"`
	GainMax      float64 `json:"gain_max" range:">= 1" default:"1" doc:"greatest gain on the velocity that a unit's row of W(v) is made of; along the ring gains rise from 1 to it by equal factors; 1 = none, as in the paper"`
	GainShuffle  int     `json:"gain_shuffle" range:">= 0" default:"0" doc:"deals the same gains out to units at random, one way a number; 0 = in order"`
}

// Batch is the data of one micro-batch (section 5.1).
type Batch struct {
	Trajectories int     `json:"trajectories" range:">= 1" default:"130" doc:"B, permutations of the same velocities (Table 1)"`
	Length       int     `json:"length" range:">= 1" default:"60" doc:"T, steps of a trajectory (Table 1)"`
	VelocityMax  float64 `json:"velocity_max" unit:"m a step" range:"> 0" default:"0.15" doc:"each component uniform within plus and minus this (Table 1)"`
	Pairs        int     `json:"pairs" range:">= 0" default:"0" doc:"states in the pair losses, redrawn every step; 0 = all B x T (equations 4 and 5)"`
	Permute      bool    `json:"permute" default:"true" doc:"trajectories are permutations of the same velocities (section 5.1)"`
}

// Loss is the length scales and weights of equations 4 to 8.
type Loss = loss.Params

// Optimiser is AdamW with clipping by global norm, and its schedule.
type Optimiser struct {
	Steps        int     `json:"steps" range:">= 1" default:"2000000" doc:"optimiser steps (Table 1)"`
	LearningRate float64 `json:"learning_rate" range:"> 0" default:"2e-5" doc:"at its highest (Table 1)"`
	Beta1        float64 `json:"beta1" range:"[0, 1)" default:"0.9" doc:"decay of the first moment (PyTorch's default)"`
	Beta2        float64 `json:"beta2" range:"[0, 1)" default:"0.999" doc:"decay of the second moment (PyTorch's default)"`
	Epsilon      float64 `json:"epsilon" range:"> 0" default:"1e-8" doc:"added to the root of the second moment (PyTorch's default)"`
	WeightDecay  float64 `json:"weight_decay" range:">= 0" default:"0" doc:"decoupled, per step and unit of learning rate (Table 1: none)"`
	Clip         float64 `json:"clip" range:">= 0" default:"0.1" doc:"greatest global norm of the gradient; 0 = no limit (Table 1)"`
	Accumulate   int     `json:"accumulate" range:">= 1" default:"2" doc:"batches averaged in one step (Table 1)"`
	Schedule     string  `json:"schedule" range:"cosine|plateau|constant" default:"plateau" doc:"plateau (Table 1); cosine with a warm-up; constant"`
	WarmupSteps  int     `json:"warmup_steps" range:">= 0" default:"0" doc:"cosine: steps of linear warm-up"`
	FinalRate    float64 `json:"final_rate" range:">= 0" default:"0" doc:"cosine: learning rate at the last step"`
	Window       int     `json:"window" range:">= 1" default:"1000" doc:"plateau: steps whose mean loss is one observation (a single step's loss is too noisy)"`
	Patience     int     `json:"patience" range:">= 0" default:"10" doc:"plateau: windows without improvement before the rate falls (PyTorch's default, in windows)"`
	Factor       float64 `json:"factor" range:"(0, 1)" default:"0.1" doc:"plateau: the rate is multiplied by this (PyTorch's default)"`
	MinRate      float64 `json:"min_rate" range:">= 0" default:"0" doc:"plateau: the rate never falls below this (PyTorch's default)"`
	Threshold    float64 `json:"threshold" range:">= 0" default:"1e-4" doc:"plateau: relative improvement that counts (PyTorch's default)"`
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
