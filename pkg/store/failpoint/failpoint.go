// Package failpoint names the steps at which a process may die. A test arms it and kills the
// process at a step of its choice; in a program that nothing has armed, a failpoint does nothing.
package failpoint

import "sync/atomic"

var armed atomic.Pointer[func(step string)]

// At says that the process has come to this step: "publish: renamed".
func At(step string) {
	if f := armed.Load(); f != nil {
		(*f)(step)
	}
}

// Arm makes At call f, from whatever goroutine comes to a step.
func Arm(f func(step string)) { armed.Store(&f) }
