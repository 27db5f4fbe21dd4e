#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Raises a word to the bits of the greatest |x| of a vector, of which the products in 16 bits take
// a power of two out. A greatest needs no order, so atomics give the same bits every time.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats vector;
    Words largest;
    uint size;
};

shared uint most[256];

void main() {
    uint me = gl_LocalInvocationID.x, block = gl_WorkGroupID.x * 4096, m = 0;
    [[unroll]] for (uint k = 0; k < 16; k++) {
        uint i = block + 256 * k + me;
        if (i < size)
            m = max(m, floatBitsToUint(vector.at[i]) & 0x7fffffffu);
    }
    most[me] = m;
    barrier();
    [[unroll]] for (uint n = 128; n > 0; n /= 2) {
        if (me < n)
            most[me] = max(most[me], most[me + n]);
        barrier();
    }
    if (me == 0)
        atomicMax(largest.at[0], most[0]);
}
