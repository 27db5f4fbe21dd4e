package sic

import "math"

// Terms are the losses of one micro-batch and what was counted on the way.
type Terms struct {
	Separation        float64 // eq. 4
	Invariance        float64 // eq. 5
	Capacity          float64 // eq. 6
	ConformalIsometry float64 // eq. 7
	Total             float64 // eq. 8
	Far, Near         int     // ordered pairs in eq. 4 and eq. 5
	Short             int     // steps (b, t) in eq. 7
	Dead              int     // states whose every unit is silent
}

// Weigh sets Total from the other terms (eq. 8).
func (t *Terms) Weigh(l Loss) {
	t.Total = l.Separation*t.Separation + l.Invariance*t.Invariance + l.Capacity*t.Capacity + l.ConformalIsometry*t.ConformalIsometry
}

// tiny keeps divisions by a norm or a distance finite at the singular points: a
// dead state has norm 0, and at W = I every g_t - g_{t-1} is 0.
const tiny = 1e-8

// shortest is the speed (m) under which eq. 7 ignores a step: 1/‖v‖ is heavy-tailed.
const shortest = 1e-3

// pairLoss adds the gradient of λ_Sep·L_Sep + λ_Inv·L_Inv with respect to the
// sampled states to dState and returns both losses.
//
// state and dState: [M][N]; position: [M] m; sampled: indices into them. Pairs
// are ordered and exclude self; far means a distance of at least SigmaX, near a
// smaller one. The reduction is a mean over the pairs or a sum; no pairs give 0.
func pairLoss(l Loss, state [][]float64, position [][2]float32, sampled []int32, dState [][]float64, t *Terms) {
	near := func(i, j int32) bool {
		dx := float64(position[i][0]) - float64(position[j][0])
		dy := float64(position[i][1]) - float64(position[j][1])
		return dx*dx+dy*dy < l.SigmaX*l.SigmaX
	}
	for _, i := range sampled {
		for _, j := range sampled {
			switch {
			case i == j:
			case near(i, j):
				t.Near++
			default:
				t.Far++
			}
		}
	}
	farWeight, nearWeight := 1.0, 1.0
	if l.Reduction != ReductionSum {
		farWeight, nearWeight = 1/float64(max(t.Far, 1)), 1/float64(max(t.Near, 1))
	}
	for _, i := range sampled {
		for _, j := range sampled {
			if i == j {
				continue
			}
			// Both members of an unordered pair are visited, so the gradient
			// with respect to g_i counts each twice.
			gi, gj := state[i], state[j]
			square := 0.0
			for n := range gi {
				square += (gi[n] - gj[n]) * (gi[n] - gj[n])
			}
			var slope float64
			if near(i, j) {
				t.Invariance += nearWeight * square
				slope = 2 * l.Invariance * nearWeight * 2
			} else {
				e := math.Exp(-square / (2 * l.SigmaG * l.SigmaG))
				t.Separation += farWeight * e
				slope = 2 * l.Separation * farWeight * e * -1 / (l.SigmaG * l.SigmaG)
			}
			for n := range gi {
				dState[i][n] += slope * (gi[n] - gj[n])
			}
		}
	}
}

// capacityLoss adds the gradient of λ_Cap·L_Cap (eq. 6) to dState and returns the loss.
func capacityLoss(l Loss, state, dState [][]float64) float64 {
	mean := make([]float64, len(state[0]))
	for _, g := range state {
		for n := range mean {
			mean[n] += g[n] / float64(len(state))
		}
	}
	loss := 0.0
	for _, m := range mean {
		loss -= m * m
	}
	for _, d := range dState {
		for n := range mean {
			d[n] -= l.Capacity * 2 * mean[n] / float64(len(state))
		}
	}
	return loss
}

// step is one transition that eq. 7 looks at.
type step struct {
	before, after   []float64 // g_{t-1}, g_t [N]
	dBefore, dAfter []float64 // where their gradients go
	speed           float64   // ‖v_t‖, m
}

// isometryLoss adds the gradient of λ_ConIso·L_ConIso (eq. 7: the population
// variance of ‖g_t-g_{t-1}‖/‖v_t‖ over all given steps) and returns the loss; 0
// without steps.
func isometryLoss(l Loss, steps []step) float64 {
	if len(steps) == 0 {
		return 0
	}
	distance := make([]float64, len(steps))
	mean := 0.0
	for i, s := range steps {
		for n := range s.after {
			distance[i] += (s.after[n] - s.before[n]) * (s.after[n] - s.before[n])
		}
		distance[i] = math.Sqrt(distance[i])
		mean += distance[i] / s.speed / float64(len(steps))
	}
	variance := 0.0
	for i, s := range steps {
		deviation := distance[i]/s.speed - mean
		variance += deviation * deviation / float64(len(steps))
		slope := l.ConformalIsometry * 2 * deviation / float64(len(steps)) / s.speed / math.Max(distance[i], tiny)
		for n := range s.after {
			d := slope * (s.after[n] - s.before[n])
			s.dAfter[n] += d
			s.dBefore[n] -= d
		}
	}
	return variance
}

// Short says whether eq. 7 looks at a step with this velocity (m).
func (l Loss) Short(v [2]float32) bool {
	speed := math.Hypot(float64(v[0]), float64(v[1]))
	return speed >= shortest && speed < l.ShortSpeed()
}
