//go:build unix

package pipeline

import (
	"runtime"
	"syscall"
)

// PeakMemory returns the greatest resident memory of this process so far, in bytes; 0 if the system
// does not say.
func PeakMemory() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) * 1024 // Linux and the BSDs count in KiB
}
