#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Adds up the shares of linear_input and carries the sum back through the ReLU.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats share, activity, result; // activity, result: [D][in]
    uint size, shares;
};

void main() {
    uint i = flatIndex();
    if (i >= size)
        return;
    float sum = 0.0;
    for (uint s = 0; s < shares; s++)
        sum += share.at[s * size + i];
    result.at[i] = activity.at[i] > 0.0 ? sum : 0.0;
}
