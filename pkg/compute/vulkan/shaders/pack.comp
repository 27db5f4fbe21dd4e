#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Copies the sampled states to one block, with their places and half their
// squared norms: 1/2, or 0 for a dead state. Where products are in 16 bits the
// copies are rounded and the norms are those of the copies, so that equal states
// have no distance; and what those products are scaled by is cleared.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Words sampled;    // [S]
    Floats state;     // [B][T+1][N]
    Floats inverse;   // [B·T]
    Floats position;  // [B·T][2]
    Floats packed;    // [S][N]
    Floats place;     // [S][3]: x, y, half
#ifdef MIXED
    Scalars scalars;
#endif
    uint count, units, len;
};

float halfSquare(uint base, float inv) {
#ifdef MIXED
    float sum = 0.0;
    for (uint n = 0; n < units; n++) {
        float g = rounded(state.at[base + n]);
        sum = fma(g, g, sum);
    }
    return 0.5 * sum;
#else
    return inv >= 0.99 / tiny ? 0.0 : 0.5;
#endif
}

void main() {
    uint e = flatIndex(), s = e / units, n = e % units;
    if (s >= count)
        return;
    uint i = sampled.at[s], base = (i + i / len + 1) * units;
#ifdef MIXED
    packed.at[e] = rounded(state.at[base + n]);
#else
    packed.at[e] = state.at[base + n];
#endif
    if (n != 0)
        return;
    place.at[3 * s] = position.at[2 * i];
    place.at[3 * s + 1] = position.at[2 * i + 1];
    place.at[3 * s + 2] = halfSquare(base, inverse.at[i]);
#ifdef MIXED
    if (e == 0)
        scalars.largestDelta = scalars.largestSlope = 0;
#endif
}
