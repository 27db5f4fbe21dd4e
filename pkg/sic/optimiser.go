package sic

import "math"

// Moments are AdamW's running means of the gradient and of its square, in the layout's order.
type Moments[F float32 | float64] struct {
	First, Second []F
}

// NewMoments returns those of a run of so many parameters that has not started.
func NewMoments[F float32 | float64](size int) Moments[F] {
	return Moments[F]{make([]F, size), make([]F, size)}
}

// ClipScale returns what a gradient of this global norm is multiplied by: as
// torch.nn.utils.clip_grad_norm_, min(1, clip/(norm+1e-6)); 1 when clip is 0.
func (o Optimiser) ClipScale(norm float64) float64 {
	if o.Clip <= 0 {
		return 1
	}
	return math.Min(1, o.Clip/(norm+1e-6))
}

// AdamW updates params in place at optimiser step number step (from 1), after
// Loshchilov and Hutter (2019): decoupled decay, bias-corrected moments.
func (o Optimiser) AdamW(params, gradient []float64, m Moments[float64], rate float64, step int) {
	correction1 := 1 - math.Pow(o.Beta1, float64(step))
	correction2 := 1 - math.Pow(o.Beta2, float64(step))
	for i, d := range gradient {
		m.First[i] = o.Beta1*m.First[i] + (1-o.Beta1)*d
		m.Second[i] = o.Beta2*m.Second[i] + (1-o.Beta2)*d*d
		params[i] -= rate * o.WeightDecay * params[i]
		params[i] -= rate * m.First[i] / correction1 / (math.Sqrt(m.Second[i]/correction2) + o.Epsilon)
	}
}

// Plateau is the state of the plateau schedule; its zero value is a fresh run's. An observation is
// the mean total loss of a window: on single, noisy losses the rule would end the learning.
type Plateau struct {
	Scale    float64 // the rate is LearningRate·Scale
	Best     float64 // lowest window mean so far
	Bad      int     // windows since
	Sum      float64 // of the losses of the running window
	Observed int     // losses in it
}

// NewPlateau returns the state of a run that has not started.
func NewPlateau() Plateau { return Plateau{Scale: 1, Best: math.MaxFloat64} }

// Rate returns the learning rate of optimiser step number step (from 1).
func (o Optimiser) Rate(step int, p Plateau) float64 {
	switch o.Schedule {
	case ScheduleCosine:
		rate := o.FinalRate + (o.LearningRate-o.FinalRate)*0.5*(1+math.Cos(math.Pi*float64(step)/float64(o.Steps)))
		if step < o.WarmupSteps {
			rate *= float64(step) / float64(o.WarmupSteps)
		}
		return rate
	case SchedulePlateau:
		return math.Max(o.LearningRate*p.Scale, o.MinRate)
	default:
		return o.LearningRate
	}
}

// Observe takes one step's total loss into the plateau schedule. As in
// torch.optim.lr_scheduler.ReduceLROnPlateau, a window that is not better than the best by the
// relative threshold is bad, and more bad windows in a row than Patience reduce the rate.
func (o Optimiser) Observe(p *Plateau, loss float64) {
	if o.Schedule != SchedulePlateau {
		return
	}
	p.Sum += loss
	p.Observed++
	if p.Observed < o.Window {
		return
	}
	mean := p.Sum / float64(p.Observed)
	p.Sum, p.Observed = 0, 0
	if p.Best == math.MaxFloat64 || mean < p.Best-o.Threshold*math.Abs(p.Best) {
		p.Best, p.Bad = mean, 0
		return
	}
	p.Bad++
	if p.Bad > o.Patience {
		p.Scale *= o.Factor
		p.Bad = 0
	}
}
