// What matmul.glsl is, with operands rounded to 16 bits and sums of 32. A is a gradient, of any
// magnitude: it is multiplied by a power of two before, and the product divided by it. `largest`
// holds the bits of the greatest |A|, or of something greater.
layout(local_size_x = 256) in;

const uint side = 64, slab = 32;
const uint pitchA = slab + 8, pitchB = side + 8, pitchC = side + 4; // spreads rows over the banks
shared float16_t tileA[side * pitchA], tileB[slab * pitchB];
shared float tileC[side * pitchC];

// The exponent of the greatest |A|, kept where both powers below are floats.
uint exponent() { return clamp(largest.at[0] >> 23, 15u, 254u); }
float scale() { return uintBitsToFloat((268 - exponent()) << 23); } // puts the greatest between 2^14 and 2^15
float unscale() { return uintBitsToFloat((exponent() - 14) << 23); }

void fillTiles(uint m0, uint n0, uint k0, float by) {
    uint me = gl_LocalInvocationID.x;
    [[unroll]] for (uint i = 0; i < side * slab / 256; i++) {
        uint e = me + 256 * i;
#ifdef A_BY_DEPTH
        uint ka = e % slab, m = e / slab;
#else
        uint ka = e / side, m = e % side;
#endif
        tileA[m * pitchA + ka] = narrow(loadA(m0 + m, k0 + ka) * by);
#ifdef B_BY_DEPTH
        uint kb = e % slab, n = e / slab;
#else
        uint kb = e / side, n = e % side;
#endif
        tileB[kb * pitchB + n] = narrow(loadB(k0 + kb, n0 + n));
    }
}

const uint across = side / N, each = side / M * across / subgroups; // products of a row of tiles, and of a subgroup

void multiply() {
    uint me = gl_LocalInvocationID.x, mine = gl_SubgroupID * each;
    uint n0 = gl_WorkGroupID.x * side, m0 = gl_WorkGroupID.y * side;
    float by = scale(), back = unscale();
    Sum sum[each];
    [[unroll]] for (uint i = 0; i < each; i++)
        sum[i] = Sum(0.0);
    for (uint k0 = depthFirst(); k0 < depthLast(); k0 += slab) {
        fillTiles(m0, n0, k0, by);
        barrier();
        for (uint k = 0; k < slab; k += K) {
            [[unroll]] for (uint i = 0; i < each; i++) {
                Left a;
                Right b;
                coopMatLoadNV(a, tileA, (mine + i) / across * M * pitchA + k, pitchA, false);
                coopMatLoadNV(b, tileB, k * pitchB + (mine + i) % across * N, pitchB, false);
                sum[i] = coopMatMulAddNV(a, b, sum[i]);
            }
        }
        barrier();
    }
    [[unroll]] for (uint i = 0; i < each; i++)
        coopMatStoreNV(sum[i], tileC, (mine + i) / across * M * pitchC + (mine + i) % across * N, pitchC, false);
    barrier();
    for (uint e = me; e < side * side; e += 256) {
        uint m = e / side, n = e % side;
        if (m0 + m < rows() && n0 + n < columns())
            store(m0 + m, n0 + n, tileC[m * pitchC + n] * back);
    }
}
