package sic

import (
	"math"
	"slices"
)

// Gains are the units' gains on the velocity, [N], nil where each unit takes it as it is. Along the
// ring they rise from 1 to GainMax by equal factors, so that nothing marks where a module should
// end; GainShuffle deals the same gains out at random, for a control.
//
// Row i of W(v), what unit i reads, is then row i of MLP(gain_i v) to first order in v: a lattice
// of period p that all rows make without gains has the period p/gain_i. To tell the MLP N velocities in
// place of each would be N passes through its hidden layers, so it is told two, v and GainMax v,
// and row i is the mean of its rows i at the two whose weights, 1 - GainShares and GainShares, have
// the mean gain gain_i. (To multiply W(v) - W(0) by gains would only start the last layer's rows at
// other sizes, and train them at other rates.)
func (n Network) Gains() []float64 {
	if !n.HasGains() {
		return nil
	}
	gains := make([]float64, n.Units)
	for i := range gains {
		gains[i] = math.Pow(n.GainMax, float64(i)/float64(max(n.Units-1, 1)))
	}
	if n.GainShuffle > 0 {
		dealt := newSource(uint64(n.GainShuffle), streamGains, 0)
		for i := n.Units - 1; i > 0; i-- {
			j := dealt.below(i + 1)
			gains[i], gains[j] = gains[j], gains[i]
		}
	}
	return gains
}

// HasGains says whether the units' gains differ.
func (n Network) HasGains() bool { return n.GainMax > 1 }

// GainShares are the shares, [N], that the MLP at GainMax v has of each row of W(v), beside the MLP
// at v; nil without gains.
func (n Network) GainShares() []float64 {
	shares := n.Gains()
	for i, gain := range shares {
		shares[i] = (gain - 1) / (n.GainMax - 1)
	}
	return shares
}

// Told are the velocities that the MLP is told, m a step: those given, and with gains GainMax times
// each behind them.
func (n Network) Told(velocity [][2]float32) [][2]float32 {
	if !n.HasGains() {
		return velocity
	}
	told := slices.Clone(velocity)
	for _, v := range velocity {
		told = append(told, [2]float32{float32(n.GainMax) * v[0], float32(n.GainMax) * v[1]})
	}
	return told
}
