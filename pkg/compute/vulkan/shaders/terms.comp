#version 460
#extension GL_GOOGLE_include_directive : require
#include "common.glsl"
#include "sum.glsl"

// What must be known of a whole micro-batch before its gradient: the numbers of
// pairs, the terms of the mean activity (eq. 6 and homeostasis) with their
// gradient, and eq. 7. One workgroup.
layout(local_size_x = 256) in;

layout(push_constant, std430) uniform Push {
    Floats sum;       // [B][N]
    Words dead;       // [B]
    Floats distances, speed; // [B·T]
    Words counts;     // of near pairs
    Floats dMean;     // [N]: gradient of the mean activity, the same for every state
    Scalars scalars;
    uint units, trajectories, states, countSize, sampled, summed;
    float capacityWeight, homeostasisWeight, binWidth;
};

shared uint words[256], highs[256];

uint addUp(uint x) {
    uint me = gl_LocalInvocationID.x;
    words[me] = x;
    barrier();
    [[unroll]] for (uint n = 128; n > 0; n /= 2) {
        if (me < n)
            words[me] += words[me + n];
        barrier();
    }
    uint s = words[0];
    barrier();
    return s;
}

void countPairs() {
    uint me = gl_LocalInvocationID.x, nearLow = 0, nearHigh = 0, farLow, farHigh, borrow;
    for (uint i = me; i < countSize; i += 256)
        addWide(nearLow, nearHigh, counts.at[i], 0);
    words[me] = nearLow;
    highs[me] = nearHigh;
    barrier();
    [[unroll]] for (uint n = 128; n > 0; n /= 2) {
        if (me < n) {
            addWide(nearLow, nearHigh, words[me + n], highs[me + n]);
            words[me] = nearLow;
            highs[me] = nearHigh;
        }
        barrier();
    }
    if (me != 0)
        return;
    umulExtended(sampled, sampled - 1, farHigh, farLow);
    farLow = usubBorrow(farLow, nearLow, borrow);
    farHigh -= nearHigh + borrow;
    scalars.nearLow = nearLow;
    scalars.nearHigh = nearHigh;
    scalars.farLow = farLow;
    scalars.farHigh = farHigh;
    scalars.farWeight = summed != 0 ? 1.0 : 1.0 / max(wide(farLow, farHigh), 1.0);
    scalars.nearWeight = summed != 0 ? 1.0 : 1.0 / max(wide(nearLow, nearHigh), 1.0);
}

void main() {
    uint me = gl_LocalInvocationID.x;
    countPairs();
    barrier();

    uint silences = 0;
    for (uint b = me; b < trajectories; b += 256)
        silences += dead.at[b];
    silences = addUp(silences);

    float capacity = 0.0, all = 0.0;
    for (uint n = me; n < units; n += 256) {
        float mean = 0.0;
        uint b = 0;
        for (; b + 4 <= trajectories; b += 4) { // four loads under way at once
            uint e = b * units + n;
            mean += (sum.at[e] + sum.at[e + units]) + (sum.at[e + 2 * units] + sum.at[e + 3 * units]);
        }
        for (; b < trajectories; b++)
            mean += sum.at[b * units + n];
        mean /= float(states);
        capacity -= mean * mean;
        all += mean;
        dMean.at[n] = mean;
    }
    capacity = addUp(capacity);
    all = addUp(all) / float(units);
    float homeostasis = 0.0;
    for (uint n = me; n < units; n += 256) {
        float mean = dMean.at[n];
        homeostasis = fma(mean - all, mean - all, homeostasis);
        dMean.at[n] = 2.0 * (homeostasisWeight * (mean - all) - capacityWeight * mean) / float(states);
    }
    homeostasis = addUp(homeostasis);

    uint steps = 0;
    float variance = 0.0;
    for (uint bin = 0; bin < (binWidth > 0.0 ? SPEED_BINS : 1); bin++) {
        uint count = 0;
        float ratios = 0.0;
        for (uint i = me; i < states; i += 256)
            if (!(distances.at[i] < 0.0) && speedBin(speed.at[i], binWidth) == bin) {
                ratios += distances.at[i] / speed.at[i];
                count++;
            }
        count = addUp(count);
        float mean = addUp(ratios) * (count > 0 ? 1.0 / float(count) : 0.0);
        for (uint i = me; i < states; i += 256)
            if (!(distances.at[i] < 0.0) && speedBin(speed.at[i], binWidth) == bin) {
                float d = distances.at[i] / speed.at[i] - mean;
                variance = fma(d, d, variance);
            }
        steps += count;
        if (me == 0)
            scalars.isometryMean[bin] = mean;
    }
    float share = steps > 0 ? 1.0 / float(steps) : 0.0;
    variance = addUp(variance) * share;
    if (me != 0)
        return;
    scalars.dead = silences;
    scalars.terms[CAPACITY] = capacity;
    scalars.terms[HOMEOSTASIS] = homeostasis;
    scalars.shortSteps = steps;
    scalars.isometryShare = share;
    scalars.terms[CONFORMAL_ISOMETRY] = variance;
}
