package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/store"
)

// losesDevice builds the program with a fault in two of its Vulkan calls.
func losesDevice(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(here, "..", "devices", "lost_device.go"): filepath.Join(here, "testdata", "faults", "lost_device.go"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	file, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "sicgrid")
	if err := os.WriteFile(file, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-overlay", file, "-o", binary, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// trainedOn is what the record of a training says of its devices.
func trainedOn(t *testing.T, dir string, row stageRun) (legs []struct {
	Numerics string `json:"numerics"`
	FromStep int    `json:"from_step"`
}) {
	t.Helper()
	s, err := store.Open(filepath.Join(dir, "artifacts", "store"))
	if err != nil {
		t.Fatal(err)
	}
	action, err := s.Lookup(row.Key, row.Numerics, true)
	if err != nil {
		t.Fatal(err)
	}
	provenance := struct {
		TrainedOn any `json:"trained_on"`
	}{&legs}
	if err := json.Unmarshal(action.Provenance, &provenance); err != nil {
		t.Fatal(err)
	}
	return legs
}

// Left to itself, a training whose GPU is lost goes on on the CPU from its last
// checkpoint, or starts over where it has none; the program says so and succeeds,
// and the record tells from which step.
func TestAutoGoesOnOnTheCPU(t *testing.T) {
	env, binary := onLavapipe(t), losesDevice(t)
	for submissions, checkpointed := range map[int]bool{0: false, 2: false, 12: true, 13: true} {
		t.Run(fmt.Sprint(submissions), func(t *testing.T) {
			dir := t.TempDir()
			out, errs, code := sayBy(t, binary, dir, append(env, fmt.Sprintf("SICGRID_TEST_SUBMISSIONS=%d", submissions)),
				smokeTraining(t, "auto", "--checkpoint-every", "1ns")...)
			row := trainRow(t, out, errs, code)
			if row.State != "ran" || row.Numerics != cpu.Numerics() {
				t.Errorf("%+v", row)
			}
			if !strings.Contains(errs, "device  cpu (llvmpipe") || !strings.Contains(errs, "was lost after step") ||
				!strings.Contains(errs, "every training goes on from its last checkpoint, or starts over where it has none") {
				t.Errorf("it says:\n%s", errs)
			}
			legs := trainedOn(t, dir, row)
			if !checkpointed {
				if len(legs) != 0 {
					t.Errorf("trained on %v", legs)
				}
				return
			}
			if len(legs) != 2 || !strings.HasPrefix(legs[0].Numerics, "vulkan-float32:llvmpipe") || legs[0].FromStep != 0 ||
				legs[1].Numerics != cpu.Numerics() || legs[1].FromStep < 1 || legs[1].FromStep > submissions {
				t.Errorf("trained on %v", legs)
			}
		})
	}
}

// A GPU that was asked for and is lost ends the run with one line that says how to
// go on; doing so ends on the CPU, and the record tells from which step.
func TestAGPUThatWasAskedForIsNotReplaced(t *testing.T) {
	env, dir := onLavapipe(t), t.TempDir()
	out, errs, code := sayBy(t, losesDevice(t), dir, append(env, "SICGRID_TEST_SUBMISSIONS=12"), smokeTraining(t, "vulkan", "--checkpoint-every", "1ns")...)
	last := errs[strings.LastIndex(strings.TrimSuffix(errs, "\n"), "\n")+1:]
	if code != 1 || !strings.HasPrefix(last, `{"error":"train/full: llvmpipe`) || !strings.Contains(last, "with --device cpu --adopt to do so on the CPU") {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	out, errs, code = say(t, dir, env, smokeTraining(t, "cpu", "--adopt")...)
	row := trainRow(t, out, errs, code)
	if legs := trainedOn(t, dir, row); row.State != "ran" || len(legs) != 2 || legs[1].FromStep < 1 {
		t.Errorf("%+v, trained on %v", row, legs)
	}
}
