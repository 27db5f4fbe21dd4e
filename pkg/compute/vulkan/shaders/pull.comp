#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// The derivative of the weighted eq. 7 with respect to the distance of each step,
// divided by that distance.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats distances, speed, pull; // [B·T]
    Scalars scalars;
    uint states;
    float weight, binWidth; // λ_ConIso; m a step
};

void main() {
    uint i = flatIndex();
    if (i >= states)
        return;
    float d = distances.at[i], p = 0.0;
    if (!(d < 0.0)) {
        float s = speed.at[i];
        p = weight * 2.0 * (d / s - scalars.isometryMean[speedBin(s, binWidth)]) * scalars.isometryShare / s / (d < tiny ? tiny : d);
    }
    pull.at[i] = p;
}
