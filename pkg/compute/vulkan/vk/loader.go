package vk

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// Options of Open.
type Options struct {
	// Library is the loader's file; "" looks for the platform's usual names.
	Library string
	// Messages is given every message of the validation layer, which must be
	// installed; nil runs without the layer.
	Messages func(text string)
	// Resolve, if not nil, is asked for the address of each function with what
	// the loader found; tests put faults into single calls by it.
	Resolve func(name string, found uintptr) uintptr
}

// Loader is an opened libvulkan with one instance.
type Loader struct {
	library    uintptr
	instance   uintptr
	messenger  uintptr
	messageKey uintptr
	resolve    func(name string, found uintptr) uintptr
	vk         functions
	devices    []*Device
}

// functions are the addresses of the calls that we make.
type functions struct {
	getInstanceProcAddr, createInstance, enumerateInstanceExtensions, enumerateInstanceLayers uintptr

	destroyInstance, enumerateDevices, properties, features, queueFamilies, memoryProperties, deviceExtensions, createDevice uintptr

	destroyDevice, getQueue, waitIdle                                                                                         uintptr
	createBuffer, destroyBuffer, bufferRequirements, allocateMemory, freeMemory, bindMemory, mapMemory, bufferAddress         uintptr
	createShader, destroyShader, createLayout, destroyLayout, createPipeline, destroyPipeline                                 uintptr
	createPool, destroyPool, allocateCommands, freeCommands, resetPool, begin, end, bind, push, dispatch, barrier, copyBuffer uintptr
	createSemaphore, destroySemaphore, wait, submit, createQueries, destroyQueries, resetQueries, writeTimestamp, getStamps   uintptr

	createMessenger, destroyMessenger uintptr
}

// libraryNames are what the loader is called where it is installed.
func libraryNames() []string {
	if runtime.GOOS == "darwin" {
		return []string{"libvulkan.1.dylib", "/opt/homebrew/lib/libvulkan.1.dylib", "/usr/local/lib/libvulkan.1.dylib", "libMoltenVK.dylib", "/opt/homebrew/lib/libMoltenVK.dylib"}
	}
	return []string{"libvulkan.so.1", "libvulkan.so"}
}

// Open opens the Vulkan loader and makes an instance. Where there is no loader
// the error says so; ErrNoDriver is wrapped where there is one but no driver.
func Open(o Options) (*Loader, error) {
	l := &Loader{resolve: o.Resolve}
	if err := l.open(o.Library); err != nil {
		return nil, err
	}
	if err := l.createInstance(o.Messages); err != nil {
		l.Close()
		return nil, err
	}
	if err := l.listDevices(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (l *Loader) open(library string) (err error) {
	names := libraryNames()
	if library != "" {
		names = []string{library}
	}
	for _, name := range names {
		if l.library, err = purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL); err == nil {
			break
		}
	}
	if l.library == 0 {
		return fmt.Errorf("no Vulkan loader (%s) is installed", names[0])
	}
	address, err := purego.Dlsym(l.library, "vkGetInstanceProcAddr")
	if err != nil {
		return fmt.Errorf("%s is no Vulkan loader: it has no vkGetInstanceProcAddr", names[0])
	}
	l.vk.getInstanceProcAddr = address
	return l.find([]call{
		{&l.vk.createInstance, "vkCreateInstance"},
		{&l.vk.enumerateInstanceExtensions, "vkEnumerateInstanceExtensionProperties"},
		{&l.vk.enumerateInstanceLayers, "vkEnumerateInstanceLayerProperties"},
	})
}

type call struct {
	address *uintptr
	name    string
}

// find resolves functions by their names.
func (l *Loader) find(calls []call) error {
	for _, c := range calls {
		name := cstring(c.name)
		found, _, _ := purego.SyscallN(l.vk.getInstanceProcAddr, l.instance, uintptr(unsafe.Pointer(&name[0])))
		if l.resolve != nil {
			found = l.resolve(c.name, found)
		}
		if found == 0 {
			return fmt.Errorf("the Vulkan loader has no %s: it is older than Vulkan 1.2", c.name)
		}
		*c.address = found
	}
	return nil
}

func cstring(s string) []byte { return append([]byte(s), 0) }

// cstrings holds the array of pointers that C wants; it must stay alive through the call.
func cstrings(list []string) []unsafe.Pointer {
	var pointers []unsafe.Pointer
	for _, s := range list {
		pointers = append(pointers, unsafe.Pointer(&cstring(s)[0]))
	}
	return pointers
}

func first(p []unsafe.Pointer) unsafe.Pointer {
	if len(p) == 0 {
		return nil
	}
	return unsafe.Pointer(&p[0])
}

func text(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

const (
	validationLayer  = "VK_LAYER_KHRONOS_validation"
	debugExtension   = "VK_EXT_debug_utils"
	portability      = "VK_KHR_portability_enumeration"
	portabilityFlag  = 1
	portabilityOnOne = "VK_KHR_portability_subset"
	budgetExtension  = "VK_EXT_memory_budget"
)

func (l *Loader) createInstance(messages func(string)) error {
	available, err := listExtensions("vkEnumerateInstanceExtensionProperties", func(count *uint32, into *extensionProperties) uintptr {
		r, _, _ := purego.SyscallN(l.vk.enumerateInstanceExtensions, 0, uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(into)))
		return r
	})
	if err != nil {
		return err
	}
	name := cstring("sicgrid")
	info := &instanceCreateInfo{sType: typeInstanceCreateInfo, application: &applicationInfo{
		sType: typeApplicationInfo, name: unsafe.Pointer(&name[0]), apiVersion: apiVersion12,
	}}
	var layers, extensions []string
	if slices.Contains(available, portability) { // drivers on top of Metal are listed only on request
		extensions, info.flags = append(extensions, portability), portabilityFlag
	}
	if messages != nil {
		layers, extensions = append(layers, validationLayer), append(extensions, debugExtension)
	}
	layerNames, extensionNames := cstrings(layers), cstrings(extensions)
	info.layerCount, info.layers = uint32(len(layers)), first(layerNames)
	info.extensionCount, info.extensions = uint32(len(extensions)), first(extensionNames)
	r, _, _ := purego.SyscallN(l.vk.createInstance, uintptr(unsafe.Pointer(info)), 0, uintptr(unsafe.Pointer(&l.instance)))
	if err := check("vkCreateInstance", r); err != nil {
		if errors.Is(err, ErrNoDriver) {
			return fmt.Errorf("%w (%v)", ErrNoDriver, err)
		}
		return err
	}
	if err := l.find(l.vk.afterInstance()); err != nil {
		return err
	}
	if messages != nil {
		return l.listen(messages)
	}
	return nil
}

func (f *functions) afterInstance() []call {
	return []call{
		{&f.destroyInstance, "vkDestroyInstance"}, {&f.enumerateDevices, "vkEnumeratePhysicalDevices"},
		{&f.properties, "vkGetPhysicalDeviceProperties2"}, {&f.features, "vkGetPhysicalDeviceFeatures2"},
		{&f.queueFamilies, "vkGetPhysicalDeviceQueueFamilyProperties"}, {&f.memoryProperties, "vkGetPhysicalDeviceMemoryProperties2"},
		{&f.deviceExtensions, "vkEnumerateDeviceExtensionProperties"}, {&f.createDevice, "vkCreateDevice"},
		{&f.destroyDevice, "vkDestroyDevice"}, {&f.getQueue, "vkGetDeviceQueue"}, {&f.waitIdle, "vkDeviceWaitIdle"},
		{&f.createBuffer, "vkCreateBuffer"}, {&f.destroyBuffer, "vkDestroyBuffer"}, {&f.bufferRequirements, "vkGetBufferMemoryRequirements"},
		{&f.allocateMemory, "vkAllocateMemory"}, {&f.freeMemory, "vkFreeMemory"}, {&f.bindMemory, "vkBindBufferMemory"},
		{&f.mapMemory, "vkMapMemory"}, {&f.bufferAddress, "vkGetBufferDeviceAddress"},
		{&f.createShader, "vkCreateShaderModule"}, {&f.destroyShader, "vkDestroyShaderModule"},
		{&f.createLayout, "vkCreatePipelineLayout"}, {&f.destroyLayout, "vkDestroyPipelineLayout"},
		{&f.createPipeline, "vkCreateComputePipelines"}, {&f.destroyPipeline, "vkDestroyPipeline"},
		{&f.createPool, "vkCreateCommandPool"}, {&f.destroyPool, "vkDestroyCommandPool"}, {&f.allocateCommands, "vkAllocateCommandBuffers"},
		{&f.freeCommands, "vkFreeCommandBuffers"}, {&f.resetPool, "vkResetCommandPool"}, {&f.begin, "vkBeginCommandBuffer"}, {&f.end, "vkEndCommandBuffer"},
		{&f.bind, "vkCmdBindPipeline"}, {&f.push, "vkCmdPushConstants"}, {&f.dispatch, "vkCmdDispatch"},
		{&f.barrier, "vkCmdPipelineBarrier"}, {&f.copyBuffer, "vkCmdCopyBuffer"},
		{&f.createSemaphore, "vkCreateSemaphore"}, {&f.destroySemaphore, "vkDestroySemaphore"},
		{&f.wait, "vkWaitSemaphores"}, {&f.submit, "vkQueueSubmit"},
		{&f.createQueries, "vkCreateQueryPool"}, {&f.destroyQueries, "vkDestroyQueryPool"}, {&f.resetQueries, "vkCmdResetQueryPool"},
		{&f.writeTimestamp, "vkCmdWriteTimestamp"}, {&f.getStamps, "vkGetQueryPoolResults"},
	}
}

// listExtensions calls an enumeration twice, for the count and for the list.
func listExtensions(name string, enumerate func(count *uint32, into *extensionProperties) uintptr) ([]string, error) {
	var count uint32
	if err := check(name, enumerate(&count, nil)); err != nil || count == 0 {
		return nil, err
	}
	list := make([]extensionProperties, count)
	if r := enumerate(&count, &list[0]); int32(r) != resultIncomplete {
		if err := check(name, r); err != nil {
			return nil, err
		}
	}
	var names []string
	for i := range list[:count] {
		names = append(names, text(list[i].name[:]))
	}
	return names, nil
}

// listDevices finds what there is and what keeps each from being used.
func (l *Loader) listDevices() error {
	var count uint32
	r, _, _ := purego.SyscallN(l.vk.enumerateDevices, l.instance, uintptr(unsafe.Pointer(&count)), 0)
	if err := check("vkEnumeratePhysicalDevices", r); err != nil || count == 0 {
		return err
	}
	handles := make([]uintptr, count)
	r, _, _ = purego.SyscallN(l.vk.enumerateDevices, l.instance, uintptr(unsafe.Pointer(&count)), uintptr(unsafe.Pointer(&handles[0])))
	if err := check("vkEnumeratePhysicalDevices", r); err != nil && int32(r) != resultIncomplete {
		return err
	}
	for _, h := range handles[:count] {
		d, err := l.describe(h)
		if err != nil {
			return err
		}
		l.devices = append(l.devices, d)
	}
	return nil
}

// Devices are all that the loader found, in its order.
func (l *Loader) Devices() []*Device { return l.devices }

// Close gives everything back. The library stays in memory: drivers do not
// all survive being unloaded.
func (l *Loader) Close() {
	if l.messenger != 0 {
		purego.SyscallN(l.vk.destroyMessenger, l.instance, l.messenger, 0)
		listeners.Delete(l.messageKey)
	}
	if l.instance != 0 && l.vk.destroyInstance != 0 {
		purego.SyscallN(l.vk.destroyInstance, l.instance, 0)
	}
	l.instance, l.messenger, l.devices = 0, 0, nil
}

// listeners are the receivers of messages by the number that C hands back. There
// is one callback for all: callbacks are never freed.
var (
	listeners    sync.Map
	listenerMu   sync.Mutex
	lastListener uintptr
	hear         = sync.OnceValue(func() uintptr {
		return purego.NewCallback(func(severity, kinds uintptr, message *debugMessage, user uintptr) uintptr {
			if f, ok := listeners.Load(user); ok {
				f.(func(string))(ctext(message.text))
			}
			return 0
		})
	})
)

func ctext(p *byte) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}

func (l *Loader) listen(messages func(string)) error {
	if err := l.find([]call{{&l.vk.createMessenger, "vkCreateDebugUtilsMessengerEXT"}, {&l.vk.destroyMessenger, "vkDestroyDebugUtilsMessengerEXT"}}); err != nil {
		return err
	}
	listenerMu.Lock()
	lastListener++
	l.messageKey = lastListener
	listenerMu.Unlock()
	listeners.Store(l.messageKey, messages)
	const warningsAndErrors, generalValidationPerformance = 0x1100, 0x7
	info := &debugMessengerInfo{sType: typeDebugMessenger, severities: warningsAndErrors, types: generalValidationPerformance, callback: hear(), user: l.messageKey}
	r, _, _ := purego.SyscallN(l.vk.createMessenger, l.instance, uintptr(unsafe.Pointer(info)), 0, uintptr(unsafe.Pointer(&l.messenger)))
	return check("vkCreateDebugUtilsMessengerEXT", r)
}
