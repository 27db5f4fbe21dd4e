#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// One step of AdamW (Loshchilov and Hutter, 2019), unless the run has stopped.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats params, first, second, gradient;
    Scalars scalars;
    uint size;
    float beta1, rest1, beta2, rest2; // rest: 1-β
    float rate;        // learning rate/(1-β1^step)
    float correction2; // 1/√(1-β2^step)
    float epsilon;
    float decay;       // 1 - learning rate·weight decay
};

void main() {
    uint i = flatIndex();
    if (i >= size || scalars.stopped != 0)
        return;
    float g = gradient.at[i] * scalars.clip;
    float m = beta1 * first.at[i] + rest1 * g;
    float v = beta2 * second.at[i] + rest2 * g * g;
    first.at[i] = m;
    second.at[i] = v;
    params.at[i] = decay * params.at[i] - rate * m / (sqrt(v) * correction2 + epsilon);
}
