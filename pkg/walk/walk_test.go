package walk

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sicgrid/pkg/params"
)

func draw(t testing.TB, m Motion, seed uint64, boxM float64, index, steps int) *Walk {
	t.Helper()
	w, err := m.Draw(seed, boxM, index, steps)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEveryStepLiesInTheTrainingRangeAndEveryPositionInTheBox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		boxM := rapid.Float64Range(0.5, 6).Draw(t, "box")
		seed := rapid.Uint64().Draw(t, "seed")
		index := rapid.IntRange(0, 1000).Draw(t, "walk")
		m := DefaultMotion()
		m.TurnSD = rapid.Float64Range(0, 0.5).Draw(t, "turn sd")
		m.WallM = rapid.Float64Range(0, 0.2).Draw(t, "wall")
		m.WallTurn = rapid.Float64Range(0, 1.5).Draw(t, "wall turn")
		w, err := m.Draw(seed, boxM, index, 600)
		if err != nil {
			t.Fatal(err)
		}
		var x, y float64
		for k := range 600 {
			vx, vy := float64(w.Velocity[2*k]), float64(w.Velocity[2*k+1])
			if max(math.Abs(vx), math.Abs(vy)) > m.VelocityMaxM {
				t.Fatalf("step %d: component beyond %g m: (%g, %g)", k, m.VelocityMaxM, vx, vy)
			}
			if length := math.Hypot(vx, vy); length < m.StepMinM || length > m.StepMaxM {
				t.Fatalf("step %d: length %g m outside %g to %g m", k, length, m.StepMinM, m.StepMaxM)
			}
			x, y = x+vx, y+vy
			px, py := w.Position[2*k], w.Position[2*k+1]
			if px != float32(x) || py != float32(y) {
				t.Fatalf("step %d: position (%g, %g) is not the running sum (%g, %g) of the steps", k, px, py, x, y)
			}
			if max(math.Abs(float64(px)), math.Abs(float64(py))) >= boxM/2 {
				t.Fatalf("step %d: position (%g, %g) outside a box of %g m", k, px, py, boxM)
			}
		}
	})
}

// Turns are measured in the 2 m box of the figures, where one step in seven is near a wall.
func TestHeadingsAreSmooth(t *testing.T) {
	var sum float64
	var sharp, turns int
	for index := range 50 {
		w := draw(t, DefaultMotion(), 1, 2, index, 600)
		for k := 1; k < 600; k++ {
			before := math.Atan2(float64(w.Velocity[2*k-1]), float64(w.Velocity[2*k-2]))
			after := math.Atan2(float64(w.Velocity[2*k+1]), float64(w.Velocity[2*k]))
			turn := math.Abs(math.Remainder(after-before, 2*math.Pi))
			sum += turn
			if turn > 1 {
				sharp++
			}
			turns++
		}
	}
	if mean := sum / float64(turns); mean > 0.25 {
		t.Errorf("mean absolute turn %.3f rad, want below 0.25", mean)
	}
	if share := float64(sharp) / float64(turns); share > 0.01 {
		t.Errorf("%.2f %% of the turns exceed 1 rad, want below 1 %%", 100*share)
	}
}

func TestStepLengthsVarySmoothly(t *testing.T) {
	const steps = 600
	var lengths []float64
	var mean, change, variance float64
	for index := range 50 {
		w := draw(t, DefaultMotion(), 2, 4, index, steps)
		for k := range steps {
			lengths = append(lengths, math.Hypot(float64(w.Velocity[2*k]), float64(w.Velocity[2*k+1])))
		}
	}
	for _, length := range lengths {
		mean += length / float64(len(lengths))
	}
	for k, length := range lengths {
		variance += (length - mean) * (length - mean)
		if k%steps > 0 {
			change += (length - lengths[k-1]) * (length - lengths[k-1])
		}
	}
	if mean < 0.045 || mean > 0.065 {
		t.Errorf("mean step %.4f m, want 0.045 to 0.065", mean)
	}
	// Independent lengths would give a ratio of 2.
	if ratio := change / variance; ratio > 0.6 {
		t.Errorf("mean squared change of the step length is %.2f of its variance, want below 0.6", ratio)
	}
}

// The maps of the figures have 48 x 48 bins.
func coverage(t testing.TB, boxM float64, walks, from, to int) []int {
	const bins = 48
	counts := make([]int, bins*bins)
	for index := range walks {
		w := draw(t, DefaultMotion(), 1, boxM, index, to)
		for k := from; k < to; k++ {
			i := int((float64(w.Position[2*k])/boxM + 0.5) * bins)
			j := int((float64(w.Position[2*k+1])/boxM + 0.5) * bins)
			counts[j*bins+i]++
		}
	}
	return counts
}

func share(counts []int, least int) float64 {
	n := 0
	for _, c := range counts {
		if c >= least {
			n++
		}
	}
	return float64(n) / float64(len(counts))
}

func TestWalksCoverTheBoxUpToItsWalls(t *testing.T) {
	walks, err := Count(100, 48, 600)
	if err != nil {
		t.Fatal(err)
	}
	if walks > 400 {
		t.Errorf("100 samples a bin need %d walks, want at most 400", walks)
	}
	for _, boxM := range []float64{2, 3, 4} {
		t.Run(fmt.Sprintf("%g m", boxM), func(t *testing.T) {
			counts := coverage(t, boxM, walks, 0, 600)
			if s := share(counts, 20); s < 0.99 {
				t.Errorf("%.1f %% of the bins have 20 samples, want 99 %%", 100*s)
			}
			if s := share(counts, 50); s < 0.99 {
				t.Errorf("%.1f %% of the bins have 50 samples, want 99 %%", 100*s)
			}
			for name, half := range map[string][]int{"early": coverage(t, boxM, walks, 0, 300), "late": coverage(t, boxM, walks, 300, 600)} {
				if s := share(half, 10); s < 0.99 {
					t.Errorf("%.1f %% of the bins have 10 samples in the %s half, want 99 %%", 100*s, name)
				}
			}
			var wall, inner, wallBins, innerBins float64
			for k, c := range counts {
				i, j := k%48, k/48
				switch edge := min(i, j, 47-i, 47-j); {
				case edge < 2:
					wall, wallBins = wall+float64(c), wallBins+1
				case edge >= 6 && edge < 18: // not the centre, where every walk starts
					inner, innerBins = inner+float64(c), innerBins+1
				}
			}
			if ratio := (wall / wallBins) / (inner / innerBins); ratio < 0.7 || ratio > 1.5 {
				t.Errorf("bins at the walls have %.2f times the samples of the others, want 0.7 to 1.5", ratio)
			}
		})
	}
}

func TestAWalkDependsOnSeedBoxAndIndexAlone(t *testing.T) {
	m := DefaultMotion()
	w := draw(t, m, 1, 2, 3, 100)
	if again := draw(t, m, 1, 2, 3, 100); !slices.Equal(w.Velocity, again.Velocity) || !slices.Equal(w.Position, again.Position) {
		t.Error("the same walk drawn twice differs")
	}
	if longer := draw(t, m, 1, 2, 3, 200); !slices.Equal(w.Velocity, longer.Velocity[:200]) {
		t.Error("a longer walk does not begin with the shorter one")
	}
	for name, other := range map[string]*Walk{
		"seed": draw(t, m, 2, 2, 3, 100), "box": draw(t, m, 1, 3, 3, 100), "index": draw(t, m, 1, 2, 4, 100),
	} {
		if slices.Equal(w.Velocity[:2], other.Velocity[:2]) {
			t.Errorf("another %s gives the same first step", name)
		}
	}
}

func TestFirstHeadingsPointEverywhere(t *testing.T) {
	const n = 2000
	var c, s float64
	for index := range n {
		w := draw(t, DefaultMotion(), 1, 2, index, 1)
		h := math.Atan2(float64(w.Velocity[1]), float64(w.Velocity[0]))
		c, s = c+math.Cos(h), s+math.Sin(h)
	}
	// Rayleigh: n R^2 is exponential with mean 1; 7 is exceeded once in 1 100.
	if z := (c*c + s*s) / n; z > 7 {
		t.Errorf("first headings favour a direction: Rayleigh statistic %.1f", z)
	}
}

func TestTheDefaultMotionIsThatOfTheTags(t *testing.T) {
	defaults, err := params.Defaults(Motion{})
	if err != nil {
		t.Fatal(err)
	}
	var m Motion
	if err := defaults.Decode(&m); err != nil || m != DefaultMotion() {
		t.Errorf("defaults %+v, %v; want %+v", m, err, DefaultMotion())
	}
}

func TestImpossibleMotionsAreRefusedInOneLine(t *testing.T) {
	for _, c := range []struct {
		name string
		box  float64
		set  string
		want string
	}{
		{"narrow box", 0.3, "", "box_m: found 0.3 m, must be at least 0.4 m, 4 of the longest steps"},
		{"no box", 0, "", "box_m: found 0 m"},
		{"nan box", math.NaN(), "", "box_m: found NaN m"},
		{"all wall", 0.8, "wall_m=0.4", "must be more than 0.8 m, twice the reach of a wall"},
		{"no step", 2, "step_min_m=0", "step_min_m=0: found 0, must be greater than 0"},
		{"reversed range", 2, "step_min_m=0.2", "step_max_m: found 0.1, must be greater than 0.2"},
		{"beyond training", 2, "step_max_m=0.2", "step_max_m: found 0.2, must be at most 0.15"},
		{"scale", 2, "step_scale_m=-1", "step_scale_m=-1: found -1"},
		{"step memory", 2, "step_memory=0", "step_memory=0: found 0"},
		{"turn memory", 2, "turn_memory=.nan", "turn_memory=.nan: found .nan"},
		{"turns", 2, "turn_sd=-1", "turn_sd=-1: found -1"},
		{"wall turn", 2, "wall_turn=4", "wall_turn=4: found 4"},
		{"wall slow", 2, "wall_slow=0", "wall_slow=0: found 0"},
		{"infinite", 2, "wall_m=.inf", "wall_m=.inf: found .inf, must be a finite number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := params.Defaults(Motion{})
			if err == nil && c.set != "" {
				err = set.Set(c.set)
			}
			var m Motion
			if err == nil {
				err = set.Decode(&m)
			}
			if err == nil {
				_, err = m.Draw(1, c.box, 0, 10)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.want)
			}
		})
	}
	if _, err := DefaultMotion().Draw(1, 2, 0, 0); err == nil {
		t.Error("a walk of no steps is accepted")
	}
}

func TestCountAsksForEnoughWalksAndNoMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.Float64Range(0.1, 1000).Draw(t, "samples")
		bins := rapid.IntRange(1, 100).Draw(t, "bins")
		steps := rapid.IntRange(1, 1000).Draw(t, "steps")
		walks, err := Count(samples, bins, steps)
		if err != nil {
			t.Fatal(err)
		}
		mean := func(walks int) float64 { return float64(walks) * float64(steps) / float64(bins*bins) }
		if mean(walks) < samples*(1-1e-12) || mean(walks-1) > samples {
			t.Fatalf("%d walks give %g samples a bin, want %g", walks, mean(walks), samples)
		}
	})
	for _, samples := range []float64{0, -1, math.NaN(), math.Inf(1), 1e12} {
		if walks, err := Count(samples, 48, 600); err == nil {
			t.Errorf("Count(%g) = %d, want an error", samples, walks)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for index := range b.N {
		draw(b, DefaultMotion(), 1, 2, index, 600)
	}
}
