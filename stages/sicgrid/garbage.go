package main

import (
	"runtime/debug"
	"sync"
)

// collectLess lets more garbage gather than usual until the function that it returns is called: a
// run without work is over before collecting pays, a stage that runs has other needs.
func collectLess() func() {
	usual := debug.SetGCPercent(1000)
	return sync.OnceFunc(func() { debug.SetGCPercent(usual) })
}
