package main

import (
	"sicgrid/pkg/params"
	"sicgrid/pkg/sic"
	"sicgrid/stages/best"
)

// Parts are networks that are trained first, each alone, on walks of a scale of its own and without the capacity loss; the network
// starts from them, joined (sic.Join), instead of a draw. Attempts at the network start from the same parts, each turned by other
// angles. One part alone is the network itself. Without scales there are none.
type Parts struct {
	Scales       []float64 `json:"scales"`             // of each part's walks
	Attempts     int       `json:"attempts"`           // trainings of each, of which one is kept
	Keep         best.Keep `json:"keep"`               // which; reach_m is at scale 1
	Steps        int       `json:"steps"`              // of each training
	LearningRate float64   `json:"learning_rate"`      // at its highest
	SigmaG       float64   `json:"sigma_g"`            // neural length scale of a part by itself
	Isometry     float64   `json:"conformal_isometry"` // weight of its conformal isometry loss, at scale 1
}

// partSeeds is how far apart the seeds of a network's parts are: beyond those of all attempts at one.
const partSeeds = 100 * attemptSeeds

// part is the training of part i: the network's own, but for an equal share of its units, at a scale of its own. Velocities and the
// lengths that the losses look at grow alike, and with them the lattice; isometry is a ratio to velocities, its variance to their square.
func (t Training) part(i int) Training {
	n, scale := len(t.Parts.Scales), t.Parts.Scales[i]
	p := Training{Params: t.Params, Attempts: t.Parts.Attempts, Keep: t.Parts.Keep}
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

// check finds parts that do not make up the network, or cannot be trained as it is.
func (p Parts) check(doc *params.Document, t Training) error {
	n := len(p.Scales)
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
		return doc.Errorf("parts.scales", "found %d parts, must leave each at least 2 of the %d units", n, t.Network.Units)
	}
	if o := t.Optimiser; o.Schedule == sic.ScheduleCosine {
		if o.WarmupSteps >= p.Steps {
			return doc.Errorf("parts.steps", "found %d, must be more than %d, the optimiser's warm-up", p.Steps, o.WarmupSteps)
		}
		if o.FinalRate > p.LearningRate {
			return doc.Errorf("parts.learning_rate", "found %v, must be at least %v, the optimiser's final rate", p.LearningRate, o.FinalRate)
		}
	}
	return nil
}
