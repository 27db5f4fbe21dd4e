package analysis

import (
	"runtime"
	"strings"
	"testing"

	"sicgrid/pkg/manifold"
)

func TestAStateCloudThatNeedsMoreMemoryThanThereIsIsRefused(t *testing.T) {
	o := manifold.StandardTopology()
	if err := enoughMemory(o.Memory(10, 100_000)); err != nil {
		t.Errorf("ten states of 100 000 units: %v", err)
	}
	o.MaxPoints = 1 << 30
	if err := enoughMemory(o.Memory(10_000_000, 1_000_000)); runtime.GOOS == "linux" && (err == nil || !strings.Contains(err.Error(), "GB of memory")) {
		t.Errorf("10 million states of a million units: %v, want a refusal", err)
	}
}
