#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "matrix.glsl"

// Products of cooperative matrices and nothing else: 8 · rounds by each subgroup.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats result; // [subgroups of all workgroups][M][N]
    uint rounds;
};

void main() {
    Left a = Left(0.5);
    Right b = Right(0.001);
    Sum sum[8];
    [[unroll]] for (uint i = 0; i < 8; i++)
        sum[i] = Sum(float(i));
    for (uint n = 0; n < rounds; n++) {
        [[unroll]] for (uint i = 0; i < 8; i++)
            sum[i] = coopMatMulAddNV(a, b, sum[i]);
    }
    [[unroll]] for (uint i = 1; i < 8; i++)
        sum[0] += sum[i];
    coopMatStoreNV(sum[0], result.at, (gl_WorkGroupID.x * subgroups + gl_SubgroupID) * M * N, N, false);
}
