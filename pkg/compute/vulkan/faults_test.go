package vulkan

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"

	"sicgrid/pkg/compute"
	"sicgrid/pkg/compute/vulkan/vk"
)

// oneLine checks that an error says all of this in one line.
func oneLine(t *testing.T, err error, says ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, s := range says {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q does not say %q", err, s)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q has more than one line", err)
	}
}

func TestNoLoader(t *testing.T) {
	_, err := Open("", Float32, vk.Options{Library: "/nowhere/libvulkan.so.1"})
	oneLine(t, err, "no GPU that can be used", "no Vulkan loader", "/nowhere/libvulkan.so.1")
	if !errors.Is(err, ErrNoGPU) {
		t.Error("it is not ErrNoGPU")
	}
}

func TestALibraryThatIsNoLoader(t *testing.T) {
	lavapipe(t)
	_, err := Open("", Float32, vk.Options{Library: "libm.so.6"})
	oneLine(t, err, "libm.so.6 is no Vulkan loader")
}

// A loader without any driver: the real one, told of a driver that is not there.
func TestNoDriver(t *testing.T) {
	const child = "SICGRID_CHILD_WITHOUT_DRIVER"
	if os.Getenv(child) != "" {
		_, err := Open("", Float32, vk.Options{})
		oneLine(t, err, "no GPU that can be used", "no Vulkan driver")
		if !errors.Is(err, ErrNoGPU) || !errors.Is(err, vk.ErrNoDriver) {
			t.Errorf("the error %v wraps neither cause", err)
		}
		return
	}
	lavapipe(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestNoDriver$")
	cmd.Env = append(os.Environ(), child+"=1", "VK_DRIVER_FILES=/nowhere/driver.json")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// instead puts a Go function in the place of one Vulkan call.
func instead(name string, make func(found uintptr) any) vk.Options {
	return vk.Options{Resolve: func(called string, found uintptr) uintptr {
		if called != name {
			return found
		}
		return purego.NewCallback(make(found))
	}}
}

func TestNoDevice(t *testing.T) {
	lavapipe(t)
	_, err := Open("", Float32, instead("vkEnumeratePhysicalDevices", func(uintptr) any {
		return func(instance uintptr, count *uint32, into uintptr) uintptr {
			*count = 0
			return 0
		}
	}))
	oneLine(t, err, "no GPU that can be used", "the Vulkan loader lists no device")
}

func TestNoComputeQueue(t *testing.T) {
	lavapipe(t)
	_, err := Open("llvmpipe", Float32, instead("vkGetPhysicalDeviceQueueFamilyProperties", func(found uintptr) any {
		return func(device uintptr, count *uint32, into *[6]uint32) uintptr {
			purego.SyscallN(found, device, uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(into)))
			if into != nil {
				into[0] &^= 2 // VK_QUEUE_COMPUTE_BIT
			}
			return 0
		}
	}))
	oneLine(t, err, "llvmpipe", "it has no compute queue")
}

func TestAnOldDriver(t *testing.T) {
	lavapipe(t)
	_, err := Open("llvmpipe", Float32, instead("vkGetPhysicalDeviceProperties2", func(found uintptr) any {
		return func(device uintptr, into *[6]uint32) uintptr {
			purego.SyscallN(found, device, uintptr(unsafe.Pointer(into)))
			into[4] = 1<<22 | 1<<12 // apiVersion, after the head of 16 bytes
			return 0
		}
	}))
	oneLine(t, err, "llvmpipe", "Vulkan 1.1.0, and 1.2 is needed")
}

func TestAnUnknownName(t *testing.T) {
	lavapipe(t)
	_, err := Open("voodoo", Float32, vk.Options{})
	oneLine(t, err, "no GPU that can be used", "llvmpipe", "not the one asked for")
}

// opened opens lavapipe with one call replaced.
func opened(t *testing.T, o vk.Options) *Device {
	t.Helper()
	lavapipe(t)
	d, err := Open("llvmpipe", Float32, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// Out of memory says how much was asked for and how much there is, and leaves
// the device in use for smaller runs.
func TestOutOfMemory(t *testing.T) {
	const limit = 4 << 20
	d := opened(t, instead("vkAllocateMemory", func(found uintptr) any {
		return func(device uintptr, info *[4]uint64, callbacks uintptr, memory *uintptr) uintptr {
			if info[2] > limit { // allocationSize
				outOfDeviceMemory := int64(-2)
				return uintptr(outOfDeviceMemory)
			}
			r, _, _ := purego.SyscallN(found, device, uintptr(unsafe.Pointer(info)), callbacks, uintptr(unsafe.Pointer(memory)))
			return r
		}
	}))
	_, err := New(spec(256, 64), d)
	oneLine(t, err, "out of memory on llvmpipe", "asked for", "MiB are free", "VK_ERROR_OUT_OF_DEVICE_MEMORY")
	var full *vk.OutOfMemory
	if !errors.As(err, &full) || full.Asked <= limit || full.Heap == 0 || full.Free > full.Heap {
		t.Errorf("error %#v", err)
	}
	tr, err := New(spec(3, 3), d)
	if err != nil {
		t.Fatalf("a small run after it: %v", err)
	}
	defer tr.Close()
	if _, err := tr.Train(1, nil); err != nil {
		t.Errorf("a small run after it: %v", err)
	}
}

// More than the shaders can count, or than the whole heap, is refused beforehand.
func TestTooLarge(t *testing.T) {
	s := spec(1024, 4)
	s.Batch.Trajectories, s.Batch.Length, s.Batch.Pairs = 1, 5000, 10
	_, err := New(s, lavapipe(t))
	oneLine(t, err, "W(v): 5242880000 elements")
	s.Batch.Length = maxLength + 1
	_, err = New(s, lavapipe(t))
	oneLine(t, err, "batches of 1 x 15001 steps: the GPU core takes at most 32768 trajectories of 15000 steps, 524288 in all")
	_, err = New(spec(1025, 4), lavapipe(t))
	oneLine(t, err, "a network of 1025 units: the GPU core takes at most 1024")
	_, err = New(spec(0, 4), lavapipe(t))
	oneLine(t, err, "units: found 0, must be at least 1")
	_, err = lavapipe(t).NewBuffer(1<<46, vk.OnDevice)
	oneLine(t, err, "out of memory on llvmpipe", "asked for 67108864 MiB")
}

// A device that is lost in mid-run ends the run with the step that it reached;
// the state is the last that was read, and nothing hangs.
func TestDeviceLost(t *testing.T) {
	submissions, lastGood := 0, 1<<30
	d := opened(t, instead("vkQueueSubmit", func(found uintptr) any {
		return func(queue, count, info, fence uintptr) uintptr {
			if submissions++; submissions > lastGood {
				deviceLost := int64(-4)
				return uintptr(deviceLost)
			}
			r, _, _ := purego.SyscallN(found, queue, count, info, fence)
			return r
		}
	}))
	tr, err := New(spec(5, 4), d)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	if _, err := tr.Train(2, nil); err != nil {
		t.Fatal(err)
	}
	kept := tr.State()
	lastGood = submissions + 1
	tr.burst, tr.record.pieces = 1, false
	records, err := tr.Train(3, nil)
	var lost *compute.DeviceLost
	if !errors.As(err, &lost) || lost.Step != 3 || len(records) != 1 || !errors.Is(err, vk.ErrDeviceLost) {
		t.Fatalf("%d records, error %v", len(records), err)
	}
	oneLine(t, err, "llvmpipe", "was lost after step 3", "vkQueueSubmit: VK_ERROR_DEVICE_LOST")
	if s := tr.State(); s.Step != 2 || !slices.Equal(s.Params, kept.Params) {
		t.Errorf("the state after the loss is that of step %d", s.Step)
	}
	if records, err := tr.Train(1, nil); !errors.As(err, &lost) || len(records) != 0 {
		t.Errorf("training went on: %v", err)
	}
}

// The listener of all tests does hear the validation layer.
func TestTheValidationLayerIsHeard(t *testing.T) {
	lavapipe(t)
	var heard []string
	d, err := Open("llvmpipe", Float32, vk.Options{Messages: func(text string) { heard = append(heard, text) }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.NewBuffer(64, vk.OnDevice); err != nil {
		t.Fatal(err)
	}
	d.Close() // before its buffer, which is forbidden
	if len(heard) == 0 || !strings.Contains(heard[0], "not been destroyed") {
		t.Errorf("heard %q", heard)
	}
}
