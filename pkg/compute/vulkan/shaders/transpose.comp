#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Transposes one N x N matrix a layer of the grid.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats source, result;
    uint units;
};

shared float tile[32][33];

void main() {
    uint x = gl_LocalInvocationID.x % 32, y = gl_LocalInvocationID.x / 32;
    uint row = gl_WorkGroupID.y * 32, column = gl_WorkGroupID.x * 32, base = gl_WorkGroupID.z * units * units;
    [[unroll]] for (uint i = 0; i < 32; i += 8)
        if (row + y + i < units && column + x < units)
            tile[y + i][x] = source.at[base + (row + y + i) * units + column + x];
    barrier();
    [[unroll]] for (uint i = 0; i < 32; i += 8)
        if (column + y + i < units && row + x < units)
            result.at[base + (column + y + i) * units + row + x] = tile[x][y + i];
}
