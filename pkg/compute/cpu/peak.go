package cpu

import (
	"sync"
	"time"
)

// Peak measures the multiply-adds that this many threads can do at once, in GFLOP/s (a multiply-add
// is two operations), with the instructions that the kernels use and nothing else.
func Peak(threads int) float64 {
	const rounds = 1 << 20
	k := best()
	start := time.Now()
	var all sync.WaitGroup
	for range threads {
		all.Go(func() { k.multiplyAdd(rounds) })
	}
	all.Wait()
	return float64(threads) * 192 * rounds / time.Since(start).Seconds() / 1e9
}
