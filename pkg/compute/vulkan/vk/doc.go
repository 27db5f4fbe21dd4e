// Package vk is a thin binding of the part of Vulkan 1.2 that compute shaders
// need, without cgo, headers or an SDK: libvulkan is opened at run time.
//
// The nouns:
//
//   - A Loader is an opened libvulkan with one instance. It lists the Devices.
//   - A Device is a GPU (or a driver that runs on the processor). Open gives it one compute queue.
//   - A Buffer is memory of the device, named in shaders by its address
//     (buffer device address), so there are no descriptors.
//   - A Pipeline is one compute shader. What it works on is in its push
//     constants: addresses, then sizes and numbers, 128 bytes at most.
//   - A Recorder collects dispatches; Submit hands them to the queue, and a
//     timeline semaphore says when they are done.
//
// A Go struct may move until the call that it is handed to begins, so every
// uintptr(unsafe.Pointer(x)) stands literally in the arguments of the call: purego.SyscallN is
// marked so that the compiler then keeps x in one place and alive. Pointers inside such structs are
// unsafe.Pointer, which the garbage collector sees.
//
// Nothing here is safe for concurrent use, except that different open devices
// may be used by different goroutines.
package vk
