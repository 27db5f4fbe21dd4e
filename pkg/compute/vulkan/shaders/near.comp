#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Counts the ordered near pairs of 256 rows and 1024 columns, self pairs left out.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats place; // [S][3]
    Words counts; // one a workgroup
    uint count;
    float limit; // σ_x²
};

shared vec2 columnPlace[256];
shared uint found[256];

void main() {
    uint me = gl_LocalInvocationID.x, i = gl_WorkGroupID.x * 256 + me;
    vec2 here = i < count ? vec2(place.at[3 * i], place.at[3 * i + 1]) : vec2(0);
    uint n = 0;
    for (uint j0 = gl_WorkGroupID.y * 1024; j0 < min(gl_WorkGroupID.y * 1024 + 1024, count); j0 += 256) {
        uint j = j0 + me;
        columnPlace[me] = j < count ? vec2(place.at[3 * j], place.at[3 * j + 1]) : vec2(0);
        barrier();
        for (uint k = 0; k < 256; k++) {
            vec2 d = here - columnPlace[k];
            n += j0 + k < count && j0 + k != i && d.x * d.x + d.y * d.y < limit ? 1 : 0;
        }
        barrier();
    }
    found[me] = i < count ? n : 0;
    barrier();
    [[unroll]] for (uint k = 128; k > 0; k /= 2) {
        if (me < k)
            found[me] += found[me + k];
        barrier();
    }
    if (me == 0)
        counts.at[gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x] = found[0];
}
