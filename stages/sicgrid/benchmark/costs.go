package benchmark

import (
	"context"
	"fmt"
	"io"
	"math"
	"syscall"
	"time"

	"gonum.org/v1/gonum/stat"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/gridcell"
)

// Cost is how the time of a step on one thread depends on one size, the others as in costsFrom.
type Cost struct {
	Of       string    `json:"of"` // N, H, B, S, T or D
	Sizes    []int     `json:"sizes"`
	Ms       []float64 `json:"ms_per_step"` // of the processor, medians over interleaved steps
	Exponent float64   `json:"exponent"`    // of the size: the slope of log ms by least squares
}

// costsFrom are the sizes that are changed one at a time.
var costsFrom = Step{Units: 72, Hidden: 128, Batch: 32, Length: 60, Pairs: 512, Velocities: 60}

// costSizes are the values that each size takes. D is that of walks that share their velocities, or
// of walks with velocities of their own.
var costSizes = []struct {
	of     string
	sizes  []int
	change func(s *Step, size int)
}{
	{"N", []int{48, 72, 96, 128}, func(s *Step, size int) { s.Units = size }},
	{"H", []int{64, 128, 256}, func(s *Step, size int) { s.Hidden = size }},
	{"B", []int{16, 32, 64, 128}, func(s *Step, size int) { s.Batch = size }},
	{"S", []int{256, 512, 1024}, func(s *Step, size int) { s.Pairs = size }},
	{"T", []int{30, 60, 120, 240}, func(s *Step, size int) { s.Length, s.Velocities = size, size }},
	{"D", []int{60, 32 * 60}, func(s *Step, size int) { s.Velocities = size }},
}

// costTurn is how many steps a trainer takes at a time; the first finds nothing in the caches and
// is not counted.
const costTurn = 5

// timed is a trainer and how long its steps took, in ms.
type timed struct {
	*cpu.Trainer
	ms []float64
}

// Costs times single steps, on one thread, of trainings that differ in one size, in turn, for
// about a duration. It asks how long the processor worked: on a machine with other work most steps
// are interrupted.
func Costs(ctx context.Context, duration time.Duration, progress io.Writer) ([]Cost, error) {
	all := map[Step]*timed{}
	states := map[[2]int]compute.State{} // of trainings under way, by units and hidden ones
	defer func() {
		for _, t := range all {
			t.Close()
		}
	}()
	var order []*timed
	for _, c := range costSizes {
		for _, size := range c.sizes {
			s := costsFrom
			if c.change(&s, size); all[s] != nil {
				continue
			}
			t, err := underWayFrom(states, s)
			if err != nil {
				return nil, err
			}
			all[s] = &timed{Trainer: t}
			order = append(order, all[s])
		}
	}
	fmt.Fprintf(progress, "timing %d trainings in turn\n", len(order))
	for begun := time.Now(); time.Since(begun) < duration || len(order[0].ms) == 0; {
		for _, t := range order {
			if err := t.turn(ctx); err != nil {
				return nil, err
			}
		}
	}
	var costs []Cost
	for _, c := range costSizes {
		cost := Cost{Of: c.of, Sizes: c.sizes}
		for _, size := range c.sizes {
			s := costsFrom
			c.change(&s, size)
			cost.Ms = append(cost.Ms, gridcell.Median(all[s].ms))
		}
		cost.Exponent = exponent(cost.Sizes, cost.Ms)
		costs = append(costs, cost)
	}
	return costs, nil
}

// underWayFrom makes a trainer of one thread whose state is one of a training under way.
func underWayFrom(states map[[2]int]compute.State, s Step) (*cpu.Trainer, error) {
	key := [2]int{s.Units, s.Hidden}
	if _, known := states[key]; !known {
		state, err := stateUnderWay(Step{Units: s.Units, Hidden: s.Hidden, Batch: costsFrom.Batch, Length: costsFrom.Length, Pairs: costsFrom.Pairs, Velocities: costsFrom.Velocities})
		if err != nil {
			return nil, err
		}
		states[key] = state
	}
	t, err := cpu.New(s.Spec())
	if err != nil {
		return nil, err
	}
	return t, warm(t, states[key])
}

// turn takes some steps and times all but the first.
func (t *timed) turn(ctx context.Context) error {
	for step := range costTurn {
		before, err := processorMs()
		if err != nil {
			return err
		}
		if _, err := t.Train(1, nil); err != nil {
			return err
		}
		after, err := processorMs()
		if err != nil {
			return err
		}
		if step > 0 {
			t.ms = append(t.ms, after-before)
		}
	}
	return ctx.Err()
}

// processorMs is how long processors have worked for this process.
func processorMs() (float64, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6, err
}

// exponent is the slope of log ms against log size by least squares.
func exponent(sizes []int, ms []float64) float64 {
	var x, y []float64
	for i, size := range sizes {
		x, y = append(x, math.Log(float64(size))), append(y, math.Log(ms[i]))
	}
	_, slope := stat.LinearRegression(x, y, nil, false)
	return slope
}

// PrintCosts prints a line a size.
func PrintCosts(w io.Writer, costs []Cost) {
	fmt.Fprintf(w, "ms of a processor; N %d, H %d, B %d, S %d, T %d, D %d but for what is named\n", costsFrom.Units, costsFrom.Hidden, costsFrom.Batch, costsFrom.Pairs, costsFrom.Length, costsFrom.Velocities)
	for _, c := range costs {
		fmt.Fprintf(w, "%s^%.2f ", c.Of, c.Exponent)
		for i, size := range c.Sizes {
			fmt.Fprintf(w, "  %s %d: %.2f ms", c.Of, size, c.Ms[i])
		}
		fmt.Fprintln(w)
	}
}
