package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/sic"
)

// benchmark is one row of `sicgrid bench train --json`.
type benchmark struct {
	Device    string      `json:"device"`
	Units     int         `json:"units"`
	Hidden    int         `json:"hidden"`
	Batch     int         `json:"batch"`
	Length    int         `json:"length"`
	Pairs     int         `json:"pairs"` // states in the pair losses
	Threads   int         `json:"threads"`
	Ms        float64     `json:"ms_per_step"`
	GFLOPs    float64     `json:"gflops"`      // useful work, zeros of rectified states counted
	Peak      float64     `json:"peak_gflops"` // multiply-adds on as many threads, measured turn about
	PeakShare float64     `json:"peak_share"`
	Parts     cpu.Seconds `json:"parts"` // ms a step
	PeakMiB   float64     `json:"peak_mib"`
}

func newBenchCommand() *cobra.Command {
	var asJSON bool
	var duration time.Duration
	var device string
	c := &cobra.Command{
		Use:       "bench [train]",
		Short:     "Time the training step beside the machine's own peak",
		Long:      "Times optimiser steps of several sizes on 1 and 2 threads, turn about with the\nprocessor's bare multiply-add rate, and prints the medians over the turns.",
		Example:   "  sicgrid bench train\n  sicgrid bench train --json --duration 5s",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"train"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if device != "cpu" {
				return runBenchGPU(cmd, device, duration, asJSON)
			}
			rows, err := benchTrain(cmd.Context(), duration, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			printBenchmarks(cmd.OutOrStdout(), rows)
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the measurements as JSON")
	c.Flags().StringVar(&device, "device", "cpu", "what to time: cpu, vulkan, or vulkan:`NAME` as `sicgrid devices` lists it")
	c.Flags().DurationVar(&duration, "duration", 3*time.Second, "time to spend on each row")
	return c
}

// turns is how often peak and steps are timed one after the other; the medians
// stand against the noise of shared machines.
const turns = 7

func benchTrain(ctx context.Context, duration time.Duration, progress io.Writer) ([]benchmark, error) {
	var rows []benchmark
	for _, size := range []benchmark{
		{Units: 40, Hidden: 64, Batch: 32, Length: 60, Pairs: 512}, // the laptop profile's micro-batch
		{Units: 64, Hidden: 64, Batch: 32, Length: 60, Pairs: 512},
		{Units: 128, Hidden: 128, Batch: 130, Length: 60, Pairs: 1024},
		{Units: 128, Hidden: 128, Batch: 130, Length: 60, Pairs: 130 * 60},
	} {
		for _, threads := range []int{1, 2} {
			size.Threads = threads
			row, err := benchStep(ctx, size, duration)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(progress, "N=%d B=%d S=%d on %d threads: %.2f ms a step\n", row.Units, row.Batch, row.Pairs, threads, row.Ms)
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func benchStep(ctx context.Context, row benchmark, duration time.Duration) (benchmark, error) {
	row.Device = cpu.Numerics()
	trainer, err := cpu.New(compute.Spec{
		Network: sic.Network{Units: row.Units, Hidden: row.Hidden, Layers: 3, Init: sic.InitIdentity, InitScale: 0.1, InitialState: sic.InitialStateLearned},
		Batch:   sic.Batch{Trajectories: row.Batch, Length: row.Length, VelocityMax: 0.15, Pairs: row.Pairs, Permute: true},
		Loss:    sic.Loss{SigmaX: 0.05, SigmaG: 0.4, Separation: 1, Invariance: 0.1, Capacity: 0.5, ConformalIsometry: 0.3, Reduction: sic.ReductionMean},
		Optimiser: sic.Optimiser{Steps: 1 << 40, LearningRate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Clip: 0.1, Accumulate: 1,
			Schedule: sic.ScheduleConstant},
		Seed: 1,
	})
	if err != nil {
		return row, err
	}
	defer trainer.Close()
	trainer.SetThreads(row.Threads)
	var records []compute.Record
	begun := time.Now()
	if _, err = trainer.Train(2, records); err != nil { // first touches of memory are not the step
		return row, err
	}
	steps := max(1, int(duration/turns/max(time.Since(begun)/2, 1)))
	records = make([]compute.Record, 0, steps)
	trainer.Parts = cpu.Seconds{}

	work := usefulWork(row)
	var ms, peaks, shares []float64
	for range turns {
		if ctx.Err() != nil {
			return row, ctx.Err()
		}
		before := cpu.Peak(row.Threads)
		begun := time.Now()
		if records, err = trainer.Train(steps, records[:0]); err != nil {
			return row, err
		}
		perStep := time.Since(begun).Seconds() / float64(steps)
		peak := (before + cpu.Peak(row.Threads)) / 2
		ms, peaks, shares = append(ms, 1e3*perStep), append(peaks, peak), append(shares, work/perStep/peak)
	}
	row.Ms, row.Peak, row.PeakShare = gridcell.Median(ms), gridcell.Median(peaks), gridcell.Median(shares)
	row.GFLOPs = work / row.Ms * 1e3
	row.Parts = trainer.Parts.Scale(1e3 / float64(turns*steps))
	row.PeakMiB = float64(pipeline.PeakMemory()) / (1 << 20)
	return row, nil
}

// usefulWork is the GFLOP of a step, counted densely: the recurrent products
// forward, backward and into the weights; the MLP's last layer likewise; the Gram
// matrix and its product with the states.
func usefulWork(r benchmark) float64 {
	n, h, b, t, s := float64(r.Units), float64(r.Hidden), float64(r.Batch), float64(r.Length), float64(r.Pairs)
	return (6*b*t*n*n + 6*t*h*n*n + 4*s*s*n) / 1e9
}

func printBenchmarks(w io.Writer, rows []benchmark) {
	fmt.Fprintf(w, "%-14s %5s %6s %5s %6s %8s %10s %9s %7s\n", "device", "N", "B", "S", "threads", "ms/step", "GFLOP/s", "of peak", "MiB")
	for _, r := range rows {
		fmt.Fprintf(w, "%-14s %5d %6d %5d %6d %8.2f %10.1f %8.0f%% %7.0f\n", r.Device, r.Units, r.Batch, r.Pairs, r.Threads, r.Ms, r.GFLOPs, 100*r.PeakShare, r.PeakMiB)
	}
}
