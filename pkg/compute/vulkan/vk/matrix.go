package vk

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// MatrixSize is a product of cooperative matrices that a subgroup of the device
// does at once: an M x K matrix of 16-bit floats by a K x N one, added up in 32 bits.
type MatrixSize struct {
	M uint32 `json:"m"`
	N uint32 `json:"n"`
	K uint32 `json:"k"`
}

const (
	matrixExtension   = "VK_KHR_cooperative_matrix"
	subgroupExtension = "VK_EXT_subgroup_size_control" // whose full subgroups such shaders must ask for

	featureFloat16     = 7 // of VkPhysicalDeviceVulkan12Features
	featureMemoryModel = 41
	featureDeviceScope = 42 // of the memory model, which barriers of buffers have
)

// describeMatrices asks for the sizes of matrix products that the device offers,
// and how many invocations a subgroup has.
func (d *Device) describeMatrices(newer *vulkan12Features) error {
	if !d.Has(matrixExtension) || !d.Has(subgroupExtension) || newer.on[featureFloat16] == 0 || newer.on[featureMemoryModel] == 0 || newer.on[featureDeviceScope] == 0 {
		return nil
	}
	full := &subgroupFeatures{sType: typeSubgroupFeatures}
	matrices := &matrixFeatures{sType: typeMatrixFeatures, next: unsafe.Pointer(full)}
	purego.SyscallN(d.l.vk.features, d.physical, uintptr(unsafe.Pointer(&features2{sType: typeFeatures2, next: unsafe.Pointer(matrices)})))
	if matrices.on == 0 || full.full == 0 {
		return nil
	}
	subgroup := &subgroupProperties{sType: typeSubgroupProperties}
	purego.SyscallN(d.l.vk.properties, d.physical, uintptr(unsafe.Pointer(&properties2{sType: typeProperties2, next: unsafe.Pointer(subgroup)})))
	d.Subgroup = subgroup.size

	const name = "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"
	var list uintptr
	if err := d.l.find([]call{{&list, name}}); err != nil {
		return err
	}
	var count uint32
	r, _, _ := purego.SyscallN(list, d.physical, uintptr(unsafe.Pointer(&count)), 0)
	if err := check(name, r); err != nil || count == 0 {
		return err
	}
	found := make([]matrixProperties, count)
	for i := range found {
		found[i].sType = typeMatrixProperties
	}
	r, _, _ = purego.SyscallN(list, d.physical, uintptr(unsafe.Pointer(&count)), uintptr(unsafe.Pointer(&found[0])))
	if err := check(name, r); err != nil && int32(r) != resultIncomplete {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	const float16, float32, subgroupScope = 0, 1, 3
	for _, m := range found[:count] {
		if m.a == float16 && m.b == float16 && m.c == float32 && m.result == float32 && m.scope == subgroupScope {
			d.Matrices = append(d.Matrices, MatrixSize{m.m, m.n, m.k})
		}
	}
	return nil
}
