package devices

import (
	"os"
	"strconv"
	"sync/atomic"
	"unsafe"

	"github.com/ebitengine/purego"
)

// The test of lost devices builds the program with this file in addition. It makes
// a discrete GPU of every device, so that one is chosen automatically, and loses it
// after SICGRID_TEST_SUBMISSIONS submissions.
func init() {
	left := atomic.Int64{}
	n, err := strconv.Atoi(os.Getenv("SICGRID_TEST_SUBMISSIONS"))
	if err != nil {
		panic(err)
	}
	left.Store(int64(n))
	vulkanOptions.Resolve = func(name string, found uintptr) uintptr {
		switch name {
		case "vkGetPhysicalDeviceProperties2":
			return purego.NewCallback(func(device uintptr, into *[9]uint32) uintptr {
				purego.SyscallN(found, device, uintptr(unsafe.Pointer(into)))
				const discrete = 2
				into[8] = discrete // deviceType, after the head of 16 bytes
				return 0
			})
		case "vkQueueSubmit":
			return purego.NewCallback(func(queue, count, info, fence uintptr) uintptr {
				if left.Add(-1) < 0 {
					deviceLost := int64(-4)
					return uintptr(deviceLost)
				}
				r, _, _ := purego.SyscallN(found, queue, count, info, fence)
				return r
			})
		}
		return found
	}
}
