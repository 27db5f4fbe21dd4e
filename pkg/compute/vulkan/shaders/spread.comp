#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// The gradient of equations 4 to 6 with respect to every state.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats partial; // [shares][S][N]
    Floats dMean;   // [N]
    Words row;      // [B·T]
    Floats dState;  // [B·T][N]
    uint states, units, count, shares;
};

void main() {
    uint e = flatIndex(), i = e / units, n = e % units;
    if (i >= states)
        return;
    float d = dMean.at[n];
    uint s = row.at[i];
    if (s < count)
        for (uint k = 0; k < shares; k++)
            d += partial.at[(k * count + s) * units + n];
    dState.at[e] = d;
}
