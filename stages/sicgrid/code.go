package main

import (
	"embed"
	"fmt"

	"sicgrid/pkg/compute/cpu"
	"sicgrid/pkg/pipeline/codedigest"
)

//go:generate go run ../../pkg/pipeline/codedigest/embed -stages trajectories=stages/trajectories,train=stages/train+pkg/compute/cpu,train-vulkan=stages/train+pkg/compute/vulkan,ratemaps=stages/ratemaps,spectra=stages/spectra,embed=stages/embed,figures=stages/figures/*,ideal=stages/ideal,batch=stages/batch,distances=stages/distances,outcome=stages/outcome,select=stages/selection,snapshots=stages/snapshots,sweep=stages/sweep,integration=stages/integration,ambiguity=stages/ambiguity,claims=stages/claims,import=stages/exchange -o codedigest/digests.json

// The digests of the stages' source code, which go generate writes before the
// program is built (`go tool task build`). A plain `go build` finds the folder
// without them.
//
//go:embed all:codedigest
var digestFiles embed.FS

const rebuild = "run: go tool task build"

// embeddedCode returns the code digest of every stage, as the program was built.
func embeddedCode() (map[string]codedigest.Stage, error) {
	digests, err := embeddedDigests()
	return digests.Stages, err
}

func embeddedDigests() (codedigest.Digests, error) {
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

// currentCode is embeddedCode, or says that the program is not made from the source tree that it
// runs in.
func currentCode() (map[string]codedigest.Stage, error) {
	digests, err := embeddedDigests()
	if err != nil {
		return nil, err
	}
	root := sourceTree()
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

// numerics names what decides the last bit of results made here.
func numerics() string { return cpu.Numerics() }
