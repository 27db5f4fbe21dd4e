package cpu

import (
	"fmt"
	"testing"

	"sicgrid/pkg/sic"
)

// Each phase of the step alone, in a training under way, and the GFLOP/s of its
// work counted densely.
func BenchmarkPhases(b *testing.B) {
	for _, c := range []struct{ n, b, s int }{{64, 32, 512}, {128, 130, 1024}} {
		s := spec(c.n, c.n)
		s.Batch = sic.Batch{Trajectories: c.b, Length: 60, VelocityMax: 0.15, Pairs: c.s, Permute: true}
		tr, err := New(s)
		if err != nil {
			b.Fatal(err)
		}
		defer tr.Close()
		tr.SetThreads(2)
		if _, err := tr.Train(300, nil); err != nil {
			b.Fatal(err)
		}
		n, h, states, pairs := float64(c.n), float64(c.n), 60*float64(c.b), float64(c.s)
		recurrent, last := 2*states*n*n, 2*60*h*n*n
		for threads := 1; threads <= 2; threads++ {
			tr.SetThreads(threads)
			for _, phase := range []struct {
				name  string
				run   func()
				flops float64
			}{
				{"columns", func() { tr.pool.run(tr.net.chunks(), tr.phases.columns) }, last},
				{"rollOut", func() { tr.pool.run(tr.shares(), tr.phases.rollOut) }, recurrent},
				{"pairs", func() { tr.losses() }, 4 * pairs * pairs * n},
				{"rollBack", func() { tr.pool.run(tr.shares(), tr.phases.rollBack) }, recurrent},
				{"outer", func() { tr.pool.run(len(tr.velocity), tr.phases.outer) }, recurrent},
				{"columnsBackward", func() { tr.pool.run(tr.net.chunks(), tr.phases.columnsBackward) }, last},
				{"segmentBackward", func() { tr.pool.run(tr.net.segments(), tr.phases.segmentBackward) }, last},
				{"squares", func() { tr.pool.run(len(tr.squares), tr.phases.squares) }, 0},
				{"update", func() { tr.pool.run(1+len(tr.squares), tr.phases.update) }, 0},
			} {
				b.Run(fmt.Sprintf("N=%d/threads=%d/%s", c.n, threads, phase.name), func(b *testing.B) {
					for b.Loop() {
						phase.run()
					}
					b.ReportMetric(phase.flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}
