package dev.tandem.bench.peer;

import java.util.SplittableRandom;

/// Extents of one matrix product, and the operands that they determine.
record Product(int N, int in, int out) {
    private static final long SEED = 7;

    /// `[N, in]`
    float[] x() {
        return values(N * in, SEED);
    }

    /// `[out, in]`
    float[] weight() {
        return values(out * in, SEED + 1);
    }

    private static float[] values(int count, long seed) {
        var random = new SplittableRandom(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    double flop() {
        return 2.0 * N * in * out;
    }

    String name() {
        return N + "x" + in + "x" + out;
    }
}
