package vk

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Pipeline is one compute shader, ready to run.
type Pipeline struct {
	d      *Device
	handle uintptr
}

// NewPipeline makes a pipeline of SPIR-V whose entry point is main. matrices says that it uses
// cooperative matrices. specialization gives the values of constants 0, 1, ...
func (d *Device) NewPipeline(name string, spirv []byte, matrices bool, specialization ...uint32) (*Pipeline, error) {
	if len(spirv) == 0 || len(spirv)%4 != 0 {
		return nil, fmt.Errorf("shader %s: %d bytes are no SPIR-V", name, len(spirv))
	}
	words := make([]uint32, len(spirv)/4) // aligned, as embedded bytes need not be
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(spirv[4*i:])
	}
	module := uintptr(0)
	info := &shaderModuleCreateInfo{sType: typeShaderModuleCreateInfo, size: uintptr(len(spirv)), code: unsafe.Pointer(&words[0])}
	r, _, _ := purego.SyscallN(d.l.vk.createShader, d.handle, uintptr(unsafe.Pointer(info)), 0, uintptr(unsafe.Pointer(&module)))
	if err := d.check("vkCreateShaderModule", r); err != nil {
		return nil, fmt.Errorf("shader %s: %w", name, err)
	}
	defer func() { purego.SyscallN(d.l.vk.destroyShader, d.handle, module, 0) }()

	entry := cstring("main")
	create := &computePipelineInfo{
		sType: typeComputePipelineInfo, layout: d.layout, baseIndex: -1,
		stage: shaderStageInfo{sType: typePipelineShaderStageInfo, stage: stageCompute, module: module, name: unsafe.Pointer(&entry[0])},
	}
	if matrices {
		create.stage.flags = stageFull
	}
	if len(specialization) > 0 {
		entries := make([]specializationEntry, len(specialization))
		for i := range entries {
			entries[i] = specializationEntry{uint32(i), uint32(4 * i), 4}
		}
		create.stage.specialization = &specializationInfo{uint32(len(entries)), unsafe.Pointer(&entries[0]), uintptr(4 * len(entries)), unsafe.Pointer(&specialization[0])}
	}
	p := &Pipeline{d: d}
	r, _, _ = purego.SyscallN(d.l.vk.createPipeline, d.handle, 0, 1, uintptr(unsafe.Pointer(create)), 0, uintptr(unsafe.Pointer(&p.handle)))
	if err := d.check("vkCreateComputePipelines", r); err != nil {
		return nil, fmt.Errorf("shader %s: %w", name, err)
	}
	return p, nil
}

// Close gives the pipeline back, when nothing submitted uses it any more.
func (p *Pipeline) Close() {
	if p != nil && p.handle != 0 && p.d.handle != 0 {
		purego.SyscallN(p.d.l.vk.destroyPipeline, p.d.handle, p.handle, 0)
		p.handle = 0
	}
}

// Recorder collects commands for one submission at a time.
type Recorder struct {
	d        *Device
	commands uintptr
	bound    *Pipeline
	push     *[needPush]byte
	stamps   uintptr
	capacity int
	used     int
	err      error
}

// NewRecorder returns a recorder that can hold so many timestamps. All
// recorders of a device share one pool: one at a time records.
func (d *Device) NewRecorder(stamps int) (*Recorder, error) {
	r := &Recorder{d: d, push: new([needPush]byte), capacity: stamps}
	info := &commandBufferAllocateInfo{sType: typeCommandBufferAllocate, pool: d.pool, count: 1}
	c, _, _ := purego.SyscallN(d.l.vk.allocateCommands, d.handle, uintptr(unsafe.Pointer(info)), uintptr(unsafe.Pointer(&r.commands)))
	if err := d.check("vkAllocateCommandBuffers", c); err != nil {
		return nil, err
	}
	if stamps == 0 || d.stampBits == 0 {
		return r, nil
	}
	const timestamps = 2
	queries := &queryPoolCreateInfo{sType: typeQueryPoolCreateInfo, kind: timestamps, count: uint32(stamps)}
	c, _, _ = purego.SyscallN(d.l.vk.createQueries, d.handle, uintptr(unsafe.Pointer(queries)), 0, uintptr(unsafe.Pointer(&r.stamps)))
	return r, d.check("vkCreateQueryPool", c)
}

// Close gives the commands and timestamps back.
func (r *Recorder) Close() {
	if r == nil || r.d.handle == 0 {
		return
	}
	if r.stamps != 0 {
		purego.SyscallN(r.d.l.vk.destroyQueries, r.d.handle, r.stamps, 0)
		r.stamps = 0
	}
	if r.commands != 0 {
		purego.SyscallN(r.d.l.vk.freeCommands, r.d.handle, r.d.pool, 1, uintptr(unsafe.Pointer(&r.commands)))
		r.commands = 0
	}
}

// Begin forgets what was recorded before, which must be done.
func (r *Recorder) Begin() error {
	d := r.d
	r.bound, r.used, r.err = nil, 0, nil
	c, _, _ := purego.SyscallN(d.l.vk.resetPool, d.handle, d.pool, 0)
	if err := d.check("vkResetCommandPool", c); err != nil {
		return err
	}
	const once = 1
	c, _, _ = purego.SyscallN(d.l.vk.begin, r.commands, uintptr(unsafe.Pointer(&commandBufferBeginInfo{sType: typeCommandBufferBegin, flags: once})))
	if err := d.check("vkBeginCommandBuffer", c); err != nil {
		return err
	}
	if r.stamps != 0 {
		purego.SyscallN(d.l.vk.resetQueries, r.commands, r.stamps, 0, uintptr(r.capacity))
	}
	return nil
}

// Dispatch runs x·y·z workgroups of p. Its push constants are the addresses and
// then the values, each a uint32, int or float32.
func (r *Recorder) Dispatch(p *Pipeline, x, y, z int, addresses []Address, values ...any) {
	if x == 0 || y == 0 || z == 0 {
		return
	}
	if size := 8*len(addresses) + 4*len(values); size > needPush {
		r.fail(fmt.Errorf("%d bytes of push constants, %d are allowed", size, needPush))
		return
	}
	if limit := r.d.maxGroups; x > int(limit[0]) || y > int(limit[1]) || z > int(limit[2]) {
		r.fail(fmt.Errorf("%s: %d x %d x %d workgroups, its limit is %d x %d x %d", r.d.Name, x, y, z, limit[0], limit[1], limit[2]))
		return
	}
	vk := &r.d.l.vk
	if r.bound != p {
		purego.SyscallN(vk.bind, r.commands, bindCompute, p.handle)
		r.bound = p
	}
	size := r.pack(addresses, values)
	purego.SyscallN(vk.push, r.commands, r.d.layout, stageCompute, 0, uintptr(size), uintptr(unsafe.Pointer(r.push)))
	purego.SyscallN(vk.dispatch, r.commands, uintptr(x), uintptr(y), uintptr(z))
}

// pack writes the push constants and returns their size.
func (r *Recorder) pack(addresses []Address, values []any) int {
	at := 0
	for _, a := range addresses {
		binary.NativeEndian.PutUint64(r.push[at:], uint64(a))
		at += 8
	}
	for _, v := range values {
		var word uint32
		switch v := v.(type) {
		case uint32:
			word = v
		case int:
			word = uint32(v)
		case float32:
			word = math.Float32bits(v)
		case bool:
			if v {
				word = 1
			}
		default:
			r.fail(fmt.Errorf("a push constant of type %T", v))
		}
		binary.NativeEndian.PutUint32(r.push[at:], word)
		at += 4
	}
	return at
}

func (r *Recorder) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Barrier makes what was written before visible to the dispatches and copies after.
func (r *Recorder) Barrier() {
	r.barrier(pipeCompute|pipeTransfer, pipeCompute|pipeTransfer, accessShaderPut|accessCopyPut, accessShaderGet|accessShaderPut|accessCopyGet|accessCopyPut)
}

// ToHost makes what was written before visible to the host when the submission is done.
func (r *Recorder) ToHost() {
	r.barrier(pipeCompute|pipeTransfer, pipeHost, accessShaderPut|accessCopyPut, accessHostGet)
}

func (r *Recorder) barrier(from, to, wrote, reads uintptr) {
	b := &memoryBarrier{sType: typeMemoryBarrier, from: uint32(wrote), to: uint32(reads)}
	purego.SyscallN(r.d.l.vk.barrier, r.commands, from, to, 0, 1, uintptr(unsafe.Pointer(b)), 0, 0, 0, 0)
}

// Copy copies bytes between buffers.
func (r *Recorder) Copy(target *Buffer, to uint64, source *Buffer, from, size uint64) {
	purego.SyscallN(r.d.l.vk.copyBuffer, r.commands, source.handle, target.handle, 1, uintptr(unsafe.Pointer(&bufferCopy{from, to, size})))
}

// Stamp takes the time when everything recorded before is done.
func (r *Recorder) Stamp() {
	if r.stamps == 0 || r.used == r.capacity {
		return
	}
	purego.SyscallN(r.d.l.vk.writeTimestamp, r.commands, pipeCompute, r.stamps, uintptr(r.used))
	r.used++
}

// Submit hands what was recorded to the queue and waits until it is done.
func (r *Recorder) Submit() error {
	d := r.d
	c, _, _ := purego.SyscallN(d.l.vk.end, r.commands)
	if err := d.check("vkEndCommandBuffer", c); err != nil {
		return err
	}
	if r.err != nil {
		return r.err
	}
	value := d.ticket + 1
	info := &submitInfo{
		sType: typeSubmitInfo, next: unsafe.Pointer(&timelineSubmitInfo{sType: typeTimelineSubmitInfo, signalCount: 1, signals: &value}),
		commandCount: 1, commands: &r.commands, signalCount: 1, signals: &d.timeline,
	}
	c, _, _ = purego.SyscallN(d.l.vk.submit, d.queue, 1, uintptr(unsafe.Pointer(info)), 0)
	if err := d.check("vkQueueSubmit", c); err != nil {
		return err
	}
	d.ticket = value
	const patience = 60 * time.Second // a submission is meant to last a tenth of a second
	wait := &semaphoreWaitInfo{sType: typeSemaphoreWaitInfo, count: 1, semaphores: &d.timeline, values: &value}
	for {
		c, _, _ = purego.SyscallN(d.l.vk.wait, d.handle, uintptr(unsafe.Pointer(wait)), uintptr(patience))
		if int32(c) != resultTimeout {
			return d.check("vkWaitSemaphores", c)
		}
	}
}

// Times returns the seconds between one Stamp and the next of the submission
// that is done; nil where the device takes no timestamps.
func (r *Recorder) Times() ([]float64, error) {
	if r.stamps == 0 || r.used < 2 {
		return nil, nil
	}
	ticks := make([]uint64, r.used)
	const wide, await = 1, 2
	c, _, _ := purego.SyscallN(r.d.l.vk.getStamps, r.d.handle, r.stamps, 0, uintptr(r.used), uintptr(8*len(ticks)), uintptr(unsafe.Pointer(&ticks[0])), 8, wide|await)
	if err := r.d.check("vkGetQueryPoolResults", c); err != nil {
		return nil, err
	}
	mask := ^uint64(0)
	if r.d.stampBits < 64 {
		mask = 1<<r.d.stampBits - 1
	}
	times := make([]float64, r.used-1)
	for i := range times {
		times[i] = float64((ticks[i+1]-ticks[i])&mask) * r.d.period * 1e-9
	}
	return times, nil
}
