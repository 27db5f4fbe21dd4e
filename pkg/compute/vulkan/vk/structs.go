package vk

import "unsafe"

// Structs and constants of vulkan_core.h, in its order and with its sizes; only
// 64-bit platforms are supported, where the layouts of Go and C agree.

//lint:file-ignore U1000 a C struct has the fields that it has

const (
	typeApplicationInfo         = 0
	typeInstanceCreateInfo      = 1
	typeDeviceQueueCreateInfo   = 2
	typeDeviceCreateInfo        = 3
	typeSubmitInfo              = 4
	typeMemoryAllocateInfo      = 5
	typeSemaphoreCreateInfo     = 9
	typeQueryPoolCreateInfo     = 11
	typeBufferCreateInfo        = 12
	typeShaderModuleCreateInfo  = 16
	typePipelineShaderStageInfo = 18
	typeComputePipelineInfo     = 29
	typePipelineLayoutInfo      = 30
	typeCommandPoolCreateInfo   = 39
	typeCommandBufferAllocate   = 40
	typeCommandBufferBegin      = 42
	typeMemoryBarrier           = 46
	typeVulkan12Features        = 51
	typeFeatures2               = 1000059000
	typeProperties2             = 1000059001
	typeMemoryProperties2       = 1000059006
	typeMemoryAllocateFlags     = 1000060000
	typeDebugMessenger          = 1000128004
	typeDriverProperties        = 1000196000
	typeSemaphoreTypeInfo       = 1000207002
	typeTimelineSubmitInfo      = 1000207003
	typeSemaphoreWaitInfo       = 1000207004
	typeMemoryBudget            = 1000237000
	typeBufferAddressInfo       = 1000244001
	typeSubgroupProperties      = 1000094000
	typeSubgroupFeatures        = 1000225002
	typeMatrixFeatures          = 1000506000
	typeMatrixProperties        = 1000506001

	apiVersion12 = 1<<22 | 2<<12

	queueCompute = 0x2

	memoryDeviceLocal  = 0x1
	memoryHostVisible  = 0x2
	memoryHostCoherent = 0x4
	memoryHostCached   = 0x8
	heapDeviceLocal    = 0x1
	allocateAddress    = 0x2

	usageTransferSource = 0x1
	usageTransferTarget = 0x2
	usageStorage        = 0x20
	usageAddress        = 0x20000

	stageCompute    = 0x20 // of shaders
	stageFull       = 0x2  // all subgroups of a workgroup are full
	bindCompute     = 1
	pipeTop         = 0x1
	pipeCompute     = 0x800
	pipeTransfer    = 0x1000
	pipeHost        = 0x4000
	accessShaderGet = 0x20
	accessShaderPut = 0x40
	accessCopyGet   = 0x800
	accessCopyPut   = 0x1000
	accessHostGet   = 0x2000

	wholeSize = ^uint64(0)

	// The places of the features that we need in VkPhysicalDeviceVulkan12Features.
	featureTimeline = 37
	featureAddress  = 38
)

type applicationInfo struct {
	sType         uint32
	next          unsafe.Pointer
	name          unsafe.Pointer
	version       uint32
	engine        unsafe.Pointer
	engineVersion uint32
	apiVersion    uint32
}

type instanceCreateInfo struct {
	sType          uint32
	next           unsafe.Pointer
	flags          uint32
	application    *applicationInfo
	layerCount     uint32
	layers         unsafe.Pointer
	extensionCount uint32
	extensions     unsafe.Pointer
}

type extensionProperties struct {
	name    [256]byte
	version uint32
}

// limits is VkPhysicalDeviceLimits, those that we read by name.
type limits struct {
	_                       [6]uint32
	maxUniformBufferRange   uint32
	maxStorageBufferRange   uint32
	maxPushConstantsSize    uint32
	_                       [2]uint32
	_                       [2]uint64
	_                       [21]uint32 // maxBoundDescriptorSets to maxVertexOutputComponents
	_                       [8]uint32  // tessellation
	_                       [5]uint32  // geometry
	_                       [4]uint32  // fragment
	maxSharedMemory         uint32
	maxWorkGroupCount       [3]uint32
	maxWorkGroupInvocations uint32
	maxWorkGroupSize        [3]uint32
	_                       [5]uint32 // subPixelPrecisionBits to maxDrawIndirectCount
	_                       [2]float32
	_                       uint32    // maxViewports
	_                       [2]uint32 // maxViewportDimensions
	_                       [2]float32
	_                       uint32 // viewportSubPixelBits
	minMemoryMapAlignment   uint64
	_                       [3]uint64 // offset alignments
	_                       [4]int32  // texel and gather offsets
	_                       [2]float32
	_                       [9]uint32 // subPixelInterpolationOffsetBits to maxColorAttachments
	_                       [6]uint32 // sample counts and masks
	timestampCompute        uint32
	timestampPeriod         float32 // ns a tick
	_                       [4]uint32
	_                       [6]float32
	_                       [2]uint32
	_                       [3]uint64
}

type properties struct {
	apiVersion    uint32
	driverVersion uint32
	vendor        uint32
	device        uint32
	kind          uint32
	name          [256]byte
	cacheID       [16]byte
	limits        limits
	sparse        [5]uint32
}

type properties2 struct {
	sType uint32
	next  unsafe.Pointer
	properties
}

type driverProperties struct {
	sType       uint32
	next        unsafe.Pointer
	id          uint32
	name        [256]byte
	info        [256]byte
	conformance [4]byte
}

type vulkan12Features struct {
	sType uint32
	next  unsafe.Pointer
	on    [47]uint32
}

type features2 struct {
	sType uint32
	next  unsafe.Pointer
	on    [55]uint32
}

type queueFamilyProperties struct {
	flags         uint32
	count         uint32
	timestampBits uint32
	granularity   [3]uint32
}

type memoryType struct {
	flags uint32
	heap  uint32
}

type memoryHeap struct {
	size  uint64
	flags uint32
}

type memoryProperties2 struct {
	sType     uint32
	next      unsafe.Pointer
	typeCount uint32
	types     [32]memoryType
	heapCount uint32
	heaps     [16]memoryHeap
}

type memoryBudget struct {
	sType  uint32
	next   unsafe.Pointer
	budget [16]uint64
	usage  [16]uint64
}

type deviceQueueCreateInfo struct {
	sType      uint32
	next       unsafe.Pointer
	flags      uint32
	family     uint32
	count      uint32
	priorities *float32
}

type deviceCreateInfo struct {
	sType          uint32
	next           unsafe.Pointer
	flags          uint32
	queueCount     uint32
	queues         *deviceQueueCreateInfo
	layerCount     uint32
	layers         unsafe.Pointer
	extensionCount uint32
	extensions     unsafe.Pointer
	features       unsafe.Pointer
}

type bufferCreateInfo struct {
	sType       uint32
	next        unsafe.Pointer
	flags       uint32
	size        uint64
	usage       uint32
	sharing     uint32
	familyCount uint32
	families    unsafe.Pointer
}

type memoryRequirements struct {
	size      uint64
	alignment uint64
	types     uint32
}

type memoryAllocateFlags struct {
	sType uint32
	next  unsafe.Pointer
	flags uint32
	mask  uint32
}

type memoryAllocateInfo struct {
	sType uint32
	next  unsafe.Pointer
	size  uint64
	index uint32
}

type bufferAddressInfo struct {
	sType  uint32
	next   unsafe.Pointer
	buffer uintptr
}

type shaderModuleCreateInfo struct {
	sType uint32
	next  unsafe.Pointer
	flags uint32
	size  uintptr
	code  unsafe.Pointer
}

type specializationEntry struct {
	id     uint32
	offset uint32
	size   uintptr
}

type specializationInfo struct {
	count   uint32
	entries unsafe.Pointer
	size    uintptr
	data    unsafe.Pointer
}

type shaderStageInfo struct {
	sType          uint32
	next           unsafe.Pointer
	flags          uint32
	stage          uint32
	module         uintptr
	name           unsafe.Pointer
	specialization *specializationInfo
}

type computePipelineInfo struct {
	sType     uint32
	next      unsafe.Pointer
	flags     uint32
	stage     shaderStageInfo
	layout    uintptr
	base      uintptr
	baseIndex int32
}

type pushConstantRange struct{ stages, offset, size uint32 }

type pipelineLayoutInfo struct {
	sType     uint32
	next      unsafe.Pointer
	flags     uint32
	setCount  uint32
	sets      unsafe.Pointer
	pushCount uint32
	pushes    *pushConstantRange
}

type commandPoolCreateInfo struct {
	sType  uint32
	next   unsafe.Pointer
	flags  uint32
	family uint32
}

type commandBufferAllocateInfo struct {
	sType uint32
	next  unsafe.Pointer
	pool  uintptr
	level uint32
	count uint32
}

type commandBufferBeginInfo struct {
	sType       uint32
	next        unsafe.Pointer
	flags       uint32
	inheritance unsafe.Pointer
}

type memoryBarrier struct {
	sType uint32
	next  unsafe.Pointer
	from  uint32
	to    uint32
}

type semaphoreTypeInfo struct {
	sType uint32
	next  unsafe.Pointer
	kind  uint32
	value uint64
}

type semaphoreCreateInfo struct {
	sType uint32
	next  unsafe.Pointer
	flags uint32
}

type timelineSubmitInfo struct {
	sType       uint32
	next        unsafe.Pointer
	waitCount   uint32
	waits       unsafe.Pointer
	signalCount uint32
	signals     *uint64
}

type submitInfo struct {
	sType        uint32
	next         unsafe.Pointer
	waitCount    uint32
	waits        unsafe.Pointer
	waitStages   unsafe.Pointer
	commandCount uint32
	commands     *uintptr
	signalCount  uint32
	signals      *uintptr
}

type semaphoreWaitInfo struct {
	sType      uint32
	next       unsafe.Pointer
	flags      uint32
	count      uint32
	semaphores *uintptr
	values     *uint64
}

type queryPoolCreateInfo struct {
	sType      uint32
	next       unsafe.Pointer
	flags      uint32
	kind       uint32
	count      uint32
	statistics uint32
}

type bufferCopy struct{ source, target, size uint64 }

type debugMessengerInfo struct {
	sType      uint32
	next       unsafe.Pointer
	flags      uint32
	severities uint32
	types      uint32
	callback   uintptr
	user       uintptr
}

// debugMessage is the head of VkDebugUtilsMessengerCallbackDataEXT.
type debugMessage struct {
	sType  uint32
	next   unsafe.Pointer
	flags  uint32
	name   *byte
	number int32
	text   *byte
}

type matrixFeatures struct {
	sType  uint32
	next   unsafe.Pointer
	on     uint32
	robust uint32
}

type subgroupFeatures struct {
	sType uint32
	next  unsafe.Pointer
	sizes uint32
	full  uint32
}

type subgroupProperties struct {
	sType      uint32
	next       unsafe.Pointer
	size       uint32
	stages     uint32
	operations uint32
	quads      uint32
}

type matrixProperties struct {
	sType           uint32
	next            unsafe.Pointer
	m, n, k         uint32
	a, b, c, result uint32
	saturating      uint32
	scope           uint32
}
