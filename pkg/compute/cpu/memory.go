package cpu

import "unsafe"

// floats returns n zeros that start on a cache line.
func floats(n int) []float32 {
	const line = 16
	s := make([]float32, n+line)
	skip := int(-uintptr(unsafe.Pointer(&s[0]))&63) / 4
	return s[skip : skip+n : skip+n]
}

// up rounds n up to a multiple of m.
func up(n, m int) int { return (n + m - 1) / m * m }
