// Cooperative matrices: products of 16-bit floats, added up in 32 bits, that the invocations of a
// subgroup do together. The sizes are the device's. They are written for NVIDIA's extension, which
// the pinned compiler knows; gen turns them into the Khronos group's. There the roles of matrices
// are part of their types: it tells them by their sizes, so M, N and K may stand for nothing else.
#extension GL_NV_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#pragma use_vulkan_memory_model

layout(constant_id = 1) const uint M = 16;
layout(constant_id = 2) const uint N = 16;
layout(constant_id = 3) const uint K = 16;
layout(constant_id = 4) const uint subgroups = 8; // of a workgroup

// The nearest float of 11 bits, ties to even; 0 for what a float16 has fewer bits
// for, infinity for what it cannot hold. Devices by themselves may round up or
// down, and take such numbers for 0 or for the greatest.
float rounded(float x) {
    uint bits = floatBitsToUint(x);
    if (abs(x) < 6.103515625e-5)
        return 0.0;
    return uintBitsToFloat(abs(x) >= 65520.0 ? 0x7f800000u : (bits + 0xfffu + (bits >> 13 & 1u)) & ~0x1fffu);
}

float16_t narrow(float x) { return float16_t(rounded(x)); }

#define Left fcoopmatNV<16, gl_ScopeSubgroup, M, K>
#define Right fcoopmatNV<16, gl_ScopeSubgroup, K, N>
#define Sum fcoopmatNV<32, gl_ScopeSubgroup, M, N>
