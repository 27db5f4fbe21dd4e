package experiment

import (
	"fmt"

	"sicgrid/pkg/params"
	"sicgrid/pkg/sic"
	"sicgrid/stages/selection"
	"sicgrid/stages/train"
)

// Pretraining makes the network start from small ones instead of from random initialisation, and so
// do all attempts at it; without lengths there is none. They are copies of one, or, where they are
// Separate, trained each from a random initialisation of its own. The small network is trained
// first, in laptop without the capacity loss. Each copy is finetuned on walks of a length of its
// own: the shorter the walks, the less there is to tell apart, and the smaller becomes the lattice,
// which keeps its orientation. They are then rotated and joined (sic.Join).
type Pretraining struct {
	Lengths       []int          `json:"lengths,omitempty" range:"[1, 10000]" default:"[8, 16, 60]" doc:"steps of each copy's walks; batch.length leaves a copy as it is"`
	RotationsDeg  []float64      `json:"rotations_deg,omitempty" unit:"degrees" range:"[0, 360]" default:"[0, 12, 46]" doc:"by which each copy is rotated"`
	Separate      bool           `json:"separate,omitzero" default:"false" doc:"each is no copy, but a network from a random initialisation of its own, trained on walks of its length from the first step"`
	FinetuneSteps int            `json:"finetune_steps,omitempty" range:">= 1" default:"3000" doc:"of each copy's training"`
	Attempts      int            `json:"attempts" range:"[1, 100]" default:"16" doc:"trainings of the small network, of which one is kept"`
	Keep          selection.Keep `json:"keep" default:"{within: 1}" doc:"which"`
	Steps         int            `json:"steps" range:">= 1" default:"15000" doc:"of each training of the small network"`
	LearningRate  float64        `json:"learning_rate" range:"> 0" default:"1e-3" doc:"at its highest"`
	SigmaG        float64        `json:"sigma_g" range:"> 0" default:"0.4" doc:"neural length scale of the small network"`
	Isometry      float64        `json:"conformal_isometry" range:">= 0" default:"0.3" doc:"weight of its conformal isometry loss"`
	Capacity      float64        `json:"capacity" range:">= 0" default:"0" doc:"weight of its capacity loss, in full from the start"`
	Length        int            `json:"length" range:"[0, 10000]" default:"0" doc:"steps of its walks; 0 = batch.length"`
}

// small is the training of the small network: the network's own, but for an equal share of its
// units and its own weights, on walks of so many steps.
func (t Training) small(steps int) Training {
	n := len(t.Pretraining.Lengths)
	s := Training{Recipe: t.Recipe, Attempts: t.Pretraining.Attempts, Keep: t.Pretraining.Keep}
	s.Network.Units, s.Network.Hidden = t.Network.Units/n, t.Network.Hidden/n
	s.Loss.ConformalIsometry, s.Loss.SigmaG = t.Pretraining.Isometry, t.Pretraining.SigmaG
	s.Loss.Capacity, s.Loss.CapacityStart, s.Loss.CapacityWarmup = t.Pretraining.Capacity, 0, 0
	s.Batch = t.withLength(steps)
	s.Optimiser.Steps, s.Optimiser.LearningRate = t.Pretraining.Steps, t.Pretraining.LearningRate
	return s
}

// finetuning is how copy i is trained further: as before, on walks of its own length, of which
// there are as many more as they are shorter.
func (t Training) finetuning(i int) train.Params {
	p := train.Params{Recipe: t.small(t.Pretraining.Lengths[i]).Recipe}
	p.Optimiser.Steps = t.Pretraining.FinetuneSteps
	return p
}

// withLength is a batch of walks of so many steps, as many as make up about as many states; 0
// leaves the batch as it is.
func (t Training) withLength(steps int) sic.Batch {
	b := t.Batch
	if steps > 0 && steps != b.Length {
		b.Length, b.Trajectories = steps, max(1, b.States()/steps)
	}
	return b
}

// check finds copies that do not make up the network, or cannot be trained as it is.
func (p Pretraining) check(doc *params.Document, t Training) error {
	n := len(p.Lengths)
	if p.Attempts > 0 && n == 0 {
		return doc.Errorf("pretraining", "found no lengths, must have one a copy")
	}
	if n == 0 {
		return nil
	}
	for _, size := range []struct {
		key   string
		value int
	}{{"network.units", t.Network.Units}, {"network.hidden", t.Network.Hidden}} {
		if size.value%n != 0 {
			return doc.Errorf(size.key, "found %d, must be a multiple of %d, the number of copies", size.value, n)
		}
	}
	if t.Network.Units/n < 2 {
		return doc.Errorf("pretraining", "found %d copies, must leave each at least 2 of the %d units", n, t.Network.Units)
	}
	if t.Network.GainMax > 1 {
		return doc.Errorf("network.gain_max", "found %v for a network that starts from copies of another, must be 1: copies keep no gains", t.Network.GainMax)
	}
	if len(p.RotationsDeg) != n {
		return doc.Errorf("pretraining.rotations_deg", "found %d angles, must be as many as there are lengths, %d", len(p.RotationsDeg), n)
	}
	if p.Separate && p.Length != 0 {
		return doc.Errorf("pretraining.length", "found %d for networks that are trained separately, must be 0: each has walks of its own, pretraining.lengths", p.Length)
	}
	if states := t.withLength(p.Length).States(); t.Batch.Pairs > states {
		return doc.Errorf("pretraining.length", "found %d, which leaves %d states in a batch, must leave at least %d, batch.pairs", p.Length, states, t.Batch.Pairs)
	}
	for i := range p.Lengths {
		if states := t.finetuning(i).Batch.States(); t.Batch.Pairs > states {
			return doc.Errorf(fmt.Sprintf("pretraining.lengths[%d]", i), "found %d, which leaves %d states in a batch, must leave at least %d, batch.pairs", p.Lengths[i], states, t.Batch.Pairs)
		}
	}
	o := t.Optimiser
	if o.Schedule != sic.ScheduleCosine {
		return nil
	}
	if o.FinalRate > p.LearningRate {
		return doc.Errorf("pretraining.learning_rate", "found %v, must be at least %v, the optimiser's final rate", p.LearningRate, o.FinalRate)
	}
	for _, training := range []struct {
		key   string
		steps int
	}{{"steps", p.Steps}, {"finetune_steps", p.FinetuneSteps}} {
		if o.WarmupSteps >= training.steps {
			return doc.Errorf("pretraining."+training.key, "found %d, must be more than %d, the optimiser's warm-up", training.steps, o.WarmupSteps)
		}
	}
	return nil
}
