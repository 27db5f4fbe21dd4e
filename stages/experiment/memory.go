package experiment

import (
	"maps"
	"slices"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/params"
)

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
	if need <= cpu.MemoryLimit {
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
	return doc.Errorf(blamed, "found %.0f, would need %.0f bytes of memory, must be small enough for %d bytes (64 GiB)", sizes[blamed], need, int64(cpu.MemoryLimit))
}
