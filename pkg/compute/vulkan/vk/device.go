package vk

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Kind says what sort of device it is.
type Kind string

// The kinds of devices.
const (
	Discrete   Kind = "discrete GPU"
	Integrated Kind = "integrated GPU"
	Virtual    Kind = "virtual GPU"
	Processor  Kind = "processor" // a driver that runs on the CPU
	Other      Kind = "other"
)

// What the shaders need; every desktop and laptop GPU of the last years has more.
const (
	needThreads = 256
	needShared  = 32 << 10
	needPush    = 128
)

// Device is one physical device, and, once opened, the logical device with its queue.
type Device struct {
	Name        string
	Kind        Kind
	Driver      string // name and version, as the driver gives them
	API         string // "1.3.255"
	Memory      uint64 // bytes of the largest heap of its own memory
	MaxBuffer   uint64 // bytes of one storage binding
	MaxThreads  uint32 // in a workgroup
	MaxShared   uint32 // bytes of a workgroup
	MaxPush     uint32 // bytes of push constants
	Extensions  []string
	Matrices    []MatrixSize // 16-bit products that a subgroup does at once; none without VK_KHR_cooperative_matrix
	Subgroup    uint32       // invocations of a subgroup, where there are Matrices
	Unsupported string       // what keeps it from being used; "" = nothing

	l         *Loader
	physical  uintptr
	family    uint32
	stampBits uint32
	period    float64 // ns a timestamp tick
	maxGroups [3]uint32
	threads   [3]uint32

	handle, queue uintptr
	layout        uintptr
	pool          uintptr
	timeline      uintptr
	ticket        uint64 // of the last submission
	lost          bool
}

// describe asks for everything that decides whether a device can be used.
func (l *Loader) describe(physical uintptr) (*Device, error) {
	driver := &driverProperties{sType: typeDriverProperties}
	p := &properties2{sType: typeProperties2, next: unsafe.Pointer(driver)}
	purego.SyscallN(l.vk.properties, physical, uintptr(unsafe.Pointer(p)))
	d := &Device{
		Name: text(p.name[:]), Kind: kindOf(p.kind), Driver: text(driver.name[:]) + " " + text(driver.info[:]),
		API:       fmt.Sprintf("%d.%d.%d", p.apiVersion>>22&0x7f, p.apiVersion>>12&0x3ff, p.apiVersion&0xfff),
		MaxBuffer: uint64(p.limits.maxStorageBufferRange), MaxThreads: p.limits.maxWorkGroupInvocations,
		MaxShared: p.limits.maxSharedMemory, MaxPush: p.limits.maxPushConstantsSize,
		l: l, physical: physical, period: float64(p.limits.timestampPeriod), maxGroups: p.limits.maxWorkGroupCount, threads: p.limits.maxWorkGroupSize,
	}
	heap, _, _ := d.heap()
	d.Memory = heap
	if p.apiVersion < apiVersion12 { // it knows nothing of the structs that follow
		d.Unsupported = "its driver offers Vulkan " + d.API + ", and 1.2 is needed"
		return d, nil
	}
	var err error
	d.Extensions, err = listExtensions("vkEnumerateDeviceExtensionProperties", func(count *uint32, into *extensionProperties) uintptr {
		r, _, _ := purego.SyscallN(l.vk.deviceExtensions, physical, 0, uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(into)))
		return r
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Name, err)
	}
	newer := &vulkan12Features{sType: typeVulkan12Features}
	purego.SyscallN(l.vk.features, physical, uintptr(unsafe.Pointer(&features2{sType: typeFeatures2, next: unsafe.Pointer(newer)})))
	if err := d.describeMatrices(newer); err != nil {
		return nil, err
	}
	found := d.findQueue()
	switch {
	case !found:
		d.Unsupported = "it has no compute queue"
	case newer.on[featureAddress] == 0:
		d.Unsupported = "its driver has no bufferDeviceAddress"
	case newer.on[featureTimeline] == 0:
		d.Unsupported = "its driver has no timelineSemaphore"
	case d.MaxThreads < needThreads || d.threads[0] < needThreads:
		d.Unsupported = fmt.Sprintf("its workgroups hold %d invocations, and %d are needed", d.MaxThreads, needThreads)
	case d.MaxShared < needShared:
		d.Unsupported = fmt.Sprintf("its workgroups share %d bytes, and %d are needed", d.MaxShared, needShared)
	case d.MaxPush < needPush:
		d.Unsupported = fmt.Sprintf("it takes %d bytes of push constants, and %d are needed", d.MaxPush, needPush)
	}
	return d, nil
}

func kindOf(k uint32) Kind {
	if kinds := []Kind{Other, Integrated, Discrete, Virtual, Processor}; int(k) < len(kinds) {
		return kinds[k]
	}
	return Other
}

// findQueue chooses the queue family: one for compute alone where there is one,
// since a display does not wait behind it.
func (d *Device) findQueue() bool {
	var count uint32
	purego.SyscallN(d.l.vk.queueFamilies, d.physical, uintptr(unsafe.Pointer(&count)), 0)
	if count == 0 {
		return false
	}
	families := make([]queueFamilyProperties, count)
	purego.SyscallN(d.l.vk.queueFamilies, d.physical, uintptr(unsafe.Pointer(&count)), uintptr(unsafe.Pointer(&families[0])))
	best := -1
	for i, f := range families[:count] {
		if f.flags&queueCompute == 0 || f.count == 0 {
			continue
		}
		const graphics = 1
		if best < 0 || f.flags&graphics == 0 && families[best].flags&graphics != 0 {
			best = i
		}
	}
	if best < 0 {
		return false
	}
	d.family, d.stampBits = uint32(best), families[best].timestampBits
	return true
}

// heap returns the size of the largest heap of the device's own memory, how much of it is free, and
// its number. Without VK_EXT_memory_budget free is size.
func (d *Device) heap() (size, free uint64, index uint32) {
	budget := &memoryBudget{sType: typeMemoryBudget}
	m := &memoryProperties2{sType: typeMemoryProperties2}
	if slices.Contains(d.Extensions, budgetExtension) {
		m.next = unsafe.Pointer(budget)
	}
	purego.SyscallN(d.l.vk.memoryProperties, d.physical, uintptr(unsafe.Pointer(m)))
	for i, h := range m.heaps[:m.heapCount] {
		if h.flags&heapDeviceLocal != 0 && h.size > size {
			size, index = h.size, uint32(i)
		}
	}
	free = size
	if m.next != nil && budget.budget[index] > 0 {
		free = budget.budget[index] - min(budget.usage[index], budget.budget[index])
	}
	return size, free, index
}

// MaxGroups is the greatest number of workgroups along the first side of a grid.
func (d *Device) MaxGroups() uint32 { return d.maxGroups[0] }

// Has says whether the device offers an extension.
func (d *Device) Has(extension string) bool { return slices.Contains(d.Extensions, extension) }

// Open makes the logical device with one compute queue.
func (d *Device) Open() error {
	if d.Unsupported != "" {
		return fmt.Errorf("%s: %s", d.Name, d.Unsupported)
	}
	priority := float32(1)
	newer := &vulkan12Features{sType: typeVulkan12Features}
	newer.on[featureAddress], newer.on[featureTimeline] = 1, 1
	wanted := []string{portabilityOnOne, budgetExtension}
	if len(d.Matrices) > 0 {
		wanted = append(wanted, matrixExtension, subgroupExtension)
		newer.on[featureFloat16], newer.on[featureMemoryModel], newer.on[featureDeviceScope] = 1, 1, 1
		newer.next = unsafe.Pointer(&matrixFeatures{sType: typeMatrixFeatures, on: 1, next: unsafe.Pointer(&subgroupFeatures{sType: typeSubgroupFeatures, full: 1})})
	}
	var extensions []string
	for _, e := range wanted {
		if d.Has(e) {
			extensions = append(extensions, e)
		}
	}
	names := cstrings(extensions)
	info := &deviceCreateInfo{
		sType: typeDeviceCreateInfo, next: unsafe.Pointer(newer), queueCount: 1,
		queues:         &deviceQueueCreateInfo{sType: typeDeviceQueueCreateInfo, family: d.family, count: 1, priorities: &priority},
		extensionCount: uint32(len(extensions)), extensions: first(names),
	}
	r, _, _ := purego.SyscallN(d.l.vk.createDevice, d.physical, uintptr(unsafe.Pointer(info)), 0, uintptr(unsafe.Pointer(&d.handle)))
	if err := d.check("vkCreateDevice", r); err != nil {
		return err
	}
	d.lost = false
	purego.SyscallN(d.l.vk.getQueue, d.handle, uintptr(d.family), 0, uintptr(unsafe.Pointer(&d.queue)))
	if err := d.prepare(); err != nil {
		d.Close()
		return err
	}
	return nil
}

// prepare makes what all pipelines and submissions share.
func (d *Device) prepare() error {
	layout := &pipelineLayoutInfo{sType: typePipelineLayoutInfo, pushCount: 1, pushes: &pushConstantRange{stages: stageCompute, size: needPush}}
	r, _, _ := purego.SyscallN(d.l.vk.createLayout, d.handle, uintptr(unsafe.Pointer(layout)), 0, uintptr(unsafe.Pointer(&d.layout)))
	if err := d.check("vkCreatePipelineLayout", r); err != nil {
		return err
	}
	const transient = 1
	pool := &commandPoolCreateInfo{sType: typeCommandPoolCreateInfo, flags: transient, family: d.family}
	r, _, _ = purego.SyscallN(d.l.vk.createPool, d.handle, uintptr(unsafe.Pointer(pool)), 0, uintptr(unsafe.Pointer(&d.pool)))
	if err := d.check("vkCreateCommandPool", r); err != nil {
		return err
	}
	const timeline = 1
	semaphore := &semaphoreCreateInfo{sType: typeSemaphoreCreateInfo, next: unsafe.Pointer(&semaphoreTypeInfo{sType: typeSemaphoreTypeInfo, kind: timeline})}
	r, _, _ = purego.SyscallN(d.l.vk.createSemaphore, d.handle, uintptr(unsafe.Pointer(semaphore)), 0, uintptr(unsafe.Pointer(&d.timeline)))
	d.ticket = 0
	return d.check("vkCreateSemaphore", r)
}

// check names the device in the error and remembers that it was lost.
func (d *Device) check(call string, r uintptr) error {
	err := check(call, r)
	if err == nil {
		return nil
	}
	d.lost = d.lost || int32(r) == resultDeviceLost
	return fmt.Errorf("%s: %w", d.Name, err)
}

// Close waits for the queue and gives the logical device back; buffers and
// pipelines must have been closed.
func (d *Device) Close() {
	if d.handle == 0 {
		return
	}
	purego.SyscallN(d.l.vk.waitIdle, d.handle)
	for _, o := range []struct {
		destroy uintptr
		object  *uintptr
	}{{d.l.vk.destroySemaphore, &d.timeline}, {d.l.vk.destroyPool, &d.pool}, {d.l.vk.destroyLayout, &d.layout}} {
		if *o.object != 0 {
			purego.SyscallN(o.destroy, d.handle, *o.object, 0)
			*o.object = 0
		}
	}
	purego.SyscallN(d.l.vk.destroyDevice, d.handle, 0)
	d.handle, d.queue = 0, 0
}
