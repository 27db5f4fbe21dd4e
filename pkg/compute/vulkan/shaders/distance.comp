#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// ‖g_t-g_{t-1}‖ of the steps that eq. 7 looks at, and -1 for the others. One
// workgroup is one trajectory.
layout(local_size_x = 64) in;

layout(push_constant, std430) uniform Push {
    Floats velocity, state;
    Words order;
    Floats distances, speed; // [B·T]
    uint units, len;
    float sigmaX, shortest; // m
};

shared float sums[64];

void main() {
    uint me = gl_LocalInvocationID.x, b = gl_WorkGroupID.x;
    for (uint t = 0; t < len; t++) {
        uint step = b * len + t, k = order.at[step];
        vec2 v = vec2(velocity.at[2 * k], velocity.at[2 * k + 1]);
        float s = sqrt(v.x * v.x + v.y * v.y);
        if (!(s >= shortest && s < sigmaX)) {
            if (me == 0)
                distances.at[step] = -1.0;
            continue;
        }
        uint before = (b * (len + 1) + t) * units;
        float square = 0.0;
        for (uint i = me; i < units; i += 64) {
            float d = state.at[before + units + i] - state.at[before + i];
            square = fma(d, d, square);
        }
        sums[me] = square;
        barrier();
        if (me == 0) {
            float all = 0.0;
            [[unroll]] for (uint i = 0; i < 64; i++)
                all += sums[i];
            distances.at[step] = sqrt(all);
            speed.at[step] = s;
        }
        barrier();
    }
}
