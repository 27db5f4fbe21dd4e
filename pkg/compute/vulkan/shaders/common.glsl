// What all shaders share. Buffers are named by their addresses, which come with
// the push constants; lengths are in elements.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_control_flow_attributes : require

layout(buffer_reference, std430, buffer_reference_align = 4) buffer Floats { float at[]; };
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Words { uint at[]; };

// Losses are listed by term. The compiler is told the terms' numbers: SEPARATION, INVARIANCE, ...
// So it is SPEED_BINS, the most bins of speed that eq. 7 tells apart.
#define MOST_TERMS 8 // room for more of them, as on the host

// Numbers that one shader of a micro-batch leaves for later ones.
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Scalars {
    float farWeight;    // 1/n of eq. 4, or 1
    float nearWeight;   // 1/n of eq. 5, or 1
    float isometryShare; // 1/number of short steps, or 0
    uint farLow, farHigh, nearLow, nearHigh; // ordered pairs
    uint shortSteps;
    uint dead;
    float startInverse; // 1/‖ReLU(a)‖
    float clip;         // what the gradient is multiplied by
    uint stopped;       // 1 once a loss or gradient was not finite
    uint largestDelta, largestSlope; // bits of the greatest |dL/d(W g)| and |dL/dW|, where products are in 16 bits
    float terms[MOST_TERMS]; // losses of the micro-batch
    float isometryMean[SPEED_BINS]; // of ‖g_t-g_{t-1}‖/‖v_t‖, by the bin of the speed
};

// What one optimiser step reports; Trainer.read takes it apart.
layout(buffer_reference, std430, buffer_reference_align = 4) buffer Record {
    float terms[MOST_TERMS]; // losses, means over the micro-batches
    uint farLow, farHigh, nearLow, nearHigh, shortLow, shortHigh, deadLow, deadHigh;
    float norm;
    uint stopped;
};

const float tiny = 1e-8; // keeps divisions by a norm or a distance finite

// The exponent's bits decide, since a driver may assume that no NaN occurs.
bool finite(float x) { return (floatBitsToUint(x) & 0x7f800000u) != 0x7f800000u; }

bool isNaN(float x) { return (floatBitsToUint(x) & 0x7fffffffu) > 0x7f800000u; }

// The bin of a speed, m a step, that eq. 7 looks at; width 0: one bin.
uint speedBin(float speed, float width) { return width > 0.0 ? min(uint(speed / width), SPEED_BINS - 1) : 0; }

// ReLU that lets a NaN through, so that a broken run is seen.
float relu(float x) { return isNaN(x) ? x : max(x, 0.0); }

// The number of this invocation where a grid of workgroups of 256 is folded into x
// and y. (gl_WorkGroupSize is not known yet where this stands.)
uint flatIndex() {
    return (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * 256 + gl_LocalInvocationID.x;
}

// low, high += x, in 64 bits.
void addWide(inout uint low, inout uint high, uint xLow, uint xHigh) {
    uint carry;
    low = uaddCarry(low, xLow, carry);
    high += xHigh + carry;
}

float wide(uint low, uint high) { return float(high) * 4294967296.0 + float(low); }

#ifdef MIXED
#include "matrix.glsl"
#endif
