// Package source is the source code that this program was built from: the digest of each stage's,
// the git commit, and whether the source tree that the program runs in has moved on since.
package source

import (
	"embed"
	"fmt"
	"os/exec"
	"runtime/debug"
	"strings"

	"sicgrid/pkg/pipeline/codedigest"
)

//go:generate go run ../../pkg/pipeline/codedigest/embed -stages trajectories=stages/trajectories,train=stages/train+pkg/compute/cpu,train-vulkan=stages/train+pkg/compute/vulkan,ratemaps=stages/ratemaps,spectra=stages/spectra,embed=stages/embed,figures=stages/figures/*,ideal=stages/ideal,batch=stages/batch,distances=stages/distances,outcome=stages/outcome,select=stages/selection,snapshots=stages/snapshots,sweep=stages/sweep,integration=stages/integration,ambiguity=stages/ambiguity,claims=stages/claims,import=stages/exchange,layout=stages/layout -o codedigest/digests.json

// The digests of the stages' source code, which go generate writes before the
// program is built (`go tool task build`). A plain `go build` finds the folder
// without them.
//
//go:embed all:codedigest
var digestFiles embed.FS

const rebuild = "run: go tool task build"

// Built returns the code digest of every stage, as the program was built.
func Built() (map[string]codedigest.Stage, error) {
	digests, err := embedded()
	return digests.Stages, err
}

func embedded() (codedigest.Digests, error) {
	data, err := digestFiles.ReadFile("codedigest/digests.json")
	if err != nil {
		return codedigest.Digests{}, fmt.Errorf("this program was built without the digests of its source; %s", rebuild)
	}
	digests, err := codedigest.Parse(data)
	if err != nil {
		return codedigest.Digests{}, fmt.Errorf("%w; %s", err, rebuild)
	}
	return digests, nil
}

// Current is Built, or says that the program is not made from the source tree that it runs in.
func Current() (map[string]codedigest.Stage, error) {
	digests, err := embedded()
	if err != nil {
		return nil, err
	}
	root := Tree()
	if root == "" {
		return digests.Stages, nil
	}
	changes, err := codedigest.Current(root, digests)
	if err != nil {
		return nil, fmt.Errorf("source of this program: %w; %s", err, rebuild)
	}
	if len(changes) == 0 {
		return digests.Stages, nil
	}
	others := ""
	if n := len(changes) - 1; n > 0 {
		others = fmt.Sprintf(" and %d more", n)
	}
	return nil, fmt.Errorf("the source has moved on since this program was built (%s: %s%s); %s", changes[0].File, changes[0].What, others, rebuild)
}

// Commit is the git commit of the source tree around the working directory, with "-dirty" after it
// where files differ from it; else the one that the program was built from.
func Commit() string {
	if root := Tree(); root != "" {
		out, err := exec.Command("git", "-C", root, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*").Output()
		if c := strings.TrimSpace(string(out)); err == nil && c != "" {
			return c
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value
			}
		}
	}
	return "unknown"
}

// Tree is the folder of this module's go.mod at or above the working directory, or "".
func Tree() string {
	root, _ := codedigest.FindRoot(".", "sicgrid")
	return root
}
