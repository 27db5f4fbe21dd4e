package vulkan

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sicgrid/pkg/compute/vulkan/vk"
)

const install = "lavapipe is not installed (Debian: apt-get install libvulkan1 mesa-vulkan-drivers vulkan-validationlayers)"

// The tests run on lavapipe alone, whatever other devices there are. The loader
// reads its variable when the process starts, so the tests start themselves again.
func TestMain(m *testing.M) {
	if os.Getenv("VK_DRIVER_FILES") == "" {
		if files, _ := filepath.Glob("/usr/share/vulkan/icd.d/lvp_icd*.json"); len(files) > 0 {
			cmd := exec.Command(os.Args[0], os.Args[1:]...)
			cmd.Env = append(os.Environ(), "VK_DRIVER_FILES="+files[0])
			cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
			err := cmd.Run()
			if err != nil && cmd.ProcessState == nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(cmd.ProcessState.ExitCode())
		}
	}
	code := m.Run()
	if shared.device != nil {
		shared.device.Close()
	}
	if len(messages.list) > 0 {
		fmt.Fprintf(os.Stderr, "%d messages of the validation layer, the first:\n%s\n", len(messages.list), messages.list[0])
		code = max(code, 1)
	}
	os.Exit(code)
}

// messages collects what the validation layer says in any test; every message is a failure.
var messages struct {
	sync.Mutex
	list []string
}

func hear(text string) {
	messages.Lock()
	defer messages.Unlock()
	messages.list = append(messages.list, text)
}

// required is set where a missing driver is a failure: in CI.
func required() bool { return os.Getenv("SICGRID_VULKAN_TESTS") == "required" }

// missing skips a test, or fails it where it is required.
func missing(t testing.TB, err error) {
	t.Helper()
	if required() {
		t.Fatalf("%s: %v", install, err)
	}
	t.Skipf("%s: %v", install, err)
}

var shared struct {
	sync.Mutex
	device *Device
}

// lavapipe is the device of all tests, with the validation layer listening.
func lavapipe(t testing.TB) *Device {
	t.Helper()
	// Go keeps the result of a test with the variables that it looked at; what
	// TestMain looks at does not count.
	os.Getenv("VK_DRIVER_FILES")
	required()
	shared.Lock()
	defer shared.Unlock()
	if shared.device == nil {
		d, err := Open("llvmpipe", Float32, vk.Options{Messages: hear})
		if err != nil {
			missing(t, err)
		}
		shared.device = d
	}
	return shared.device
}

// The device of the tests is lavapipe, and it is never chosen without being named.
func TestLavapipeIsNeverChosenByItself(t *testing.T) {
	d := lavapipe(t)
	if d.Kind != vk.Processor || !strings.Contains(d.Name, "llvmpipe") {
		t.Errorf("device %s, %s", d.Name, d.Kind)
	}
	if Automatic(d.Device) {
		t.Error("it may be chosen automatically")
	}
	all := d.loader.Devices()
	if slices.ContainsFunc(all, Automatic) {
		t.Skip("a GPU is visible beside it")
	}
	if _, err := choose(all, "", Float32); err == nil {
		t.Error("it was chosen")
	}
}
