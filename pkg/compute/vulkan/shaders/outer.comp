#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"

// dL/dW(v_k) [N][N], for the velocities k of this dispatch: the sum over the
// steps that met v_k of the outer products of delta and the state before the step.
layout(push_constant, std430) uniform Push {
    Floats delta;   // [B·T][N]
    Floats state;   // [B][T+1][N]
    Words meet;     // [D][group]
    Floats dWeight; // [D][N][N]
#ifdef MIXED
    Words largest;  // |delta|
#endif
    uint units, group, len;
};

uint rows() { return units; }
uint columns() { return units; }
uint depthFirst() { return 0; }
uint depthLast() { return group; }
float loadA(uint m, uint k) {
    if (m >= units || k >= group)
        return 0.0;
    return delta.at[meet.at[gl_WorkGroupID.z * group + k] * units + m];
}
float loadB(uint k, uint n) {
    if (n >= units || k >= group)
        return 0.0;
    uint i = meet.at[gl_WorkGroupID.z * group + k]; // b·T+t; the state before it is b·(T+1)+t
    return state.at[(i + i / len) * units + n];
}
void store(uint m, uint n, float sum) { dWeight.at[(gl_WorkGroupID.z * units + m) * units + n] = sum; }
#include "matmul.glsl"

void main() { multiply(); }
