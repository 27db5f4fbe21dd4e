package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/jsontext"
	"sicgrid/pkg/usage"
	"sicgrid/stages/devices"
	"sicgrid/stages/sicgrid/benchmark"
)

func newBenchCommand() *cobra.Command {
	var asJSON bool
	var duration time.Duration
	var device, precision string
	c := &cobra.Command{
		Use:   "bench [train]",
		Short: "Time the training step beside the machine's own peak",
		Long: "Times optimiser steps of several sizes on 1 and 2 threads, interleaved with the\n" +
			"processor's bare multiply-add rate and with the same step plainly written with\n" +
			"gonum, and prints the medians over the turns. Steps are those of a training under\n" +
			"way: by then about a third of the units are active at a time. What two threads gain\n" +
			"over one stands beside what two separate trainings at once gain over one alone:\n" +
			"they share caches, memory and clock, but no work; line ns is how long a cache line\n" +
			"takes from one thread to another and back.",
		Example:   "  sicgrid bench train\n  sicgrid bench train --json --duration 5s\n  sicgrid bench train --device vulkan --precision mixed",
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"train"},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := devices.CheckPrecision(precision, device); err != nil {
				return err
			}
			if device != "cpu" {
				return benchGPU(cmd, device, vulkan.Precision(precision), duration, asJSON)
			}
			rows, err := benchmark.Training(cmd.Context(), duration, cmd.ErrOrStderr())
			return printRows(cmd, asJSON, rows, err, benchmark.PrintSteps)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the measurements as JSON")
	c.Flags().StringVar(&device, "device", "cpu", "what to time: cpu, vulkan, or vulkan:`NAME` as `sicgrid devices` lists it")
	c.Flags().StringVar(&precision, "precision", string(vulkan.Float32), "how a GPU computes its large products: float32 or mixed")
	c.Flags().DurationVar(&duration, "duration", 3*time.Second, "time to spend on each row")
	c.AddCommand(newBenchCostsCommand(), newBenchStoreCommand(), newBenchAnalysisCommand())
	return c
}

// benchGPU is bench for --device vulkan, or any device that is named.
func benchGPU(cmd *cobra.Command, flag string, p vulkan.Precision, duration time.Duration, asJSON bool) error {
	if flag == "auto" || devices.Check(flag) != nil {
		return usage.Errorf("--device %s: must be one of cpu, vulkan, or vulkan:NAME with part of a name that `sicgrid devices` lists", flag)
	}
	d, err := devices.OpenVulkan(flag, p)
	if err != nil {
		return fmt.Errorf("--device %s, --precision %s: %w", flag, p, err)
	}
	defer d.Close()
	rows, err := benchmark.GPU(cmd.Context(), d, duration, cmd.ErrOrStderr())
	return printRows(cmd, asJSON, rows, err, benchmark.PrintGPUSteps)
}

func newBenchCostsCommand() *cobra.Command {
	var asJSON bool
	var duration time.Duration
	c := &cobra.Command{
		Use:   "costs",
		Short: "Time the training step against each of its sizes, one at a time",
		Long: "Times single steps on one thread, in the processor's own time, of trainings that differ in\n" +
			"one size from a middling one, in turn: N units, H units in a hidden layer, B walks, S states in the pair losses, T\n" +
			"steps of a walk, D distinct velocities (as many as steps, or as states where each walk\n" +
			"has its own). Prints the medians, and with which power of the size they grow.",
		Example: "  sicgrid bench costs\n  sicgrid bench costs --json --duration 60s",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rows, err := benchmark.Costs(cmd.Context(), duration, cmd.ErrOrStderr())
			return printRows(cmd, asJSON, rows, err, benchmark.PrintCosts)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the measurements as JSON")
	c.Flags().DurationVar(&duration, "duration", 20*time.Second, "time to spend on all")
	return c
}

func newBenchStoreCommand() *cobra.Command {
	return measuring("store", &cobra.Command{
		Short: "Time a run in which nothing is to do, scheduling, verification and the Parquet codec",
		Long: "Times a run of 2000 cached stages, one of 40 that rest on 20 GB (in sparse files),\n" +
			"what making a stage costs beside its own work, the hashing of a store, and writing and\n" +
			"reading a Parquet file of float32 tensors on one core, each beside the plain work on\n" +
			"the same bytes, interleaved where that is short; prints medians.",
	}, func(ctx context.Context, progress io.Writer) ([]benchmark.Measurement, error) {
		dir, err := os.MkdirTemp("", "sicgrid-bench-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		return benchmark.Store(ctx, dir, progress)
	})
}

func newBenchAnalysisCommand() *cobra.Command {
	return measuring("analysis", &cobra.Command{
		Short: "Time the analysis of 128 units, persistent cohomology and the spectral embedding",
		Long: "Times the whole analysis of 128 noisy grid cells at 64 x 64 bins, the persistent\n" +
			"cohomology of 250 landmarks of a torus to dimension 2, and the spectral embedding of\n" +
			"8000 states, on as many threads as there are cores, each interleaved with plain work\n" +
			"of the same size; prints medians.",
	}, func(ctx context.Context, progress io.Writer) ([]benchmark.Measurement, error) {
		return benchmark.Analysis(ctx, benchmark.FullAnalysis, progress)
	})
}

// measuring is a benchmark of bench that takes no arguments.
func measuring(name string, c *cobra.Command, measure func(context.Context, io.Writer) ([]benchmark.Measurement, error)) *cobra.Command {
	var asJSON bool
	c.Use, c.Example = name, fmt.Sprintf("  sicgrid bench %s\n  sicgrid bench %[1]s --json", name)
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage.Errorf("sicgrid bench %s: found %d arguments, must be none; see sicgrid bench %[1]s --help", name, len(args))
		}
		return nil
	}
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		rows, err := measure(cmd.Context(), cmd.ErrOrStderr())
		return printRows(cmd, asJSON, rows, err, benchmark.Print)
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the measurements as JSON")
	return c
}

// printRows prints what was measured, as JSON or for people.
func printRows[R any](cmd *cobra.Command, asJSON bool, rows []R, err error, print func(io.Writer, []R)) error {
	switch {
	case err != nil:
		return err
	case asJSON:
		return jsontext.Write(cmd.OutOrStdout(), rows)
	}
	print(cmd.OutOrStdout(), rows)
	return nil
}
