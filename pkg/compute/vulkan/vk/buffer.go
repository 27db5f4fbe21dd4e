package vk

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Address is a place in the device's memory, as shaders see it.
type Address uint64

// Place says where a buffer lies.
type Place int

const (
	OnDevice Place = iota // the device's own memory, out of the host's reach
	OnHost                // memory that both see; the host reads and writes Bytes
)

// Buffer is a piece of memory that shaders reach by its address.
type Buffer struct {
	Address Address
	Size    uint64
	Bytes   []byte // of an OnHost buffer; coherent

	d              *Device
	handle, memory uintptr
}

// NewBuffer allocates size bytes, at least 1. The error is an *OutOfMemory
// where the device has no more.
func (d *Device) NewBuffer(size uint64, place Place) (*Buffer, error) {
	if size == 0 {
		return nil, fmt.Errorf("%s: a buffer of no size", d.Name)
	}
	b := &Buffer{d: d, Size: size}
	info := &bufferCreateInfo{sType: typeBufferCreateInfo, size: size, usage: usageStorage | usageAddress | usageTransferSource | usageTransferTarget}
	r, _, _ := purego.SyscallN(d.l.vk.createBuffer, d.handle, uintptr(unsafe.Pointer(info)), 0, uintptr(unsafe.Pointer(&b.handle)))
	if err := d.allocated("vkCreateBuffer", r, size); err != nil {
		return nil, err
	}
	if err := b.bind(place); err != nil {
		b.Close()
		return nil, err
	}
	address, _, _ := purego.SyscallN(d.l.vk.bufferAddress, d.handle, uintptr(unsafe.Pointer(&bufferAddressInfo{sType: typeBufferAddressInfo, buffer: b.handle})))
	b.Address = Address(address)
	return b, nil
}

func (b *Buffer) bind(place Place) error {
	d := b.d
	var need memoryRequirements
	purego.SyscallN(d.l.vk.bufferRequirements, d.handle, b.handle, uintptr(unsafe.Pointer(&need)))
	index, err := d.memoryType(need.types, place)
	if err != nil {
		return err
	}
	if size, _, _ := d.heap(); place == OnDevice && need.size > size {
		return d.outOfMemory(need.size, fmt.Errorf("more than the whole heap"))
	}
	info := &memoryAllocateInfo{
		sType: typeMemoryAllocateInfo, next: unsafe.Pointer(&memoryAllocateFlags{sType: typeMemoryAllocateFlags, flags: allocateAddress}),
		size: need.size, index: index,
	}
	r, _, _ := purego.SyscallN(d.l.vk.allocateMemory, d.handle, uintptr(unsafe.Pointer(info)), 0, uintptr(unsafe.Pointer(&b.memory)))
	if err := d.allocated("vkAllocateMemory", r, need.size); err != nil {
		return err
	}
	r, _, _ = purego.SyscallN(d.l.vk.bindMemory, d.handle, b.handle, b.memory, 0)
	if err := d.check("vkBindBufferMemory", r); err != nil || place == OnDevice {
		return err
	}
	var p unsafe.Pointer // filled in by the driver
	r, _, _ = purego.SyscallN(d.l.vk.mapMemory, d.handle, b.memory, 0, uintptr(wholeSize), 0, uintptr(unsafe.Pointer(&p)))
	if err := d.check("vkMapMemory", r); err != nil {
		return err
	}
	b.Bytes = unsafe.Slice((*byte)(p), b.Size)
	return nil
}

// memoryType finds the best type of memory among those that a buffer may have.
func (d *Device) memoryType(allowed uint32, place Place) (uint32, error) {
	m := &memoryProperties2{sType: typeMemoryProperties2}
	purego.SyscallN(d.l.vk.memoryProperties, d.physical, uintptr(unsafe.Pointer(m)))
	wishes := []uint32{memoryDeviceLocal, 0}
	if place == OnHost { // cached, since the host mostly reads
		wishes = []uint32{memoryHostVisible | memoryHostCoherent | memoryHostCached, memoryHostVisible | memoryHostCoherent}
	}
	for _, wish := range wishes {
		for i, t := range m.types[:m.typeCount] {
			if allowed>>i&1 != 0 && t.flags&wish == wish {
				return uint32(i), nil
			}
		}
	}
	return 0, fmt.Errorf("%s has no memory of the kind that is needed", d.Name)
}

// allocated is check for calls that may run out of memory.
func (d *Device) allocated(call string, r uintptr, size uint64) error {
	err := d.check(call, r)
	if outOfMemory(err) {
		return d.outOfMemory(size, check(call, r))
	}
	return err
}

func (d *Device) outOfMemory(size uint64, cause error) error {
	heap, free, _ := d.heap()
	return &OutOfMemory{Device: d.Name, Asked: size, Heap: heap, Free: free, Cause: cause}
}

// Floats are the buffer's Bytes as numbers, from the byte offset on.
func (b *Buffer) Floats(offset uint64, n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(&b.Bytes[offset:][:4*n][0])), n)
}

// Words are the buffer's Bytes as 32-bit words, from the byte offset on.
func (b *Buffer) Words(offset uint64, n int) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(&b.Bytes[offset:][:4*n][0])), n)
}

// Close gives the memory back, when nothing submitted uses it any more.
func (b *Buffer) Close() {
	if b == nil || b.d.handle == 0 {
		return
	}
	if b.handle != 0 {
		purego.SyscallN(b.d.l.vk.destroyBuffer, b.d.handle, b.handle, 0)
	}
	if b.memory != 0 {
		purego.SyscallN(b.d.l.vk.freeMemory, b.d.handle, b.memory, 0)
	}
	b.handle, b.memory, b.Bytes = 0, 0, nil
}
