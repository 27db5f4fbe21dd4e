// The sum of one number of each of 256 invocations, in a fixed order.
shared float floats[256];

float addUp(float x) {
    uint me = gl_LocalInvocationID.x;
    floats[me] = x;
    barrier();
    [[unroll]] for (uint n = 128; n > 0; n /= 2) {
        if (me < n)
            floats[me] += floats[me + n];
        barrier();
    }
    float s = floats[0];
    barrier();
    return s;
}
