// Gen compiles the shaders of this package with the pinned glslang and has
// spirv-val check each. It is run by go generate in the package's folder.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	sources, err := filepath.Glob("shaders/*.comp")
	if err != nil {
		return err
	}
	for _, source := range sources {
		target := strings.TrimSuffix(source, ".comp") + ".spv"
		for _, command := range [][]string{
			{"glslangValidator", "-V", "-g0", "--quiet", "--target-env", "vulkan1.2", "-o", target, source},
			{"spirv-val", "--target-env", "vulkan1.2", target},
		} {
			if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, bytes.TrimSpace(out))
			}
		}
	}
	return nil
}
