#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// ‖g_t-g_{t-1}‖ of the steps that eq. 7 looks at, and -1 for the others. A
// workgroup has eight steps, each with 32 invocations.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats velocity, state;
    Words order;
    Floats distances, speed; // [B·T]
    uint states, units, len;
    float sigmaX, shortest; // m
};

shared float sums[8][32];

void main() {
    uint lane = gl_LocalInvocationID.x % 32, mine = gl_LocalInvocationID.x / 32;
    uint step = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 8 + mine;
    float s = 0.0, square = 0.0;
    bool isShort = false;
    if (step < states) {
        uint k = order.at[step];
        vec2 v = vec2(velocity.at[2 * k], velocity.at[2 * k + 1]);
        s = sqrt(v.x * v.x + v.y * v.y);
        isShort = s >= shortest && s < sigmaX;
    }
    if (isShort) {
        uint before = (step + step / len) * units; // b·(T+1)+t
        for (uint i = lane; i < units; i += 32) {
            float d = state.at[before + units + i] - state.at[before + i];
            square = fma(d, d, square);
        }
    }
    sums[mine][lane] = square;
    barrier();
    if (lane != 0 || step >= states)
        return;
    float all = 0.0;
    [[unroll]] for (uint i = 0; i < 32; i++)
        all += sums[mine][i];
    distances.at[step] = isShort ? sqrt(all) : -1.0;
    speed.at[step] = s;
}
