#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// Row i of W(v) is the mean of rows i of the MLP at v and at the greatest gain times v; unit i's
// share says how much of the latter. On the way back the gradient of W(v) is shared out likewise.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats slow, fast; // [D][N][N] at v and at the gain times v; W(v), or its gradient, is in slow
    Floats shares;     // [N]
    uint size, units, back;
};

void main() {
    uint e = flatIndex();
    if (e >= size)
        return;
    float share = shares.at[e / units % units], x = slow.at[e];
    if (back == 0) {
        slow.at[e] = x + share * (fast.at[e] - x);
    } else {
        fast.at[e] = share * x;
        slow.at[e] = x - share * x;
    }
}
