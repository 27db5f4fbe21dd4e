#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sum.glsl"

// Sums of the squares of 4096 elements of the gradient each, which is first multiplied by the mask
// of a network of which not all units are linked.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats gradient, squares, mask;
    uint size, masked;
};

void main() {
    uint me = gl_LocalInvocationID.x, block = gl_WorkGroupID.x * 4096;
    float s = 0.0;
    [[unroll]] for (uint k = 0; k < 16; k++) {
        uint i = block + 256 * k + me;
        float g = i < size ? gradient.at[i] : 0.0;
        if (masked != 0 && i < size) {
            g *= mask.at[i];
            gradient.at[i] = g;
        }
        s = fma(g, g, s);
    }
    s = addUp(s);
    if (me == 0)
        squares.at[gl_WorkGroupID.x] = s;
}
