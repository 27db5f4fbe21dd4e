#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "philox.glsl"

// Draws the states of the pair losses, the same as sic.Draw. One workgroup is one
// micro-batch; the swaps follow one another, so many micro-batches are drawn at once.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Words all; // [count][B·T]: the first `sampled` are the answer
    Words row; // [count][B·T]: where a state stands among them, or none
    uvec2 seed;
    uvec2 moment;
    uint states;
    uint sampled;
    uint first, last; // the swaps to do now; a pass over all of them may be cut
};

const uint none = 0xffffffffu;

void main() {
    uint me = gl_LocalInvocationID.x, base = gl_WorkGroupID.x * states;
    uvec2 when = later(moment, gl_WorkGroupID.x);
    if (first == 0) {
        for (uint i = me; i < states; i += gl_WorkGroupSize.x)
            all.at[base + i] = i;
        memoryBarrierBuffer();
        barrier();
    }
    if (me == 0 && sampled < states) {
        for (uint i = first; i < last; i++) {
            uint j = i + below(word(seed, i, streamPairs, when), states - i);
            uint swapped = all.at[base + i];
            all.at[base + i] = all.at[base + j];
            all.at[base + j] = swapped;
        }
    }
    memoryBarrierBuffer();
    barrier();
    if (last < sampled)
        return;
    for (uint i = me; i < states; i += gl_WorkGroupSize.x)
        row.at[base + all.at[base + i]] = i < sampled ? i : none;
}
