package sic

// Initialisations of the network's last layer.
const (
	// InitIdentity is W(v) = I + ε·default(v): with it path integration forms in
	// minutes.
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

// How a sum over selected pairs becomes a loss.
const (
	ReductionMean = "mean" // divided by the number of ordered pairs selected
	ReductionSum  = "sum"  // as equations 4 and 5 are printed
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

// Loss holds the length scales and coefficients of equations 4 to 8.
type Loss struct {
	SigmaX            float64 `json:"sigma_x"` // m
	SigmaG            float64 `json:"sigma_g"`
	Separation        float64 `json:"separation"`         // λ_Sep
	Invariance        float64 `json:"invariance"`         // λ_Inv
	Capacity          float64 `json:"capacity"`           // λ_Cap
	ConformalIsometry float64 `json:"conformal_isometry"` // λ_ConIso
	// IsometryWarmup is the number of optimiser steps over which λ_ConIso rises
	// linearly from 0, so that path integration can form before the isometry
	// term acts; 0, the paper's choice, applies it in full from the start.
	IsometryWarmup int `json:"isometry_warmup"`
	// IsometryRadius is how short a velocity must be for equation 7 to look at it,
	// m. 0, the paper's choice, is SigmaX. A square lattice is as isometric as a
	// hexagonal one over short steps, and less so over longer ones.
	IsometryRadius float64 `json:"isometry_radius"`
	Reduction      string  `json:"reduction"` // ReductionMean or ReductionSum
	// CapacityStart is the optimiser step until which λ_Cap is 0, CapacityWarmup the
	// number of steps over which it then rises linearly; 0 and 0, the paper's choice,
	// apply it in full from the start. A lattice that has formed by then keeps its shape.
	CapacityStart  int `json:"capacity_start,omitempty"`
	CapacityWarmup int `json:"capacity_warmup,omitempty"`
}

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

// At returns the loss as it stands at optimiser step number step (from 1).
func (l Loss) At(step int) Loss {
	l.ConformalIsometry *= rise(step, l.IsometryWarmup)
	l.Capacity *= rise(step-l.CapacityStart, l.CapacityWarmup)
	return l
}

// rise is the share of a weight that rises from 0 to its whole over some steps.
func rise(step, over int) float64 {
	if step >= over {
		return 1
	}
	return max(0, float64(step)/float64(over))
}

// ShortSpeed is the speed, m a step, below which equation 7 looks at a velocity.
func (l Loss) ShortSpeed() float64 {
	if l.IsometryRadius > 0 {
		return l.IsometryRadius
	}
	return l.SigmaX
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
