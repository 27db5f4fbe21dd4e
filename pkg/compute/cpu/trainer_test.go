package cpu

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/computetest"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

var spec = computetest.Spec

func bothKernels(t *testing.T, f func(t *testing.T, k *kernels)) {
	all := []*kernels{portable()}
	if best().numerics != all[0].numerics {
		all = append(all, best())
	}
	for _, k := range all {
		t.Run(k.numerics, func(t *testing.T) { f(t, k) })
	}
}

// awayFromKinks moves sampled states out of the pair losses that lie within
// 1e-6 m of σ_x of another, where the two precisions may rightly disagree.
func awayFromKinks(s compute.Spec, d *sic.Draw) {
	keep := d.Sampled[:0]
	for _, i := range d.Sampled {
		clear := true
		for _, j := range keep {
			dx, dy := float64(d.Position[i][0]-d.Position[j][0]), float64(d.Position[i][1]-d.Position[j][1])
			clear = clear && math.Abs(math.Hypot(dx, dy)-s.Loss.SigmaX) > 1e-6
		}
		if clear {
			keep = append(keep, i)
		}
	}
	d.Sampled = keep
}

// gradientOf returns one micro-batch's losses and gradient from the core under test and from the
// reference. Before that, change may put parameters and batch into a special place.
func gradientOf(t *testing.T, s compute.Spec, k *kernels, moment uint64, change func(params []float32, d *sic.Draw)) computetest.Step {
	t.Helper()
	tr, err := newTrainer(s, k)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	tr.draw.Fill(s.Batch, s.Seed, moment)
	params := sic.InitialParameters(s.Network, s.Seed)
	if change != nil {
		change(params, tr.draw)
		tr.net.pack(tr.params, params)
	}
	awayFromKinks(s, tr.draw)
	tr.pairs = newPairs(len(tr.draw.Sampled), &tr.net)
	tr.fresh = true
	tr.place()
	step := computetest.Step{Network: s.Network, Weights: tr.weights, Fast: tr.microBatch(), FastGradient: make([]float32, sic.NewLayout(s.Network).Size)}
	step.Fast.Weigh(tr.weights)
	tr.net.unpack(step.FastGradient, tr.grad)
	sic.Apply(s.Network.Mask(), step.FastGradient) // as the norm and the update see it
	step.Exact, step.ExactGradient = sic.Gradient(s.Network, s.Batch, s.Loss, tr.weights, computetest.Widen(params), tr.draw)
	return step
}

func checkGradient(t *testing.T, s compute.Spec, k *kernels, moment uint64) {
	t.Helper()
	gradientOf(t, s, k, moment, nil).Check(t, computetest.Float32)
}

// The gradient agrees with the float64 reference for every size from 2 to 130 units, those that no
// tile divides included, for every combination of loss terms, and for both forms of the kernels.
func TestGradientAgreesWithReference(t *testing.T) {
	bothKernels(t, func(t *testing.T, k *kernels) {
		for units := 2; units <= 130; units++ {
			s := spec(units, 1+units*7%19)
			s.Seed = uint64(units)
			s.Batch.Trajectories, s.Batch.Length = 2+units%4, 3+units%9
			terms := 1 + units%(1<<loss.NumTerms-1) // a bit for each
			for bit, term := range loss.Table {
				if terms>>bit&1 == 0 {
					*term.Weight(&s.Loss) = 0
				}
			}
			t.Run(fmt.Sprintf("units=%d/terms=%04b", units, terms), func(t *testing.T) { checkGradient(t, s, k, 3) })
		}
		for _, size := range [][2]int{{64, 64}, {128, 40}} {
			t.Run(fmt.Sprint(size), func(t *testing.T) { checkGradient(t, spec(size[0], size[1]), k, 3) })
		}
		far := spec(40, 12)
		far.Loss.IsometryRadius = 0.15
		t.Run("isometry over longer steps", func(t *testing.T) { checkGradient(t, far, k, 3) })
	})
}

// Where the functions of the paper have no derivative, the core does what the
// reference does, and nothing becomes NaN.
// singularPoint is a batch at which a formula divides by zero, or nearly.
type singularPoint struct {
	spec   func(s *compute.Spec)
	change func(params []float32, d *sic.Draw)
	scale  float64                // of the natural scale, if not 1
	seen   func(l sic.Terms) bool // that the batch is where it should be
}

func singularPoints() map[string]singularPoint {
	layout := sic.NewLayout(spec(20, 9).Network)
	setAll := func(tensor sic.Tensor, value float32) func([]float32, *sic.Draw) {
		return func(params []float32, _ *sic.Draw) {
			for i := range sic.Of(params, tensor) {
				sic.Of(params, tensor)[i] = value
			}
		}
	}
	slow := func(speed float32) func([]float32, *sic.Draw) {
		return func(_ []float32, d *sic.Draw) {
			for k := range d.Velocity {
				d.Velocity[k] = [2]float32{speed, 0}
			}
		}
	}
	// Where all states are one, the gradients of the pairs all point along it and
	// are projected away; what is left is the rounding of its norm.
	const collapsed = 200
	return map[string]singularPoint{
		"all states dead": {
			change: func(params []float32, d *sic.Draw) {
				setAll(layout.Weight(2), 0)(params, d)
				setAll(layout.Bias(2), -1)(params, d)
			},
			seen: func(l sic.Terms) bool { return l.Dead == 5*13 },
		},
		"initial state dead": {
			change: setAll(layout.InitialState(), -1),
			seen:   func(l sic.Terms) bool { return l.Dead == 5*13 },
		},
		"some states dead": {
			change: func(params []float32, d *sic.Draw) {
				for i, w := range sic.Of(params, layout.Weight(2)) {
					sic.Of(params, layout.Weight(2))[i] = -float32(math.Abs(float64(w)))
				}
				d.Velocity[3] = [2]float32{20, 20} // kills whoever takes it
			},
			seen: func(l sic.Terms) bool { return l.Dead > 0 && l.Dead < 5*13 },
		},
		"W is the identity, all states the same": {
			spec:  func(s *compute.Spec) { s.Network.InitScale = 0 },
			scale: collapsed,
			seen: func(l sic.Terms) bool {
				return l.Values[loss.ConformalIsometry] == 0 && l.Short > 0 && math.Abs(l.Values[loss.Invariance]) < 1e-6
			},
		},
		"no short velocity": {
			change: slow(0.1),
			seen:   func(l sic.Terms) bool { return l.Short == 0 && l.Values[loss.ConformalIsometry] == 0 },
		},
		"all velocities short": {
			change: slow(0.01),
			seen:   func(l sic.Terms) bool { return l.Short == 5*13 },
		},
		"velocities too short to count": {
			change: slow(9e-4),
			seen:   func(l sic.Terms) bool { return l.Short == 0 },
		},
		"standing still": {
			change: slow(0),
			seen:   func(l sic.Terms) bool { return l.Short == 0 },
		},
	}
}

func TestSingularPoints(t *testing.T) {
	for name, c := range singularPoints() {
		t.Run(name, func(t *testing.T) {
			bothKernels(t, func(t *testing.T, k *kernels) {
				s := spec(20, 9)
				if c.spec != nil {
					c.spec(&s)
				}
				step, may := gradientOf(t, s, k, 5, c.change), computetest.Float32
				may.Floor *= max(c.scale, 1)
				if step.Check(t, may); !c.seen(step.Fast) {
					t.Errorf("the batch is not at this point: %+v", step.Fast)
				}
			})
		})
	}
}

// Velocities that trajectories do not share give the losses and gradient of the
// reference for every size too, and W of all of them is never in memory.
func TestIndependentVelocities(t *testing.T) {
	bothKernels(t, func(t *testing.T, k *kernels) {
		for units := 2; units <= 130; units += 7 {
			s := spec(units, 1+units*7%19)
			s.Batch.Permute, s.Batch.Trajectories, s.Batch.Length = false, 2+units%4, 3+units%9
			tr, err := newTrainer(s, k)
			if err != nil {
				t.Fatal(err)
			}
			tr.Close()
			if len(tr.mlp.weight)+len(tr.gradient.dWeight)+len(tr.rows) > 0 {
				t.Errorf("room for %d numbers of W(v)", len(tr.mlp.weight))
			}
			checkGradient(t, s, k, 6)
		}
	})
}

// It agrees for every way that a step may take.
func TestGradientAgreesForEveryVariant(t *testing.T) {
	for name, change := range computetest.Variants {
		t.Run(name, func(t *testing.T) {
			bothKernels(t, func(t *testing.T, k *kernels) {
				s := spec(20, 9)
				change(&s)
				checkGradient(t, s, k, 4)
			})
		})
	}
}

// A network of one unit has one state; its gradient is finite and almost nothing.
func TestOneUnit(t *testing.T) {
	bothKernels(t, func(t *testing.T, k *kernels) {
		for i, g := range gradientOf(t, spec(1, 4), k, 0, nil).FastGradient {
			if !(math.Abs(float64(g)) < 1e-4) {
				t.Fatalf("gradient of parameter %d is %v", i, g)
			}
		}
	})
}

// 200 steps of training stay with the reference's losses and norms of the gradient. Where
// trajectories share no velocity, the norm is that of single short steps at times (0.01 % off in
// the loss of step 188, but 13 % in its norm), and so is followed for 100 steps.
func TestTrainingFollowsReference(t *testing.T) {
	for permute, norms := range map[bool]int{true: 200, false: 100} {
		s := spec(16, 12)
		s.Batch.Pairs, s.Batch.Permute = 50, permute
		t.Run(fmt.Sprintf("permute=%v", permute), func(t *testing.T) { checkTraining(t, s, 200, norms) })
	}
	ring := spec(16, 12)
	ring.Network.RingWidth, ring.Network.RingLong = 4, 0.1
	t.Run("ring", func(t *testing.T) { checkTraining(t, ring, 50, 40) })
	ring.Network.GainMax, ring.Network.GainShuffle = 2.2, 1
	t.Run("gains", func(t *testing.T) { checkTraining(t, ring, 50, 40) })
}

// Links that the wiring leaves out stay at 0, whatever a run is restored from.
func TestOnlyLinkedUnitsReadEachOther(t *testing.T) {
	s := spec(16, 12)
	whole := sic.InitialParameters(s.Network, s.Seed)
	s.Network.RingWidth = 4
	tr, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	if err := tr.Restore(compute.State{Params: whole, Moments: sic.NewMoments[float32](len(whole)), Plateau: sic.NewPlateau()}); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Train(20, nil); err != nil {
		t.Fatal(err)
	}
	bias := sic.Of(tr.State().Params, sic.NewLayout(s.Network).Bias(2))
	for i, w := range bias {
		apart := (i/16 - i%16 + 16) % 16
		if linked := min(apart, 16-apart) <= 2; linked != (w != 0) {
			t.Errorf("units %d and %d are %d places apart on a ring of 16, width 4: bias %v", i/16, i%16, min(apart, 16-apart), w)
		}
	}
}

// checkTraining follows the losses for so many steps, and the norm of the gradient for the first of
// them.
func checkTraining(t *testing.T, s compute.Spec, steps, norms int) {
	t.Helper()
	s.Optimiser.Accumulate, s.Optimiser.WeightDecay = 2, 0.01
	s.Loss.IsometryWarmup, s.Loss.CapacityStart, s.Loss.CapacityWarmup = 150, 60, 80
	reference := sic.NewTrainer(s.Network, s.Batch, s.Loss, s.Optimiser, s.Seed)
	tr, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	records, err := tr.Train(steps, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		want, norm := reference.Step()
		if math.Abs(r.Terms.Total-want.Total) > 0.01*math.Abs(want.Total)+1e-4 || r.Step <= norms && math.Abs(r.GradientNorm-norm) > 0.02*norm+1e-5 {
			t.Fatalf("step %d: total %v, norm %v; reference %v, %v", r.Step, r.Terms.Total, r.GradientNorm, want.Total, norm)
		}
	}
	moved := 0.0
	for i, p := range sic.InitialParameters(s.Network, s.Seed) {
		moved = max(moved, math.Abs(float64(p)-reference.Params[i]))
	}
	if moved < 0.00025*float64(steps) {
		t.Errorf("no parameter moved by more than %v in %d steps", moved, steps)
	}
}

// Sizes that make no training are refused before anything is allocated, with the
// bytes that they would need.
func TestImpossibleSizesAreRefused(t *testing.T) {
	for _, c := range []struct {
		change func(s *compute.Spec)
		want   string
	}{
		{func(s *compute.Spec) { s.Network.Units = 0 }, "units: found 0, must be at least 1"},
		{func(s *compute.Spec) { s.Network.Hidden = -3 }, "hidden: found -3, must be at least 1"},
		{func(s *compute.Spec) { s.Network.Layers = 1 }, "layers: found 1, must be at least 2"},
		{func(s *compute.Spec) { s.Batch.Trajectories = 0 }, "trajectories: found 0, must be at least 1"},
		{func(s *compute.Spec) { s.Batch.Length = 0 }, "length: found 0, must be at least 1"},
		{func(s *compute.Spec) { s.Batch.Pairs = -1 }, "pairs: found -1, must be at least 0"},
		{func(s *compute.Spec) { s.Network.Units = 1 << 31 }, "a network of 2147483648 units, 16 hidden, and batches of 5 x 13 steps would need 1988789"},
		{func(s *compute.Spec) { s.Batch.Trajectories = math.MaxInt }, "a network of 16 units, 16 hidden, and batches of 9223372036854775807 x 13 steps would need "},
	} {
		s := spec(16, 16)
		c.change(&s)
		tr, err := New(s)
		if err == nil {
			tr.Close()
			t.Errorf("%q was not refused", c.want)
		} else if !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("error %q, want %q", err, c.want)
		}
	}
}

// What Bytes says is what a training allocates.
func TestBytesIsWhatATrainingAllocates(t *testing.T) {
	for name, change := range map[string]func(s *compute.Spec){
		"permuted":    func(s *compute.Spec) {},
		"all pairs":   func(s *compute.Spec) { s.Batch.Pairs = 0 },
		"independent": func(s *compute.Spec) { s.Batch.Permute = false },
		"wide":        func(s *compute.Spec) { s.Network.Hidden = 300 },
		"gains":       func(s *compute.Spec) { s.Network.GainMax = 2 },
	} {
		s := spec(100, 80)
		s.Batch.Trajectories, s.Batch.Length, s.Batch.Pairs = 50, 40, 300
		change(&s)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		tr, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		tr.Close()
		if ratio := Bytes(s) / float64(after.TotalAlloc-before.TotalAlloc); ratio < 0.8 || ratio > 1.2 {
			t.Errorf("%s: Bytes says %.2f of what was allocated", name, ratio)
		}
	}
}

// Any number of threads gives the same bits, changed in mid-run too.
func TestThreadsChangeNoBit(t *testing.T) {
	s := spec(33, 20)
	s.Batch.Trajectories, s.Batch.Length, s.Batch.Pairs = 9, 29, 200
	for _, permute := range []bool{true, false} {
		s.Batch.Permute = permute
		checkThreads(t, s)
	}
}

func checkThreads(t *testing.T, s compute.Spec) {
	t.Helper()
	run := func(threads ...int) compute.State {
		tr, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		defer tr.Close()
		for _, n := range threads {
			tr.SetThreads(n)
			if _, err := tr.Train(12/len(threads), nil); err != nil {
				t.Fatal(err)
			}
		}
		return tr.State()
	}
	want := run(1)
	for _, threads := range [][]int{{2}, {3}, {7}, {1, 4, 2}} {
		if got := run(threads...); !slices.Equal(got.Params, want.Params) || !slices.Equal(got.Moments.Second, want.Moments.Second) {
			t.Errorf("%v threads give other bits", threads)
		}
	}
}

// A run that is taken up from a state ends where an untouched one ends.
func TestRestoredRunEndsInTheSameState(t *testing.T) {
	s := spec(16, 8)
	s.Optimiser.Schedule, s.Optimiser.Window, s.Optimiser.Patience, s.Optimiser.Factor, s.Optimiser.Threshold = sic.SchedulePlateau, 3, 0, 0.5, 0.5
	whole, _ := New(s)
	defer whole.Close()
	if _, err := whole.Train(20, nil); err != nil {
		t.Fatal(err)
	}
	first, _ := New(s)
	defer first.Close()
	if _, err := first.Train(7, nil); err != nil {
		t.Fatal(err)
	}
	second, _ := New(s)
	defer second.Close()
	if err := second.Restore(first.State()); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Train(13, nil); err != nil {
		t.Fatal(err)
	}
	a, b := whole.State(), second.State()
	if !slices.Equal(a.Params, b.Params) || !slices.Equal(a.Moments.First, b.Moments.First) || a.Plateau != b.Plateau || a.Step != b.Step {
		t.Error("the resumed run differs")
	}
	if a.Plateau.Scale == 1 {
		t.Error("the schedule never acted, so this test says nothing about it")
	}
}

// A loss that is not finite stops the run before the step, and keeps the state.
func TestNotFiniteKeepsTheLastGoodState(t *testing.T) {
	tr, _ := New(spec(8, 8))
	defer tr.Close()
	if _, err := tr.Train(3, nil); err != nil {
		t.Fatal(err)
	}
	state := tr.State()
	state.Params[0] = float32(math.NaN())
	if err := tr.Restore(state); err != nil {
		t.Fatal(err)
	}
	_, err := tr.Train(1, nil)
	var broken *compute.NotFinite
	if !errors.As(err, &broken) || broken.Step != 4 || broken.Term != "separation loss" {
		t.Fatalf("error %v", err)
	}
	if after := tr.State(); after.Step != 3 || !slices.Equal(after.Params[1:], state.Params[1:]) {
		t.Error("the state changed")
	}
}

// A step allocates nothing, on one thread or more.
func TestStepAllocatesNothing(t *testing.T) {
	tr, _ := New(spec(16, 16))
	defer tr.Close()
	records := make([]compute.Record, 0, 1)
	for _, threads := range []int{1, 2} {
		tr.SetThreads(threads)
		if n := testing.AllocsPerRun(20, func() { tr.Train(1, records[:0]) }); n > 0 {
			t.Errorf("%v allocations a step on %d threads", n, threads)
		}
	}
}

// The assembly agrees with plain Go on random data.
func TestExpIsAccurate(t *testing.T) {
	k := best()
	worst := 0.0
	var c pairConstants
	c.limit, c.exponent, c.separation, c.invariance = splat(0), splat(-1), splat(1), splat(0)
	zero := floats(8)
	for range 20000 {
		p, half, sums := floats(8), floats(8), floats(16)
		for i := range half {
			half[i] = float32(rand.Float64() * 80)
		}
		k.pairTile(&p[0], 8, 1, 8, &zero[0], &zero[0], &zero[0], &zero[0], &zero[0], &half[0], &c.limit[0], &sums[0])
		for i := range half {
			want := math.Exp(-float64(half[i]))
			worst = max(worst, math.Abs(float64(p[i])/want-1))
		}
	}
	if worst > 3e-7 {
		t.Errorf("relative error of exp %.3g", worst)
	}
}

func BenchmarkStep(b *testing.B) {
	for _, c := range []struct{ n, b, s int }{{64, 32, 512}, {128, 130, 1024}} {
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("N=%d/B=%d/S=%d/threads=%d", c.n, c.b, c.s, threads), func(b *testing.B) {
				s := spec(c.n, c.n)
				s.Batch = sic.Batch{Trajectories: c.b, Length: 60, VelocityMax: 0.15, Pairs: c.s, Permute: true}
				s.Optimiser.Steps = 1 << 30
				tr, _ := New(s)
				defer tr.Close()
				tr.SetThreads(threads)
				tr.Train(300, nil)
				records := make([]compute.Record, 0, b.N)
				tr.Parts = Seconds{}
				b.ResetTimer()
				tr.Train(b.N, records)
				b.StopTimer()
				p := tr.Parts
				for name, v := range map[string]float64{"mlp": p.MLP, "fwd": p.Forward, "pairs": p.Pairs, "bwd": p.Backward, "mlpb": p.MLPBackward, "opt": p.Optimiser} {
					b.ReportMetric(1e3*v/float64(b.N), name+"-ms")
				}
				n, h, t, sz := float64(c.n), float64(c.n), 60.0, float64(c.s)
				flops := 6*float64(c.b)*t*n*n + 6*t*h*n*n + 4*sz*sz*n
				b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

// Moments without gradient decay to 0 and not to numbers below the normal ones, which make a step
// several times as long where most hidden units are silent; parameters are those of the formula.
func TestMomentsWithoutGradientEndAtZero(t *testing.T) {
	bothKernels(t, func(t *testing.T, k *kernels) {
		const n = 16
		p, m, v, g := floats(n), floats(n), floats(n), floats(n)
		for i := range n {
			p[i], m[i], v[i] = 1, 1e-30, 1e-30
		}
		m[3], v[3] = 0.5, 0.5
		c := adamConstants{splat(1), splat(0.9), splat(1 - 0.9), splat(0.9), splat(1 - 0.9), splat(1e-3), splat(1), splat(1e-8), splat(1)}
		want := 1.0
		for step := range 400 {
			k.adamw(&p[0], &m[0], &v[0], &g[0], n, &c.scale[0])
			decay := math.Pow(0.9, float64(step+1))
			want -= 1e-3 * 0.5 * decay / (math.Sqrt(0.5*decay) + 1e-8)
		}
		if m[0] != 0 || v[0] != 0 || p[0] != 1 {
			t.Errorf("without gradient p = %v, m = %v, v = %v, want 1, 0, 0", p[0], m[0], v[0])
		}
		if math.Abs(float64(p[3])-want) > 1e-5 || m[3] < 0x1p-126 {
			t.Errorf("p = %v, m = %v, want %v and a normal number", p[3], m[3], want)
		}
	})
}
