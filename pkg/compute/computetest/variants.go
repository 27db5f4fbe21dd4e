package computetest

import (
	"sicgrid/pkg/compute"
	"sicgrid/pkg/sic"
	"sicgrid/pkg/sic/loss"
)

// Variants are changes of a run that make a step take another way: each term of the loss alone,
// sums, samples, more pairs than one tile holds, independent velocities, other depths, and the
// smallest batches.
var Variants = map[string]func(s *compute.Spec){
	"sum":            func(s *compute.Spec) { s.Loss.Reduction = loss.ReductionSum },
	"sampled":        func(s *compute.Spec) { s.Batch.Pairs = 37 },
	"many tiles":     func(s *compute.Spec) { s.Batch.Trajectories, s.Batch.Length = 11, 31 },
	"independent":    func(s *compute.Spec) { s.Batch.Permute = false },
	"two layers":     func(s *compute.Spec) { s.Network.Layers = 2 },
	"five layers":    func(s *compute.Spec) { s.Network.Layers = 5 },
	"pytorch":        func(s *compute.Spec) { s.Network.Init, s.Network.InitScale = sic.InitPyTorch, 1 },
	"first layer":    func(s *compute.Spec) { s.Network.InitSpeed = 0.15 },
	"fixed start":    func(s *compute.Spec) { s.Network.InitialState = sic.InitialStateFixed },
	"narrow":         func(s *compute.Spec) { s.Loss.SigmaG = 0.1 },
	"no near pairs":  func(s *compute.Spec) { s.Loss.SigmaX = 1e-7; s.Batch.Pairs = 3 },
	"one trajectory": func(s *compute.Spec) { s.Batch.Trajectories = 1 },
	"one step":       func(s *compute.Spec) { s.Batch.Length = 1 },
	"equal speeds":   func(s *compute.Spec) { s.Loss.IsometryRadius, s.Loss.IsometrySpeedBin = 0.15, 0.03 },
	"ring":           func(s *compute.Spec) { s.Network.RingWidth, s.Network.RingLong = 6, 0.1 },
	"gains":          func(s *compute.Spec) { s.Network.RingWidth, s.Network.GainMax = 6, 2.2 },
	"shuffled gains": func(s *compute.Spec) { s.Network.RingWidth, s.Network.GainMax, s.Network.GainShuffle = 6, 2.2, 1 },
}

func init() {
	for i := range loss.Table {
		Variants[loss.Term(i).String()] = func(s *compute.Spec) {
			for j, term := range loss.Table {
				*term.Weight(&s.Loss) = 0
				if j == i {
					*term.Weight(&s.Loss) = 1
				}
			}
		}
	}
}
