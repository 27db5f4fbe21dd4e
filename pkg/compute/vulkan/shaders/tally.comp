#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sum.glsl"

// Ends a micro-batch: the gradient of a, all trajectories sharing g_0 = σ(a), and
// its share of the step's record. One workgroup.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats dStart;   // [B][N]
    Floats state;    // g_0 is the first
    Floats gradient; // [N], of a
    Floats losses;   // [lossCount][2]: sums of eq. 4, and of half of eq. 5
    Scalars scalars;
    Record record;
    uint units, trajectories, lossCount, learned, fresh;
    float share;     // 1/micro-batches of a step
};

shared float dSum[1024]; // 1024: the most units

float dOf(uint n) {
    float d = 0.0;
    uint b = 0;
    for (; b + 4 <= trajectories; b += 4) { // four loads under way at once
        uint e = b * units + n;
        d += (dStart.at[e] + dStart.at[e + units]) + (dStart.at[e + 2 * units] + dStart.at[e + 3 * units]);
    }
    for (; b < trajectories; b++)
        d += dStart.at[b * units + n];
    return d;
}

void main() {
    uint me = gl_LocalInvocationID.x;
    float radial = 0.0;
    for (uint n = me; n < units; n += 256) {
        dSum[n] = dOf(n);
        radial = fma(dSum[n], state.at[n], radial);
    }
    radial = addUp(radial);
    for (uint n = me; n < units; n += 256) {
        float g = state.at[n], d = 0.0;
        if (learned != 0 && g > 0.0)
            d = (dSum[n] - radial * g) * scalars.startInverse;
        gradient.at[n] = fresh != 0 ? d : gradient.at[n] + d;
    }

    float far = 0.0, near = 0.0;
    for (uint i = me; i < lossCount; i += 256) {
        far += losses.at[2 * i];
        near += losses.at[2 * i + 1];
    }
    far = addUp(far) * scalars.farWeight;
    near = addUp(near) * 2.0 * scalars.nearWeight;
    if (me != 0)
        return;
    scalars.terms[SEPARATION] = far;
    scalars.terms[INVARIANCE] = near;
    for (uint i = 0; i < MOST_TERMS; i++)
        record.terms[i] = (fresh != 0 ? 0.0 : record.terms[i]) + share * scalars.terms[i];
    if (fresh != 0) {
        record.farLow = record.farHigh = record.nearLow = record.nearHigh = 0;
        record.shortLow = record.shortHigh = record.deadLow = record.deadHigh = 0;
    }
    uint low = record.farLow, high = record.farHigh;
    addWide(low, high, scalars.farLow, scalars.farHigh);
    record.farLow = low;
    record.farHigh = high;
    low = record.nearLow, high = record.nearHigh;
    addWide(low, high, scalars.nearLow, scalars.nearHigh);
    record.nearLow = low;
    record.nearHigh = high;
    low = record.shortLow, high = record.shortHigh;
    addWide(low, high, scalars.shortSteps, 0);
    record.shortLow = low;
    record.shortHigh = high;
    low = record.deadLow, high = record.deadHigh;
    addWide(low, high, scalars.dead, 0);
    record.deadLow = low;
    record.deadHigh = high;
}
