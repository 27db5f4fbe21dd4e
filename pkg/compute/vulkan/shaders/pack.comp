#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Copies the sampled states to one block, with their places and half their
// squared norms (1/2, or 0 for a dead state).
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Words sampled;    // [S]
    Floats state;     // [B][T+1][N]
    Floats inverse;   // [B·T]
    Floats position;  // [B·T][2]
    Floats packed;    // [S][N]
    Floats place;     // [S][3]: x, y, half
    uint count, units, len;
};

void main() {
    uint e = flatIndex(), s = e / units, n = e % units;
    if (s >= count)
        return;
    uint i = sampled.at[s];
    packed.at[e] = state.at[(i + i / len + 1) * units + n];
    if (n != 0)
        return;
    place.at[3 * s] = position.at[2 * i];
    place.at[3 * s + 1] = position.at[2 * i + 1];
    place.at[3 * s + 2] = inverse.at[i] >= 0.99 / tiny ? 0.0 : 0.5;
}
