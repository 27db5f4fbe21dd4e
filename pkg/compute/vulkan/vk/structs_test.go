package vk

import (
	"testing"
	"unsafe"
)

// Structs have the sizes, and what we read of them the places, that a C
// compiler gives those of vulkan_core.h 1.3.239 on a 64-bit platform.
func TestStructsHaveTheLayoutOfC(t *testing.T) {
	var l limits
	for name, c := range map[string][2]uintptr{
		"VkPhysicalDeviceLimits":                       {unsafe.Sizeof(limits{}), 504},
		"VkPhysicalDeviceProperties2":                  {unsafe.Sizeof(properties2{}), 840},
		"VkPhysicalDeviceDriverProperties":             {unsafe.Sizeof(driverProperties{}), 536},
		"VkPhysicalDeviceVulkan12Features":             {unsafe.Sizeof(vulkan12Features{}), 208},
		"VkPhysicalDeviceFeatures2":                    {unsafe.Sizeof(features2{}), 240},
		"VkPhysicalDeviceMemoryProperties2":            {unsafe.Sizeof(memoryProperties2{}), 536},
		"VkPhysicalDeviceMemoryBudget":                 {unsafe.Sizeof(memoryBudget{}), 272},
		"VkComputePipelineCreateInfo":                  {unsafe.Sizeof(computePipelineInfo{}), 96},
		"VkSubmitInfo":                                 {unsafe.Sizeof(submitInfo{}), 72},
		"VkPhysicalDeviceSubgroupProperties":           {unsafe.Sizeof(subgroupProperties{}), 32},
		"VkPhysicalDeviceCooperativeMatrixFeaturesKHR": {unsafe.Sizeof(matrixFeatures{}), 24},
		"VkPhysicalDeviceSubgroupSizeControlFeatures":  {unsafe.Sizeof(subgroupFeatures{}), 24},
		"VkCooperativeMatrixPropertiesKHR":             {unsafe.Sizeof(matrixProperties{}), 56},
		"maxPushConstantsSize":                         {unsafe.Offsetof(l.maxPushConstantsSize), 32},
		"maxComputeSharedMemorySize":                   {unsafe.Offsetof(l.maxSharedMemory), 216},
		"maxComputeWorkGroupInvocations":               {unsafe.Offsetof(l.maxWorkGroupInvocations), 232},
		"minMemoryMapAlignment":                        {unsafe.Offsetof(l.minMemoryMapAlignment), 304},
		"timestampComputeAndGraphics":                  {unsafe.Offsetof(l.timestampCompute), 420},
		"VkPhysicalDeviceProperties.limits":            {unsafe.Offsetof(properties{}.limits), 296},
		"VkMemoryRequirements.memoryTypeBits":          {unsafe.Offsetof(memoryRequirements{}.types), 16},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %d, want %d", name, c[0], c[1])
		}
	}
}
