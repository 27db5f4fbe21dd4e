#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "rollout.glsl"

// Carries the gradient back along every trajectory, from step `last` down to
// `first`. It leaves dL/d(W g) of every step in delta and dL/dg_0 in dStart,
// which between two dispatches holds the gradient of the state in between.
layout(push_constant, std430) uniform Push {
    Floats weight;  // [velocities of the window][N][N], target unit first
    Words order;    // [B·T]
    Floats state;   // [B][T+1][N]
    Floats inverse; // [B·T]
    Floats dState;  // [B·T][N]: of the losses by themselves
    Floats pull;    // [B·T]: of eq. 7 along g_t - g_{t-1}
    Floats delta;   // [B·T][N]
    Floats dStart;  // [B][N]
    uint units, len, first, last;
    uint velocity; // the first of the window, whose W(v) are in weight
};

void main() {
    uint me = gl_LocalInvocationID.x, width = gl_WorkGroupSize.x, b = gl_WorkGroupID.x;
    if (last == len)
        for (uint i = me; i < units; i += width)
            dStart.at[b * units + i] = 0.0;
    for (uint t = last; t-- > first;) {
        uint step = b * len + t, before = (b * (len + 1) + t) * units, after = before + units;
        float p = pull.at[step], inv = inverse.at[step];
        for (uint i = me; i < units; i += width) {
            float g = state.at[after + i], d = dStart.at[b * units + i] + dState.at[step * units + i] + p * (g - state.at[before + i]);
            vector[i] = d;
            part[i] = d * g;
        }
        barrier();
        if (me < 32) {
            float s = 0.0;
            for (uint i = me; i < units; i += 32)
                s += part[i];
            sums[me] = s;
        }
        barrier();
        float radial = total();
        for (uint i = me; i < units; i += width) {
            float g = state.at[after + i], d = g > 0.0 ? (vector[i] - radial * g) * inv : 0.0;
            vector[i] = d;
            delta.at[step * units + i] = d;
        }
        barrier();
        product(weight, (order.at[step] - velocity) * units * units, units);
        barrier();
        for (uint i = me; i < units; i += width)
            dStart.at[b * units + i] = parted(i, units) - p * (state.at[after + i] - state.at[before + i]);
        barrier();
    }
}
