package main

import (
	"runtime"
	"runtime/debug"
)

// collectLater lets the heap grow to a hundred megabytes or so before garbage is collected, and has
// it collected as usual from then on: a command without work is over before collecting pays.
func collectLater() {
	const percent = 2000 // of the few megabytes that the packages' tables take
	usual := debug.SetGCPercent(percent)
	mark := new([4]uint64) // garbage of a size that shares its place with nothing
	runtime.AddCleanup(mark, func(usual int) { debug.SetGCPercent(usual) }, usual)
}
