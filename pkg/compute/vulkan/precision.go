package vulkan

import (
	"fmt"

	"sicgrid/pkg/compute/vulkan/vk"
)

// Precision is how the large products of a step are computed: those of the pair losses, and those
// of the gradient of W(v) and of the MLP's last layer. All else is in float32, and so are sums,
// moments and parameters. W(v) itself always is: its errors add up along a trajectory, and rounding
// its operands to 16 bits would make the gradient 20 times less exact, for a hundredth of the work.
type Precision string

// The precisions.
const (
	Float32 Precision = "float32" // on every device
	Mixed   Precision = "mixed"   // operands of 16 bits, on devices with VK_KHR_cooperative_matrix
)

// Numerics names what decides the last bit of results on a device.
func Numerics(d *vk.Device, p Precision) string {
	kind := "vulkan-float32:"
	if p == Mixed {
		kind = "vulkan-coopmat:"
	}
	return kind + d.Name + ", " + d.Driver
}

// WhyNot says what keeps a device, usable otherwise, from a precision; "" = nothing.
func WhyNot(d *vk.Device, p Precision) string {
	if p != Mixed {
		return ""
	}
	if len(d.Matrices) == 0 {
		return "it has no products of 16-bit matrices (VK_KHR_cooperative_matrix)"
	}
	if _, ok := matrixOf(d); !ok {
		return fmt.Sprintf("no size of its matrix products, %v with subgroups of %d, divides the shaders' tiles", d.Matrices, d.Subgroup)
	}
	return ""
}

// workgroup is the number of invocations of the shaders that multiply.
const workgroup = 256

// matrixOf chooses the size of a device's matrix products: the largest by which the
// subgroups of a workgroup can share out the smallest tile, of 64 x 32 in steps of 32.
func matrixOf(d *vk.Device) (best vk.MatrixSize, ok bool) {
	if d.Subgroup == 0 || workgroup%d.Subgroup != 0 {
		return best, false
	}
	for _, m := range d.Matrices {
		fits := m.M > 0 && m.N > 0 && m.K > 0 && 64%m.M == 0 && 32%m.N == 0 && 32%m.K == 0 && 64/m.M*(32/m.N)%(workgroup/d.Subgroup) == 0
		if fits && m.M*m.N*m.K > best.M*best.N*best.K {
			best, ok = m, true
		}
	}
	return best, ok
}
