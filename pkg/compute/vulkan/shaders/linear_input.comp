#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// The gradient of a linear layer's input: dInput [D][in] = dOutput [D][out]
// weight[out][in], cut along `out` into shares that input_sum adds up.
layout(push_constant, std430) uniform Push {
    Floats dOutput, weight, share; // share: [shares][D][in]
#ifdef MIXED
    Words largest; // |dOutput|
#endif
    uint distinct, inWidth, outWidth, width; // width: outputs of one share
};

uint rows() { return distinct; }
uint columns() { return inWidth; }
uint depthFirst() { return gl_WorkGroupID.z * width; }
uint depthLast() { return min(depthFirst() + width, outWidth); }
float loadA(uint m, uint k) { return m < distinct && k < depthLast() ? dOutput.at[m * outWidth + k] : 0.0; }
float loadB(uint k, uint n) { return n < inWidth && k < depthLast() ? weight.at[k * inWidth + n] : 0.0; }
void store(uint m, uint n, float sum) { share.at[(gl_WorkGroupID.z * distinct + m) * inWidth + n] = sum; }
#define A_BY_DEPTH
#include "matmul.glsl"

void main() { multiply(); }
