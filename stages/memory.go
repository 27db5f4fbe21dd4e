package main

import (
	"maps"
	"slices"

	"sicgrid/pkg/params"
)

// memoryLimit is what one stage may need, in bytes: far above every profile,
// and within what a workstation has. Sizes beyond it are typing errors more
// often than wishes, and would otherwise end in the kernel killing the process.
const memoryLimit = 64 << 30

// trainingBytes is about what a training step holds: the last layer of the MLP
// (hidden x units^2) and the layers before it with gradient and two moments, T
// matrices W(v) of units^2 with their gradients, and the states of B·T steps
// with theirs. The pair losses are tiled and need little.
func trainingBytes(n map[string]float64) float64 {
	units, hidden := n["network.units"], n["network.hidden"]
	weights := (hidden+1)*units*units + (n["network.layers"]-1)*(hidden+3)*hidden
	recurrent := n["batch.length"] * units * units
	states := n["batch.trajectories"] * n["batch.length"] * units
	return 4 * (4*weights + 2*recurrent + 4*states)
}

// evaluationBytes is about what the maps of one box hold: three maps and an
// autocorrelogram a unit, the walks, and the recorded states.
func evaluationBytes(n map[string]float64) float64 {
	units, bins := n["network.units"], n["evaluation.bins"]
	samples := max(n["evaluation.samples_per_bin"]*bins*bins, n["evaluation.steps"])
	return 8*units*(3*bins*bins+4*bins*bins) + 16*samples + 4*units*n["evaluation.states"]
}

// checkMemory refuses sizes that no machine of this project has the memory for.
// The key that it names is the one without which the need would fall most.
func checkMemory(doc *params.Document, bytes func(map[string]float64) float64, sizes map[string]float64) error {
	need := bytes(sizes)
	if need <= memoryLimit {
		return nil
	}
	blamed, least := "", need
	for _, key := range slices.Sorted(maps.Keys(sizes)) {
		without := maps.Clone(sizes)
		without[key] = 1
		if b := bytes(without); b < least {
			blamed, least = key, b
		}
	}
	return doc.Errorf(blamed, "found %.0f, would need %.0f bytes of memory, must be small enough for %d bytes (64 GiB)", sizes[blamed], need, int64(memoryLimit))
}
