package benchmark

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/vulkan"
	"sicgrid/pkg/compute/vulkan/vk"
	"sicgrid/pkg/gridcell"
	"sicgrid/pkg/sic"
)

// GPUStep is one row of the benchmark of training steps on a GPU: medians over the turns.
type GPUStep struct {
	Device         string             `json:"device"`
	Units          int                `json:"units"`
	Hidden         int                `json:"hidden"`
	Batch          int                `json:"batch"`
	Length         int                `json:"length"`
	Pairs          int                `json:"pairs"`                        // states in the pair losses
	Velocities     int                `json:"velocities"`                   // distinct ones
	Ms             float64            `json:"ms_per_step"`                  // of one micro-batch, by the clock of the host
	GFLOPs         float64            `json:"gflops"`                       // useful work, zeros of rectified states counted
	Peak           float64            `json:"peak_gflops"`                  // float32 multiply-adds of a shader of ours, measured in the same run
	MatrixPeak     float64            `json:"matrix_peak_gflops,omitempty"` // the same of 16-bit matrices, where the precision is mixed
	PeakShare      float64            `json:"peak_share"`                   // of the greater of both
	PeakGBs        float64            `json:"peak_gbs"`                     // of a shader that copies, measured in the same run
	OptimiserGBs   float64            `json:"optimiser_gbs"`                // AdamW: 7 numbers a parameter; 0 without timestamps
	BandwidthShare float64            `json:"bandwidth_share"`              // of peak_gbs, by AdamW
	Parts          map[string]float64 `json:"parts"`                        // ms a step on the device by shader, from timestamps taken in runs of their own
	PartShares     map[string]float64 `json:"part_shares"`                  // of the peak that bounds a shader: of bandwidth for adamw and transpose, of arithmetic for those that multiply
	ArenaMiB       float64            `json:"device_mib"`
}

// GPU times optimiser steps on an open device, for about duration a row; on a processor that
// speaks Vulkan the smallest size alone.
func GPU(ctx context.Context, d *vulkan.Device, duration time.Duration, progress io.Writer) ([]GPUStep, error) {
	peaks, err := d.Measure()
	if err != nil {
		return nil, err
	}
	sizes := []Step{
		{Units: 40, Hidden: 64, Batch: 32, Length: 60, Pairs: 512, Velocities: 60},
		{Units: 64, Hidden: 64, Batch: 32, Length: 60, Pairs: 512, Velocities: 32 * 60},
		{Units: 128, Hidden: 128, Batch: 130, Length: 60, Pairs: 1024, Velocities: 60},
		{Units: 128, Hidden: 128, Batch: 130, Length: 60, Pairs: 130 * 60, Velocities: 60},
	}
	if d.Kind == vk.Processor { // a minute a step of the full size
		sizes = sizes[:1]
	}
	var rows []GPUStep
	for _, size := range sizes {
		row, err := timeGPUStep(ctx, d, peaks, size, duration)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(progress, "N=%d B=%d S=%d on %s: %.3f ms a step\n", row.Units, row.Batch, row.Pairs, d.Name, row.Ms)
		rows = append(rows, row)
	}
	return rows, nil
}

func timeGPUStep(ctx context.Context, d *vulkan.Device, peaks vulkan.Peaks, size Step, duration time.Duration) (GPUStep, error) {
	row := GPUStep{Device: d.Numerics(), Units: size.Units, Hidden: size.Hidden, Batch: size.Batch, Length: size.Length, Pairs: size.Pairs, Velocities: size.Velocities,
		Peak: peaks.GFLOPs, MatrixPeak: peaks.MatrixGFLOPs, PeakGBs: peaks.GBs, Parts: map[string]float64{}, PartShares: map[string]float64{}}
	spec := size.Spec()
	trainer, err := vulkan.New(spec, d)
	if err != nil {
		return row, err
	}
	defer trainer.Close()
	row.ArenaMiB = float64(trainer.DeviceBytes()) / (1 << 20)
	// More and more steps, until the trainer has found the length of its submissions.
	steps, turn := 1, time.Duration(0)
	for ; turn < duration/turns; steps *= 2 {
		begun := time.Now()
		if _, err = trainer.Train(steps, nil); err != nil {
			return row, err
		}
		turn = time.Since(begun)
	}
	steps = max(1, int(float64(steps/2)*float64(duration/turns)/float64(turn)))
	records := make([]compute.Record, 0, steps)
	var ms []float64
	for range turns {
		if ctx.Err() != nil {
			return row, ctx.Err()
		}
		begun := time.Now()
		if records, err = trainer.Train(steps, records[:0]); err != nil {
			return row, err
		}
		ms = append(ms, 1e3*time.Since(begun).Seconds()/float64(steps))
	}
	row.Ms = gridcell.Median(ms)
	row.GFLOPs = usefulWork(size) / row.Ms * 1e3
	row.PeakShare = row.GFLOPs / max(row.Peak, row.MatrixPeak)

	trainer.Parts = row.Parts
	if _, err = trainer.Train(steps, records[:0]); err != nil {
		return row, err
	}
	for part := range row.Parts {
		row.Parts[part] *= 1e3 / float64(steps)
	}
	row.shares(float64(sic.NewLayout(spec.Network).Size))
	return row, nil
}

// shares fills in what part of the peaks the shaders reach whose work is known.
func (r *GPUStep) shares(parameters float64) {
	n, h, states, d, s := float64(r.Units), float64(r.Hidden), float64(r.Batch*r.Length), float64(r.Velocities), float64(r.Pairs)
	layers := 2*d*h*n*n + 2*d*h*(h+2) // of a product with the MLP's weights, the last layer's and those below
	for part, work := range map[string]struct{ gflop, gb float64 }{
		"pairs": {gflop: 4 * s * s * n}, "rollout": {gflop: 2 * states * n * n}, "rollback": {gflop: 2 * states * n * n}, "outer": {gflop: 2 * states * n * n},
		"linear": {gflop: layers}, "linear_weight": {gflop: layers}, "linear_input": {gflop: layers},
		"adamw": {gb: 7 * 4 * parameters}, "transpose": {gb: 2 * 4 * d * n * n},
	} {
		seconds, peak := r.Parts[part]/1e3, r.Peak
		if t := r.Parts[part+"_mixed"] / 1e3; t > 0 {
			seconds, peak = seconds+t, r.MatrixPeak
		}
		if seconds == 0 {
			continue
		}
		if work.gb > 0 {
			r.PartShares[part] = work.gb / 1e9 / seconds / r.PeakGBs
		} else {
			r.PartShares[part] = work.gflop / 1e9 / seconds / peak
		}
	}
	r.BandwidthShare = r.PartShares["adamw"]
	r.OptimiserGBs = r.BandwidthShare * r.PeakGBs
}

// PrintGPUSteps prints rows of GPU with what each shader took.
func PrintGPUSteps(w io.Writer, rows []GPUStep) {
	for _, r := range rows {
		fmt.Fprintf(w, "%s  N=%d B=%d S=%d D=%d: %.3f ms a step, %.1f of %.1f GFLOP/s (%.0f%%), AdamW %.1f of %.1f GB/s (%.0f%%), %.0f MiB\n",
			r.Device, r.Units, r.Batch, r.Pairs, r.Velocities, r.Ms, r.GFLOPs, max(r.Peak, r.MatrixPeak), 100*r.PeakShare, r.OptimiserGBs, r.PeakGBs, 100*r.BandwidthShare, r.ArenaMiB)
		names := slices.SortedFunc(maps.Keys(r.Parts), func(a, b string) int {
			if r.Parts[a] > r.Parts[b] {
				return -1
			}
			return 1
		})
		for _, part := range names {
			share := ""
			if s := r.PartShares[strings.TrimSuffix(part, "_mixed")]; s > 0 {
				share = fmt.Sprintf("  %3.0f%% of its peak", 100*s)
			}
			fmt.Fprintf(w, "  %-19s %8.3f ms%s\n", part, r.Parts[part], share)
		}
	}
}
