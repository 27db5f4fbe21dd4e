#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Equations 4 and 5 with their gradient, in one pass over tiles of the Gram
// matrix that never leave the workgroup: 64 states are met with a share of all
// others, 64 at a time. The gradient is dG = P G, with P_ij from the Gram tile;
// its part along g_i is left to the backward pass, which removes it.
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint quarters = 1; // of 64 columns of dG: 1 or 2

layout(push_constant, std430) uniform Push {
    Floats packed;  // [S][N]
    Floats place;   // [S][3]: x, y, half the squared norm
    Floats partial; // [shares][S][N]
    Floats losses;  // [shares][blocks of 64 rows][2]
    Scalars scalars;
    uint count, units, width; // width: columns of the Gram matrix of one share
    float limit;      // σ_x²
    float exponent;   // -1/σ_g²
    float separation; // 2 λ_Sep/σ_g²
    float invariance; // -4 λ_Inv
};

const uint side = 64, slab = 16;
const uint pitch = side / 4 + 1;   // keeps neighbouring k out of the same banks
shared vec4 stage[2 * slab * pitch]; // two slabs of the Gram product, or 16 states of the second
shared vec4 slope[side][side / 4];   // P, transposed; rows turned by a quarter of their number, for the banks' sake
shared vec3 rowPlace[side], columnPlace[side];

float stateAt(uint s, uint n) { return s < count && n < units ? packed.at[s * units + n] : 0.0; }

void gram(uint i0, uint j0, out vec4 g[4]) {
    uint me = gl_LocalInvocationID.x, x = me % 16, y = me / 16;
    g = vec4[4](vec4(0), vec4(0), vec4(0), vec4(0));
    for (uint k0 = 0; k0 < units; k0 += slab) {
        [[unroll]] for (uint e = me; e < side * slab; e += 256) {
            uint k = e % slab, s = e / slab;
            stage[k * pitch + s / 4][s % 4] = stateAt(i0 + s, k0 + k);
            stage[(slab + k) * pitch + s / 4][s % 4] = stateAt(j0 + s, k0 + k);
        }
        barrier();
        [[unroll]] for (uint k = 0; k < slab; k++) {
            vec4 a = stage[k * pitch + y], b = stage[(slab + k) * pitch + x];
            g[0] = fma(vec4(a.x), b, g[0]);
            g[1] = fma(vec4(a.y), b, g[1]);
            g[2] = fma(vec4(a.z), b, g[2]);
            g[3] = fma(vec4(a.w), b, g[3]);
        }
        barrier();
    }
}

void main() {
    uint me = gl_LocalInvocationID.x, x = me % 16, y = me / 16;
    uint i0 = gl_WorkGroupID.x * side, n0 = gl_WorkGroupID.z * side * quarters;
    uint jFirst = gl_WorkGroupID.y * width, jLast = min(jFirst + width, count);
    vec4 d[4][quarters];
    for (uint r = 0; r < 4; r++)
        for (uint q = 0; q < quarters; q++)
            d[r][q] = vec4(0);
    float far = 0.0, near = 0.0;
    float farSlope = separation * scalars.farWeight, nearSlope = invariance * scalars.nearWeight;
    if (me < side) {
        uint s = min(i0 + me, count - 1);
        rowPlace[me] = vec3(place.at[3 * s], place.at[3 * s + 1], place.at[3 * s + 2]);
    }
    for (uint j0 = jFirst; j0 < jLast; j0 += side) {
        if (me < side) {
            uint s = min(j0 + me, count - 1);
            columnPlace[me] = vec3(place.at[3 * s], place.at[3 * s + 1], place.at[3 * s + 2]);
        }
        vec4 g[4];
        gram(i0, j0, g); // its barriers stand between the places and their use
        [[unroll]] for (uint c = 0; c < 4; c++) {
            vec4 p = vec4(0);
            uint j = j0 + 4 * x + c;
            vec3 there = columnPlace[4 * x + c];
            [[unroll]] for (uint r = 0; r < 4; r++) {
                uint i = i0 + 4 * y + r;
                if (i >= count || j >= jLast || i == j)
                    continue;
                vec3 here = rowPlace[4 * y + r];
                vec2 apart = here.xy - there.xy;
                float halfSquare = here.z + there.z - g[r][c]; // ‖g_i-g_j‖²/2
                if (apart.x * apart.x + apart.y * apart.y < limit) {
                    near += halfSquare;
                    p[r] = nearSlope;
                } else {
                    float e = exp(halfSquare * exponent);
                    far += e;
                    p[r] = farSlope * e;
                }
            }
            slope[4 * x + c][(y + x) % 16] = p;
        }
        barrier();
        for (uint k0 = 0; k0 < side; k0 += slab) {
            for (uint e = me; e < slab * side * quarters; e += 256) {
                uint n = e % (side * quarters), k = e / (side * quarters);
                stage[k * 16 * quarters + n / 4][n % 4] = j0 + k0 + k < jLast ? stateAt(j0 + k0 + k, n0 + n) : 0.0;
            }
            barrier();
            [[unroll]] for (uint k = 0; k < slab; k++) {
                vec4 a = slope[k0 + k][(y + (k0 + k) / 4) % 16];
                for (uint q = 0; q < quarters; q++) {
                    vec4 b = stage[(k * quarters + q) * 16 + x];
                    d[0][q] = fma(vec4(a.x), b, d[0][q]);
                    d[1][q] = fma(vec4(a.y), b, d[1][q]);
                    d[2][q] = fma(vec4(a.z), b, d[2][q]);
                    d[3][q] = fma(vec4(a.w), b, d[3][q]);
                }
            }
            barrier();
        }
    }
    for (uint r = 0; r < 4; r++)
        for (uint q = 0; q < quarters; q++)
            for (uint c = 0; c < 4; c++) {
                uint i = i0 + 4 * y + r, n = n0 + q * side + 4 * x + c;
                if (i < count && n < units)
                    partial.at[(gl_WorkGroupID.y * count + i) * units + n] = d[r][q][c];
            }
    if (gl_WorkGroupID.z != 0)
        return;
    stage[me] = vec4(far, near, 0, 0);
    barrier();
    [[unroll]] for (uint n = 128; n > 0; n /= 2) {
        if (me < n)
            stage[me] += stage[me + n];
        barrier();
    }
    if (me == 0) {
        uint w = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
        losses.at[2 * w] = stage[0].x;
        losses.at[2 * w + 1] = stage[0].y;
    }
}
