#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// One linear layer: output [D][out] = gain · input [D][in] weight[out][in]^T + bias, rectified if
// asked.
layout(push_constant, std430) uniform Push {
    Floats inputs, weight, bias, result;
    uint distinct, inWidth, outWidth, rectified;
    float gain;
};

uint rows() { return distinct; }
uint columns() { return outWidth; }
uint depthFirst() { return 0; }
uint depthLast() { return inWidth; }
float loadA(uint m, uint k) { return m < distinct && k < inWidth ? gain * inputs.at[m * inWidth + k] : 0.0; }
float loadB(uint k, uint n) { return n < outWidth && k < inWidth ? weight.at[n * inWidth + k] : 0.0; }
void store(uint m, uint n, float sum) {
    float y = sum + bias.at[n];
    result.at[m * outWidth + n] = rectified != 0 ? relu(y) : y;
}
#define A_BY_DEPTH
#define B_BY_DEPTH
#include "matmul.glsl"

void main() { multiply(); }
