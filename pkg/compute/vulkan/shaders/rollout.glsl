// What the passes along a trajectory share. One workgroup is one trajectory.
layout(local_size_x_id = 0) in;

const uint maxUnits = 1024; // also the largest workgroup
shared float part[maxUnits], vector[maxUnits], sums[32];

// The product of a matrix and `vector`, left in `part` in one or more parts:
// matrix element [j][i] times vector[j] adds to result i.
void product(Floats matrix, uint base, uint units) {
    uint width = gl_WorkGroupSize.x, parts = max(width / units, 1u), depth = (units + parts - 1) / parts;
    for (uint e = gl_LocalInvocationID.x; e < parts * units; e += width) {
        uint i = e % units, j = e / units * depth, end = min(j + depth, units);
        float a = 0.0, b = 0.0, c = 0.0, d = 0.0;
        for (; j + 4 <= end; j += 4) {
            uint m = base + j * units + i;
            a = fma(matrix.at[m], vector[j], a);
            b = fma(matrix.at[m + units], vector[j + 1], b);
            c = fma(matrix.at[m + 2 * units], vector[j + 2], c);
            d = fma(matrix.at[m + 3 * units], vector[j + 3], d);
        }
        for (; j < end; j++)
            a = fma(matrix.at[base + j * units + i], vector[j], a);
        part[e] = (a + b) + (c + d);
    }
}

float parted(uint i, uint units) {
    float sum = 0.0;
    for (uint e = i; e < max(gl_WorkGroupSize.x / units, 1u) * units; e += units)
        sum += part[e];
    return sum;
}

// Every invocation's total of sums[0..31], in one order for all.
float total() {
    float s = 0.0;
    [[unroll]] for (uint i = 0; i < 32; i++)
        s += sums[i];
    return s;
}
