package cpu

import (
	"math"
	"testing"

	"sicgrid/pkg/sic"
)

// Walking a network gives the states that training it on the same velocities meets.
func TestRollerVisitsTheStatesOfTraining(t *testing.T) {
	for _, gain := range []float64{1, 2.2} {
		bothKernels(t, func(t *testing.T, k *kernels) { checkRoller(t, k, gain) })
	}
}

func checkRoller(t *testing.T, k *kernels, gain float64) {
	s := spec(21, 10)
	s.Network.GainMax = gain
	s.Batch.Trajectories = rollWidth + 9
	tr, err := newTrainer(s, k)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	tr.fill(0)
	tr.microBatch()
	walks := make([][]float32, s.Batch.Trajectories)
	for i, order := range tr.draw.Order {
		v := tr.draw.Velocity[order]
		walks[i/s.Batch.Length] = append(walks[i/s.Batch.Length], v[0], v[1])
	}
	r, err := NewRoller(s.Network, sic.InitialParameters(s.Network, s.Seed))
	if err != nil {
		t.Fatal(err)
	}
	visits, worst := 0, 0.0
	r.Run(walks, func(walk, step int, state []float32) {
		visits++
		for n, want := range tr.state(tr.after(walk*s.Batch.Length + step))[:s.Network.Units] {
			worst = max(worst, math.Abs(float64(state[n]-want)))
		}
	})
	if visits != s.Batch.States() || worst > 1e-4 {
		t.Errorf("gain %v: %d visits of %d, states off by %g", gain, visits, s.Batch.States(), worst)
	}
}
