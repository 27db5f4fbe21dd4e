#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "matrix.glsl"

// What pairs.comp does, with states and slopes rounded to 16 bits and their
// products added up in 32: 64 states are met with 32 others at a time.
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint quarters = 1; // of 64 columns of dG: 1 or 2

layout(push_constant, std430) uniform Push {
    Floats packed;  // [S][N], rounded to 16 bits
    Floats place;   // [S][3]: x, y, half the squared norm of the rounded state
    Floats partial; // [shares][S][N]
    Floats losses;  // [shares][blocks of 64 rows][2]
    Scalars scalars;
    uint count, units, width; // width: columns of the Gram matrix of one share
    float limit;      // σ_x²
    float exponent;   // -1/σ_g²
    float separation; // 2 λ_Sep/σ_g²
    float invariance; // -4 λ_Inv
};

const uint side = 64, others = 32, slab = 32;
const uint pitch = slab + 8, pitchD = 2 * side + 8, pitchG = others + 4; // spreads rows over the banks
shared float16_t stage[others * pitchD];   // a slab of both operands of the Gram product, or 32 states of the second
shared float16_t slope[side * pitch];    // P/steepest
shared float gram[side * pitchG];        // a tile of the Gram matrix; later of dG
shared vec3 rowPlace[side], columnPlace[others];

float16_t stateAt(uint s, uint n, uint end) { return float16_t(s < end && n < units ? packed.at[s * units + n] : 0.0); }

// Products of a row of tiles, and of a subgroup, of the Gram matrix and of dG.
const uint acrossG = others / N, eachG = side / M * acrossG / subgroups;
const uint acrossD = side * quarters / N, eachD = side / M * acrossD / subgroups;

void products(uint i0, uint j0) {
    uint me = gl_LocalInvocationID.x, mine = gl_SubgroupID * eachG;
    Sum g[eachG];
    [[unroll]] for (uint i = 0; i < eachG; i++)
        g[i] = Sum(0.0);
    for (uint k0 = 0; k0 < units; k0 += slab) {
        [[unroll]] for (uint e = me; e < (side + others) * slab; e += 256) {
            uint k = e % slab, s = e / slab;
            stage[s * pitch + k] = stateAt(s < side ? i0 + s : j0 + s - side, k0 + k, count);
        }
        barrier();
        for (uint k = 0; k < slab; k += K) {
            [[unroll]] for (uint i = 0; i < eachG; i++) {
                Left a;
                Right b;
                coopMatLoadNV(a, stage, (mine + i) / acrossG * M * pitch + k, pitch, false);
                coopMatLoadNV(b, stage, (side + (mine + i) % acrossG * N) * pitch + k, pitch, true);
                g[i] = coopMatMulAddNV(a, b, g[i]);
            }
        }
        barrier();
    }
    [[unroll]] for (uint i = 0; i < eachG; i++)
        coopMatStoreNV(g[i], gram, (mine + i) / acrossG * M * pitchG + (mine + i) % acrossG * N, pitchG, false);
    barrier();
}

vec3 placeOf(uint s) {
    s = min(s, count - 1);
    return vec3(place.at[3 * s], place.at[3 * s + 1], place.at[3 * s + 2]);
}

void main() {
    uint me = gl_LocalInvocationID.x, mine = gl_SubgroupID * eachD;
    uint i0 = gl_WorkGroupID.x * side, n0 = gl_WorkGroupID.z * side * quarters;
    uint jFirst = gl_WorkGroupID.y * width, jLast = min(jFirst + width, count);
    Sum d[eachD];
    [[unroll]] for (uint i = 0; i < eachD; i++)
        d[i] = Sum(0.0);
    float far = 0.0, near = 0.0;
    float farSlope = separation * scalars.farWeight, nearSlope = invariance * scalars.nearWeight;
    float steepest = max(abs(farSlope), abs(nearSlope));
    float flatter = steepest > 0.0 ? 1.0 / steepest : 0.0;
    if (me < side)
        rowPlace[me] = placeOf(i0 + me);
    for (uint j0 = jFirst; j0 < jLast; j0 += others) {
        if (me < others)
            columnPlace[me] = placeOf(j0 + me);
        products(i0, j0); // its barriers stand between the places and their use
        [[unroll]] for (uint e = me; e < side * others; e += 256) {
            uint r = e / others, c = e % others, i = i0 + r, j = j0 + c;
            float p = 0.0;
            if (i < count && j < jLast && i != j) {
                vec3 here = rowPlace[r], there = columnPlace[c];
                vec2 apart = here.xy - there.xy;
                float halfSquare = here.z + there.z - gram[r * pitchG + c]; // ‖g_i-g_j‖²/2
                if (apart.x * apart.x + apart.y * apart.y < limit) {
                    near += halfSquare;
                    p = nearSlope * flatter;
                } else {
                    float x = exp(halfSquare * exponent);
                    far += x;
                    p = farSlope * flatter * x;
                }
            }
            slope[r * pitch + c] = narrow(p);
        }
        for (uint e = me; e < others * side * quarters; e += 256) {
            uint n = e % (side * quarters), k = e / (side * quarters);
            stage[k * pitchD + n] = stateAt(j0 + k, n0 + n, jLast);
        }
        barrier();
        for (uint k = 0; k < others; k += K) {
            [[unroll]] for (uint i = 0; i < eachD; i++) {
                Left a;
                Right b;
                coopMatLoadNV(a, slope, (mine + i) / acrossD * M * pitch + k, pitch, false);
                coopMatLoadNV(b, stage, k * pitchD + (mine + i) % acrossD * N, pitchD, false);
                d[i] = coopMatMulAddNV(a, b, d[i]);
            }
        }
        barrier();
    }
    for (uint c0 = 0; c0 < side * quarters; c0 += others) { // dG by way of the Gram tile, 32 columns at a time
        [[unroll]] for (uint i = 0; i < eachD; i++) {
            uint n = (mine + i) % acrossD * N;
            if (n >= c0 && n < c0 + others)
                coopMatStoreNV(d[i], gram, (mine + i) / acrossD * M * pitchG + n - c0, pitchG, false);
        }
        barrier();
        for (uint e = me; e < side * others; e += 256) {
            uint r = e / others, c = e % others, i = i0 + r, n = n0 + c0 + c;
            if (i < count && n < units)
                partial.at[(gl_WorkGroupID.y * count + i) * units + n] = gram[r * pitchG + c] * steepest;
        }
        barrier();
    }
    if (gl_WorkGroupID.z != 0)
        return;
    gram[me] = far;
    gram[256 + me] = near;
    barrier();
    [[unroll]] for (uint n = 128; n > 0; n /= 2) {
        if (me < n) {
            gram[me] += gram[me + n];
            gram[256 + me] += gram[256 + me + n];
        }
        barrier();
    }
    if (me == 0) {
        uint w = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
        losses.at[2 * w] = gram[0];
        losses.at[2 * w + 1] = gram[256];
    }
}
