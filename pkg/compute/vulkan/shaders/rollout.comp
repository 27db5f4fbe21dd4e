#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "rollout.glsl"

// Runs every trajectory forward (eq. 3) from step `first` to `last`.
layout(push_constant, std430) uniform Push {
    Floats weight;  // [velocities of the window][N][N], source unit first
    Words order;    // [B·T]
    Floats a;       // [N]: g_0 = σ(a)
    Floats state;   // [B][T+1][N]
    Floats inverse; // [B·T]: 1/‖ReLU(h_t)‖
    Floats sum;     // [B][N]: Σ_t g_t
    Words dead;     // [B]
    Scalars scalars;
    uint units, len, first, last;
    uint velocity; // the first of the window, whose W(v) are in weight
};

// Turns part into σ of it, in vector; returns 1/‖ReLU(h)‖ or 1/tiny.
float normalise(out bool silent) {
    uint me = gl_LocalInvocationID.x, width = gl_WorkGroupSize.x;
    for (uint i = me; i < units; i += width)
        vector[i] = relu(parted(i, units));
    barrier();
    if (me < 32) {
        float s = 0.0;
        for (uint i = me; i < units; i += 32)
            s = fma(vector[i], vector[i], s);
        sums[me] = s;
    }
    barrier();
    float norm = sqrt(total());
    silent = norm == 0.0;
    float inv = 1.0 / (norm < tiny ? tiny : norm);
    for (uint i = me; i < units; i += width)
        vector[i] *= inv;
    return inv;
}

void main() {
    uint me = gl_LocalInvocationID.x, width = gl_WorkGroupSize.x, b = gl_WorkGroupID.x;
    uint states = b * (len + 1), silences = 0;
    bool silent;
    if (first == 0) {
        for (uint e = me; e < max(width / units, 1u) * units; e += width)
            part[e] = e < units ? a.at[e] : 0.0;
        barrier();
        float inv = normalise(silent);
        if (b == 0 && me == 0)
            scalars.startInverse = inv;
        for (uint i = me; i < units; i += width) {
            state.at[states * units + i] = vector[i];
            sum.at[b * units + i] = 0.0;
        }
    } else {
        silences = dead.at[b];
        for (uint i = me; i < units; i += width)
            vector[i] = state.at[(states + first) * units + i];
    }
    barrier();
    for (uint t = first; t < last; t++) {
        product(weight, (order.at[b * len + t] - velocity) * units * units, units);
        barrier();
        float inv = normalise(silent);
        silences += silent ? 1 : 0;
        for (uint i = me; i < units; i += width) { // its own units alone, so no barrier
            state.at[(states + t + 1) * units + i] = vector[i];
            sum.at[b * units + i] += vector[i];
        }
        if (me == 0)
            inverse.at[b * len + t] = inv;
        barrier();
    }
    if (me == 0)
        dead.at[b] = silences;
}
