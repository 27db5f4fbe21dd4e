package benchmark

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/compute/gonum"
	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// Step is one row of the benchmark of training steps on processors: medians over the turns.
type Step struct {
	Device     string      `json:"device"`
	Units      int         `json:"units"`
	Hidden     int         `json:"hidden"`
	Batch      int         `json:"batch"`
	Length     int         `json:"length"`
	Pairs      int         `json:"pairs"`      // states in the pair losses
	Velocities int         `json:"velocities"` // distinct ones: length if trajectories permute them, else batch x length
	Threads    int         `json:"threads"`
	Active     float64     `json:"active"` // share of the units that are active in a state
	Ms         float64     `json:"ms_per_step"`
	GFLOPs     float64     `json:"gflops"`      // useful work, zeros of rectified states counted
	Peak       float64     `json:"peak_gflops"` // multiply-adds on as many threads, measured interleaved
	PeakShare  float64     `json:"peak_share"`
	GonumMs    float64     `json:"gonum_ms_per_step"` // the same step, plainly written with gonum, interleaved
	TimesGonum float64     `json:"times_gonum"`       // how many times faster than it
	Speedup    float64     `json:"speedup"`           // over one thread, interleaved
	Apart      float64     `json:"speedup_apart"`     // what the machine allows: as many trainings of one thread each at once, over one alone, interleaved
	LineNs     float64     `json:"line_ns"`           // a cache line to another thread and back, interleaved: what sharing a step costs
	Parts      cpu.Seconds `json:"parts"`             // ms a step
	MemoryMiB  float64     `json:"memory_mib"`        // held by a training of this size
}

const (
	// turns is how often peak and steps are timed one after the other; the medians
	// stand against the noise of shared machines.
	turns = 7
	// underWay is the step from which a training counts as under way.
	underWay = 300
)

// Training times optimiser steps of several sizes, each on one thread and on two, for about
// duration a row.
func Training(ctx context.Context, duration time.Duration, progress io.Writer) ([]Step, error) {
	var rows []Step
	states := map[int]compute.State{} // of trainings under way, by units
	for _, size := range []Step{
		{Units: 24, Hidden: 64, Batch: 32, Length: 60, Pairs: 512, Velocities: 60}, // the laptop profile's micro-batch
		{Units: 64, Hidden: 64, Batch: 32, Length: 60, Pairs: 512, Velocities: 60},
		{Units: 64, Hidden: 64, Batch: 32, Length: 60, Pairs: 512, Velocities: 32 * 60},
		{Units: 48, Hidden: 128, Batch: 32, Length: 60, Pairs: 512, Velocities: 60}, // single trainings, as searches have them
		{Units: 72, Hidden: 128, Batch: 32, Length: 60, Pairs: 512, Velocities: 60},
		{Units: 96, Hidden: 128, Batch: 32, Length: 60, Pairs: 512, Velocities: 60},
		{Units: 128, Hidden: 128, Batch: 32, Length: 60, Pairs: 512, Velocities: 60},
		{Units: 128, Hidden: 128, Batch: 130, Length: 60, Pairs: 1024, Velocities: 60},
		{Units: 128, Hidden: 128, Batch: 130, Length: 60, Pairs: 130 * 60, Velocities: 60},
	} {
		if _, ok := states[size.Units]; !ok {
			state, err := stateUnderWay(size)
			if err != nil {
				return nil, err
			}
			states[size.Units] = state
		}
		for _, threads := range []int{1, 2} {
			size.Threads = threads
			row, err := timeStep(ctx, size, states[size.Units], duration)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(progress, "N=%d B=%d S=%d D=%d on %d threads: %.2f ms a step, gonum %.2f\n", row.Units, row.Batch, row.Pairs, row.Velocities, threads, row.Ms, row.GonumMs)
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// Spec is a training of this size.
func (b Step) Spec() compute.Spec {
	return compute.Spec{
		Network: sic.Network{Units: b.Units, Hidden: b.Hidden, Layers: 3, Init: sic.InitIdentity, InitScale: 0.1, InitialState: sic.InitialStateLearned},
		Batch:   sic.Batch{Trajectories: b.Batch, Length: b.Length, VelocityMax: 0.15, Pairs: b.Pairs, Permute: b.Velocities == b.Length},
		Loss:    sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, ConformalIsometry: 0.3, Reduction: loss.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 1 << 40, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Clip: 0.1, Accumulate: 1,
			Schedule: sic.ScheduleConstant},
		Seed: 1,
	}
}

func stateUnderWay(size Step) (compute.State, error) {
	trainer, err := cpu.New(size.Spec())
	if err != nil {
		return compute.State{}, err
	}
	defer trainer.Close()
	trainer.SetThreads(runtime.GOMAXPROCS(0))
	_, err = trainer.Train(underWay, nil)
	return trainer.State(), err
}

func timeStep(ctx context.Context, row Step, state compute.State, duration time.Duration) (Step, error) {
	row.Device = cpu.Numerics()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	trainer, err := cpu.New(row.Spec())
	if err != nil {
		return row, err
	}
	defer trainer.Close()
	trainer.SetThreads(row.Threads)
	runtime.ReadMemStats(&after)
	row.MemoryMiB = float64(after.TotalAlloc-before.TotalAlloc) / (1 << 20)
	begun := time.Now()
	if err := warm(trainer, state); err != nil {
		return row, err
	}
	steps := max(1, int(duration/turns/max(time.Since(begun)/2, 1)))
	trainer.Parts = cpu.Seconds{}
	plain := gonum.New(row.Spec())
	plain.Restore(state)
	var apart []compute.Trainer // of one thread each
	for row.Threads > 1 && len(apart) < row.Threads {
		t, err := cpu.New(row.Spec())
		if err != nil {
			return row, err
		}
		defer t.Close()
		if err := warm(t, state); err != nil {
			return row, err
		}
		apart = append(apart, t)
	}

	work := usefulWork(row)
	var ms, peaks, shares, gonumMs, speedups, aparts, lines []float64
	for range turns {
		if ctx.Err() != nil {
			return row, ctx.Err()
		}
		before := cpu.Peak(row.Threads)
		perStep, err := secondsAStep(steps, trainer)
		if err != nil {
			return row, err
		}
		peak := (before + cpu.Peak(row.Threads)) / 2
		ms, peaks, shares = append(ms, 1e3*perStep), append(peaks, peak), append(shares, work/perStep/peak)
		if len(gonumMs) == 0 || gonumMs[0] < 1e3*duration.Seconds() { // a slow step is timed once
			gonumMs = append(gonumMs, 1e3*secondsOf(plain, row.Threads))
		}
		if len(apart) > 0 {
			alone, err := secondsAStep(max(steps/2, 1), apart[0])
			if err != nil {
				return row, err
			}
			together, err := secondsAStep(max(steps/2, 1), apart...)
			if err != nil {
				return row, err
			}
			speedups, aparts, lines = append(speedups, alone/perStep), append(aparts, alone/together), append(lines, lineTrip())
		}
	}
	row.Active = trainer.Active()
	row.Ms, row.Peak, row.PeakShare = gridcell.Median(ms), gridcell.Median(peaks), gridcell.Median(shares)
	row.GFLOPs = work / row.Ms * 1e3
	row.GonumMs = gridcell.Median(gonumMs)
	row.TimesGonum = row.GonumMs / row.Ms
	row.Speedup, row.Apart = 1, 1
	if len(apart) > 0 {
		row.Speedup, row.Apart, row.LineNs = gridcell.Median(speedups), gridcell.Median(aparts), gridcell.Median(lines)
	}
	row.Parts = trainer.Parts.Scale(1e3 / float64(turns*steps))
	return row, nil
}

// warm puts a trainer into a state and takes two steps: the first touches of its memory are not the
// step.
func warm(t compute.Trainer, state compute.State) error {
	if err := t.Restore(state); err != nil {
		return err
	}
	_, err := t.Train(2, nil)
	return err
}

// secondsAStep times so many steps of every trainer at once, divided by the steps of all.
func secondsAStep(steps int, trainers ...compute.Trainer) (float64, error) {
	var group errgroup.Group
	begun := time.Now()
	for _, t := range trainers {
		records := make([]compute.Record, 0, steps)
		group.Go(func() error {
			_, err := t.Train(steps, records)
			return err
		})
	}
	err := group.Wait()
	return time.Since(begun).Seconds() / float64(steps*len(trainers)), err
}

// lineTrip is how many nanoseconds a cache line takes to another thread and back; 0 where all
// threads share a processor. Virtual processors that the host has put on cores without a common
// cache take five times as long as others, and two threads may then be slower at a step than one.
func lineTrip() float64 {
	if runtime.GOMAXPROCS(0) < 2 { // each trip would wait until the scheduler takes the processor away
		return 0
	}
	const trips = 20000
	var line atomic.Int64
	var echo sync.WaitGroup
	echo.Go(func() {
		for i := int64(1); i < 2*trips; i += 2 {
			for line.Load() != i {
			}
			line.Store(i + 1)
		}
	})
	begun := time.Now()
	for i := int64(1); i < 2*trips; i += 2 {
		line.Store(i)
		for line.Load() != i+1 {
		}
	}
	took := time.Since(begun)
	echo.Wait()
	return float64(took.Nanoseconds()) / trips
}

// secondsOf times one step of gonum's, which takes as many threads as Go has.
func secondsOf(plain *gonum.Step, threads int) float64 {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
	begun := time.Now()
	plain.Train(1)
	return time.Since(begun).Seconds()
}

// usefulWork is the GFLOP of a step, counted densely: the recurrent products
// forward, backward and into the weights; the MLP's last layer likewise; the Gram
// matrix and its product with the states.
func usefulWork(r Step) float64 {
	n, h, states, d, s := float64(r.Units), float64(r.Hidden), float64(r.Batch*r.Length), float64(r.Velocities), float64(r.Pairs)
	return (6*states*n*n + 6*d*h*n*n + 4*s*s*n) / 1e9
}

// PrintSteps prints rows of Training as a table.
func PrintSteps(w io.Writer, rows []Step) {
	fmt.Fprintf(w, "%-14s %5s %6s %5s %5s %7s %8s %10s %8s %9s %7s %7s %7s %7s\n", "device", "N", "B", "S", "D", "threads", "ms/step", "GFLOP/s", "of peak", "gonum", "MiB", "gain", "apart", "line ns")
	for _, r := range rows {
		fmt.Fprintf(w, "%-14s %5d %6d %5d %5d %7d %8.2f %10.1f %7.0f%% %8.1fx %7.0f %6.2fx %6.2fx %7.0f\n",
			r.Device, r.Units, r.Batch, r.Pairs, r.Velocities, r.Threads, r.Ms, r.GFLOPs, 100*r.PeakShare, r.TimesGonum, r.MemoryMiB, r.Speedup, r.Apart, r.LineNs)
	}
}
