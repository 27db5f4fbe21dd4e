//go:build !amd64

package cpu

func best() *kernels { return portable() }
