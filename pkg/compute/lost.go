package compute

import "fmt"

// DeviceLost says that the device of a run went away: pulled out, reset by its
// driver, or put to sleep. What was on it since the last State is gone.
type DeviceLost struct {
	Device string
	Step   int // optimiser steps done until then
	Cause  error
}

func (e *DeviceLost) Error() string {
	return fmt.Sprintf("%s was lost after step %d (%v)", e.Device, e.Step, e.Cause)
}

func (e *DeviceLost) Unwrap() error { return e.Cause }
