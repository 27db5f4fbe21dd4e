package experiment

import (
	"fmt"

	"sicgrid/pkg/params"
	"sicgrid/pkg/sic"
	"sicgrid/stages/best"
	"sicgrid/stages/train"
)

// Parts are networks that are trained first, without the capacity loss; the network starts from them, joined (sic.Join), instead of a
// draw, and so do all attempts at it. There are two kinds, and none where neither is given. Parts of several scales are trained each
// alone, from a draw; each attempt turns them by other angles. Parts of several lengths are copies of one network, each of which is
// trained on further on walks of a length of its own: the shorter the walks, the less there is to tell apart, and the smaller becomes
// the lattice, which keeps its orientation. The copies are then turned by fixed angles.
type Parts struct {
	Scales       []float64 `json:"scales,omitempty"`        // of each part's walks
	Lengths      []int     `json:"lengths,omitempty"`       // steps of each copy's walks; the network's own length leaves a copy as it is
	TurnsDeg     []float64 `json:"turns_deg,omitempty"`     // degrees by which each copy is turned
	FurtherSteps int       `json:"further_steps,omitempty"` // of each copy's training
	Attempts     int       `json:"attempts"`                // trainings of each part from a draw, of which one is kept
	Keep         best.Keep `json:"keep"`                    // which; reach_m is at scale 1
	Steps        int       `json:"steps"`                   // of each training from a draw
	LearningRate float64   `json:"learning_rate"`           // at its highest
	SigmaG       float64   `json:"sigma_g"`                 // neural length scale of a part by itself
	Isometry     float64   `json:"conformal_isometry"`      // weight of its conformal isometry loss, at scale 1
}

// partSeeds is how far apart the seeds of parts of several scales are: beyond those of all attempts at one.
const partSeeds = 100 * attemptSeeds

func (p Parts) number() int { return max(len(p.Scales), len(p.Lengths)) }

// part is the training of a part from a draw: the network's own, but for an equal share of its units, at a scale of its own. Velocities
// and the lengths that the losses look at grow alike, and with them the lattice; isometry is a ratio to velocities, its variance to
// their square.
func (t Training) part(scale float64) Training {
	n := t.Parts.number()
	p := Training{Recipe: t.Recipe, Attempts: t.Parts.Attempts, Keep: t.Parts.Keep}
	p.Network.Units, p.Network.Hidden = t.Network.Units/n, t.Network.Hidden/n
	p.Batch.VelocityMax *= scale
	p.Loss.SigmaX *= scale
	p.Loss.IsometryRadius *= scale
	p.Loss.ConformalIsometry = t.Parts.Isometry * scale * scale
	p.Loss.SigmaG = t.Parts.SigmaG
	p.Loss.Capacity, p.Loss.CapacityStart, p.Loss.CapacityWarmup = 0, 0, 0
	p.Optimiser.Steps, p.Optimiser.LearningRate = t.Parts.Steps, t.Parts.LearningRate
	p.Keep.ReachM *= scale
	return p
}

// copied is how copy i is trained on: as before, on walks of its own length, of which there are as many more as they are shorter.
func (t Training) copied(i int) train.Params {
	p := train.Params{Recipe: t.part(1).Recipe, TurnsDeg: []float64{0}}
	p.Batch.Length = t.Parts.Lengths[i]
	p.Batch.Trajectories = max(1, t.Batch.States()/p.Batch.Length)
	p.Optimiser.Steps = t.Parts.FurtherSteps
	return p
}

// check finds parts that do not make up the network, or cannot be trained as it is.
func (p Parts) check(doc *params.Document, t Training) error {
	n := p.number()
	if len(p.Scales) > 0 && len(p.Lengths) > 0 {
		return doc.Errorf("parts.lengths", "found lengths beside scales, must be one or the other")
	}
	if p.Attempts > 0 && n == 0 {
		return doc.Errorf("parts", "found neither lengths nor scales, must have one")
	}
	if n == 0 {
		return nil
	}
	for _, size := range []struct {
		key   string
		value int
	}{{"network.units", t.Network.Units}, {"network.hidden", t.Network.Hidden}} {
		if size.value%n != 0 {
			return doc.Errorf(size.key, "found %d, must be a multiple of %d, the number of parts", size.value, n)
		}
	}
	if t.Network.Units/n < 2 {
		return doc.Errorf("parts", "found %d parts, must leave each at least 2 of the %d units", n, t.Network.Units)
	}
	if err := p.checkSteps(doc, "parts.steps", p.Steps, t.Optimiser); err != nil {
		return err
	}
	if o := t.Optimiser; o.Schedule == sic.ScheduleCosine && o.FinalRate > p.LearningRate {
		return doc.Errorf("parts.learning_rate", "found %v, must be at least %v, the optimiser's final rate", p.LearningRate, o.FinalRate)
	}
	return p.checkCopies(doc, t)
}

// checkCopies finds what is wrong with parts that are copies.
func (p Parts) checkCopies(doc *params.Document, t Training) error {
	if len(p.TurnsDeg) != len(p.Lengths) {
		return doc.Errorf("parts.turns_deg", "found %d angles, must be as many as there are lengths, %d", len(p.TurnsDeg), len(p.Lengths))
	}
	if len(p.Lengths) == 0 {
		return nil
	}
	for i := range p.Lengths {
		if states := t.copied(i).Batch.States(); t.Batch.Pairs > states {
			return doc.Errorf(fmt.Sprintf("parts.lengths[%d]", i), "found %d, which leaves %d states in a batch, must leave at least %d, batch.pairs", p.Lengths[i], states, t.Batch.Pairs)
		}
	}
	return p.checkSteps(doc, "parts.further_steps", p.FurtherSteps, t.Optimiser)
}

func (p Parts) checkSteps(doc *params.Document, key string, steps int, o sic.Optimiser) error {
	if o.Schedule == sic.ScheduleCosine && o.WarmupSteps >= steps {
		return doc.Errorf(key, "found %d, must be more than %d, the optimiser's warm-up", steps, o.WarmupSteps)
	}
	return nil
}
