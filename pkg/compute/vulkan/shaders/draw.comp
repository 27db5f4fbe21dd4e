#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "philox.glsl"

// Draws velocities, orders and positions of count micro-batches, the same bits as
// sic.Draw. One invocation is one trajectory of one micro-batch.
layout(local_size_x = 64) in;

layout(push_constant, std430) uniform Push {
    Floats velocity; // [count][D][2] m
    Words order;     // [count][B·T]: the velocity of each step
    Words meet;      // [count][D][B·T/D]: the steps b·T+t of each velocity
    Floats position; // [count][B·T][2] m, after the step
    uvec2 seed;
    uvec2 moment;    // of the first micro-batch
    uint trajectories;
    uint length;     // T
    uint permute;
    uint boundLow, boundHigh; // the greatest velocity is (boundHigh·2^32 + boundLow)·2^boundExponent m
    int boundExponent;
};

int highest(uvec3 p) {
    return p.z != 0 ? 64 + findMSB(p.z) : p.y != 0 ? 32 + findMSB(p.y) : findMSB(p.x);
}

bool bit(uvec3 p, int i) { return (p[i / 32] >> (i % 32) & 1u) != 0; }

bool anyBelow(uvec3 p, int i) {
    bool any = false;
    [[unroll]] for (int limb = 0; limb < 3; limb++) {
        int n = i - 32 * limb;
        if (n >= 32)
            any = any || p[limb] != 0;
        else if (n > 0)
            any = any || (p[limb] & ((1u << n) - 1u)) != 0;
    }
    return any;
}

uvec3 shiftRight(uvec3 p, int n) {
    p = n >= 64 ? uvec3(p.z, 0, 0) : n >= 32 ? uvec3(p.y, p.z, 0) : p;
    n %= 32; // no loop, of which a driver may end too many
    if (n > 0)
        p = uvec3(p.x >> n | p.y << (32 - n), p.y >> n | p.z << (32 - n), p.z >> n);
    return p;
}

// Rounds p to its `bits` highest bits, ties to even, as a float of that precision would.
void roundTo(inout uvec3 p, inout int exponent, int bits) {
    int drop = highest(p) - bits + 1;
    if (drop <= 0)
        return;
    bool up = bit(p, drop - 1) && (anyBelow(p, drop - 1) || bit(p, drop));
    p = shiftRight(p, drop);
    exponent += drop;
    if (up) {
        uint carry;
        p.x = uaddCarry(p.x, 1u, carry);
        p.y += carry; // at most 53 bits are left
    }
}

// float32(bound·(2u-1)) of u = (word>>8)·2^-24, where the product is a float64:
// worked out in integers, since not every device has float64.
float symmetric(uint word) {
    int s = int(word >> 8) - (1 << 23);
    if (s == 0)
        return 0.0;
    uint high0, low0, high1, low1, carry;
    umulExtended(boundLow, uint(abs(s)), high0, low0);
    umulExtended(boundHigh, uint(abs(s)), high1, low1);
    uvec3 p = uvec3(low0, uaddCarry(high0, low1, carry), high1 + carry);
    int exponent = boundExponent - 23;
    roundTo(p, exponent, 53);
    roundTo(p, exponent, 24);
    int n = highest(p) - 23; // an exact shift: at most 24 bits are set
    if (n > 0) {
        p = shiftRight(p, n);
        exponent += n;
    }
    float x = float(p.x) * uintBitsToFloat(uint(exponent + 127) << 23);
    return s < 0 ? -x : x;
}

vec2 velocityOf(uvec2 when, uint k) {
    uvec4 w = philox(seed, k / 2, streamVelocity, when);
    return k % 2 == 0 ? vec2(symmetric(w.x), symmetric(w.y)) : vec2(symmetric(w.z), symmetric(w.w));
}

void main() {
    uint b = gl_GlobalInvocationID.x, batch = gl_WorkGroupID.y;
    if (b >= trajectories)
        return;
    uvec2 when = later(moment, batch);
    uint states = trajectories * length, distinct = permute != 0 ? length : states;
    uint mine = batch * states + b * length;
    for (uint t = 0; t < length; t++)
        order.at[mine + t] = permute != 0 ? t : b * length + t;
    if (permute != 0) {
        uint next = b * (length - 1); // of the one stream of words that all trajectories share
        for (uint t = length - 1; t > 0; t--) {
            uint j = below(word(seed, next++, streamOrder, when), t + 1);
            uint swapped = order.at[mine + t];
            order.at[mine + t] = order.at[mine + j];
            order.at[mine + j] = swapped;
        }
    }
    precise vec2 place = vec2(0);
    for (uint t = 0; t < length; t++) {
        uint k = order.at[mine + t];
        vec2 v = velocityOf(when, k);
        place += v;
        position.at[2 * (mine + t)] = place.x;
        position.at[2 * (mine + t) + 1] = place.y;
        if (b == 0 || permute == 0) {
            velocity.at[2 * (batch * distinct + k)] = v.x;
            velocity.at[2 * (batch * distinct + k) + 1] = v.y;
        }
        meet.at[batch * states + (permute != 0 ? k * trajectories + b : k)] = b * length + t;
    }
}
