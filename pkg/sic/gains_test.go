package sic

import (
	"math"
	"slices"
	"testing"
)

// A unit's row of W(v) is that of the MLP at the unit's gain times v: exactly at the ends of the
// ring, and in between wherever the MLP is linear in v.
func TestRowsAreMadeOfGainTimesVelocity(t *testing.T) {
	n := Network{Units: 7, Hidden: 5, Layers: 2, Init: InitPyTorch, InitScale: 1, GainMax: 3}
	params := float64s(InitialParameters(n, 7))
	for i := range Of(params, NewLayout(n).Bias(0)) { // no unit's kink within reach
		Of(params, NewLayout(n).Bias(0))[i] = math.Copysign(10, params[i])
	}
	v := [2]float32{0.11, -0.07}
	p := forward(n, Batch{Trajectories: 1, Length: 1, Permute: true}, params, &Draw{Velocity: [][2]float32{v}, Order: []int32{0}})
	for i, gain := range n.Gains() {
		if want := math.Pow(3, float64(i)/6); math.Abs(gain-want) > 1e-12 {
			t.Errorf("unit %d of 7 has gain %v, want %v", i, gain, want)
		}
		row := mlp(n, p.layout, params, [2]float32{float32(gain) * v[0], float32(gain) * v[1]})[1][i*n.Units:][:n.Units]
		for j, want := range row {
			if got := p.weight[0][i*n.Units+j]; math.Abs(got-want) > 1e-6 {
				t.Errorf("W_%d%d(v) = %v at gain %.3g, the MLP at gain times v gives %v", i, j, got, gain, want)
			}
		}
	}
}

// Shuffling deals out the same gains, each number in its own way.
func TestShuffledGainsAreTheSameGains(t *testing.T) {
	n := Network{Units: 48, GainMax: 2.2}
	ordered := n.Gains()
	if !slices.IsSorted(ordered) || ordered[0] != 1 || ordered[47] != 2.2 {
		t.Errorf("gains %v, must rise from 1 to 2.2", ordered)
	}
	var dealt [][]float64
	for n.GainShuffle = 1; n.GainShuffle <= 2; n.GainShuffle++ {
		gains := n.Gains()
		dealt = append(dealt, slices.Clone(gains))
		if slices.Sort(gains); !slices.Equal(gains, ordered) {
			t.Errorf("shuffle %d has other gains", n.GainShuffle)
		}
	}
	if slices.Equal(dealt[0], ordered) || slices.Equal(dealt[0], dealt[1]) {
		t.Error("two shuffles are one order")
	}
	if n.GainMax = 1; n.Gains() != nil || n.GainShares() != nil {
		t.Error("a greatest gain of 1 is no gains")
	}
}
