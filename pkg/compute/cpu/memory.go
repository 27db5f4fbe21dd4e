package cpu

import (
	"fmt"
	"math"
	"unsafe"

	"sicgrid/pkg/compute"
)

// MemoryLimit is what one training may need, in bytes: far above what the paper
// needs, and within what a workstation has. Sizes beyond it are typing errors more
// often than wishes, and would otherwise end in the kernel killing the process.
const MemoryLimit = 64 << 30

// Bytes is about what a training holds: parameters with gradient and two moments; W(v) by columns
// and by rows, and dL/dW, of the velocities that trajectories share; what the hidden layers make of
// each velocity; states with their gradients; the sampled states, twice, with theirs and lists of
// their active units. It is computed in float64, so that it is right for sizes that no int holds.
func Bytes(s compute.Spec) float64 {
	units, hidden := math.Ceil(float64(s.Network.Units)/16)*16, float64(s.Network.Hidden)
	b, length := float64(s.Batch.Trajectories), float64(s.Batch.Length)
	matrix := units * units
	parameters := (hidden+1)*float64(s.Network.Units)*units + (float64(s.Network.Layers)-1)*(hidden+3)*hidden
	told, formed := length, 3*length // velocities, and matrices of one each
	if s.Network.HasGains() {
		told, formed = 2*length, 5*length
	}
	velocities, hiddens := formed*matrix, told*(hidden+16)*(matrix/(16*segment)+float64(s.Network.Layers))
	if !s.Batch.Permute { // W(v) is never formed; states are listed, and transposed
		velocities, hiddens = 3*b*length*(units+8), b*length*(hidden+16)*(2*float64(s.Network.Layers)+1)
	}
	sampled := b * length
	if s.Batch.Pairs > 0 {
		sampled = min(sampled, float64(s.Batch.Pairs))
	}
	tiles := math.Pow(math.Ceil(sampled/tileSide), 2) / 2
	return 4*(4*parameters+velocities+hiddens+(2*b*length+3*b+6*sampled)*(units+16)) + 100*tiles + 60*b*length
}

// check refuses sizes that make no training, before anything is allocated.
func check(s compute.Spec) error {
	if err := s.Check(); err != nil {
		return err
	}
	if need := Bytes(s); need > MemoryLimit {
		return fmt.Errorf("a network of %d units, %d hidden, and batches of %d x %d steps would need %.0f bytes of memory, must be at most %d (64 GiB)",
			s.Network.Units, s.Network.Hidden, s.Batch.Trajectories, s.Batch.Length, need, int64(MemoryLimit))
	}
	return nil
}

// floats returns n zeros that start on a cache line.
func floats(n int) []float32 {
	const line = 16
	s := make([]float32, n+line)
	skip := int(-uintptr(unsafe.Pointer(&s[0]))&63) / 4
	return s[skip : skip+n : skip+n]
}

// up rounds n up to a multiple of m.
func up(n, m int) int { return (n + m - 1) / m * m }
