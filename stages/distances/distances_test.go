package distances

import (
	"math"
	"math/rand/v2"
	"testing"

	"sicgrid/stages/distances/distancestable"
)

var params = Params{Walks: 20, Pairs: 40000, SigmaX: 0.05, ReachM: 1.5, LagStep: 30}

// code is walks in a small box whose states are Gaussian bumps of the place, and those of a second
// half shifted by drift metres.
func code(drift float64) *rolled {
	random := rand.New(rand.NewPCG(1, 2))
	var centres [][2]float64
	for range 60 {
		centres = append(centres, [2]float64{2 * (random.Float64() - 0.5), 2 * (random.Float64() - 0.5)})
	}
	r := &rolled{steps: 200, units: len(centres)}
	for range 20 {
		position, state := make([]float32, 2*r.steps), make([]float32, r.steps*r.units)
		x, y, heading := 0.0, 0.0, 6*random.Float64()
		for s := range r.steps {
			heading += 0.4 * (random.Float64() - 0.5)
			x, y = math.Max(-0.5, math.Min(0.5, x+0.05*math.Cos(heading))), math.Max(-0.5, math.Min(0.5, y+0.05*math.Sin(heading)))
			position[2*s], position[2*s+1] = float32(x), float32(y)
			seen := x
			if s >= r.steps/2 {
				seen += drift
			}
			norm := 0.0
			for u, c := range centres {
				g := math.Exp(-(math.Pow(seen-c[0], 2) + math.Pow(y-c[1], 2)) / (2 * 0.2 * 0.2))
				state[s*r.units+u] = float32(g)
				norm += g * g
			}
			for u := range centres {
				state[s*r.units+u] /= float32(math.Sqrt(norm))
			}
		}
		r.position, r.state = append(r.position, position), append(r.state, state)
	}
	return r
}

func (r *rolled) compare(p Params) (density []distancestable.Density, lags []distancestable.Lag, s distancestable.Summary) {
	density = r.density(p, 1)
	for from := 1; from < r.steps; from += p.LagStep {
		lags = append(lags, r.lag(p, from, min(from+p.LagStep, r.steps)))
	}
	return density, lags, summarise(p, density, lags)
}

func TestACodeOfPlaceDecorrelatesWithDistanceAndNotWithTime(t *testing.T) {
	p := params
	p.ReachM = 0.9
	density, lags, s := code(0).compare(p)
	if !(s.Plateau > 0.8 && s.Plateau < math.Sqrt2) || !(s.Reach90 > 0.15 && s.Reach90 < 0.8) {
		t.Errorf("plateau %g, reached at %g m", s.Plateau, s.Reach90)
	}
	if !(density[0].Mean < 0.15*s.Plateau) {
		t.Errorf("states of almost the same place are %g apart, the plateau is %g", density[0].Mean, s.Plateau)
	}
	for _, l := range lags {
		if l.Pairs > 100 && !(l.Same < 0.25*s.Plateau) {
			t.Errorf("after %g steps the same place has states %g apart", l.Lag, l.Same)
		}
	}
	if !(s.Same < 0.25*s.Plateau) {
		t.Errorf("summary %+v: want the same state at the same place", s)
	}
}

func TestADriftingCodeIsSeenToDrift(t *testing.T) {
	p := params
	p.ReachM = 0.9
	_, lags, s := code(0.3).compare(p)
	last := lags[len(lags)-2]
	if !(last.Same > 0.5*s.Plateau) {
		t.Errorf("after %g steps the same place has states %g apart, want the drift of 0.3 m to show (plateau %g)", last.Lag, last.Same, s.Plateau)
	}
}

func TestPairsAreBinnedByBothDistances(t *testing.T) {
	// Two moments, 0.3 m apart, of orthogonal states.
	r := &rolled{steps: 2, units: 2, position: [][]float32{{0, 0, 0.3, 0}}, state: [][]float32{{1, 0, 0, 1}}}
	density := r.density(Params{Pairs: 1000, SigmaX: 0.05, ReachM: 1.5}, 1)
	for b, row := range density {
		total := int32(0)
		for _, n := range row.Counts {
			total += n
		}
		if want := b == 12; (total > 0) != want { // 0.3 m of 1.5 m in 60 bins
			t.Errorf("bin %d at %g m holds %d pairs", b, row.Distance, total)
		}
		if b == 12 && (math.Abs(row.Mean-math.Sqrt2) > 1e-6 || row.Counts[neuralBins-1] != total) {
			t.Errorf("orthogonal states are %g apart", row.Mean)
		}
	}
}

func TestTheReachLiesBetweenTheBins(t *testing.T) {
	density := []distancestable.Density{{Distance: 0.1, Mean: 0.2}, {Distance: 0.2, Mean: math.NaN()}, {Distance: 0.3, Mean: 0.6}, {Distance: 0.4, Mean: 0.5}}
	for level, want := range map[float64]float64{0.1: 0.05, 0.2: 0.1, 0.4: 0.2, 0.6: 0.3} {
		if got := reach(density, level); math.Abs(got-want) > 1e-12 {
			t.Errorf("level %g is reached at %g m, want %g", level, got, want)
		}
	}
	if got := reach(density, 0.7); !math.IsNaN(got) {
		t.Errorf("a level above all is reached at %g m, want NaN", got)
	}
}
