// Package distances is the stage that compares the states of a trained network with the places
// where it was: how fast states decorrelate with distance, and whether the same place has the same
// state after any time (figure 5a).
package distances

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/stages/distances/distancestable"
	"sicgrid/stages/trajectories/trajectoriestable"
	"sicgrid/stages/weights"
)

// Params are the parameters of the comparison.
type Params struct {
	Walks   int     `json:"walks"`   // of the evaluation that are followed
	Pairs   int     `json:"pairs"`   // random pairs of states, of any walks
	SigmaX  float64 `json:"sigma_x"` // m: two places nearer than this are the same
	ReachM  float64 `json:"reach_m"` // largest distance that is looked at, m
	LagStep int     `json:"lag_step"`
}

// Outputs of the stage.
var Outputs = []string{"density", "lags", "summary"}

const (
	bins       = 60 // of the distance in space
	neuralBins = 60 // of the distance of states, 0 to the root of 2: states are unit vectors without negative values
)

// rolled is the walks that were followed, and the states on them.
type rolled struct {
	steps, units int
	position     [][]float32 // [walks][steps*2]
	state        [][]float32 // [walks][steps*units]
}

// Run follows the walks and compares.
func Run(ctx context.Context, p Params, t *pipeline.Task) error {
	network, params, err := weights.Read(t)
	if err != nil {
		return err
	}
	walks, meta, err := pipeline.Read[trajectoriestable.Walk](t, "walks")
	if err != nil {
		return err
	}
	if len(walks) == 0 {
		return fmt.Errorf("walks: no walk to follow")
	}
	walks = walks[:min(p.Walks, len(walks))]
	r := &rolled{steps: len(walks[0].Velocity) / 2, units: network.Units}
	roller, err := cpu.NewRoller(network, params)
	if err != nil {
		return err
	}
	var velocity [][]float32
	for _, w := range walks {
		velocity = append(velocity, w.Velocity)
		r.position = append(r.position, w.Position)
		r.state = append(r.state, make([]float32, r.steps*r.units))
	}
	roller.Run(velocity, func(walk, step int, state []float32) {
		copy(r.state[walk][step*r.units:], state)
	})
	density := r.density(p, t.Seed())
	var lags []distancestable.Lag
	for from := 1; from < r.steps; from += p.LagStep {
		if err := ctx.Err(); err != nil {
			return err
		}
		lags = append(lags, r.lag(p, from, min(from+p.LagStep, r.steps)))
		t.Progress(int64(from), int64(r.steps), "lags")
	}
	about := map[string]string{"box_m": meta["box_m"], "sigma_x": fmt.Sprint(p.SigmaX), "reach_m": fmt.Sprint(p.ReachM), "walks": fmt.Sprint(len(walks)), "steps": fmt.Sprint(r.steps)}
	if err := pipeline.Emit(t, "density", density, about); err != nil {
		return err
	}
	if err := pipeline.Emit(t, "lags", lags, about); err != nil {
		return err
	}
	return pipeline.Emit(t, "summary", []distancestable.Summary{summarise(p, density, lags)}, about)
}

// apart returns the distance in m of two moments' places.
func (r *rolled) apart(w, s, v, u int) float64 {
	a, b := r.position[w][2*s:2*s+2], r.position[v][2*u:2*u+2]
	return math.Hypot(float64(a[0]-b[0]), float64(a[1]-b[1]))
}

// neural returns the distance of two moments' states.
func (r *rolled) neural(w, s, v, u int) float64 {
	a, b := r.state[w][s*r.units:(s+1)*r.units], r.state[v][u*r.units:(u+1)*r.units]
	var sum float32
	for i, x := range a {
		sum += (x - b[i]) * (x - b[i])
	}
	return math.Sqrt(float64(sum))
}

// density bins random pairs of moments.
func (r *rolled) density(p Params, seed uint64) []distancestable.Density {
	random := rand.New(rand.NewPCG(seed, 1))
	rows := make([]distancestable.Density, bins)
	sums := make([]float64, bins)
	counts := make([]float64, bins)
	for b := range rows {
		rows[b] = distancestable.Density{Distance: p.ReachM * (float64(b) + 0.5) / bins, Counts: make([]int32, neuralBins)}
	}
	for range p.Pairs {
		w, s := random.IntN(len(r.state)), random.IntN(r.steps)
		v, u := random.IntN(len(r.state)), random.IntN(r.steps)
		b := int(r.apart(w, s, v, u) / p.ReachM * bins)
		if b >= bins || w == v && s == u {
			continue
		}
		d := r.neural(w, s, v, u)
		rows[b].Counts[min(int(d/math.Sqrt2*neuralBins), neuralBins-1)]++
		sums[b] += d
		counts[b]++
	}
	for b := range rows {
		rows[b].Mean = sums[b] / counts[b]
	}
	return rows
}

// lag compares the moments of each walk that are from to to-1 steps apart.
func (r *rolled) lag(p Params, from, to int) distancestable.Lag {
	out := distancestable.Lag{Lag: float64(from+to-1) / 2, Mean: make([]float64, bins), Same: math.NaN()}
	counts := make([]float64, bins)
	var same []float64
	for w := range r.state {
		for lag := from; lag < to; lag++ {
			// A few hundred moments a lag are enough, whatever the length of the walks.
			for s := 0; s+lag < r.steps; s += 1 + r.steps/300 {
				gap := r.apart(w, s, w, s+lag)
				if gap >= p.ReachM {
					continue
				}
				d := r.neural(w, s, w, s+lag)
				b := int(gap / p.ReachM * bins)
				out.Mean[b] += d
				counts[b]++
				if gap < p.SigmaX {
					same = append(same, d)
				}
			}
		}
	}
	for b := range out.Mean {
		out.Mean[b] /= counts[b]
	}
	if out.Pairs = int64(len(same)); len(same) > 0 {
		slices.Sort(same)
		out.Same = same[len(same)/2]
	}
	return out
}

// reach returns the distance in m at which the mean distance of states first comes to a level,
// between the middles of two bins; NaN if it never does.
func reach(density []distancestable.Density, level float64) float64 {
	var x, y float64 // a state is at no distance from itself
	for _, d := range density {
		if d.Mean >= level {
			return x + (d.Distance-x)*(level-y)/(d.Mean-y)
		}
		if !math.IsNaN(d.Mean) {
			x, y = d.Distance, d.Mean
		}
	}
	return math.NaN()
}

// shortLag is the length of the training walks: the lag up to which path invariance was trained.
const shortLag = 60

func summarise(p Params, density []distancestable.Density, lags []distancestable.Lag) distancestable.Summary {
	s := distancestable.Summary{Plateau: math.NaN(), Reach90: math.NaN(), Same: math.NaN(), SigmaX: p.SigmaX}
	sum, n := 0.0, 0.0
	for _, d := range density[bins/2:] {
		if !math.IsNaN(d.Mean) {
			sum, n = sum+d.Mean, n+1
		}
	}
	s.Plateau = sum / n
	s.Reach90 = reach(density, 0.9*s.Plateau)
	for _, l := range lags {
		if l.Lag <= shortLag && !math.IsNaN(l.Same) && !(l.Same < s.Same) {
			s.Same = l.Same
		}
	}
	return s
}
