package sic

import "math"

// Streams of random numbers: each use of randomness draws from its own.
const (
	streamVelocity uint32 = iota + 1
	streamOrder
	streamPairs
	streamWeights
	streamInitialState
	streamWiring
	streamGains
)

// philox is the counter-based generator Philox4x32-10 (Salmon et al., SC 2011):
// four 32-bit words, a pure function of key and counter, so any number of any
// step can be drawn alone and on any device.
func philox(seed uint64, counter [4]uint32) [4]uint32 {
	const (
		m0, m1 = 0xD2511F53, 0xCD9E8D57
		w0, w1 = 0x9E3779B9, 0xBB67AE85
	)
	k0, k1 := uint32(seed), uint32(seed>>32)
	for range 10 {
		p0, p1 := uint64(counter[0])*m0, uint64(counter[2])*m1
		counter = [4]uint32{
			uint32(p1>>32) ^ counter[1] ^ k0, uint32(p1),
			uint32(p0>>32) ^ counter[3] ^ k1, uint32(p0),
		}
		k0 += w0
		k1 += w1
	}
	return counter
}

// source reads one stream of one moment (a micro-batch number, or 0) in order.
type source struct {
	seed   uint64
	moment uint64
	stream uint32
	block  uint32
	words  [4]uint32
	left   int
}

func newSource(seed uint64, stream uint32, moment uint64) source {
	return source{seed: seed, stream: stream, moment: moment}
}

func (s *source) uint32() uint32 {
	if s.left == 0 {
		s.words = philox(s.seed, [4]uint32{s.block, s.stream, uint32(s.moment), uint32(s.moment >> 32)})
		s.block++
		s.left = 4
	}
	s.left--
	return s.words[3-s.left]
}

// below returns a number in [0, n) by multiply and shift; its bias is under n·2^-32.
func (s *source) below(n int) int {
	return int(uint64(s.uint32()) * uint64(n) >> 32)
}

// unit returns a number in [0, 1) on a grid of 2^-24, exact in float32.
func (s *source) unit() float64 { return float64(s.uint32()>>8) * 0x1p-24 }

// symmetric returns a float32 uniform in [-bound, bound).
func (s *source) symmetric(bound float64) float32 {
	return float32(bound * (2*s.unit() - 1))
}

// normal returns a standard normal number (Box and Muller).
func (s *source) normal() float64 {
	r := math.Sqrt(-2 * math.Log(1-s.unit()))
	return r * math.Cos(2*math.Pi*s.unit())
}
