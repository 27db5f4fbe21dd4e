#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Reads and writes memory and does nothing else.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats source, result;
    uint size;
};

void main() {
    uint i = flatIndex();
    if (i < size)
        result.at[i] = source.at[i];
}
