#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// The gradients of a linear layer: dWeight [out][in] = dOutput [D][out]^T
// gain · input [D][in], and dBias [out] the sums of dOutput's columns.
layout(push_constant, std430) uniform Push {
    Floats dOutput, inputs, dWeight, dBias;
#ifdef MIXED
    Words largest; // |dOutput|
#endif
    uint distinct, inWidth, outWidth, accumulate;
    float gain;
};

uint rows() { return outWidth; }
uint columns() { return inWidth; }
uint depthFirst() { return 0; }
uint depthLast() { return distinct; }
float loadA(uint m, uint k) { return m < outWidth && k < distinct ? dOutput.at[k * outWidth + m] : 0.0; }
float loadB(uint k, uint n) { return n < inWidth && k < distinct ? gain * inputs.at[k * inWidth + n] : 0.0; }
void store(uint m, uint n, float sum) {
    dWeight.at[m * inWidth + n] = accumulate != 0 ? dWeight.at[m * inWidth + n] + sum : sum;
}
#include "matmul.glsl"

void main() {
    multiply();
    uint m = gl_WorkGroupID.y * side + gl_LocalInvocationID.x;
    if (gl_WorkGroupID.x != 0 || gl_LocalInvocationID.x >= side || m >= outWidth)
        return;
    float sum = 0.0;
    for (uint k = 0; k < distinct; k++)
        sum += dOutput.at[k * outWidth + m];
    dBias.at[m] = accumulate != 0 ? dBias.at[m] + sum : sum;
}
