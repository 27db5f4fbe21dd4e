#ifdef MIXED
#include "matmul_mixed.glsl"
#else
// C = A B, or C += A B, in tiles of 64 x 64 by 256 invocations, each of which holds 4 x 4 of them.
// The shader that includes this defines loadA(m, k) and loadB(k, n), which give 0 outside the
// matrices, store(m, n, sum), and the sizes rows, columns, depthFirst and depthLast. A_BY_DEPTH and
// B_BY_DEPTH say that an operand lies in memory with k running fastest.
layout(local_size_x = 256) in;

const uint side = 64, slab = 16;
// One column more than needed keeps neighbouring k out of the same banks.
shared vec4 tileA[slab][side / 4 + 1], tileB[slab][side / 4 + 1];

void fillTiles(uint m0, uint n0, uint k0) {
    uint me = gl_LocalInvocationID.x;
    [[unroll]] for (uint i = 0; i < side * slab / 256; i++) {
        uint e = me + 256 * i;
#ifdef A_BY_DEPTH
        uint ka = e % slab, m = e / slab;
#else
        uint ka = e / side, m = e % side;
#endif
        tileA[ka][m / 4][m % 4] = loadA(m0 + m, k0 + ka);
#ifdef B_BY_DEPTH
        uint kb = e % slab, n = e / slab;
#else
        uint kb = e / side, n = e % side;
#endif
        tileB[kb][n / 4][n % 4] = loadB(k0 + kb, n0 + n);
    }
}

void multiply() {
    uint x = gl_LocalInvocationID.x % 16, y = gl_LocalInvocationID.x / 16;
    uint n0 = gl_WorkGroupID.x * side, m0 = gl_WorkGroupID.y * side;
    vec4 sum[4] = vec4[4](vec4(0), vec4(0), vec4(0), vec4(0));
    for (uint k0 = depthFirst(); k0 < depthLast(); k0 += slab) {
        fillTiles(m0, n0, k0);
        barrier();
        [[unroll]] for (uint k = 0; k < slab; k++) {
            vec4 a = tileA[k][y], b = tileB[k][x];
            sum[0] = fma(vec4(a.x), b, sum[0]);
            sum[1] = fma(vec4(a.y), b, sum[1]);
            sum[2] = fma(vec4(a.z), b, sum[2]);
            sum[3] = fma(vec4(a.w), b, sum[3]);
        }
        barrier();
    }
    [[unroll]] for (uint i = 0; i < 4; i++) {
        uint m = m0 + 4 * y + i;
        if (m >= rows())
            break;
        [[unroll]] for (uint j = 0; j < 4; j++) {
            uint n = n0 + 4 * x + j;
            if (n < columns())
                store(m, n, sum[i][j]);
        }
    }
}
#endif
