package vulkan

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/computetest"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/sic"
)

var _ compute.Trainer = (*Trainer)(nil)

var spec = computetest.Spec

func newTrainer(t testing.TB, s compute.Spec) *Trainer {
	t.Helper()
	tr, err := New(s, lavapipe(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	return tr
}

// onKink says whether two sampled states lie within 1e-6 m of σ_x of each other,
// where the two precisions may rightly disagree.
func onKink(s compute.Spec, d *sic.Draw) bool {
	for n, i := range d.Sampled {
		for _, j := range d.Sampled[:n] {
			dx, dy := float64(d.Position[i][0]-d.Position[j][0]), float64(d.Position[i][1]-d.Position[j][1])
			if math.Abs(math.Hypot(dx, dy)-s.Loss.SigmaX) < 1e-6 {
				return true
			}
		}
	}
	return false
}

// clearDraw is the first micro-batch from moment on without a pair on the kink.
func clearDraw(t *testing.T, s compute.Spec, moment int) (*sic.Draw, int) {
	t.Helper()
	for ; ; moment++ {
		d := sic.NewDraw(s.Batch)
		if d.Fill(s.Batch, s.Seed, uint64(moment)); !onKink(s, d) {
			return d, moment
		}
	}
}

// fetch copies n elements from the device.
func fetchFloats(t testing.TB, tr *Trainer, from vk.Address, n int) []float32 {
	t.Helper()
	b, err := tr.device.NewBuffer(uint64(4*n), vk.OnHost)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	r := tr.record
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	r.Copy(b, 0, tr.arena, uint64(from-tr.arena.Address), uint64(4*n))
	r.ToHost()
	if err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(b.Floats(0, n))
}

// gradientOf returns one micro-batch's losses and gradient from the core under
// test and from the reference.
func gradientOf(t *testing.T, s compute.Spec, moment int) computetest.Step {
	t.Helper()
	return gradientBy(t, newTrainer(t, s), moment)
}

func gradientBy(t *testing.T, tr *Trainer, moment int) computetest.Step {
	t.Helper()
	s := tr.spec
	draw, moment := clearDraw(t, s, moment)
	tr.step = moment // draws this micro-batch
	r := tr.record
	if err := r.start(nil); err != nil {
		t.Fatal(err)
	}
	r.draw(tr, 1)
	weights := s.Loss.Weights(1)
	r.microBatch(tr, weights, 0, true, tr.at.records)
	r.Copy(tr.host, 0, tr.arena, uint64(tr.at.records-tr.arena.Address), recordSize)
	r.ToHost()
	if err := r.finish(); err != nil {
		t.Fatal(err)
	}
	record, err := tr.read(0)
	if err != nil {
		var broken *compute.NotFinite
		if !errors.As(err, &broken) || broken.Term != "gradient" { // nobody has computed the norm
			t.Fatal(err)
		}
	}
	step := computetest.Step{Network: s.Network, Weights: weights, Fast: record.Terms, FastGradient: fetchFloats(t, tr, tr.at.gradient, tr.size)}
	sic.Apply(s.Network.Mask(), step.FastGradient) // as the norm and the update see it
	step.Fast.Weigh(weights)
	step.Exact, step.ExactGradient = sic.Gradient(s.Network, s.Batch, s.Loss, weights, computetest.Widen(sic.InitialParameters(s.Network, s.Seed)), draw)
	return step
}

func checkGradient(t *testing.T, s compute.Spec, moment int) {
	t.Helper()
	gradientOf(t, s, moment).Check(t, computetest.Float32)
}

// The gradient agrees with the float64 reference for networks of every size,
// those that no workgroup divides included.
func TestGradientAgreesWithReference(t *testing.T) {
	for _, size := range [][2]int{{2, 3}, {3, 1}, {5, 7}, {8, 8}, {15, 17}, {16, 16}, {17, 5}, {33, 20}, {48, 31}, {64, 64}, {65, 12}, {130, 33}, {256, 6}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) { checkGradient(t, spec(size[0], size[1]), 3) })
	}
}

// It agrees for every way that a step may take, and for more than a tile of everything.
func TestGradientAgreesForEveryVariant(t *testing.T) {
	variants := maps.Clone(computetest.Variants)
	variants["many of everything"] = func(s *compute.Spec) {
		s.Network.Units, s.Network.Hidden = 100, 70
		s.Batch.Trajectories, s.Batch.Length, s.Batch.Pairs = 70, 66, 150
	}
	variants["one state"] = func(s *compute.Spec) { s.Batch.Trajectories, s.Batch.Length = 1, 1 }
	long := func(s *compute.Spec) {
		s.Network.Units, s.Network.Hidden = 3, 4
		s.Batch.Trajectories, s.Batch.Length, s.Batch.Pairs = 2, maxLength, 40
	}
	variants["long"] = long
	variants["long and independent"] = func(s *compute.Spec) { long(s); s.Batch.Permute = false }
	for name, change := range variants {
		t.Run(name, func(t *testing.T) {
			s := spec(20, 9)
			change(&s)
			checkGradient(t, s, 4)
		})
	}
}

// A network of one unit has one state; its gradient is finite and almost nothing.
func TestOneUnit(t *testing.T) {
	for i, g := range gradientOf(t, spec(1, 4), 0).FastGradient {
		if !(math.Abs(float64(g)) < 1e-4) {
			t.Fatalf("gradient of parameter %d is %v", i, g)
		}
	}
}

// beside50 trains 50 steps on the device and on the CPU core, checks that at each step the loss and
// the gradient's norm are within these shares of the CPU's, and returns where both ended.
func beside50(t *testing.T, d *Device, s compute.Spec, loss, norm float64) (mine, theirs compute.State) {
	t.Helper()
	s.Batch.Pairs = 50
	s.Optimiser.Accumulate, s.Optimiser.WeightDecay = 2, 0.01
	s.Loss.IsometryWarmup, s.Loss.CapacityStart, s.Loss.CapacityWarmup = 30, 10, 15
	reference, err := cpu.New(s)
	if err != nil {
		t.Fatal(err)
	}
	defer reference.Close()
	wants, err := reference.Train(50, nil)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := New(s, d)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	records, err := tr.Train(50, nil)
	if err != nil || len(records) != 50 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	worst := 0.0
	for i, r := range records {
		want := wants[i]
		off := math.Abs(r.Terms.Total-want.Terms.Total) / math.Abs(want.Terms.Total)
		worst = max(worst, off)
		if r.Step != want.Step || r.Rate != want.Rate || !(off < loss) || !(math.Abs(r.GradientNorm-want.GradientNorm) < norm*want.GradientNorm) {
			t.Fatalf("step %d: %+v; CPU %+v", r.Step, r, want)
		}
	}
	t.Logf("the loss is off by at most %.2g of itself; from %.3g to %.3g", worst, wants[0].Terms.Total, wants[49].Terms.Total)
	return tr.State(), reference.State()
}

// 50 steps of training stay with the CPU core's losses.
func TestTrainingFollowsTheCPU(t *testing.T) {
	s := spec(16, 12)
	s.Loss.IsometryRadius = 0.12
	t.Run("dense", func(t *testing.T) { followTheCPU(t, s) })
	s.Network.RingWidth, s.Network.RingLong, s.Loss.Homeostasis, s.Loss.IsometrySpeedBin = 4, 0.1, 0.5, 0.03
	t.Run("ring", func(t *testing.T) { followTheCPU(t, s) })
}

func followTheCPU(t *testing.T, s compute.Spec) {
	t.Helper()
	mine, theirs := beside50(t, lavapipe(t), s, 2e-3, 5e-3)
	moved, start := 0.0, sic.InitialParameters(s.Network, s.Seed)
	for i := range start {
		moved = max(moved, math.Abs(float64(theirs.Params[i]-start[i])))
		if math.Abs(float64(mine.Params[i]-theirs.Params[i])) > 2e-3 {
			t.Fatalf("parameter %d is %v, the CPU's %v", i, mine.Params[i], theirs.Params[i])
		}
	}
	if moved < 0.02 {
		t.Errorf("no parameter moved by more than %v", moved)
	}
}

// A run cut into pieces of any size, by Train or by submissions, gives the same
// bits, and so does one that is taken up from a state.
func TestResumedRunEndsInTheSameState(t *testing.T) {
	s := spec(17, 8)
	s.Optimiser.Schedule, s.Optimiser.Window, s.Optimiser.Patience, s.Optimiser.Factor, s.Optimiser.Threshold = sic.SchedulePlateau, 3, 0, 0.5, 0.5
	whole := newTrainer(t, s)
	if _, err := whole.Train(20, nil); err != nil {
		t.Fatal(err)
	}
	first := newTrainer(t, s)
	for range 7 {
		first.burst = 1
		if _, err := first.Train(1, nil); err != nil {
			t.Fatal(err)
		}
	}
	second := newTrainer(t, s)
	if err := second.Restore(first.State()); err != nil {
		t.Fatal(err)
	}
	second.burst = 13
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

// A state goes from one core to the other and back unchanged.
func TestStatesAreTheCPUs(t *testing.T) {
	s := spec(18, 7)
	tr := newTrainer(t, s)
	if _, err := tr.Train(3, nil); err != nil {
		t.Fatal(err)
	}
	core, err := cpu.New(s)
	if err != nil {
		t.Fatal(err)
	}
	defer core.Close()
	if err := core.Restore(tr.State()); err != nil {
		t.Fatal(err)
	}
	a, b := tr.State(), core.State()
	if !slices.Equal(a.Params, b.Params) || !slices.Equal(a.Moments.First, b.Moments.First) || !slices.Equal(a.Moments.Second, b.Moments.Second) || a.Step != b.Step {
		t.Error("the state changed on its way")
	}
}

// A loss that is not finite stops the run before the step, and keeps the state,
// though later steps were in the same submission.
func TestNotFiniteKeepsTheLastGoodState(t *testing.T) {
	tr := newTrainer(t, spec(8, 8))
	if _, err := tr.Train(3, nil); err != nil {
		t.Fatal(err)
	}
	state := tr.State()
	good := state.Params[0]
	state.Params[0] = float32(math.NaN())
	if err := tr.Restore(state); err != nil {
		t.Fatal(err)
	}
	tr.burst = 5
	records, err := tr.Train(5, nil)
	var broken *compute.NotFinite
	if !errors.As(err, &broken) || broken.Step != 4 || broken.Term != "separation loss" || len(records) != 0 {
		t.Fatalf("%d records, error %v", len(records), err)
	}
	after := fetchFloats(t, tr, tr.at.params, tr.size)
	if tr.State().Step != 3 || !slices.Equal(after[1:], state.Params[1:]) {
		t.Error("the state changed")
	}
	state.Params[0] = good
	if err := tr.Restore(state); err != nil {
		t.Fatal(err)
	}
	if _, err := tr.Train(1, nil); err != nil {
		t.Errorf("a sound state after a broken one: %v", err)
	}
}

// Trajectories that are cut into several dispatches, as long ones are, give the
// same bits as in one.
func TestLongTrajectoriesMayBeCut(t *testing.T) {
	s := spec(17, 6)
	want := trained(t, lavapipe(t), s, 3)
	tr := newTrainer(t, s)
	tr.rollSteps = 4 // of 13
	if _, err := tr.Train(3, nil); err != nil {
		t.Fatal(err)
	}
	if got := tr.State(); !slices.Equal(got.Params, want.Params) || !slices.Equal(got.Moments.Second, want.Moments.Second) {
		t.Error("other bits")
	}
}
