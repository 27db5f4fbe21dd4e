package sic

import (
	"math"

	"sicgrid/pkg/sic/loss"
)

// Terms are the losses of one micro-batch and what was counted on the way.
type Terms struct {
	loss.Values         // equations 4 to 7, and ours
	Total       float64 // eq. 8
	Far, Near   int     // ordered pairs in eq. 4 and eq. 5
	Short       int     // steps (b, t) in eq. 7
	Dead        int     // states whose every unit is silent
}

// Weigh sets Total, the weighted sum of the terms (eq. 8).
func (t *Terms) Weigh(weights loss.Values) {
	t.Total = 0
	for i, x := range t.Values {
		t.Total += weights[i] * x
	}
}

// Add adds a share of another micro-batch's losses and its counts.
func (t *Terms) Add(o Terms, share float64) {
	for i, x := range o.Values {
		t.Values[i] += share * x
	}
	t.Far += o.Far
	t.Near += o.Near
	t.Short += o.Short
	t.Dead += o.Dead
}

// PairWeights returns what one pair counts in equations 4 and 5: 1 over the number of pairs where
// the reduction is a mean, and 1 where it is a sum.
func (t *Terms) PairWeights(l *Loss) (far, near float64) {
	if l.Reduction == loss.ReductionSum {
		return 1, 1
	}
	return 1 / float64(max(t.Far, 1)), 1 / float64(max(t.Near, 1))
}

// Tiny keeps divisions by a norm or a distance finite at the singular points: a dead state has norm
// 0, and at W = I every g_t - g_{t-1} is 0.
const Tiny = 1e-8

// losses computes every term, and adds the gradient of their weighted sum to that of the states,
// dState [B*T][N], and of g_0, dStart [N].
func (p *pass) losses(l Loss, weights loss.Values, dState [][]float64, dStart []float64) Terms {
	var t Terms
	p.pairLosses(l, weights, dState, &t)
	mean := p.meanState()
	t.Values[loss.Capacity] = capacityLoss(weights[loss.Capacity], mean, dState)
	t.Values[loss.Homeostasis] = homeostasisLoss(weights[loss.Homeostasis], mean, dState)
	var steps []step
	for i, k := range p.draw.Order {
		if speed, short := l.Short(p.draw.Velocity[k]); short {
			g, d := p.before(i, dState, dStart)
			steps = append(steps, step{g, p.state[i], d, dState[i], speed, l.SpeedBin(speed)})
		}
	}
	t.Short = len(steps)
	t.Values[loss.ConformalIsometry] = isometryLoss(weights[loss.ConformalIsometry], steps)
	for _, norm := range p.norm {
		if norm == 0 {
			t.Dead++
		}
	}
	t.Weigh(weights)
	return t
}

// pairLosses adds the gradient of λ_Sep·L_Sep + λ_Inv·L_Inv with respect to the sampled states to
// dState [B*T][N], and leaves both losses in t.
//
// Pairs are ordered and exclude self; far means a distance of at least SigmaX, near a smaller one.
// The reduction is a mean over the pairs or a sum; no pairs give 0.
func (p *pass) pairLosses(l Loss, weights loss.Values, dState [][]float64, t *Terms) {
	state, position, sampled := p.state, p.draw.Position, p.draw.Sampled
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
	farWeight, nearWeight := t.PairWeights(&l)
	for _, i := range sampled {
		for _, j := range sampled {
			if i == j {
				continue
			}
			// Both members of an unordered pair are visited, so the gradient with respect to g_i
			// counts each twice.
			gi, gj := state[i], state[j]
			square := 0.0
			for n := range gi {
				square += (gi[n] - gj[n]) * (gi[n] - gj[n])
			}
			var slope float64
			if near(i, j) {
				t.Values[loss.Invariance] += nearWeight * square
				slope = 2 * weights[loss.Invariance] * nearWeight * 2
			} else {
				e := math.Exp(-square / (2 * l.SigmaG * l.SigmaG))
				t.Values[loss.Separation] += farWeight * e
				slope = 2 * weights[loss.Separation] * farWeight * e * -1 / (l.SigmaG * l.SigmaG)
			}
			for n := range gi {
				dState[i][n] += slope * (gi[n] - gj[n])
			}
		}
	}
}

// meanState is the mean activity of each unit, [N].
func (p *pass) meanState() []float64 {
	mean := make([]float64, p.network.Units)
	for _, g := range p.state {
		for n := range mean {
			mean[n] += g[n] / float64(len(p.state))
		}
	}
	return mean
}

// capacityLoss adds the gradient of λ_Cap·L_Cap (eq. 6) to dState and returns the loss, given the
// mean activity of each unit.
func capacityLoss(weight float64, mean []float64, dState [][]float64) float64 {
	sum := 0.0
	for _, m := range mean {
		sum -= m * m
	}
	for _, d := range dState {
		for n := range mean {
			d[n] -= weight * 2 * mean[n] / float64(len(dState))
		}
	}
	return sum
}

// homeostasisLoss adds the gradient of λ·Σ_n (m_n - m)² to dState and returns the loss, given the
// mean activity m_n of each unit; m is the mean of them.
func homeostasisLoss(weight float64, mean []float64, dState [][]float64) float64 {
	all := 0.0
	for _, m := range mean {
		all += m / float64(len(mean))
	}
	sum := 0.0
	for _, m := range mean {
		sum += (m - all) * (m - all)
	}
	for _, d := range dState {
		for n, m := range mean { // that m moves with m_n changes nothing: the deviations add up to 0
			d[n] += weight * 2 * (m - all) / float64(len(dState))
		}
	}
	return sum
}

// step is one transition that eq. 7 looks at.
type step struct {
	before, after   []float64 // g_{t-1}, g_t [N]
	dBefore, dAfter []float64 // where their gradients go
	speed           float64   // ‖v_t‖, m
	bin             int       // of its speed
}

// isometryLoss adds the gradient of λ_ConIso·L_ConIso (eq. 7: the population variance of
// ‖g_t-g_{t-1}‖/‖v_t‖ over all given steps, each about the mean of its speed's bin) and returns the
// loss; 0 without steps.
func isometryLoss(weight float64, steps []step) float64 {
	if len(steps) == 0 {
		return 0
	}
	distance := make([]float64, len(steps))
	var mean, count [loss.SpeedBins]float64
	for i, s := range steps {
		for n := range s.after {
			distance[i] += (s.after[n] - s.before[n]) * (s.after[n] - s.before[n])
		}
		distance[i] = math.Sqrt(distance[i])
		mean[s.bin] += distance[i] / s.speed
		count[s.bin]++
	}
	variance := 0.0
	for i, s := range steps {
		deviation := distance[i]/s.speed - mean[s.bin]/count[s.bin]
		variance += deviation * deviation / float64(len(steps))
		slope := weight * 2 * deviation / float64(len(steps)) / s.speed / math.Max(distance[i], Tiny)
		for n := range s.after {
			d := slope * (s.after[n] - s.before[n])
			s.dAfter[n] += d
			s.dBefore[n] -= d
		}
	}
	return variance
}
