#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sum.glsl"

// The norm of the accumulated gradient, what clipping makes of it, and whether
// the step may be taken. Once one may not, none after it may. One workgroup.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats squares;
    Scalars scalars;
    Record record;
    uint count;
    float share, limit; // 1/micro-batches; the greatest norm, 0 for none
};

void main() {
    uint me = gl_LocalInvocationID.x;
    float s = 0.0;
    for (uint i = me; i < count; i += 256)
        s += squares.at[i];
    s = addUp(s);
    if (me != 0)
        return;
    float norm = sqrt(s) * share;
    bool sound = finite(norm);
    for (uint i = 0; i < MOST_TERMS; i++)
        sound = sound && finite(record.terms[i]);
    if (!sound)
        scalars.stopped = 1;
    scalars.clip = share * (limit > 0.0 ? min(1.0, limit / (norm + 1e-6)) : 1.0);
    record.norm = norm;
    record.stopped = scalars.stopped;
}
