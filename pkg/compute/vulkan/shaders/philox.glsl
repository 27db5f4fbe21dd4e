// Philox4x32-10 (Salmon et al., SC 2011), as pkg/sic draws from it: word i of a
// stream is lane i%4 of block i/4.
uvec4 philox(uvec2 seed, uint block, uint stream, uvec2 moment) {
    uvec4 c = uvec4(block, stream, moment);
    uvec2 key = seed;
    [[unroll]] for (int i = 0; i < 10; i++) {
        uint high0, low0, high1, low1;
        umulExtended(c.x, 0xD2511F53u, high0, low0);
        umulExtended(c.z, 0xCD9E8D57u, high1, low1);
        c = uvec4(high1 ^ c.y ^ key.x, low1, high0 ^ c.w ^ key.y, low0);
        key += uvec2(0x9E3779B9u, 0xBB67AE85u);
    }
    return c;
}

const uint streamVelocity = 1, streamOrder = 2, streamPairs = 3;

uint word(uvec2 seed, uint i, uint stream, uvec2 moment) { return philox(seed, i / 4, stream, moment)[i % 4]; }

// A number in [0, n).
uint below(uint word, uint n) {
    uint high, low;
    umulExtended(word, n, high, low);
    return high;
}

uvec2 later(uvec2 moment, uint n) {
    uint carry;
    uint low = uaddCarry(moment.x, n, carry);
    return uvec2(low, moment.y + carry);
}
