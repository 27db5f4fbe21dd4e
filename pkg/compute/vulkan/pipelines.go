package vulkan

import (
	"embed"
	"fmt"
	"strings"

	"sicgrid/pkg/compute/vulkan/vk"
)

//go:generate go run ./gen

//go:embed shaders/*.spv
var shaders embed.FS

// pipelineKey is a shader with the value of its specialization constant.
type pipelineKey struct {
	shader   string
	constant uint32 // number 0; 0 where the shader has none
}

// mixedSuffix ends the names of shaders that multiply cooperative matrices. Their
// constants 1 to 4 are the sizes of those and the number of subgroups.
const mixedSuffix = "_mixed"

// pipeline returns a shader of the training step, made once for each device.
func (d *Device) pipeline(shader string, constant uint32) (*vk.Pipeline, error) {
	key := pipelineKey{shader, constant}
	if p := d.pipelines[key]; p != nil {
		return p, nil
	}
	code, err := shaders.ReadFile("shaders/" + shader + ".spv")
	if err != nil {
		return nil, fmt.Errorf("shader %s: %w", shader, err)
	}
	var constants []uint32
	if constant != 0 {
		constants = []uint32{constant}
	}
	matrices := strings.HasSuffix(shader, mixedSuffix)
	if matrices {
		constants = []uint32{max(constant, 1), d.matrix.M, d.matrix.N, d.matrix.K, workgroup / d.Subgroup}
	}
	p, err := d.NewPipeline(shader, code, matrices, constants...)
	if err != nil {
		return nil, err
	}
	d.pipelines[key] = p
	return p, nil
}
