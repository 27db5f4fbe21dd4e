package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline"
	"sicgrid/pkg/pipeline/codedigest"
	"sicgrid/stages/devices"
	"sicgrid/stages/experiment"
)

// onLavapipe returns the environment in which the program sees lavapipe alone.
func onLavapipe(t *testing.T) []string {
	t.Helper()
	drivers, _ := filepath.Glob("/usr/share/vulkan/icd.d/lvp_icd*.json")
	if len(drivers) == 0 {
		const missing = "lavapipe is not installed (Debian: apt-get install libvulkan1 mesa-vulkan-drivers vulkan-validationlayers)"
		if os.Getenv("SICGRID_VULKAN_TESTS") == "required" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	return append(os.Environ(), "VK_DRIVER_FILES="+drivers[0])
}

// say runs the program and returns what it says and its exit code.
func say(t *testing.T, dir string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return sayBy(t, program, dir, env, args...)
}

// sayBy is say of another build of the program.
func sayBy(t *testing.T, program, dir string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, env
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func smokeTraining(t *testing.T, device string, more ...string) []string {
	t.Helper()
	smoke, err := filepath.Abs("../../params/smoke.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{"run", "--json", "train/full", "--params", smoke, "--device", device, "--set", "optimiser.steps=20", "--set", "optimiser.warmup_steps=2"}, more...)
}

func trainRow(t *testing.T, stdout, stderr string, code int) stageRun {
	t.Helper()
	var r runRecord
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != 0 || len(r.Stages) != 1 {
		t.Fatalf("exit code %d, %v\n%s", code, err, stderr)
	}
	return r.Stages[0]
}

// A training on a GPU is stored under the device's numerics; the CPU takes its
// result where it may, and makes its own where only that will do.
func TestAResultOfTheGPUServesTheCPU(t *testing.T) {
	env, dir := onLavapipe(t), t.TempDir()
	out, errs, code := say(t, dir, env, smokeTraining(t, "vulkan:LLVMpipe")...)
	gpu := trainRow(t, out, errs, code)
	if gpu.State != "ran" || !strings.HasPrefix(gpu.Numerics, "vulkan-float32:llvmpipe") {
		t.Fatalf("%+v", gpu)
	}
	out, errs, code = say(t, dir, env, smokeTraining(t, "cpu")...)
	if found := trainRow(t, out, errs, code); found.State != "cached" || found.Key != gpu.Key || found.Numerics != gpu.Numerics {
		t.Errorf("the CPU makes of it %+v", found)
	}
	out, errs, code = say(t, dir, env, smokeTraining(t, "cpu", "--exact")...)
	if own := trainRow(t, out, errs, code); own.State != "ran" || own.Key == gpu.Key || own.Numerics != cpu.Numerics() {
		t.Errorf("the CPU's own is %+v", own)
	}
}

// Left to itself the program trains on the CPU where only lavapipe is, and says so.
func TestAutoDoesNotTakeLavapipe(t *testing.T) {
	env := onLavapipe(t)
	out, errs, code := say(t, t.TempDir(), env, smokeTraining(t, "auto")...)
	if row := trainRow(t, out, errs, code); row.Numerics != cpu.Numerics() {
		t.Errorf("%+v", row)
	}
	if !strings.Contains(errs, "trained on the CPU: no GPU that can be used: llvmpipe") {
		t.Errorf("it says:\n%s", errs)
	}
}

// A device that is not there is one line, and nothing has run.
func TestADeviceThatIsNotThere(t *testing.T) {
	env, dir := onLavapipe(t), t.TempDir()
	for device, want := range map[string]string{
		"vulkan":        `{"error":"--device vulkan: no GPU that can be used: llvmpipe`,
		"vulkan:voodoo": `{"error":"--device vulkan:voodoo: no GPU that can be used: llvmpipe`,
	} {
		out, errs, code := say(t, dir, env, smokeTraining(t, device)...)
		if code != 1 || out != "" || !strings.HasPrefix(errs, want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("--device %s: exit code %d, says %q and %q", device, code, out, errs)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("it left %v", entries)
	}
}

// Mixed precision trains under numerics of its own where `devices` says that it
// can, and is refused in one line where not, by the CPU as well.
func TestMixedPrecision(t *testing.T) {
	env, dir := onLavapipe(t), t.TempDir()
	out, errs, code := say(t, dir, env, "devices", "--json")
	var list []struct {
		devices.GPU
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 || len(list) != 2 {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, out, errs)
	}
	if (list[1].Mixed == "") == (list[1].NotMixed == "") {
		t.Fatalf("%+v", list[1].GPU)
	}
	out, errs, code = say(t, dir, env, smokeTraining(t, "vulkan:llvmpipe", "--precision", "mixed")...)
	if list[1].Mixed != "" {
		if row := trainRow(t, out, errs, code); row.Numerics != list[1].Mixed || !strings.HasPrefix(row.Numerics, "vulkan-coopmat:llvmpipe") {
			t.Errorf("%+v", row)
		}
	} else if code != 1 || !strings.HasPrefix(errs, `{"error":"--precision mixed: no GPU that can be used: llvmpipe`) || !strings.Contains(errs, list[1].NotMixed) || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit code %d, says %q", code, errs)
	}
	for device, want := range map[string]string{"cpu": "the CPU trains in float32 alone", "auto": "no GPU that can be used"} {
		out, errs, code = say(t, dir, env, smokeTraining(t, device, "--precision", "mixed")...)
		if code == 0 || out != "" || !strings.HasPrefix(errs, `{"error":"--precision mixed: `+want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("--device %s: exit code %d, says %q", device, code, errs)
		}
	}
	if _, errs, code = say(t, dir, env, smokeTraining(t, "auto", "--precision", "half")...); code != 2 || !strings.Contains(errs, "--precision half: must be float32 or mixed") {
		t.Errorf("exit code %d, says %q", code, errs)
	}
}

// devices names lavapipe, its limits, and why it is not chosen by itself.
func TestDevicesListsLavapipe(t *testing.T) {
	out, errs, code := say(t, t.TempDir(), onLavapipe(t), "devices", "--json")
	var list []struct {
		Name string `json:"name"`
		devices.GPU
	}
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 || len(list) != 2 {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, out, errs)
	}
	d := list[1]
	if !strings.HasPrefix(d.Name, "llvmpipe") || d.Kind != "processor" || !d.Usable || d.Automatic || d.Reason == "" || d.MaxSharedBytes < 32<<10 || d.MemoryMiB == 0 {
		t.Errorf("%+v", d)
	}
}

// A run looks for a GPU only if what it finds could make a difference.
func TestTheDeviceMattersUntilTheProcessorHasTrained(t *testing.T) {
	s := smokeSession(t, "train")
	s.Options.Code[devices.AnyGPU().Code] = codedigest.Stage{Digest: "made up for the GPU"}
	want := func(when string, forced, want bool) {
		t.Helper()
		if got, err := s.NeedsDevice(forced); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", when, got, err, want)
		}
	}
	want("before any training", false, true)
	digests(t, s)
	want("after a training", false, false)
	want("after a training, --force", true, true)
	s.Options.Exact = true
	want("after a training, --exact", false, true)
	s.Options.Exact = false

	gpu := devices.AnyGPU()
	gpu.Numerics, gpu.OtherCode = "vulkan-float32:one", nil
	there, err := pipeline.NewGraph(experiment.Wire(s.Parameters, gpu).Node("train/full"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pipeline.Run(t.Context(), there, s.Options); err != nil {
		t.Fatal(err)
	}
	want("after a training by a GPU", false, true)

	untrained := smokeSession(t, "figure-1")
	if needed, err := untrained.NeedsDevice(false); err != nil || needed {
		t.Errorf("for a figure of no training: %v, %v", needed, err)
	}
}
