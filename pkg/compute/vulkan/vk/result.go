package vk

import (
	"errors"
	"fmt"
)

// ErrDeviceLost is what errors of calls on a device that has gone away wrap.
var ErrDeviceLost = errors.New("the device was lost")

// ErrNoDriver says that no Vulkan driver is installed.
var ErrNoDriver = errors.New("no Vulkan driver was found")

// Error is a Vulkan call that failed.
type Error struct {
	Call   string
	Result int32
}

func (e *Error) Error() string {
	if name, ok := resultNames[e.Result]; ok {
		return e.Call + ": " + name
	}
	return fmt.Sprintf("%s: VkResult %d", e.Call, e.Result)
}

// Is makes errors.Is find the two causes that callers act on.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrDeviceLost:
		return e.Result == resultDeviceLost
	case ErrNoDriver:
		return e.Result == resultIncompatibleDriver
	}
	return false
}

// OutOfMemory says that the device cannot give a buffer this size.
type OutOfMemory struct {
	Device string
	Asked  uint64 // bytes
	Heap   uint64 // bytes of the heap that was asked
	Free   uint64 // of them free, as far as the driver says; Heap where it says nothing
	Cause  error
}

func (e *OutOfMemory) Error() string {
	const mib = 1 << 20
	return fmt.Sprintf("out of memory on %s: asked for %d MiB, %d MiB of %d MiB are free (%v); make the batch or the network smaller, or use --device cpu",
		e.Device, (e.Asked+mib-1)/mib, e.Free/mib, e.Heap/mib, e.Cause)
}

func (e *OutOfMemory) Unwrap() error { return e.Cause }

const (
	resultSuccess            = 0
	resultTimeout            = 2
	resultIncomplete         = 5
	resultOutOfHostMemory    = -1
	resultOutOfDeviceMemory  = -2
	resultDeviceLost         = -4
	resultIncompatibleDriver = -9
)

var resultNames = map[int32]string{
	1: "VK_NOT_READY", resultTimeout: "VK_TIMEOUT", resultIncomplete: "VK_INCOMPLETE",
	resultOutOfHostMemory: "VK_ERROR_OUT_OF_HOST_MEMORY", resultOutOfDeviceMemory: "VK_ERROR_OUT_OF_DEVICE_MEMORY",
	-3: "VK_ERROR_INITIALIZATION_FAILED", resultDeviceLost: "VK_ERROR_DEVICE_LOST", -5: "VK_ERROR_MEMORY_MAP_FAILED",
	-6: "VK_ERROR_LAYER_NOT_PRESENT", -7: "VK_ERROR_EXTENSION_NOT_PRESENT", -8: "VK_ERROR_FEATURE_NOT_PRESENT",
	resultIncompatibleDriver: "VK_ERROR_INCOMPATIBLE_DRIVER", -10: "VK_ERROR_TOO_MANY_OBJECTS", -12: "VK_ERROR_FRAGMENTED_POOL",
	-13: "VK_ERROR_UNKNOWN", -1000069000: "VK_ERROR_OUT_OF_POOL_MEMORY", -1000161000: "VK_ERROR_FRAGMENTATION",
}

// check turns the first result of a call into an error.
func check(call string, r uintptr) error {
	if int32(r) == resultSuccess {
		return nil
	}
	return &Error{call, int32(r)}
}

func outOfMemory(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Result == resultOutOfDeviceMemory || e.Result == resultOutOfHostMemory)
}
