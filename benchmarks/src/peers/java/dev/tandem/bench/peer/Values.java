package dev.tandem.bench.peer;

import java.util.SplittableRandom;

/// Operands, the same in every process.
final class Values {
    private Values() {}

    /// Uniform values of a given deviation around 0.
    static float[] random(int count, double deviation, long seed) {
        var random = new SplittableRandom(seed);
        double limit = deviation * Math.sqrt(3);
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (limit * (2 * random.nextDouble() - 1));
        }
        return values;
    }
}
