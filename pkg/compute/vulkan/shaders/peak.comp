#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Multiply-adds and nothing else: 64 · rounds of them by each invocation.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats result; // one an invocation
    uint rounds;
    float factor; // below 1, so that the sums stay finite
};

void main() {
    vec4 a = vec4(gl_LocalInvocationID.x), b = a + 1.0, c = a + 2.0, d = a + 3.0, f = vec4(factor);
    for (uint i = 0; i < rounds; i++) {
        [[unroll]] for (uint k = 0; k < 4; k++) {
            a = fma(a, f, b);
            b = fma(b, f, c);
            c = fma(c, f, d);
            d = fma(d, f, a);
        }
    }
    vec4 s = a + b + c + d;
    result.at[gl_GlobalInvocationID.x] = s.x + s.y + s.z + s.w;
}
