// Gen compiles the shaders of this package with the pinned glslang and has
// spirv-val check each. It is run by go generate in the package's folder.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"sicgrid/pkg/sic/loss"
)

// pinned is the compiler of Debian 12's glslang-tools. Another version may write
// other, equally valid SPIR-V, and what is checked in would seem to be stale.
const pinned = "Glslang Version: 11:12.0.0"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	version, err := exec.Command("glslangValidator", "--version").Output()
	if err != nil {
		return fmt.Errorf("glslangValidator: %w; install Debian 12's glslang-tools and spirv-tools", err)
	}
	if line, _, _ := strings.Cut(string(version), "\n"); line != pinned {
		return fmt.Errorf("found %q, the SPIR-V is made with %q (Debian 12's glslang-tools)", line, pinned)
	}
	terms = append(terms, fmt.Sprintf("-DSPEED_BINS=%d", loss.SpeedBins))
	for i, term := range loss.Table {
		terms = append(terms, fmt.Sprintf("-D%s=%d", strings.ToUpper(term.Key), i))
	}
	sources, err := filepath.Glob("shaders/*.comp")
	if err != nil {
		return err
	}
	for _, source := range sources {
		name := strings.TrimSuffix(source, ".comp")
		if err := compile(source, name+".spv"); err != nil {
			return err
		}
		if strings.HasSuffix(name, mixed) {
			err = translate(name + ".spv")
		} else if slices.Contains(both, filepath.Base(name)) {
			if err = compile(source, name+mixed+".spv", "-DMIXED"); err == nil {
				err = translate(name + mixed + ".spv")
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mixed ends the names of shaders that use cooperative matrices.
const mixed = "_mixed"

// both are the shaders that are made a second time with MIXED defined.
var both = []string{"linear_weight", "linear_input", "outer", "pack"}

// terms are definitions of the terms' numbers, and of the bins of speed.
var terms []string

func compile(source, target string, options ...string) error {
	for _, command := range [][]string{
		append([]string{"glslangValidator", "-V", "-g0", "--quiet", "--target-env", "vulkan1.2", "-o", target, source}, slices.Concat(terms, options)...),
		{"spirv-val", "--target-env", "vulkan1.2", target},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, bytes.TrimSpace(out))
		}
	}
	return nil
}

// translate has a module use the Khronos group's cooperative matrices.
func translate(file string) error {
	spirv, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if spirv, err = toKHR(spirv); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, spirv, 0o644)
}
